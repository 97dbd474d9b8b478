"""The explained connection as one HTML file: it loads nothing, asks nobody, and runs nothing that a packet brought.

Every text is escaped on its way into the page; the script reads its data as JSON and builds elements from plain text.
A content security policy allows only this page's own style and script, by their hashes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synfin.explain import narrative
from synfin.explain.ladder import DEFAULT_MAX_SEGMENTS, Ladder, layout
from synfin.explain.metric_words import metric_lines
from synfin.explain.quantity import Language, duration
from synfin.explain.words import LANGUAGES, finding_facts, text
from synfin.faces import details, page
from synfin.faces.details import Texts, both, words
from synfin.faces.packed import packed
from synfin.faces.page import escaped, say
from synfin.faces.svg import COMPACT, WIDE, embedded_svg, ladder_rules
from synfin.watch.measure.metrics import metrics_of
from synfin.wire.frame import Frame

if TYPE_CHECKING:
    from synfin.watch.connections.record import Finding, Story

#: catalogue texts that the script needs
_SCRIPT_WORDS = (
    "ui.segment", "ui.frame", "ui.previous", "ui.next", "ui.back", "ui.why", "ui.rules", "ui.states", "ui.analysis",
    "ui.opinion", "ui.flags", "ui.flags-clear", "ui.layers", "ui.tree", "ui.bytes", "ui.no-packet", "ui.point",
    "ui.holds", "ui.fails", "ui.column.time", "ui.column.who", "ui.column.flags", "ui.column.length", "name.client",
    "name.server",
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
    style = page.styled(page.file_text("page.css"), ladder_rules())
    hint = f"<kbd>↑</kbd> <kbd>↓</kbd> {say(words('ui.walk'))}"
    body = "".join((
        page.top(title, words("ui.connection", n=story.connection.conn), hint), "<main>", _verdict(story),
        _ladder_card(story, ladder), '<aside id="details" class="card" tabindex="-1"></aside>',
        _told(story, max_segments), "</main>", page.footer(),
    ))  # fmt: skip
    return page.document(
        lang=lang, title=title, style=style, script=page.file_text("page.js"), body=body,
        data=packed(_data(story, ladder, packets)),
    )  # fmt: skip


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


# --- the static parts ---


def _verdict(story: Story) -> str:
    record = story.connection
    said = {lang: narrative.verdict(story, lang) for lang in LANGUAGES}
    headline: Texts = {lang: verdict.headline for lang, verdict in said.items()}
    detail: Texts = {lang: verdict.detail for lang, verdict in said.items()}
    which = both(lambda lang: narrative.identity(record, lang))
    chips = "".join(_chip(key) for key in (record.open, record.close))
    there, back = record.handshake_legs_ns
    figures = (
        _figure(f"{duration(there)} + {duration(back)}", "ui.legs") if there is not None and back is not None else ""
    )
    figures += _figure(duration(record.duration_ns), "ui.duration")
    return (
        f'<section class="card verdict {said["en"].severity}">'
        f'<div class="words"><h1>{say(headline)}</h1><p>{say(detail)}</p><p class="which">{say(which)}</p></div>'
        f'<div class="numbers"><div class="chips">{chips}</div>{figures}</div></section>'
    )


def _chip(key: str) -> str:
    meaning = " / ".join(text(f"{key}.text", lang) for lang in LANGUAGES)
    return f'<span class="chip {finding_facts(key).severity}" title="{escaped(meaning)}">{escaped(key)}</span>'


def _figure(value: str, key: str) -> str:
    return f'<div class="figure"><b>{escaped(value)}</b><span>{say(words(key))}</span></div>'


def _ladder_card(story: Story, ladder: Ladder) -> str:
    drawings = "".join(embedded_svg(story, ladder, LANGUAGES, plan) for plan in (WIDE, COMPACT))
    remark = f'<noscript><p class="soft">{say(words("ui.no-script"))}</p></noscript>'
    return f'<section class="card drawing" id="ladder">{drawings}{remark}</section>'


def _told(story: Story, max_segments: int | None) -> str:
    """Findings, the reason of a reset, the story and its asides."""
    parts = (
        _findings(narrative.findings(story)), _reset(story), _metrics(story), _chapters(story, max_segments),
        _asides(story),
    )  # fmt: skip
    return f'<div class="told">{"".join(parts)}</div>'


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    return f'<section class="card"><h2>{say(words("ui.findings"))}</h2>{"".join(map(_finding, findings))}</section>'


def _finding(finding: Finding) -> str:
    said = {lang: narrative.finding_sentence(finding, lang) for lang in LANGUAGES}
    sentence: Texts = {lang: both[0] for lang, both in said.items()}
    todo: Texts = {lang: text("ui.todo", lang, advice=both[1]) for lang, both in said.items()}
    chip = f'<span class="chip {escaped(finding.severity)}">{escaped(finding.id)}</span>'
    likely = f" <em>({say(words('ui.likely'))})</em>" if finding.confidence == "likely" else ""
    advice = "" if finding.severity == "ok" else f'<p class="soft">{say(todo)}</p>'
    reference = finding.reference or finding_facts(finding.id).ref
    frames = ", ".join(map(str, finding.frames[:8]))
    evidence = f" · {say(words('ui.evidence', frames=frames))}" if frames else ""
    return (
        f'<div class="finding"><p>{chip} {say(sentence)}{likely}</p>{advice}'
        f'<p class="source">{escaped(reference)}{evidence}</p></div>'
    )


def _reset(story: Story) -> str:
    reasons = {lang: narrative.reset_reason(story, lang) for lang in LANGUAGES}
    if reasons["en"] is None:
        return ""
    said: Texts = {lang: reason or "" for lang, reason in reasons.items()}
    return f'<section class="card"><h2>{say(words("ui.reset"))}</h2><p>{say(said)}</p></section>'


def _metrics(story: Story) -> str:
    """Where the time went, and how it ended."""
    told = metrics_of(story)
    if told is None:
        return ""
    lines = {lang: metric_lines(told, lang) for lang in LANGUAGES}
    rows = []
    for at in range(len(lines["en"])):
        label: Texts = {lang: lines[lang][at][0] for lang in LANGUAGES}
        value: Texts = {lang: lines[lang][at][1] for lang in LANGUAGES}
        rows.append(f"<dt>{say(label)}</dt><dd>{say(value)}</dd>")
    title = say(words("metrics.title"))
    return f'<section class="card metrics"><h2>{title}</h2><dl>{"".join(rows)}</dl></section>'


def _chapters(story: Story, max_segments: int | None) -> str:
    told = {lang: narrative.chapters(story, lang, max_segments) for lang in LANGUAGES}
    parts = []
    for at, chapter in enumerate(told["en"]):
        title: Texts = {lang: told[lang][at].title for lang in LANGUAGES}
        lines = []
        for index, line in enumerate(chapter.lines):
            said: Texts = {lang: told[lang][at].lines[index].text for lang in LANGUAGES}
            where = "" if line.step is None else f' data-step="{line.step}"'
            head = f"<b>{escaped(line.head)}</b> " if line.head else ""
            lines.append(
                f'<li{where} class="{"pause" if line.step is None else "told-segment"}">{head}{say(said)}</li>'
            )
        parts.append(f'<div class="chapter {chapter.tone}"><h3>{say(title)}</h3><ol>{"".join(lines)}</ol></div>')
    return f'<section class="card story"><h2>{say(words("ui.story"))}</h2>{"".join(parts)}</section>'


def _asides(story: Story) -> str:
    told = {lang: narrative.asides(story, lang) for lang in LANGUAGES}
    if not told["en"]:
        return ""
    items = "".join(f"<li>{say({'en': en, 'zh': zh})}</li>" for en, zh in zip(told["en"], told["zh"], strict=True))
    return f'<section class="card asides"><h2>{say(words("ui.asides"))}</h2><ul>{items}</ul></section>'
