"""Requirements of RFC 9293 on which no single connection tells enough: counted over all that were opened, never ruled.

Each row says how often its case was there, what came of it, and in which connections; memory is bounded.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from synfin.watch.findings.seen import NAMES, Half, Move, Seen
from synfin.watch.opinion import Kind
from synfin.watch.verify.initial_numbers import ENOUGH, InitialNumbers, Number
from synfin.wire.tcp import RST, SYN, URG, Segment, options

#: in the order of RFC 9293's list; the names of what is counted beside `n`
RULES: dict[str, tuple[str, ...]] = {
    "MUST-3": ("acknowledged",),
    "MUST-5": ("acknowledged", "reset", "unanswered"),
    "MUST-6": ("acknowledged", "reset", "unanswered"),
    "MUST-7": ("acknowledged", "reset", "unanswered"),
    "MUST-8": ("forward", "backward"),
    "MUST-9": ("hosts", "judged", "predictable"),
    "MUST-28": ("early", "least_ns"),
    "MUST-58": ("client_segments", "server_acks", "server_segments", "client_acks"),
    "MUST-59": ("one", "several"),
    "MUST-62": ("last", "behind", "elsewhere"),
    "MUST-67": ("above", "largest"),
    "SHLD-1": ("repeat", "clock"),
    "SHLD-17": ("segments", "timeout"),
    "SHLD-22": ("changed",),
}
_EXAMPLES = 8
_FAR = 1000  #: segments after one in which its answer is looked for
_TWO_HOURS_NS = 7_200_000_000_000
_MSS, _SCALE, _SACK_PERMITTED, _SACK, _TIMESTAMPS = 2, 3, 4, 5, 8
_LENGTHS = {_MSS: 4, _SCALE: 3, _SACK_PERMITTED: 2, _TIMESTAMPS: 10}
#: IANA's list as far as hosts use it: with echo, MD5, user timeout, TCP-AO, MPTCP, Fast Open, ENO, AccECN, experiments
_KNOWN = frozenset((*range(9), 14, 15, 19, 27, 28, 29, 30, 34, 69, 172, 174, 253, 254))
_ROOM = {False: {4: 1460, 16: 1440}, True: {4: 65_495, 16: 65_476}}  #: MMS_R - 20, by loopback and length of address
_LOOPBACK_V6 = bytes(15) + b"\x01"


class Statistic(NamedTuple):
    """What a capture shows of one requirement."""

    rule: str
    n: int  #: how often its case was there
    counts: dict[str, int]
    connections: tuple[int, ...]  #: examples: of what is remarkable where anything is, else of any
    remarkable: bool  #: whether anything is


@dataclass(slots=True)
class _Row:
    n: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    remarkable: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)

    def note(self, conn: int, *names: str, remarkable: bool = False) -> None:
        """The case was there once more, and these came of it."""
        self.n += 1
        for name in names:
            self.counts[name] += 1
        self.example(conn, remarkable)

    def example(self, conn: int, remarkable: bool) -> None:
        of = self.remarkable if remarkable else self.others
        if len(of) < _EXAMPLES and conn not in of:
            of.append(conn)


class Statistics:
    """Takes one connection after another, in any order."""

    def __init__(self) -> None:
        self._rows = {rule: _Row(counts=dict.fromkeys(names, 0)) for rule, names in RULES.items()}
        self._numbers = InitialNumbers()

    def add(self, seen: Seen) -> None:
        for side, half in enumerate(seen.halves):
            peer = seen.halves[1 - side]
            self._sums(seen, side, half)
            self._options(seen, half, peer)
            self._initial(seen, half)
            self._keep_alive(seen, half)
            self._acknowledging(seen, side)
            self._urgent(seen, half)
            self._mss(seen, half)
            self._beyond(seen, side)
            self._service_class(seen, half)

    def rows(self) -> list[Statistic]:
        """Every row, in the order of the list; `n` is 0 where its case never came."""
        self._rows["MUST-9"], self._rows["SHLD-1"] = self._predictable()
        return [
            Statistic(rule, row.n, dict(row.counts), tuple(sorted(row.remarkable or row.others)), bool(row.remarkable))
            for rule, row in self._rows.items()
        ]

    def _sums(self, seen: Seen, side: int, half: Half) -> None:
        """MUST-3: a wrong checksum among right ones, on what is new; did the receiver take it?"""
        wrong = [move for move in half.moves if seen.sums.get(move.frame) == "bad"]
        if any(seen.sums.get(move.frame) == "partial" for move in half.moves):
            return  # a network card fills them in
        if 2 * len(wrong) >= len(half.moves) - sum(move.frame in seen.sums for move in half.moves) + len(wrong):
            return  # the capture was altered
        for move in wrong:
            if move.end > max(move.seq, move.own_next):
                moved = _taken(seen, side, move)
                self._rows["MUST-3"].note(seen.connection.conn, *["acknowledged"] * moved, remarkable=moved)

    def _options(self, seen: Seen, half: Half, peer: Half) -> None:
        """MUST-5, -6, -7: options where they are not usual, and what the receiver made of it."""
        if not peer.moves:
            return  # one-way: no answer could be seen
        answers = _Answers(peer)
        for move in reversed(half.moves):
            answers.before(move)
            if move.end == move.seq or move.flags & RST or move.segment.options_cut:
                continue
            fate = answers.fate(move)
            unknown, illegal, some = _read_options(move.segment)
            for rule, there in (("MUST-5", some), ("MUST-6", unknown), ("MUST-7", illegal)):
                if there and (rule == "MUST-7" or not move.flags & SYN):
                    self._rows[rule].note(seen.connection.conn, fate, remarkable=fate != "acknowledged")

    def _initial(self, seen: Seen, half: Half) -> None:
        syns = [*half.syns[:1], *half.syn_acks[:1]]
        if not syns:
            return
        one, conn = min(syns, key=lambda move: move.index).segment, seen.connection.conn
        ahead = self._numbers.add(
            Number(one.time_ns, one.seq, (one.src, one.src_port, one.dst, one.dst_port), conn)
        )  # fmt: skip
        if ahead is not None:
            self._rows["MUST-8"].note(conn, "forward" if ahead else "backward", remarkable=not ahead)

    def _predictable(self) -> tuple[_Row, _Row]:
        """MUST-9 by numbers, SHLD-1 by the steps between them."""
        secret, mixed = (_Row(counts=dict.fromkeys(RULES[rule], 0)) for rule in ("MUST-9", "SHLD-1"))
        for host in self._numbers.hosts():
            secret.n += host.numbers
            secret.counts["hosts"] += 1
            secret.counts["judged"] += host.numbers >= ENOUGH
            secret.counts["predictable"] += host.predictable
            mixed.n += host.steps
            mixed.counts["repeat"] += host.repeat
            mixed.counts["clock"] += host.clock
            for conn in host.conns[:_EXAMPLES]:
                secret.example(conn, host.predictable)
                if host.steps:
                    mixed.example(conn, bool(host.repeat or host.clock))
        return secret, mixed

    def _keep_alive(self, seen: Seen, half: Half) -> None:
        """MUST-28: how long an end was idle before its first keep-alive."""
        first = next((move for move in half.moves if move.kind is Kind.KEEP_ALIVE and move.index), None)
        if first is None:
            return
        idle = first.at_ns - max(move.at_ns for move in seen.moves[: first.index])
        row, early = self._rows["MUST-28"], idle < _TWO_HOURS_NS
        row.counts["least_ns"] = min(idle, row.counts["least_ns"]) if row.n else idle
        row.note(seen.connection.conn, *["early"] * early, remarkable=early)

    def _acknowledging(self, seen: Seen, side: int) -> None:
        """MUST-58, -59: what `side` received against what it sent only to acknowledge, and how much each covers."""
        conn, waiting = seen.connection.conn, deque[int]()
        total, each = self._rows["MUST-58"], self._rows["MUST-59"]
        for move in seen.moves:
            if move.side != side and move.length and not move.flags & RST:
                if not move.again:
                    waiting.append(move.end)
                total.note(conn, f"{NAMES[1 - side]}_segments")
                continue
            if move.side != side or not move.ack:
                continue
            covered = 0
            while waiting and waiting[0] <= move.ack:
                waiting.popleft()
                covered += 1
            if move.pure_ack and move.kind is not Kind.KEEP_ALIVE:
                total.counts[f"{NAMES[side]}_acks"] += 1
                if covered:
                    each.note(conn, "several" if covered > 1 else "one")

    def _urgent(self, seen: Seen, half: Half) -> None:
        """MUST-62: the pointer names the octet behind the urgent data; the old reading, its last one."""
        for move in half.data:
            if move.flags & URG:
                past = move.segment.urgent - move.length
                where = "behind" if past == 0 else "last" if past == -1 else "elsewhere"
                self._rows["MUST-62"].note(seen.connection.conn, where, remarkable=where != "behind")

    def _mss(self, seen: Seen, half: Half) -> None:
        """MUST-67: an MSS above what the link's largest packet leaves; a link with larger ones may carry it."""
        if half.mss is None:
            return
        one, row = (half.syns or half.syn_acks)[0].segment, self._rows["MUST-67"]
        loopback = one.src == _LOOPBACK_V6 or (len(one.src) == 4 and one.src[0] == 127)
        above = half.mss > _ROOM[loopback].get(len(one.src), 1460)
        row.counts["largest"] = max(half.mss, row.counts["largest"])
        row.note(seen.connection.conn, *["above"] * above, remarkable=above)

    def _beyond(self, seen: Seen, side: int) -> None:
        """SHLD-17: an end that has data beyond the window's edge, and whether it gave the connection up by a timer."""
        segments = 0 if seen.midstream else _count_beyond(seen, side)
        if segments:
            gave_up = seen.connection.closed_by == "timeout" or _reset_unasked(seen, side)
            row = self._rows["SHLD-17"]
            row.counts["segments"] += segments
            row.note(seen.connection.conn, *["timeout"] * gave_up, remarkable=gave_up)

    def _service_class(self, seen: Seen, half: Half) -> None:
        """SHLD-22: the code points of what one end sends; a RST may be its host's own."""
        told = [m.segment.traffic_class >> 2 for m in half.moves if m.segment.traffic_class is not None if not _rst(m)]
        if len(told) > 1:
            changed = len(set(told)) > 1
            self._rows["SHLD-22"].note(seen.connection.conn, *["changed"] * changed, remarkable=changed)


