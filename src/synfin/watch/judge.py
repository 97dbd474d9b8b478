"""Findings of an explained connection: the verdict's two ids with their evidence, and what explains a reset."""

from __future__ import annotations

from collections.abc import Sequence

from synfin.watch import collect as c
from synfin.watch.record import Connection, Finding, Step
from synfin.watch.scene import CLIENT, SERVER, first_closer
from synfin.wire.seq import le
from synfin.wire.tcp import ACK, FIN, RST, SYN

Numbers = dict[str, int | float | str]

#: Severity and reference of every id that is made here, as the catalogue of findings has them.
KNOWN = {
    "open.normal": ("ok", "RFC 9293 §3.5"),
    "open.tfo": ("ok", "RFC 7413"),
    "open.simultaneous": ("note", "RFC 9293 §3.5 (simultaneous open figure)"),
    "open.no_answer": ("error", "RFC 9293 §3.8.3; Linux tcp_syn_retries"),
    "open.refused": ("error", "RFC 9293 §3.5.2 group 1; Linux SK_RST_REASON_NO_SOCKET; errno ECONNREFUSED"),
    "open.icmp_rejected": ("error", "RFC 9293 §3.9.2.2; RFC 5927; RFC 1122 §3.2.2.1"),
    "open.half_open": ("warn", "RFC 4987; RFC 9293 §3.5.1"),
    "open.rejected_by_client": ("warn", "RFC 9293 §3.5.2; Zeek RSTOS0-like; Linux NO_SOCKET"),
    "open.syn_missing": ("info", 'Zeek "unsolicited_SYN_response"'),
    "open.unsolicited_synack": ("warn", "RFC 9293 §3.5.2 group 2/1; Linux NO_SOCKET"),
    "open.midstream": ("info", "Zeek OTH/partial; RFC 7323 §2.2 (scale only in SYN)"),
    "open.pending": ("info", "RFC 9293 §3.5"),
    "close.never_opened": ("info", "RFC 9293 §3.5"),
    "close.keepalive_timeout": ("error", "RFC 9293 §3.8.4; Linux KEEPALIVE_TIMEOUT"),
    "close.rst_after_own_fin": ("note", "RFC 1122 §4.2.2.13"),
    "close.rst_after_peer_fin": ("note", "Linux TCP_ABORT_ON_CLOSE, TCP_STATE"),
    "close.abort": ("error", "RFC 9293 §3.6 ABORT, RFC 2525 §2.17; Linux tcp_send_active_reset"),
    "close.rst_reply": ("error", "RFC 9293 §3.5.2 group 2/3; Linux NO_SOCKET"),
    "close.silent_death": ("error", "RFC 9293 §3.8.3"),
    "close.simultaneous": ("ok", "RFC 9293 §3.6 (simultaneous close figure)"),
    "close.half_close_data": ("info", "RFC 9293 §3.6.1"),
    "close.fin_3seg": ("ok", "RFC 9293 §3.6; Linux delayed ACK"),
    "close.fin_4seg": ("ok", "RFC 9293 §3.6 (normal close figure)"),
    "close.fin_incomplete": ("note", "RFC 9293 §3.6"),
    "close.fin_unanswered": ("warn", "RFC 9293 §3.6; there is no kernel timeout for CLOSE_WAIT"),
    "close.still_open": ("info", "Zeek S1"),
    "close.unread_data_likely": ("warn", "RFC 2525 §2.17, RFC 9293 §3.6; Linux LINUX_MIB_TCPABORTONCLOSE"),
    "close.request_crossed_fin": ("error", "RFC 9112 §9.5; nodejs/node#20256, #27363"),
    "app.write_after_peer_close": (
        "error",
        "RFC 9293 §3.6.1, RFC 1122 §4.2.2.13; Linux TCP_ABORT_ON_DATA / TCP_TIMEWAIT_SOCKET",
    ),
}

_NAMES = ("client", "server")


