"""What every page has: one file that loads nothing, its languages and themes, and the escaping of all it shows.

A content security policy allows only the page's own style and script, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape as html_escape
from pathlib import Path
from typing import Any

from synfin.explain.escape import visible
from synfin.explain.quantity import Language
from synfin.faces.details import Texts, words
from synfin.faces.theme import DARK, LIGHT, declarations

_HERE = Path(__file__).parent
TAGS: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}
_NAMES: Mapping[Language, str] = {"en": "English", "zh": "中文"}


def document(*, lang: Language, title: str, style: str, script: str, body: str, data: Any) -> str:
    """A whole page; `body` is markup, `data` is for the script."""
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    return (
        f'<!doctype html><html lang="{TAGS[lang]}" data-lang="{lang}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escaped(title)} · synfin</title><style>{style}</style></head><body>{body}"
        f'<script type="application/json" id="data">{_json(data)}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def file_text(name: str) -> str:
    """A style sheet or script beside this file."""
    return (_HERE / name).read_text(encoding="utf-8")


def styled(*sheets: str) -> str:
    """Style sheets behind the colours; the dark ones stand twice, for the reader's wish and for the button.

    Paper is light, whatever was chosen: its rule is the most specific.
    """
    light, dark = declarations(LIGHT), declarations(DARK)
    colours = (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
        f"@media print{{:root:root:root{{color-scheme:light;{light}}}}}\n"
    )
    return colours + "".join(sheets)


def top(name: str, what: Texts, hint: str) -> str:
    """The bar above: the file, what the page is about, a hint (markup), languages and themes."""
    languages = "".join(
        f'<button type="button" data-choose-lang="{lang}" lang="{TAGS[lang]}" class="plain">{shown}</button>'
        for lang, shown in _NAMES.items()
    )
    themes = "".join(
        f'<button type="button" data-choose-theme="{theme}" class="plain">{say(words(f"ui.{theme}"))}</button>'
        for theme in ("light", "dark")
    )
    return (
        '<header><span class="logo">syn<i>fin</i></span>'
        f'<span class="file">{escaped(name)} · {say(what)}</span><span class="spring"></span>'
        f'<span class="hint">{hint}</span>'
        f'<span class="switch" role="group" aria-label="Language / 语言">{languages}</span>'
        f'<span class="switch" role="group" aria-label="Theme / 主题">{themes}</span></header>'
    )


def footer() -> str:
    """The line below."""
    return f"<footer>{say(words('ui.made-by'))}</footer>"


def say(said: Texts) -> str:
    """A text in all its languages, each marked; the page shows the chosen one."""
    if isinstance(said, str):
        return escaped(said)
    return "".join(f'<span lang="{TAGS[lang]}">{escaped(content)}</span>' for lang, content in said.items())


def escaped(content: str) -> str:
    """A text as markup, nothing in it invisible."""
    return html_escape(visible(content), quote=True)


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _json(data: Any) -> str:
    """JSON that cannot end the script element nor be read as markup."""
    dumped = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return dumped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
