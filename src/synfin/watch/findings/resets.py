"""Why a RST was sent, and whether its sender is who it claims to be."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.watch.connections.record import Finding
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.closing import deciding_reset
from synfin.watch.findings.known import Numbers, finding
from synfin.watch.findings.seen import NAMES, SERVER, Move, Seen
from synfin.watch.follow import collect as c
from synfin.watch.opinion import Kind
from synfin.wire.tcp import ACK, FIN, RST, SYN

_TLS_ALERT, _TLS_DATA = 0x15, 0x17
_ENCRYPTED_ALERT = range(19, 33)  #: bytes of a record that holds an alert under any usual cipher
_ALERTS = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
    46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_canceled", 109: "missing_extension", 110: "unsupported_extension",
    112: "unrecognized_name", 116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip


def resets(seen: Seen) -> Iterator[Finding]:
    """The findings about RSTs."""
    forged = list(_injected(seen))
    yield from forged
    yield from _challenged(seen)
    yield from _alert_first(seen)
    reset = deciding_reset(seen)
    if reset is None or seen.final.reset & c.RST_SENDER_LIVES:
        return
    close = seen.connection.close
    if close == "close.abort":
        yield from _unread(seen, reset)
    elif close == "close.rst_after_own_fin" and reset.bare_reset:
        yield from _late_data(seen, reset)
    elif close == "close.rst_reply" and not forged:
        yield from _lost_state(seen, reset)


def _unread(seen: Seen, reset: Move) -> Iterator[Finding]:
    """close() with unread data: the last payload came from the other side and was acknowledged (RFC 2525 §2.17)."""
    unread: list[Move] = []
    for move in reversed(seen.moves[: reset.index]):
        if not move.length or move.again:
            continue
        if move.side == reset.side:
            break
        unread.append(move)
    ledger = seen.final.sides[reset.side].ledger
    acked = max(ledger.ack, ledger.rst_ack) & 0xFFFFFFFF
    if not unread or unread[0].end & 0xFFFFFFFF != acked:
        return
    numbers: Numbers = {
        "A": NAMES[reset.side], "B": NAMES[1 - reset.side], "bytes": sum(move.length for move in unread),
    }  # fmt: skip
    frames = [*(move.frame for move in reversed(unread)), reset.frame]
    yield finding("close.unread_data_likely", NAMES[reset.side], frames, numbers, likely=True)


def _late_data(seen: Seen, reset: Move) -> Iterator[Finding]:
    """Data for a side that had sent its FIN and answers with a bare RST: written after the FIN, or crossing it."""
    own, peer = seen.halves[reset.side], seen.halves[1 - reset.side]
    fin = next((move for move in own.fins if move.index < reset.index), None)
    data = [move for move in peer.data if move.index < reset.index]
    if fin is None or not data:
        return
    last = data[-1]
    numbers: Numbers = {"A": NAMES[reset.side], "B": NAMES[1 - reset.side], "bytes": last.length}
    frames = [fin.frame, last.frame, reset.frame]
    if last.ack == fin.end:
        if peer.fins:  # it was closing as well, and these were its last words
            numbers["case"] = "last_words"
        severity = "note" if peer.fins else ""
        yield finding("app.write_after_peer_close", NAMES[1 - reset.side], frames, numbers, severity=severity)
        return
    late = abs(last.at_ns - fin.at_ns)
    crossing = seen.rtt_ns is None or late <= max(limits.CROSSING_RTTS * seen.rtt_ns, limits.CROSSING_NS)
    untouched = seen.final.sides[reset.side].ledger.ack <= _unwrapped(seen, last)
    if crossing and untouched and reset.side == SERVER:  # a server closes idle connections, a client asks
        yield finding("close.request_crossed_fin", NAMES[1 - reset.side], frames, numbers)


def _unwrapped(seen: Seen, move: Move) -> int:
    """A segment's number as the ledgers count."""
    nxt = seen.final.sides[move.side].nxt
    return nxt - ((nxt - move.segment.seq) & 0xFFFFFFFF)


def _lost_state(seen: Seen, reset: Move) -> Iterator[Finding]:
    """A healthy connection that the other end does not know any more."""
    peer = seen.halves[1 - reset.side]
    trigger = next((move for move in reversed(peer.moves) if move.index < reset.index), None)
    healthy = seen.opened or seen.midstream
    spoke = [move for move in seen.halves[reset.side].moves if not move.flags & (SYN | RST)]
    if trigger is None or not reset.bare_reset or not healthy or not spoke:
        return
    if not trigger.length and not trigger.probe:
        return
    if trigger.flags & ACK and reset.segment.seq == trigger.segment.ack:
        idle = trigger.at_ns - max((m.at_ns for m in seen.moves if m.index < trigger.index), default=0)
        numbers: Numbers = {"A": NAMES[1 - reset.side], "B": NAMES[reset.side], "dt": idle}
        late = trigger.kind in (Kind.SPURIOUS, Kind.RETRANSMISSION) and trigger.end <= trigger.acked
        if late:
            yield finding(
                "rst.conntrack_invalid", NAMES[reset.side], [trigger.frame, reset.frame], numbers, likely=True
            )
        yield finding("death.peer_lost_state", NAMES[reset.side], [trigger.frame, reset.frame], numbers)


