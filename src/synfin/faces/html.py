"""The explained connection as one HTML file: it loads nothing, asks nobody, and runs nothing that a packet brought.

Every text is escaped on its way into the page; the script reads its data as JSON and builds elements from plain text.
A content security policy allows only this page's own style and script, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape as html_escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synfin.explain import narrative
from synfin.explain.escape import visible
from synfin.explain.ladder import DEFAULT_MAX_SEGMENTS, Ladder, layout
from synfin.explain.quantity import Language, duration
from synfin.explain.words import LANGUAGES, finding_facts, text
from synfin.faces import details
from synfin.faces.details import Texts, words
from synfin.faces.svg import COMPACT, WIDE, embedded_svg, ladder_rules
from synfin.faces.theme import DARK, LIGHT, declarations
from synfin.wire.frame import Frame

if TYPE_CHECKING:
    from synfin.watch.record import Finding, Story

_HERE = Path(__file__).parent
_TAGS: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}
_NAMES: Mapping[Language, str] = {"en": "English", "zh": "中文"}
#: catalogue texts that the script needs
_SCRIPT_WORDS = (
    "ui.segment", "ui.frame", "ui.previous", "ui.next", "ui.back", "ui.why", "ui.rules", "ui.states", "ui.analysis",
    "ui.flags", "ui.flags-clear", "ui.layers", "ui.tree", "ui.bytes", "ui.no-packet", "ui.point", "ui.holds",
    "ui.fails", "ui.column.time", "ui.column.who", "ui.column.flags", "ui.column.length", "name.client", "name.server",
)  # fmt: skip


def render_html(
    story: Story,
    packets: Mapping[int, Frame],
    lang: Language,
    *,
    title: str,
    max_segments: int | None = DEFAULT_MAX_SEGMENTS,
) -> str:
    """The page for one story; `packets` holds its frames by frame number, `lang` is shown first."""
    ladder = layout(story, max_segments)
    style, script = _style(), (_HERE / "page.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    body = "".join((
        _top(story, title), "<main>", _verdict(story), _ladder_card(story, ladder),
        '<aside id="details" class="card" tabindex="-1"></aside>', _told(story, max_segments), "</main>", _footer(),
    ))  # fmt: skip
    return (
        f'<!doctype html><html lang="{_TAGS[lang]}" data-lang="{lang}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{_escape(title)} · synfin</title><style>{style}</style></head><body>{body}"
        f'<script type="application/json" id="data">{_json(_data(story, ladder, packets))}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def _style() -> str:
    """Page and ladder; the dark colours stand twice, for the reader's wish and for the button."""
    light, dark = declarations(LIGHT), declarations(DARK)
    colours = (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
    )
    return colours + (_HERE / "page.css").read_text(encoding="utf-8") + ladder_rules()


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _data(story: Story, ladder: Ladder, packets: Mapping[int, Frame]) -> dict[str, Any]:
    shown = [row.first for row in ladder.rows if row.kind == "segment"]
    segments = {
        index: details.segment_details(story, index, packets.get(story.steps[index].segment.frame)) for index in shown
    }
    return {
        "segments": segments,
        "runs": {row.first: details.run_details(story, row) for row in ladder.rows if row.kind == "run"},
        "order": [[row.kind, row.first] for row in ladder.rows if row.kind != "wait"],
        "flags": details.flag_meanings(),
        "meanings": details.meanings(segments.values()),
        "words": {key: {lang: _template(key, lang) for lang in LANGUAGES} for key in _SCRIPT_WORDS},
    }


def _template(key: str, lang: Language) -> str:
    return text(key, lang, n="{n}", names="{n}")


def _json(data: Any) -> str:
    """JSON that cannot end the script element nor be read as markup."""
    dumped = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return dumped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


# --- the static parts ---


def _top(story: Story, title: str) -> str:
    number = words("ui.connection", n=story.connection.conn)
    languages = "".join(
        f'<button type="button" data-choose-lang="{lang}" lang="{_TAGS[lang]}" class="plain">{name}</button>'
        for lang, name in _NAMES.items()
    )
    themes = "".join(
        f'<button type="button" data-choose-theme="{name}" class="plain">{_say(words(f"ui.{name}"))}</button>'
        for name in ("light", "dark")
    )
    return (
        '<header><span class="logo">syn<i>fin</i></span>'
        f'<span class="file">{_escape(title)} · {_say(number)}</span><span class="spring"></span>'
        f'<span class="hint"><kbd>↑</kbd> <kbd>↓</kbd> {_say(words("ui.walk"))}</span>'
        f'<span class="switch" role="group" aria-label="Language / 语言">{languages}</span>'
        f'<span class="switch" role="group" aria-label="Theme / 主题">{themes}</span></header>'
    )