def judge(
    connection: Connection, steps: Sequence[Step], final: c.ConnectionFacts, capture_end_ns: int | None = None
) -> list[Finding]:
    """The findings of a connection: its open and close ids first."""
    if not steps:
        return []
    found = [_opening(connection, steps, capture_end_ns), _closing(connection, steps, final, capture_end_ns)]
    if final.reset_by >= 0 and connection.close in ("close.abort", "close.rst_after_own_fin"):
        found += _explain_reset(connection, steps, final)
    if len(found) == 2 and connection.close in ("close.rst_after_own_fin", "close.rst_reply"):
        found[1].numbers.setdefault("case", "alone")  # nothing stands beside it to refer to
    return found


def _finding(name: str, who: str, frames: Sequence[int], numbers: Numbers, confidence: str = "certain") -> Finding:
    severity, reference = KNOWN.get(name, ("info", ""))
    return Finding(name, severity, who, tuple(dict.fromkeys(frames)), numbers, confidence, reference)


def _frames(steps: Sequence[Step], *, phases: tuple[str, ...]) -> list[int]:
    return [step.segment.frame for step in steps if step.phase.startswith(phases)]


def _opening(connection: Connection, steps: Sequence[Step], capture_end_ns: int | None) -> Finding:
    frames = _frames(steps, phases=("handshake-", "simultaneous-open"))
    numbers: Numbers = {}
    who = ""
    if connection.open in ("open.refused", "open.unsolicited_synack", "open.rejected_by_client"):
        who = "server" if connection.open == "open.refused" else "client"
        frames += _frames(steps, phases=("reset",))[:1]
        numbers["port"] = connection.server.port
    elif connection.open == "open.no_answer":
        syns = [step for step in steps if step.segment.has(SYN)]
        numbers = {"n": len(syns), "dt": syns[-1].time_ns - syns[0].time_ns if syns else 0}
        if any(not step.from_client for step in steps):
            numbers["case"] = "other"
        elif len(syns) == 1:
            numbers["case"] = "once"
        who = "server"
    elif connection.open in ("open.half_open", "open.pending"):
        end_ns = max(step.time_ns for step in steps)
        numbers["dt"] = end_ns if capture_end_ns is None else capture_end_ns - steps[0].segment.time_ns
        who = "client" if connection.open == "open.half_open" else ""
    return _finding(connection.open, who, frames or [steps[0].segment.frame], numbers)


def _closing(
    connection: Connection, steps: Sequence[Step], final: c.ConnectionFacts, capture_end_ns: int | None
) -> Finding:
    name = connection.close
    if final.reset_by >= 0 and name != "close.never_opened":
        return _closing_by_reset(name, steps, final)
    closer, crossing = first_closer(final)
    if closer < 0 or name in ("close.still_open", "close.never_opened", "close.silent_death"):
        return _finding(name, "", [steps[-1].segment.frame], {})
    second = final.sides[1 - closer]
    numbers: Numbers = {"A": _NAMES[closer], "B": _NAMES[1 - closer]}
    if name == "close.half_close_data":
        numbers["bytes"] = second.half_close_bytes
    who = "both" if crossing else _NAMES[closer]
    if name == "close.fin_unanswered":
        first = next(step for step in steps if step.segment.has(FIN))
        end = steps[-1].segment.time_ns if capture_end_ns is None else capture_end_ns
        numbers["dt"] = end - first.segment.time_ns
        if second.ledger.ack <= final.sides[closer].ledger.fin:
            numbers["case"] = "unacked"
        who = _NAMES[1 - closer]
    return _finding(name, who, _frames(steps, phases=("close-", "simultaneous-close", "half-close")), numbers)


def _reset_step(steps: Sequence[Step], final: c.ConnectionFacts) -> Step | None:
    """The step of the RST that decided."""
    from_client, raw = final.reset_by == CLIENT, final.reset_seq & 0xFFFFFFFF
    for step in steps:
        if step.segment.has(RST) and step.from_client == from_client and step.segment.seq == raw:
            return step
    return None


