"""Draw docs/state-diagram.svg from the transition table, laid out like Figure 5 of RFC 9293.

    python docs/make_state_diagram.py [FILE]

The picture holds nothing that the table does not: every edge is a row marked F5 (Figure 5), N2 or N3 (its notes).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from synfin.tcp.state import TABLE, Event, Row, State

WIDTH, HEIGHT = 1180, 1200
BOX_W, BOX_H = 156, 50

LEFT, MIDDLE, RIGHT = 150, 590, 1030

#: Centres of the boxes. CLOSED stands twice, as in the RFC's figure: where a connection begins and where it ends.
PLACES: dict[str, tuple[int, int]] = {
    "CLOSED": (MIDDLE, 150),
    "LISTEN": (MIDDLE, 290),
    "SYN-RECEIVED": (LEFT, 440),
    "SYN-SENT": (RIGHT, 440),
    "ESTABLISHED": (MIDDLE, 590),
    "FIN-WAIT-1": (LEFT, 730),
    "CLOSE-WAIT": (RIGHT, 730),
    "FIN-WAIT-2": (LEFT, 890),
    "CLOSING": (MIDDLE, 890),
    "LAST-ACK": (RIGHT, 890),
    "TIME-WAIT": (MIDDLE, 1035),
    "END": (RIGHT, 1035),
}

CHINESE = {
    "CLOSED": "关闭", "LISTEN": "监听", "SYN-SENT": "已发送 SYN", "SYN-RECEIVED": "已收到 SYN", "ESTABLISHED": "已建立",
    "FIN-WAIT-1": "终止等待 1", "FIN-WAIT-2": "终止等待 2", "CLOSE-WAIT": "关闭等待", "CLOSING": "正在关闭",
    "LAST-ACK": "最后确认", "TIME-WAIT": "时间等待",
}  # fmt: skip

WORDS = {
    Event.OPEN_PASSIVE: "被动打开", Event.OPEN_ACTIVE: "主动打开", Event.SEND: "发送数据", Event.CLOSE: "关闭",
    Event.SND_SYN: "发出 SYN", Event.SND_FIN: "发出 FIN", Event.RCV_SYN: "收到 SYN", Event.RCV_SYN_ACK: "收到 SYN,ACK",
    Event.RCV_ACK_OF_SYN: "收到对 SYN 的确认", Event.RCV_FIN: "收到 FIN", Event.RCV_ACK_OF_FIN: "收到对 FIN 的确认",
    Event.RCV_FIN_ACK_OF_FIN: "收到 FIN 及对 FIN 的确认", Event.RCV_RST: "收到 RST", Event.TO_2MSL: "等待 2MSL 结束",
}  # fmt: skip


class Route(NamedTuple):
    """How an edge runs: an SVG path, and where its label stands."""

    path: str
    x: int
    y: int
    anchor: str = "middle"


_HALF_W, _HALF_H = BOX_W // 2, BOX_H // 2

#: The sides of the boxes in the three columns.
_L, _M, _R = LEFT + _HALF_W, MIDDLE - _HALF_W, RIGHT - _HALF_W
_M2 = MIDDLE + _HALF_W

ROUTES: dict[tuple[str, str], Route] = {
    ("CLOSED", "LISTEN"): Route(f"M{MIDDLE - 20} 175 V265", MIDDLE - 30, 212, "end"),
    ("LISTEN", "CLOSED"): Route(f"M{MIDDLE + 20} 265 V175", MIDDLE + 30, 212, "start"),
    ("CLOSED", "SYN-SENT"): Route(f"M{_M2} 140 H{RIGHT - 20} Q{RIGHT + 20} 140 {RIGHT + 20} 180 V415", 860, 108),
    ("SYN-SENT", "CLOSED"): Route(f"M{RIGHT - 20} 415 V200 Q{RIGHT - 20} 162 {RIGHT - 60} 162 H{_M2}", 870, 186),
    ("LISTEN", "SYN-RECEIVED"): Route(f"M{MIDDLE - 50} 315 Q{MIDDLE - 90} 422 {LEFT + 130} 428 H{_L}", 408, 368, "end"),
    ("SYN-RECEIVED", "LISTEN"): Route(f"M{LEFT} 415 V330 Q{LEFT} 290 {LEFT + 40} 290 H{_M}", 330, 256),
    ("LISTEN", "SYN-SENT"): Route(f"M{MIDDLE + 50} 315 Q{MIDDLE + 90} 422 {RIGHT - 130} 428 H{_R}", 772, 350, "start"),
    ("SYN-SENT", "SYN-RECEIVED"): Route(f"M{_R} 446 H{_L}", MIDDLE, 466),
    ("SYN-RECEIVED", "ESTABLISHED"): Route(
        f"M{LEFT + 60} 465 Q{LEFT + 90} 580 {MIDDLE - 140} 584 H{_M}", 286, 516, "start"
    ),
    ("SYN-SENT", "ESTABLISHED"): Route(
        f"M{RIGHT - 60} 465 Q{RIGHT - 90} 580 {MIDDLE + 140} 584 H{_M2}", 894, 516, "end"
    ),
    ("SYN-RECEIVED", "FIN-WAIT-1"): Route(f"M{LEFT - 40} 465 V705", LEFT - 30, 604, "start"),
    ("ESTABLISHED", "FIN-WAIT-1"): Route(
        f"M{MIDDLE - 50} 615 Q{MIDDLE - 80} 716 {LEFT + 150} 720 H{_L}", 408, 656, "end"
    ),
    ("ESTABLISHED", "CLOSE-WAIT"): Route(
        f"M{MIDDLE + 50} 615 Q{MIDDLE + 80} 722 {RIGHT - 150} 726 H{_R}", 772, 656, "start"
    ),
    ("FIN-WAIT-1", "FIN-WAIT-2"): Route(f"M{LEFT - 20} 755 V865", LEFT - 10, 804, "start"),
    ("FIN-WAIT-1", "CLOSING"): Route(f"M{_L} 736 H{MIDDLE - 60} Q{MIDDLE} 738 {MIDDLE} 798 V865", 480, 756),
    ("FIN-WAIT-1", "TIME-WAIT"): Route(
        f"M{_L} 748 Q{LEFT + 280} 770 {LEFT + 312} 890 Q{LEFT + 340} 1012 {_M} 1026", 446, 878, "end"
    ),
    ("FIN-WAIT-2", "TIME-WAIT"): Route(f"M{LEFT} 915 V1000 Q{LEFT} 1044 {LEFT + 44} 1044 H{_M}", 300, 1064),
    ("CLOSING", "TIME-WAIT"): Route(f"M{MIDDLE} 915 V1010", MIDDLE + 12, 958, "start"),
    ("CLOSE-WAIT", "LAST-ACK"): Route(f"M{RIGHT} 755 V865", RIGHT - 12, 804, "end"),
    ("LAST-ACK", "END"): Route(f"M{RIGHT} 915 V1010", RIGHT - 12, 958, "end"),
    ("TIME-WAIT", "END"): Route(f"M{_M2} 1035 H{_R}", 810, 1055),
}

STYLE = """
text { font-family: Inter, "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei", Arial, sans-serif; fill: #0f172a }
.name { font-weight: 700; font-size: 15px } .zh { font-size: 12px; fill: #64748b }
.event { font-family: "JetBrains Mono", "DejaVu Sans Mono", Consolas, monospace; font-size: 12.5px; font-weight: 600 }
.halo { paint-order: stroke; stroke: #fff; stroke-width: 5px; stroke-linejoin: round }
.title { font-size: 22px; font-weight: 700 } .sub { font-size: 13.5px; fill: #475569 }
path { fill: none; stroke-width: 1.8 }
.call { stroke: #0f766e } .receive { stroke: #2563eb } .time { stroke: #7c3aed }
.note2 { stroke: #c2540a; stroke-dasharray: 6 4 }
.t-call { fill: #0f766e } .t-receive { fill: #2563eb } .t-time { fill: #7c3aed }
.t-note2 { fill: #c2540a } .t-reset { fill: #b91c1c }
"""

COLOURS = {"call": "#0f766e", "receive": "#2563eb", "time": "#7c3aed", "note2": "#c2540a"}


def edges() -> dict[tuple[str, str], list[Row]]:
    """The rows of Figure 5 and note 2, gathered by the pair of boxes they join."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in TABLE.values():
        if row.figure5 in ("F5", "N2"):
            ends = row.next is State.CLOSED and row.state in (State.LAST_ACK, State.TIME_WAIT)
            found.setdefault((row.state.label, "END" if ends else row.next.label), []).append(row)
    return found


def reset_states() -> list[str]:
    """The states that a reset takes to CLOSED (note 3)."""
    return [row.state.label for row in TABLE.values() if row.figure5 == "N3"]


def draw() -> str:
    """The whole picture as SVG text."""
    return "\n".join(_document()) + "\n"


def _document() -> Iterator[str]:
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    yield "<title>TCP connection state diagram · TCP 连接状态图</title>"
    yield f"<style>{STYLE}</style><defs>"
    for kind, colour in COLOURS.items():
        yield (
            f'<marker id="tip-{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7.5" markerHeight="7.5" '
            'orient="auto">'
            f'<path d="M0 0 L10 5 L0 10 Z" style="fill:{colour};stroke:none"/></marker>'
        )
    yield f'</defs><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    yield '<text x="36" y="46" class="title">TCP states · TCP 状态</text>'
    yield '<text x="36" y="70" class="sub">RFC 9293, Figure 5, drawn from the transition table</text>'
    yield '<text x="36" y="90" class="sub">按 RFC 9293 图 5 布局，由状态转换表生成</text>'
    yield from _legend()
    found = edges()
    for pair, rows in found.items():
        yield _arrow(ROUTES[pair], _kind(rows))
    for pair, rows in found.items():
        yield from _label(ROUTES[pair], rows)
    resets = reset_states()
    for name, (x, y) in PLACES.items():
        yield from _box("CLOSED" if name == "END" else name, x, y, reset=name in resets)
    yield "</svg>"


def _kind(rows: list[Row]) -> str:
    if any(row.figure5 == "N2" for row in rows):
        return "note2"
    if any(row.event is Event.TO_2MSL for row in rows):
        return "time"
    return "receive" if any(row.event.is_receive for row in rows) else "call"


def _arrow(route: Route, kind: str) -> str:
    return f'<path class="{kind}" d="{route.path}" marker-end="url(#tip-{kind})"/>'


def _label(route: Route, rows: list[Row]) -> Iterator[str]:
    """Event names above, Chinese words and the RFC's section below; the rule's id and text as a tooltip."""
    kind = _kind(rows)
    names = " / ".join(row.event.value for row in rows)
    sections = ", ".join(dict.fromkeys("§" + row.section.removesuffix(" note 2") for row in rows))
    tips = "\n".join(f"{row.rule}: {row.text_en} {row.text_zh}" for row in rows)
    at = f'text-anchor="{route.anchor}" x="{route.x}"'
    yield f"<g><title>{escape(tips)}</title>"
    yield f'<text {at} y="{route.y}" class="event halo t-{kind}">{escape(names)}</text>'
    words = " / ".join(dict.fromkeys(WORDS[row.event] for row in rows))
    yield f'<text {at} y="{route.y + 17}" class="zh halo">{escape(words)} · {escape(sections)}</text></g>'


def _box(name: str, x: int, y: int, *, reset: bool) -> Iterator[str]:
    fill, line = ("#ecfdf5", "#10b981") if name == "ESTABLISHED" else ("#f8fafc", "#64748b")
    if name == "CLOSED":
        fill, line = "#f1f5f9", "#334155"
    yield (
        f'<rect x="{x - _HALF_W}" y="{y - _HALF_H}" width="{BOX_W}" height="{BOX_H}" rx="11" fill="{fill}" '
        f'stroke="{line}" stroke-width="1.8"/>'
    )
    yield f'<text x="{x}" y="{y - 1}" text-anchor="middle" class="name">{name}</text>'
    yield f'<text x="{x}" y="{y + 16}" text-anchor="middle" class="zh">{CHINESE[name]}</text>'
    if reset:
        yield from _badge(x + _HALF_W - 3, y - _HALF_H + 3)


def _badge(x: int, y: int) -> Iterator[str]:
    yield f'<circle cx="{x}" cy="{y}" r="9" fill="#fee2e2" stroke="#b91c1c" stroke-width="1.3"/>'
    yield f'<text x="{x}" y="{y + 4}" text-anchor="middle" class="event t-reset">3</text>'


def _legend() -> Iterator[str]:
    lines = (
        ("call", "call or send · 应用调用或发送", 72, 1118),
        ("receive", "receive · 接收", 72, 1142),
        ("time", "timeout · 超时", 72, 1166),
        ("note2", "note 2: FIN and ACK of FIN in one segment · 注 2：FIN 与对 FIN 的确认在同一报文段中", 460, 1118),
    )
    for kind, words, x, y in lines:
        yield f'<path class="{kind}" d="M{x} {y} h38" marker-end="url(#tip-{kind})"/>'
        yield f'<text x="{x + 50}" y="{y + 5}" class="sub">{escape(words)}</text>'
    yield from _badge(479, 1142)
    note3 = "note 3: an acceptable RST leads to CLOSED · 注 3：可接受的 RST 使其回到 CLOSED"
    yield f'<text x="510" y="1147" class="sub">{note3}</text>'
    yield '<text x="460" y="1171" class="sub">§: section of RFC 9293 · § 为 RFC 9293 的章节</text>'


def main() -> None:
    """Write the picture."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("state-diagram.svg")
    target.write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