def _verdict(story: Story) -> str:
    record = story.connection
    said = {lang: narrative.verdict(story, lang) for lang in LANGUAGES}
    headline: Texts = {lang: verdict.headline for lang, verdict in said.items()}
    detail: Texts = {lang: verdict.detail for lang, verdict in said.items()}
    chips = "".join(_chip(key) for key in (record.open, record.close))
    there, back = record.handshake_legs_ns
    figures = (
        _figure(f"{duration(there)} + {duration(back)}", "ui.legs") if there is not None and back is not None else ""
    )
    figures += _figure(duration(record.duration_ns), "ui.duration")
    return (
        f'<section class="card verdict {said["en"].severity}">'
        f'<div class="words"><h1>{_say(headline)}</h1><p>{_say(detail)}</p></div>'
        f'<div class="numbers"><div class="chips">{chips}</div>{figures}</div></section>'
    )


def _chip(key: str) -> str:
    meaning = " / ".join(text(f"{key}.text", lang) for lang in LANGUAGES)
    return f'<span class="chip {finding_facts(key).severity}" title="{_escape(meaning)}">{_escape(key)}</span>'


def _figure(value: str, key: str) -> str:
    return f'<div class="figure"><b>{_escape(value)}</b><span>{_say(words(key))}</span></div>'


def _ladder_card(story: Story, ladder: Ladder) -> str:
    drawings = "".join(embedded_svg(story, ladder, LANGUAGES, plan) for plan in (WIDE, COMPACT))
    remark = f'<noscript><p class="soft">{_say(words("ui.no-script"))}</p></noscript>'
    return f'<section class="card drawing" id="ladder">{drawings}{remark}</section>'


def _told(story: Story, max_segments: int | None) -> str:
    """Findings, the reason of a reset, the story and its asides."""
    parts = _findings(narrative.findings(story)), _reset(story), _chapters(story, max_segments), _asides(story)
    return f'<div class="told">{"".join(parts)}</div>'


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    return f'<section class="card"><h2>{_say(words("ui.findings"))}</h2>{"".join(map(_finding, findings))}</section>'


def _finding(finding: Finding) -> str:
    said = {lang: narrative.finding_sentence(finding, lang) for lang in LANGUAGES}
    sentence: Texts = {lang: both[0] for lang, both in said.items()}
    todo: Texts = {lang: text("ui.todo", lang, advice=both[1]) for lang, both in said.items()}
    chip = f'<span class="chip {_escape(finding.severity)}">{_escape(finding.id)}</span>'
    likely = f" <em>({_say(words('ui.likely'))})</em>" if finding.confidence == "likely" else ""
    advice = "" if finding.severity == "ok" else f'<p class="soft">{_say(todo)}</p>'
    reference = finding.reference or finding_facts(finding.id).ref
    frames = ", ".join(map(str, finding.frames[:8]))
    evidence = f" · {_say(words('ui.evidence', frames=frames))}" if frames else ""
    return (
        f'<div class="finding"><p>{chip} {_say(sentence)}{likely}</p>{advice}'
        f'<p class="source">{_escape(reference)}{evidence}</p></div>'
    )


def _reset(story: Story) -> str:
    reasons = {lang: narrative.reset_reason(story, lang) for lang in LANGUAGES}
    if reasons["en"] is None:
        return ""
    said: Texts = {lang: reason or "" for lang, reason in reasons.items()}
    return f'<section class="card"><h2>{_say(words("ui.reset"))}</h2><p>{_say(said)}</p></section>'


def _chapters(story: Story, max_segments: int | None) -> str:
    told = {lang: narrative.chapters(story, lang, max_segments) for lang in LANGUAGES}
    parts = []
    for at, chapter in enumerate(told["en"]):
        title: Texts = {lang: told[lang][at].title for lang in LANGUAGES}
        lines = []
        for index, line in enumerate(chapter.lines):
            said: Texts = {lang: told[lang][at].lines[index].text for lang in LANGUAGES}
            where = "" if line.step is None else f' data-step="{line.step}"'
            head = f"<b>{_escape(line.head)}</b> " if line.head else ""
            lines.append(
                f'<li{where} class="{"pause" if line.step is None else "told-segment"}">{head}{_say(said)}</li>'
            )
        parts.append(f'<div class="chapter {chapter.tone}"><h3>{_say(title)}</h3><ol>{"".join(lines)}</ol></div>')
    return f'<section class="card story"><h2>{_say(words("ui.story"))}</h2>{"".join(parts)}</section>'


def _asides(story: Story) -> str:
    told = {lang: narrative.asides(story, lang) for lang in LANGUAGES}
    if not told["en"]:
        return ""
    items = "".join(f"<li>{_say({'en': en, 'zh': zh})}</li>" for en, zh in zip(told["en"], told["zh"], strict=True))
    return f'<section class="card asides"><h2>{_say(words("ui.asides"))}</h2><ul>{items}</ul></section>'


def _footer() -> str:
    return f"<footer>{_say(words('ui.made-by'))}</footer>"


def _say(said: Texts) -> str:
    """A text in all its languages, each marked; the page shows the chosen one."""
    if isinstance(said, str):
        return _escape(said)
    return "".join(f'<span lang="{_TAGS[lang]}">{_escape(content)}</span>' for lang, content in said.items())


def _escape(content: str) -> str:
    return html_escape(visible(content), quote=True)
