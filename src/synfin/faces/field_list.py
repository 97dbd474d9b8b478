"""`synfin packets --fields`: the field table, as a table on a terminal and tab-separated for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from synfin.dissect import fields
from synfin.dissect.field import Field
from synfin.errors import UsageError
from synfin.explain.words import Language, text
from synfin.faces.telling import terminal_width
from synfin.faces.terminal import Paint, wants_colour
from synfin.faces.width import clip, display_width, pad


def print_fields(pattern: str, lang: Language) -> None:
    """Print the fields that `pattern` is in; UsageError with the nearest names where there is none."""
    found = matching(pattern)
    if not found:
        near = ", ".join(fields.nearest(pattern))
        raise UsageError(f"no field has {pattern!r} in its name or title{f'; near: {near}' if near else ''}")
    if sys.stdout.isatty():
        sys.stdout.writelines(f"{line}\n" for line in _table(found, lang))
    else:
        sys.stdout.writelines(f"{one.name}\t{one.kind}\t{_title(one, lang)}\n" for one in found)


def matching(pattern: str) -> list[Field]:
    """The fields with `pattern` in their names, whatever its case; where there is none, those with it in a title."""
    table, wanted = [field for _, field in sorted(fields.all_fields().items())], pattern.lower()
    named = [field for field in table if wanted in field.name.lower()]
    return named or [field for field in table if wanted in f"{field.title_en}\n{field.title_zh}".lower()]


def _title(field: Field, lang: Language) -> str:
    return field.title_zh if lang == "zh" else field.title_en


def _table(found: Sequence[Field], lang: Language) -> Iterator[str]:
    paint, room = Paint(wants_colour(sys.stdout)), terminal_width()
    heads = [text(f"fields.{column}", lang) for column in ("name", "kind", "title")]
    names = max(display_width(heads[0]), *(len(one.name) for one in found))
    kinds = max(display_width(heads[1]), *(len(one.kind) for one in found))
    yield paint(f"{pad(heads[0], names)}  {pad(heads[1], kinds)}  {heads[2]}", "bold")
    for one in found:
        title = clip(_title(one, lang), max(room - names - kinds - 4, 8))
        yield f"{paint(pad(one.name, names), 'open')}  {paint(pad(one.kind, kinds), 'dim')}  {title}"
