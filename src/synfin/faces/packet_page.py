"""`synfin explain --packet N -o x.html`: packets field by field beside their bytes, as one file that loads nothing.

Every text is escaped on its way into the page, and stands there without the script too; the script only lights fields
and bytes, moves the focus and chooses the language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from synfin.dissect.summary import summarize
from synfin.dissect.tree import Node
from synfin.explain import models
from synfin.explain.checksum import Checksum, checksums
from synfin.explain.models import Place
from synfin.explain.packet_words import (
    CHECKSUM_SEVERITIES,
    checksum_of,
    checksum_text,
    meaning_key,
    named_frame,
    repeats,
    severity,
)
from synfin.explain.quantity import Language
from synfin.explain.words import LANGUAGES
from synfin.faces import page
from synfin.faces.details import SHOWN_BYTES, both, words
from synfin.faces.header_svg import embedded_header_svg, header_rules
from synfin.faces.packet_report import Report, Told
from synfin.faces.page import TAGS, escaped, say

_ROW = 16  #: bytes on a line
_PHYSICAL = 4  #: index of the lowest of the five layers
_OPEN = frozenset({"ip", "ipv6", "tcp", "udp", "icmp", "icmpv6", "arp", "http"})  #: layers that are open at first


def render_packet_page(report: Report, lang: Language, *, title: str) -> str:
    """The page; `lang` is shown first."""
    hint = f"<kbd>↑</kbd> <kbd>↓</kbd> <kbd>←</kbd> <kbd>→</kbd> {say(words('packet.hint'))}"
    number = str(report.asked.number)
    others = [one for one in report.packets if one is not report.asked]
    body = "".join((
        page.top(title, words("packet.here", n=number), hint), '<main class="packets">', _contents(report),
        *(_packet(one, report) for one in (report.asked, *others)), "</main>", page.footer(),
    ))  # fmt: skip
    style = page.styled(page.file_text("page.css"), page.file_text("packet_page.css"), header_rules())
    return page.document(
        lang=lang, title=title, style=style, script=page.file_text("packet_page.js"), body=body, data={}
    )  # fmt: skip


def _contents(report: Report) -> str:
    if not report.others:
        return ""
    rows = "".join(
        f'<li><a href="#packet-{one.number}">{say(words("packet.here", n=str(one.number)))}</a> '
        f'<span class="soft">{say(words(f"packet.{one.reason}"))}</span> '
        f'<span class="mono">{escaped(summarize(one.frame, one.facts).info)}</span></li>'
        for one in report.packets
    )
    return f'<nav class="card contents"><h2>{say(words("packet.related"))}</h2><ul>{rows}</ul></nav>'


def _packet(told: Told, report: Report) -> str:
    row, known = summarize(told.frame, told.facts), {one.number for one in report.packets}
    number = say(words("packet.here", n=str(told.number)))
    main = " asked" if told is report.asked else ""
    head = (
        f'<h2 id="packet-{told.number}" tabindex="-1">{number} <span class="mono">{escaped(row.protocol)} · '
        f"{escaped(row.src)} → {escaped(row.dst)}</span></h2>"
        f'<p class="mono soft">{escaped(row.info)}</p>'
    )
    tree = "".join(_Tree(told, known).markup())
    return (
        f'<section class="card packet{main}">{head}<div class="panes">'
        f'<div class="fields">{_buttons()}<div class="tree">{tree}</div></div>'
        f'<div class="bytes">{_dump(told)}<p class="cell-note" aria-live="polite"></p>'
        f"{_header(told)}</div></div>{_models(told)}</section>"
    )


def _buttons() -> str:
    return (
        f'<p class="tools"><button type="button" data-open="all">{say(words("packet.open-all"))}</button> '
        f'<button type="button" data-open="none">{say(words("packet.close-all"))}</button></p>'
    )


class _Tree:
    """The tree of one packet as markup."""

    def __init__(self, told: Told, known: set[int]) -> None:
        self._nodes, self._known = told.nodes, known
        self._verdicts: Sequence[Checksum] = checksums(told.frame)

    def markup(self) -> Iterator[str]:
        """Every node; those with something below them can be closed."""
        for node in self._nodes:
            yield from self._node(node, 0)

    def _node(self, node: Node, depth: int) -> Iterator[str]:
        place = f' data-at="{node.start}" data-size="{node.length}"' if node.start >= 0 and node.length > 0 else ""
        kind = "node generated" if node.generated else "node"
        children = [child for child in node.children if not repeats(child)]
        if not children:
            yield f'<div class="{kind} leaf" tabindex="0"{place}>{self._line(node)}</div>'
            return
        opened = " open" if depth or node.name in _OPEN else ""
        yield f'<details{opened}><summary class="{kind}"{place}>{self._line(node)}</summary>'
        for child in children:
            yield from self._node(child, depth + 1)
        yield "</details>"

    def _line(self, node: Node) -> str:
        said = severity(node)
        label = (
            say(both(lambda lang: node.title_zh if lang == "zh" else node.title_en)) if said else say(both(node.text))
        )
        chip = f'<span class="chip {said}">{say(words(f"severity.{said}"))}</span> ' if said else ""
        name = f' <span class="name">{escaped(node.name)}</span>' if "." in node.name else ""
        key = meaning_key(node)
        meaning = f'<span class="meaning">{say(words(key))}</span>' if key else ""
        return f'<span class="label">{chip}{label}</span>{self._told(node)}{name}{meaning}'

    def _told(self, node: Node) -> str:
        """The verdict on a checksum, or the packet that a field names."""
        checksum = checksum_of(node, self._verdicts)
        if checksum is not None:
            said = both(lambda lang: checksum_text(checksum, lang))
            return f' <span class="chip long {CHECKSUM_SEVERITIES[checksum.verdict]}">{say(said)}</span>'
        number = named_frame(node)
        if number is None or number not in self._known:
            return ""
        return f' <a href="#packet-{number}">→ {say(words("packet.here", n=str(number)))}</a>'


def _dump(told: Told) -> str:
    """The bytes, each twice: as a number and as a character."""
    data, rows = told.frame.data, []
    shown = data[:SHOWN_BYTES]
    for start in range(0, len(shown), _ROW):
        part = shown[start : start + _ROW]
        numbers = " ".join(f'<i data-byte="{start + at}">{byte:02x}</i>' for at, byte in enumerate(part))
        characters = "".join(
            f'<i data-byte="{start + at}">{escaped(chr(byte)) if 0x20 <= byte < 0x7F else "·"}</i>'
            for at, byte in enumerate(part)
        )
        space = "   " * (_ROW - len(part))
        rows.append(f'<div><span class="offset">{start:04x}  </span>{numbers}{space}  {characters}</div>')
    cut = (
        f'<p class="soft">{say(words("ui.bytes-cut", n=len(data) - SHOWN_BYTES))}</p>'
        if len(data) > SHOWN_BYTES
        else ""
    )
    label = escaped(" / ".join(text for text in _each("ui.bytes")))
    dump = f'<div class="dump" tabindex="0" role="group" aria-label="{label}">{"".join(rows)}</div>'
    return f"{dump}{cut}{_rebuilt(told)}"


def _rebuilt(told: Told) -> str:
    """From where on the bytes are not the frame's own."""
    size = len(told.frame.packet.data)
    if len(told.frame.data) <= size:
        return ""
    return f'<p class="soft">{say(words("ui.bytes-rebuilt", n=f"{size:04x}"))}</p>'