def _rst(move: Move) -> bool:
    return bool(move.flags & RST)


def _taken(seen: Seen, side: int, move: Move) -> bool:
    """Whether the peer acknowledged it before it was sent again."""
    for other in islice(seen.after(move), _FAR):
        if other.side == side and other.seq < move.end and other.end > move.seq:
            return False
        if other.side != side and other.ack >= move.end and not _rst(other):
            return True
    return False


class _Answers:
    """What the peer sent after a segment, while the segments are gone through from the last one on."""

    def __init__(self, peer: Half) -> None:
        self._left = list(peer.moves)
        self._acked = 0
        self._reset = False

    def before(self, move: Move) -> None:
        while self._left and self._left[-1].index > move.index:
            last = self._left.pop()
            self._reset = self._reset or _rst(last)
            self._acked = max(self._acked, 0 if _rst(last) else last.ack)

    def fate(self, move: Move) -> str:
        if self._acked >= move.end:
            return "acknowledged"
        return "reset" if self._reset else "unanswered"


def _read_options(segment: Segment) -> tuple[bool, bool, bool]:
    """Whether there is an unknown option, one of an illegal length, any but padding."""
    at, unknown, illegal, some = 0, False, False, False
    for one in options(segment.options):
        at = one.offset + one.length
        unknown = unknown or one.kind not in _KNOWN
        some = some or one.kind > 1
        wrong_sack = one.kind == _SACK and (one.length - 2) % 8 != 0
        illegal = illegal or wrong_sack or one.length != _LENGTHS.get(one.kind, one.length)
        if one.kind == 0:
            return unknown, illegal, some
    return unknown, illegal or at < len(segment.options), some or at < len(segment.options)


def _count_beyond(seen: Seen, side: int) -> int:
    """Segments with data behind the edge: sent there, or left there by a window that was taken back."""
    edge = acked = beyond = 0
    unit = 1 << (seen.halves[1 - side].scale or 0)  # what scaling rounds off
    out: deque[int] = deque(maxlen=_FAR)  # ends of what is not acknowledged
    for move in seen.moves:
        if move.side == side:
            if move.length and not _rst(move) and not move.again and not move.probe and move.length > 1:
                out.append(move.end)
                beyond += 0 < edge <= move.end - unit
        elif move.ack >= acked and move.ack and move.window is not None and not _rst(move):
            promised, edge, acked = edge, move.ack + move.window, move.ack
            while out and out[0] <= acked:
                out.popleft()
            if edge <= promised - unit:
                beyond += sum(edge <= end - unit and end <= promised for end in out)
    return beyond


def _reset_unasked(seen: Seen, side: int) -> bool:
    """Whether that end's RST came after its own repetitions, with nothing heard of the peer in between."""
    reset = next((move for move in seen.halves[side].resets if move.index), None)
    if reset is None:
        return False
    before = seen.moves[reset.index - 1]
    return before.side == side and before.again
