"""What the receive window did: closed, full, reopened too late, or read with the wrong scale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from synfin.watch.connections.record import Finding
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding
from synfin.watch.findings.seen import CLIENT, NAMES, SERVER, Move, Seen
from synfin.wire.tcp import FIN, RST, SYN


class Closed(NamedTuple):
    """A time in which an end let nothing in."""

    shut: Move
    opened: Move | None  #: None: never again
    ns: int


def windows(seen: Seen) -> Iterator[Finding]:
    """The findings about receive windows."""
    for side in range(2):
        closed = list(_closed(seen, side))
        yield from _stall(seen, side, closed)
        yield from _probes(seen, 1 - side)
        yield from _late_resume(seen, side, closed)
        yield from _full(seen, 1 - side)
    yield from _scale(seen)


def _closed(seen: Seen, side: int) -> Iterator[Closed]:
    """The times in which the window of `side` was 0; after the peer's FIN and in a RST it means nothing."""
    shut: Move | None = None
    ended = next((move.index for move in seen.halves[1 - side].fins), len(seen.moves))
    for move in seen.halves[side].moves:
        if move.flags & (SYN | RST):
            continue
        if move.index > ended:
            break
        if move.segment.window == 0:
            shut = shut or move
        elif shut is not None:
            yield Closed(shut, move, move.at_ns - shut.at_ns)
            shut = None
    if shut is not None:
        last = max(m.at_ns for m in seen.moves)
        yield Closed(shut, None, last - shut.at_ns)


def _stall(seen: Seen, side: int, closed: list[Closed]) -> Iterator[Finding]:
    total = sum(one.ns for one in closed)
    if total < limits.STALL_NS:
        return
    duration = max(seen.connection.duration_ns, 1)
    severe = total >= limits.STALL_ERROR_NS or total > limits.STALL_ERROR_SHARE * duration
    frames = [move.frame for one in closed for move in (one.shut, one.opened) if move is not None]
    numbers: Numbers = {"Y": NAMES[side], "dt": total, "n": len(closed)}
    if closed[-1].opened is None:
        numbers["case"] = "never"
    yield finding("window.zero_stall", NAMES[side], frames, numbers, severity="error" if severe else "")


def _probes(seen: Seen, side: int) -> Iterator[Finding]:
    """Probes into the peer's closed window."""
    probes = [
        move for move in seen.halves[side].moves
        if move.room == 0 and (move.probe or (move.plain and move.length == 1 and move.seq == move.own_next))
    ]  # fmt: skip
    if probes:
        yield finding("window.zero_probe", NAMES[side], [move.frame for move in probes], {"n": len(probes)})


def _late_resume(seen: Seen, side: int, closed: list[Closed]) -> Iterator[Finding]:
    """The window had opened, but the sender went on much later."""
    wait_ns = max(limits.LATE_RESUME_NS, limits.LATE_RESUME_RTTS * (seen.rtt_ns or 0))
    for one in closed:
        if one.opened is None or not one.opened.window:
            continue
        mss = seen.halves[side].mss or 536
        sender = seen.halves[1 - side]
        resumed = next((move for move in sender.data if move.index > one.opened.index and not move.probe), None)
        waited = resumed.at_ns - one.opened.at_ns if resumed is not None else 0
        blocked = any(move.index < one.opened.index for move in sender.data)
        if resumed is not None and blocked and waited >= wait_ns and one.opened.window >= mss:
            frames = [one.shut.frame, one.opened.frame, resumed.frame]
            numbers: Numbers = {"dt": waited, "X": NAMES[1 - side], "Y": NAMES[side]}
            yield finding("window.update_lost_or_late", NAMES[1 - side], frames, numbers)
            return


def _full(seen: Seen, side: int) -> Iterator[Finding]:
    """The sender uses all of the window that it is given."""
    data = [move for move in seen.halves[side].data if move.acked and move.room]
    filled = [move for move in data if move.room is not None and move.end >= move.acked + move.room]
    if not filled or seen.midstream:
        return
    sending = max(data[-1].at_ns - data[0].at_ns, 1)
    waiting = sum(_until_acked(seen, move) for move in filled)
    if len(filled) < limits.WINDOW_FULL_TIMES and waiting <= limits.WINDOW_FULL_SHARE * sending:
        return
    numbers: Numbers = {
        "X": NAMES[side],
        "Y": NAMES[1 - side],
        "n": len(filled),
        "wnd": _bytes(max(m.room or 0 for m in filled)),
    }
    if seen.rtt_ns:
        wnd = max(move.room or 0 for move in filled)
        numbers |= {"rtt": seen.rtt_ns, "bw": f"{8 * wnd * 1000 / seen.rtt_ns:.3g} Mbit/s"}
    yield finding("window.full", NAMES[1 - side], [move.frame for move in filled], numbers)


def _bytes(count: int) -> str:
    return f"{count} B"


def _until_acked(seen: Seen, move: Move) -> int:
    answer = next(seen.answers(move), None)
    return 0 if answer is None else answer.at_ns - move.at_ns


def _scale(seen: Seen) -> Iterator[Finding]:
    """The SYN offered a scale, the SYN,ACK has none, and the server's windows look scaled all the same."""
    client, server = seen.halves
    if not client.syns or not server.syn_acks or client.scale is None or server.scale is not None:
        return
    announced = server.syn_acks[-1].segment.window
    later = [m.segment.window for m in server.moves if not m.flags & (SYN | RST | FIN) and m.segment.window][:5]
    if announced <= limits.SCALE_WINDOW_BYTES or not later or max(later) > announced // limits.SCALE_RATIO:
        return
    numbers: Numbers = {
        "seen": later[0],
        "true": f"~{announced}",
        "X": NAMES[CLIENT],
        "Y": NAMES[SERVER],
    }
    frames = [client.syns[-1].frame, server.syn_acks[-1].frame]
    yield finding("window.scale_mismatch", "middle", frames, numbers)
