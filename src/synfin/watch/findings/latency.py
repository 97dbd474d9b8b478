"""Where the time went: the wire, an application, or timers that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.watch.connections.record import Finding
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding
from synfin.watch.findings.seen import CLIENT, NAMES, SERVER, Move, Seen
from synfin.wire.tcp import SYN


def latencies(seen: Seen) -> Iterator[Finding]:
    """The findings about time that passed."""
    yield from _wire(seen)
    yield from _client(seen)
    yield from _server(seen)
    for side in range(2):
        yield from _nagle(seen, side)
        yield from _silly(seen, side)


def _wire(seen: Seen) -> Iterator[Finding]:
    rtt = seen.rtt_ns
    client, server = seen.halves
    if rtt is not None and rtt > limits.SLOW_WIRE_NS and len(client.syns) == 1 and len(server.syn_acks) == 1:
        yield finding("latency.wire", "middle", [client.syns[0].frame, server.syn_acks[0].frame], {"rtt": rtt})


def _patience(seen: Seen) -> int:
    return max(limits.SLOW_END_NS, limits.SLOW_END_RTTS * (seen.rtt_ns or 0))


def _client(seen: Seen) -> Iterator[Finding]:
    """The client was connected, and said nothing for long."""
    client, server = seen.halves
    if not seen.opened or not client.data or not server.syn_acks or len(server.syn_acks) > 1:
        return
    request = client.data[0]
    ready = next((m for m in client.moves if m.ack > server.syn_acks[0].seq and not m.flags & SYN), None)
    greeting = next((move for move in server.data if move.index < request.index), None)
    since = greeting or ready
    if since is None or request.again or request is since:
        return
    waited = request.at_ns - since.at_ns
    if waited > _patience(seen):
        yield finding("latency.client", "client", [since.frame, request.frame], {"dt": waited})


def _server(seen: Seen) -> Iterator[Finding]:
    """A request was acknowledged, and its answer came long after."""
    if not seen.opened:
        return  # who asks is a guess
    gone = seen.connection.close == "close.rst_after_own_fin" and seen.connection.closed_by == "client"
    left = next((fin.index for fin in seen.halves[CLIENT].fins if gone), len(seen.moves))
    slowest: tuple[int, Move, Move] | None = None
    request: Move | None = None
    repeated = False
    for move in seen.moves:
        if move.side == CLIENT and move.length and not move.probe:
            request, repeated = move, move.again
        elif move.side == SERVER and request is not None and move.length:
            acked = next((m for m in seen.answers(request) if m.ack >= request.end), move)
            waited = move.at_ns - request.at_ns - max(seen.rtt_ns or 0, acked.at_ns - request.at_ns)
            clear = acked is not move and move.index < left and not move.again and not repeated
            if clear and waited > _patience(seen) and (slowest is None or waited > slowest[0]):
                slowest = (waited, request, move)
            request = None
    if slowest is not None:
        waited, request, answer = slowest
        numbers: Numbers = {"dt": waited}
        unasked = _speaks_unasked(seen)
        if unasked:
            numbers["case"] = "unasked"
        severity = "note" if unasked else ""
        frames = [request.frame, answer.frame]
        yield finding("latency.server", "server", frames, numbers, likely=unasked, severity=severity)


def _speaks_unasked(seen: Seen) -> bool:
    """Whether the server also sends on its own after a pause: then no wait need be for an answer."""
    if seen.connection.server.port in limits.UNASKED_PORTS:
        return True
    said: Move | None = None
    for move in seen.moves:
        if move.length and not move.again and not move.probe:
            if move.side == SERVER and said is not None and move.at_ns - said.at_ns > _patience(seen):
                return True
            said = move if move.side == SERVER else None
    return False


def _nagle(seen: Seen, side: int) -> Iterator[Finding]:
    """Small segments that wait for delayed ACKs: small, an ACK after the delay, at once the next small one."""
    mss = seen.halves[1 - side].mss or 536
    stalls: list[tuple[int, Move, Move]] = []
    second_waits: list[int] = []
    for first, ack, second in zip(seen.moves, seen.moves[1:], seen.moves[2:], strict=False):
        if first.side != side or ack.side == side or second.side != side:
            continue
        small = 0 < first.length < mss and 0 < second.length < mss
        waited = ack.at_ns - first.at_ns
        delayed = limits.DELAYED_ACK_MIN_NS <= waited <= limits.DELAYED_ACK_MAX_NS + (seen.rtt_ns or 0)
        follows = second.seq == first.end and second.at_ns - ack.at_ns <= limits.AT_ONCE_NS
        fits = first.room is None or first.acked + first.room >= first.end + second.length  # else the window held it
        if small and ack.pure_ack and ack.ack == first.end and delayed and follows and fits and not first.again:
            stalls.append((waited, first, ack))
            answer = next((m for m in seen.answers(second) if m.ack >= second.end), ack)
            second_waits.append(max(answer.at_ns - second.at_ns, 0))
    waits = sorted(waited for waited, *_ in stalls)
    if len(stalls) < limits.NAGLE_STALLS:
        return
    # the second piece completes the request, and its ACK comes with the answer: after the round trip alone
    away = min(sorted(second_waits)[len(second_waits) // 2], seen.rtt_ns or limits.DELAYED_ACK_MAX_NS)
    usual = waits[len(waits) // 2]
    if usual - away >= limits.DELAYED_ACK_MIN_NS:
        numbers: Numbers = {"X": NAMES[side], "Y": NAMES[1 - side], "n": len(stalls), "dt": usual}
        frames = [frame for _, first, ack in stalls for frame in (first.frame, ack.frame)]
        severity = "" if seen.rtt_ns is not None else "note"
        likely = seen.rtt_ns is None
        yield finding("app.nagle_delayed_ack", NAMES[side], frames, numbers, likely=likely, severity=severity)


def _silly(seen: Seen, side: int) -> Iterator[Finding]:
    """Many tiny segments where there was room for full ones; answered one by one it is a dialogue."""
    if seen.connection.server.port in limits.INTERACTIVE_PORTS:
        return
    mss = seen.halves[1 - side].mss or 536
    tiny: list[Move] = []
    for earlier, move in zip(seen.moves, seen.moves[1:], strict=False):
        alone = earlier.side == side and earlier.length > 0 and move.seq == earlier.end
        room = move.room is not None and move.acked + move.room - move.seq >= mss
        if move.side == side and 0 < move.length < limits.SILLY_BYTES and alone and room and not move.again:
            tiny.append(move)
    if len(tiny) >= limits.SILLY_SEGMENTS and len(tiny) > len(seen.halves[side].data) // 2:
        yield finding("app.silly_window", NAMES[side], [m.frame for m in tiny], {"n": len(tiny)}, likely=True)