def _closing_by_reset(name: str, steps: Sequence[Step], final: c.ConnectionFacts) -> Finding:
    sender, other = final.reset_by, 1 - final.reset_by
    if name == "close.rst_reply":
        sender, other = other, sender  # the text calls B who sent the reset
    numbers: Numbers = {"A": _NAMES[sender], "B": _NAMES[other]}
    who = "middle" if final.reset & c.RST_SENDER_LIVES else _NAMES[final.reset_by]
    step = _reset_step(steps, final)
    frames = [s.segment.frame for s in steps if s.segment.has(FIN)] + ([step.segment.frame] if step else [])
    if name == "close.rst_reply" and step is not None and step.segment.has(ACK):
        numbers["case"] = "with_ack"
    if name == "close.abort" and all(_acknowledged(final, side) for side in (CLIENT, SERVER)):
        numbers["case"] = "idle"
    if name == "close.keepalive_timeout":
        numbers["n"] = _unanswered_probes(steps, final)
    return _finding(name, who, frames, numbers)


def _acknowledged(final: c.ConnectionFacts, side: int) -> bool:
    """Whether all that the side sent was acknowledged."""
    return 0 < final.sides[side].nxt <= final.sides[1 - side].ledger.ack


def _unanswered_probes(steps: Sequence[Step], final: c.ConnectionFacts) -> int:
    from_client, count = final.reset_by == CLIENT, 0
    for step in steps:
        if step.from_client != from_client:
            count = 0
        elif step.phase == "keep-alive":
            count += 1
    return count


def _explain_reset(connection: Connection, steps: Sequence[Step], final: c.ConnectionFacts) -> list[Finding]:
    reset = _reset_step(steps, final)
    if reset is None or final.reset & c.RST_SENDER_LIVES:
        return []
    before = list(steps[: steps.index(reset)])
    if connection.close == "close.abort":
        return _unread_data(before, reset, final)
    return _late_data(connection, before, reset, final)


def _unread_data(before: Sequence[Step], reset: Step, final: c.ConnectionFacts) -> list[Finding]:
    """close() with unread data: the last payload came from the other side and was acknowledged (RFC 2525 §2.17)."""
    unread: list[Step] = []
    for step in reversed(before):
        if not step.segment.length or "retransmission" in step.flags:
            continue
        if step.from_client == reset.from_client:
            break
        unread.append(step)
    sender = final.sides[CLIENT if reset.from_client else SERVER].ledger
    acked = max(sender.ack, sender.rst_ack) & 0xFFFFFFFF
    if not unread or (unread[0].segment.seq + unread[0].segment.length) & 0xFFFFFFFF != acked:
        return []
    numbers: Numbers = {"A": _name(reset), "B": _other(reset), "bytes": sum(step.segment.length for step in unread)}
    frames = [step.segment.frame for step in reversed(unread)] + [reset.segment.frame]
    return [_finding("close.unread_data_likely", _name(reset), frames, numbers, "likely")]


def _late_data(connection: Connection, before: Sequence[Step], reset: Step, final: c.ConnectionFacts) -> list[Finding]:
    """Data for a side that had sent its FIN and answers with a bare RST: written after the FIN, or crossing it."""
    if final.reset & c.RST_ACTIVE or not before:
        return []
    fin = next((step for step in before if step.segment.has(FIN) and step.from_client == reset.from_client), None)
    data = [step for step in before if step.segment.length and step.from_client != reset.from_client]
    if fin is None or not data:
        return []
    last = data[-1]
    numbers: Numbers = {"A": _name(reset), "B": _other(reset), "bytes": last.segment.length}
    frames = [fin.segment.frame, last.segment.frame, reset.segment.frame]
    fin_end = (fin.segment.seq + fin.segment.length + 1) & 0xFFFFFFFF
    if last.segment.ack == fin_end and last.segment.has(ACK):
        return [_finding("app.write_after_peer_close", _other(reset), frames, numbers)]
    late = abs(last.segment.time_ns - fin.segment.time_ns)
    rtt = connection.handshake_rtt_ns
    taken = final.sides[CLIENT if reset.from_client else SERVER].ledger.ack & 0xFFFFFFFF
    untouched = le(taken, last.segment.seq)
    crossing = last.segment.ack != fin_end and (rtt is None or late <= max(1.5 * rtt, 1_000_000))
    if crossing and untouched and not reset.from_client:  # a server closes idle connections, a client asks
        return [_finding("close.request_crossed_fin", _other(reset), frames, numbers)]
    return []


def _name(step: Step) -> str:
    return _NAMES[CLIENT if step.from_client else SERVER]


def _other(step: Step) -> str:
    return _NAMES[SERVER if step.from_client else CLIENT]
