"""How it ended: the close's id with its evidence, and what was unusual about the FINs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synfin.watch.connections.record import Finding, Step
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding
from synfin.watch.findings.seen import CLIENT, NAMES, SERVER, Move, Seen
from synfin.watch.follow import collect as c
from synfin.watch.story.scene import first_closer
from synfin.wire.tcp import ACK, FIN, RST, options

_MPTCP, _FAST_CLOSE = 30, 7
_OF_CLOSING = ("close-", "simultaneous-close", "half-close")


def closing(seen: Seen, steps: Sequence[Step]) -> Finding:
    """The finding that the close's id is."""
    name, final = seen.connection.close, seen.final
    if final.reset_by >= 0 and name != "close.never_opened":
        return _by_reset(name, seen, steps)
    closer, crossing = first_closer(final)
    if closer < 0 or name in ("close.still_open", "close.never_opened", "close.silent_death"):
        return finding(name, "", [steps[-1].segment.frame])
    second = final.sides[1 - closer]
    numbers: Numbers = {"A": NAMES[closer], "B": NAMES[1 - closer]}
    if name == "close.half_close_data":
        numbers["bytes"] = second.half_close_bytes
    who = "both" if crossing else NAMES[closer]
    if name == "close.fin_unanswered":
        first = next(step for step in steps if step.segment.has(FIN))
        numbers["dt"] = seen.end_ns - first.time_ns
        if second.ledger.ack <= final.sides[closer].ledger.fin:
            numbers["case"] = "unacked"
        who = NAMES[1 - closer]
    return finding(name, who, [step.segment.frame for step in steps if step.phase.startswith(_OF_CLOSING)], numbers)


def deciding_reset(seen: Seen) -> Move | None:
    """The RST that ended the connection."""
    final = seen.final
    if final.reset_by < 0:
        return None
    raw = final.reset_seq & 0xFFFFFFFF
    mine = seen.halves[CLIENT if final.reset_by == CLIENT else SERVER].resets
    return next((move for move in mine if move.segment.seq == raw), None)


def _by_reset(name: str, seen: Seen, steps: Sequence[Step]) -> Finding:
    final = seen.final
    sender, other = final.reset_by, 1 - final.reset_by
    if name == "close.rst_reply":
        sender, other = other, sender  # the text calls B who sent the reset
    numbers: Numbers = {"A": NAMES[sender], "B": NAMES[other]}
    who = "middle" if final.reset & c.RST_SENDER_LIVES else NAMES[final.reset_by]
    reset = deciding_reset(seen)
    frames = [step.segment.frame for step in steps if step.segment.has(FIN)]
    frames += [reset.frame] if reset is not None else []
    if name == "close.rst_reply" and reset is not None and reset.flags & ACK:
        numbers["case"] = "with_ack"
    if all(move.flags & RST for move in seen.moves):
        numbers["case"] = "only"
    elif name == "close.abort" and reset is not None and _fast_close(seen, reset):
        numbers["case"] = "fastclose"
    elif name == "close.abort" and all(_acknowledged(seen, side) for side in (CLIENT, SERVER)):
        numbers["case"] = "idle"
    if name == "close.keepalive_timeout":
        numbers["n"] = unanswered_probes(seen, final.reset_by)
    return finding(name, who, frames, numbers)


def _fast_close(seen: Seen, reset: Move) -> bool:
    """Whether the other end had asked for the abort by MP_FASTCLOSE (RFC 8684 section 3.5)."""
    asked = next((move for move in reversed(seen.moves[: reset.index]) if move.side != reset.side), None)
    return asked is not None and any(
        option.kind == _MPTCP and option.data[:1] and option.data[0] >> 4 == _FAST_CLOSE
        for option in options(asked.segment.options)
    )


def _acknowledged(seen: Seen, side: int) -> bool:
    """Whether all that the side sent was acknowledged."""
    final = seen.final
    heard = final.sides[1 - side].ledger
    return 0 < final.sides[side].nxt <= max(heard.ack, heard.rst_ack)


def unanswered_probes(seen: Seen, side: int) -> int:
    """Keep-alive probes of a side since the other one was heard last."""
    count = 0
    for move in seen.moves:
        if move.side != side:
            count = 0
        elif move.probe and move.room != 0:
            count += 1
    return count


def beside_closing(seen: Seen) -> Iterator[Finding]:
    """What was unusual about the FINs."""
    yield from _close_wait(seen)
    yield from _fin_again(seen)
    yield from _forgotten_fin_wait(seen)


def _close_wait(seen: Seen) -> Iterator[Finding]:
    """The second FIN came long after the first, and nothing was sent in between."""
    closer, crossing = first_closer(seen.final)
    if closer < 0 or crossing or not all(half.fins for half in seen.halves):
        return
    first, second = seen.halves[closer].fins[0], seen.halves[1 - closer].fins[0]
    talked = [move for move in seen.halves[1 - closer].data if first.index < move.index < second.index]
    waited = second.at_ns - first.at_ns
    if waited > limits.CLOSE_WAIT_NOTE_NS and not talked:
        severity = "warn" if waited >= limits.CLOSE_WAIT_WARN_NS else ""
        numbers: Numbers = {"B": NAMES[1 - closer], "dt": waited}
        yield finding(
            "close.close_wait_lag", NAMES[1 - closer], [first.frame, second.frame], numbers, severity=severity
        )


def _fin_again(seen: Seen) -> Iterator[Finding]:
    """A FIN that was sent again: it was lost, or its acknowledgment was."""
    for side, half in enumerate(seen.halves):
        again = [
            later
            for earlier, later in zip(half.fins, half.fins[1:], strict=False)
            if later.end == earlier.end and later.at_ns - earlier.at_ns >= limits.RTO_MIN_NS
        ]
        if not again:
            continue
        acked = any(
            move.ack >= again[0].end for move in seen.halves[1 - side].moves if move.index < again[0].index and move.ack
        )
        numbers: Numbers = {"A": NAMES[side], "case": "ack" if acked else "fin"}
        yield finding("close.fin_retransmitted", "middle", [half.fins[0].frame, *(m.frame for m in again)], numbers)


def _forgotten_fin_wait(seen: Seen) -> Iterator[Finding]:
    """A FIN that was acknowledged, long silence, and then the peer's FIN met nobody."""
    closer, crossing = first_closer(seen.final)
    if closer < 0 or crossing:
        return
    own, peer = seen.halves[closer], seen.halves[1 - closer]
    acked = next((move for move in peer.moves if move.ack >= own.fins[0].end), None) if own.fins else None
    reset = next((move for move in own.resets if not move.flags & ACK), None)
    if acked is None or reset is None:
        return
    triggers = [move for move in peer.moves if acked.index < move.index < reset.index and move.flags & (FIN | ACK)]
    late = next((move for move in triggers if move.flags & FIN or move.length), None)
    if late is None or reset.segment.seq != late.segment.ack or late.flags & RST:
        return
    idle = late.at_ns - max(move.at_ns for move in seen.moves if move.index < late.index)
    # data with the FIN is refused by a closed socket in any state
    if idle >= limits.FIN_WAIT_IDLE_NS and late.flags & FIN and not late.length:
        numbers: Numbers = {"A": NAMES[closer], "B": NAMES[1 - closer], "dt": idle}
        frames = [own.fins[0].frame, acked.frame, late.frame, reset.frame]
        yield finding("close.finwait2_expired", NAMES[1 - closer], frames, numbers)