def _each(key: str) -> Iterator[str]:
    said = words(key)
    yield from (said,) if isinstance(said, str) else said.values()


def _header(told: Told) -> str:
    if told.frame.tcp is None or told.frame.segment is None:
        return ""
    drawn = (
        f'<div lang="{TAGS[lang]}">{embedded_header_svg(told.frame, lang, step=told.step, facts=told.facts)}</div>'
        for lang in LANGUAGES
    )
    return f'<div class="drawn">{"".join(drawn)}</div>'


def _models(told: Told) -> str:
    """The three layer models side by side."""
    placed: Mapping[Language, list[Place]] = {lang: models.places(told.frame, lang) for lang in LANGUAGES}
    heads = "".join(f"<th>{say(words(key))}</th>" for key in ("model.osi", "model.five", "model.four", "model.here"))
    rows = []
    for at, place in enumerate(placed["en"]):
        for index in range(len(place.osi)):
            cells = f"<td>{say({lang: placed[lang][at].osi[index] for lang in LANGUAGES})}</td>"
            if index == 0:
                high = len(place.osi)
                cells += _tall(high, {lang: placed[lang][at].five for lang in LANGUAGES})
                if at != _PHYSICAL:  # the four-layer model joins it to the link
                    cells += _tall(
                        2 if at == _PHYSICAL - 1 else high, {lang: placed[lang][at].four for lang in LANGUAGES}
                    )
                cells += _tall(high, {lang: placed[lang][at].here for lang in LANGUAGES})
            rows.append(f'<tr class="{"present" if place.present else "none"}">{cells}</tr>')
    why = say(both(lambda lang: models.why_four(told.frame, lang)))
    return (
        f'<details class="models-part"><summary>{say(words("ui.layers"))}</summary>'
        f'<table class="model-table"><tr>{heads}</tr>{"".join(rows)}</table><p class="why-four">{why}</p></details>'
    )


def _tall(rows: int, said: dict[Language, str]) -> str:
    return f'<td rowspan="{rows}">{say(said)}</td>'