def _injected(seen: Seen) -> Iterator[Finding]:
    """A RST that its sender cannot have sent. Each sign is named; life after the RST is the strongest."""
    for side, half in enumerate(seen.halves):
        if not half.resets:
            continue
        reset = half.resets[0]
        signs: list[str] = []
        witnesses: list[int] = []
        lives = _life_after(seen, reset)
        if lives is not None:
            signs.append("lives")
            witnesses.append(lives.frame)
        if _other_ttl(half.moves, reset):
            signs.append("ttl")
        twin = next(
            (m for m in seen.halves[1 - side].resets if abs(m.at_ns - reset.at_ns) <= limits.PAIR_OF_RESETS_NS), None
        )
        if twin is not None and not _answered(seen, twin, reset):
            signs.append("pair")
            witnesses.append(twin.frame)
        guesses = {m.seq for m in half.resets if m.at_ns - reset.at_ns <= limits.PAIR_OF_RESETS_NS}
        if len(guesses) > 1 and not any(_triggered(seen, m) for m in half.resets):
            signs.append("guesses")
        if "lives" in signs or "ttl" in signs or ("pair" in signs and len(signs) > 1):
            numbers: Numbers = {"B": NAMES[side], "evidence": "+".join(signs)}
            yield finding("rst.injected", "middle", [reset.frame, *witnesses], numbers, likely="lives" not in signs)
            return


def _life_after(seen: Seen, reset: Move) -> Move | None:
    """What the RST's sender goes on sending, beyond what can have been on its way.

    A host without the connection answers with a RST, and its RST means nothing to a connection that is opened anew:
    then only data counts.
    """
    wait = (seen.rtt_ns or 0) // 2
    answered = _triggered(seen, reset)
    if not seen.opened and not seen.midstream:
        return None
    for move in seen.after(reset):
        if move.side != reset.side or move.flags & (RST | SYN) or move.kind is Kind.NETWORK_DUPLICATE:
            continue
        if move.again or move.probe:
            continue
        tells = move.length or (move.flags & (FIN | ACK) and not answered)
        if move.seq >= reset.seq and move.at_ns - reset.at_ns > wait and tells:
            return move
    return None


def _other_ttl(moves: list[Move], reset: Move) -> bool:
    usual = {move.segment.ttl for move in moves if not move.flags & RST and move.segment.ttl}
    return len(usual) == 1 and abs(next(iter(usual)) - reset.segment.ttl) > limits.OTHER_TTL and bool(reset.segment.ttl)


def _triggered(seen: Seen, reset: Move) -> bool:
    """Whether a RST answers the segment before it, as a host without the connection does."""
    before = next((m for m in reversed(seen.moves[: reset.index]) if m.side != reset.side), None)
    if before is None or not reset.bare_reset:
        return False
    return bool(before.flags & ACK) and before.segment.ack == reset.segment.seq


def _answered(seen: Seen, twin: Move, reset: Move) -> bool:
    """Whether one of two RSTs in both directions is the answer to what crossed the other."""
    return _triggered(seen, twin) or _triggered(seen, reset)


def _challenged(seen: Seen) -> Iterator[Finding]:
    """A RST inside the window but not exact, answered by a challenge ACK (RFC 5961 section 3)."""
    for half in seen.halves:
        for reset in half.resets:
            answer = next(iter(seen.answers(reset)), None)
            if answer is None or not answer.pure_ack or answer.ack >= reset.seq:
                continue
            goes_on = any(m.length or m.flags & FIN for m in seen.after(answer) if not m.flags & RST)
            if goes_on and answer.ack < reset.seq:
                yield finding("rst.ignored_challenge_ack", NAMES[answer.side], [reset.frame, answer.frame])
                return


def _alert_first(seen: Seen) -> Iterator[Finding]:
    """A TLS alert was the last that was said before the RST."""
    reset = next((move for move in seen.moves if move.flags & RST), None)
    if reset is None:
        return
    data = next((m for m in reversed(seen.moves[: reset.index]) if m.length), None)
    payload = b"" if data is None else data.segment.payload
    if data is None or len(payload) < 5 or payload[1] != 3 or payload[2] > 4:
        return
    size = int.from_bytes(payload[3:5], "big")
    if payload[0] == _TLS_ALERT and size == 2 and len(payload) >= 7:
        alert = _ALERTS.get(payload[6], str(payload[6]))
    elif payload[0] in (_TLS_ALERT, _TLS_DATA) and size in _ENCRYPTED_ALERT and len(payload) == size + 5:
        alert = "close_notify"  # what an encrypted alert before an end nearly always is
    else:
        return
    numbers: Numbers = {"alert": alert}
    if alert == "close_notify":
        numbers["case"] = "goodbye"
    severity = "note" if alert == "close_notify" else ""
    yield finding(
        "rst.tls_alert_first", NAMES[data.side], [data.frame, reset.frame], numbers, likely=size != 2, severity=severity
    )
