"""A connection, or a list of them, as a piece of HTML for a notebook: no script, every text of a packet escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape as html_escape
from pathlib import Path
from typing import TYPE_CHECKING

from synfin.explain import narrative
from synfin.explain.escape import visible
from synfin.explain.ladder import DEFAULT_MAX_SEGMENTS, layout
from synfin.explain.words import Language, finding_facts, text
from synfin.faces.svg import WIDE, Drawing, ladder_rules
from synfin.faces.table import COLUMNS, row, severity
from synfin.faces.theme import DARK, LIGHT, declarations

if TYPE_CHECKING:
    from synfin.watch.connections.record import Connection, Story

_STYLE = Path(__file__).with_name("notebook.css")
#: how JupyterLab and VS Code say which theme is on, whatever the system prefers
_SAYS_DARK = ("[data-jp-theme-light=false]", ".vscode-dark")
_SAYS_LIGHT = ("[data-jp-theme-light=true]", ".vscode-light")


def story_card(story: Story, lang: Language) -> str:
    """Verdict and ladder of one connection."""
    said = narrative.verdict(story, lang)
    record = story.connection
    chips = "".join(_chip(key) for key in (record.open, record.close, *record.findings))
    drawing = Drawing(story, layout(story, DEFAULT_MAX_SEGMENTS), (lang,), WIDE).document('class="ladder"', "")
    return _card(
        f'<p class="headline">{_escape(said.headline)}</p><p>{_escape(said.detail)}</p><p>{chips}</p>{drawing}', lang
    )


def table_card(title: str, shown: Sequence[Connection], rest: int, warnings: Sequence[str], lang: Language) -> str:
    """A table of connections; `rest` are not shown."""
    heads = "".join(f"<th{_side(right)}>{_escape(text(f'table.{name}', lang))}</th>" for name, right, _ in COLUMNS)
    lines = "".join(_line(one, lang) for one in shown)
    more = f"<p>{_escape(text('table.more', lang, n=rest))}</p>" if rest else ""
    notes = "".join(f"<p>{_escape(warning)}</p>" for warning in warnings)
    return _card(
        f'<p class="headline">{_escape(title)}</p><table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>'
        f"{more}{notes}",
        lang,
        "synfin-card wide",
    )


def _line(one: Connection, lang: Language) -> str:
    cells = row(one, lang)
    shown = "".join(f"<td{_side(right)}>{_escape(cells[name])}</td>" for name, right, _ in COLUMNS)
    return f'<tr class="{severity(one)}">{shown}</tr>'


def _side(right: bool) -> str:
    return ' class="right"' if right else ""


def _chip(key: str) -> str:
    return f'<span class="chip {finding_facts(key).severity}">{_escape(key)}</span>'


def _card(content: str, lang: Language, kind: str = "synfin-card") -> str:
    return f'<div class="{kind}" lang="{"zh-CN" if lang == "zh" else lang}"><style>{_style()}</style>{content}</div>'


def _style() -> str:
    light, dark = declarations(LIGHT), declarations(DARK)
    own = ".synfin-card"
    return (
        f"{own}{{{light}}}\n@media (prefers-color-scheme:dark){{{own}{{{dark}}}}}\n"
        f"{','.join(f'{theme} {own}' for theme in _SAYS_LIGHT)}{{{light}}}\n"
        f"{','.join(f'{theme} {own}' for theme in _SAYS_DARK)}{{{dark}}}\n"
        f"{_STYLE.read_text(encoding='utf-8')}{ladder_rules()}"
    )


def _escape(content: str) -> str:
    return html_escape(visible(content), quote=True)
