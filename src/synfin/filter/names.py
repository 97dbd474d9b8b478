"""Names in a filter: fields of the table, and words that belong to Wireshark though nothing here decodes them."""

from __future__ import annotations

from functools import cache

from synfin.dissect.fields import find, nearest
from synfin.filter import typed
from synfin.filter.syntax import Entity, Word


def known(entity: Entity) -> typed.Values | None:
    """The field that a word names, None where it is a literal."""
    if not isinstance(entity, Word) or entity.text.startswith(":"):
        return None
    field = find(entity.text.removeprefix("."))
    return None if field is None else typed.Values(field, field.kind)


def hint(text: str) -> str:
    """The nearest fields, as the end of a message."""
    head = text.partition(".")[0]
    if head in protocols() and find(head) is None:
        return f": synfin does not decode the protocol {head}"
    near = nearest(text)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def taken(text: str) -> str:
    """Why a bare word cannot be a literal, as the end of a message; "" where it can.

    A name that Wireshark takes for a protocol means that protocol there, so it must not pass for text or bytes here.
    """
    head = text.partition(".")[0]
    if text.startswith(":") or not head[:1].isalpha() or head not in protocols():
        return ""
    return f"{text} names a protocol or a field of Wireshark that synfin does not decode; quote it if it is text"


@cache
def protocols() -> frozenset[str]:
    """Wireshark 4.0's protocols by the names that filters use."""
    from importlib.resources import files  # twenty modules that most filters never need

    return frozenset(files("synfin.filter").joinpath("protocols.tsv").read_text("utf-8").split())
