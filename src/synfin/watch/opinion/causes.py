"""Why a sender sent again: its timer (rto), the receiver's hints (fast), or a probe of the tail (tlp)."""

from __future__ import annotations

from synfin.watch.opinion.flow import Flow, Sent

RTO_MIN_NS = 200_000_000  #: Linux; RFC 6298 asks for a second
TIMER_SLACK_NS = 20_000_000
HINTS_LAST_NS = 15_000_000  #: beyond a round trip: how late a retransmission may answer the last hint
DUP_ACKS = 3  #: RFC 5681 section 3.2


def cause(own: Flow, sent: Sent, before: Sent | None, rtt_ns: int) -> tuple[str, list[int]]:
    """(rto, fast, tlp or "" where it is not evident; evidence). `before` is the last transmission of the same bytes.

    `rtt_ns` is the whole round trip, 0 where unknown.
    """
    now = sent.time_ns
    idle_ns = now - max(own.una_ns, own.news_ns)
    if _stalled(own, sent, before, rtt_ns):
        return _enter(own, "rto"), [before.frame] if before else []
    if sent.start < own.recovery_end and idle_ns < RTO_MIN_NS - TIMER_SLACK_NS:
        return own.recovery_cause, []
    hinted = own.dup_acks >= DUP_ACKS or own.sacked.above(sent.start)
    recent = now - own.dup_ns <= 2 * rtt_ns + HINTS_LAST_NS
    if hinted and recent and own.una <= sent.start:
        return _enter(own, "fast"), own.dup_frames[:DUP_ACKS]
    waited_ns = now - before.time_ns if before else now - own.una_ns if own.una_ns else 0
    if min(waited_ns, idle_ns + TIMER_SLACK_NS) >= RTO_MIN_NS - TIMER_SLACK_NS:
        return _enter(own, "rto"), [before.frame] if before else []
    tail = sent.end >= own.nxt and not own.dup_acks
    if tail and rtt_ns and idle_ns >= rtt_ns:
        return "tlp", [before.frame] if before else []
    if own.dup_acks and recent and own.una <= sent.start:
        return _enter(own, "fast"), own.dup_frames[:DUP_ACKS]  # RFC 5827, RFC 8985: fewer than three suffice
    return "", []


def _stalled(own: Flow, sent: Sent, before: Sent | None, rtt_ns: int) -> bool:
    """Whether a recovery came to a halt: without SACK nothing but the timer sends the same again in it."""
    again = own.recovering and own.una == sent.start
    if own.sacked.above(sent.start) or not (again or (before is not None and not before.first)):
        return False
    halt_ns = sent.time_ns - max(own.una_ns, before.time_ns if before else 0)
    return halt_ns >= max(RTO_MIN_NS - TIMER_SLACK_NS, 3 * rtt_ns // 2)


def _enter(own: Flow, why: str) -> str:
    own.recovery_end, own.recovery_cause = own.nxt, why
    return why
