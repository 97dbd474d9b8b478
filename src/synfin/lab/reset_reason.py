"""Why a RST was sent, from packets alone, in the kernel's words: every reason that the packets allow.

Where one reason is left the packets decide. The names are those of Linux's tracepoint tcp_send_reset.
"""

from __future__ import annotations

from collections.abc import Sequence

from synfin.watch.connections.record import Step
from synfin.wire.seq import ge
from synfin.wire.tcp import ACK, FIN, RST, SYN

Reasons = frozenset[str]

NO_SOCKET: Reasons = frozenset({"NO_SOCKET"})
#: an application, or the kernel for it, gave a live socket up; the causes look alike
GAVE_UP: Reasons = frozenset(
    {"TCP_STATE", "TCP_ABORT_ON_CLOSE", "TCP_DISCONNECT_WITH_DATA", "TCP_ABORT_ON_MEMORY", "ERROR"}
)
_UNREAD = "TCP_ABORT_ON_CLOSE"
#: Linux forgets FIN-WAIT-2 and TIME-WAIT after that long by itself
_FORGETS_NS = 60_000_000_000


def reasons(steps: Sequence[Step], at: int) -> Reasons:
    """What may have caused the RST that is step `at`."""
    reset = steps[at]
    before = steps[:at]
    own = [step for step in before if step.from_client == reset.from_client]
    peer = [step for step in before if step.from_client != reset.from_client]
    if any(step.segment.has(RST) for step in own):
        return NO_SOCKET
    if reset.segment.has(ACK):
        return _active(own, peer)
    return _reactive(reset, own, peer)


def _active(own: Sequence[Step], peer: Sequence[Step]) -> Reasons:
    """RST,ACK: a refusal, or a live socket given up."""
    if not own:
        return NO_SOCKET
    if own[-1].phase == "keep-alive" and (not peer or peer[-1].segment.frame < own[-1].segment.frame):
        return frozenset({"TCP_KEEPALIVE_TIMEOUT"})
    data = any(step.segment.length for step in peer)
    return GAVE_UP if data else GAVE_UP - {_UNREAD}  # nothing came that could be unread


def _reactive(reset: Step, own: Sequence[Step], peer: Sequence[Step]) -> Reasons:
    """A bare RST: it answers a segment, whose Ack it takes as its number."""
    trigger = next((step for step in reversed(peer) if step.segment.ack == reset.segment.seq), None)
    fin = next((step for step in own if step.segment.has(FIN)), None)
    if fin is not None and trigger is not None:
        return _after_own_fin(fin, trigger, peer)
    asked = any(step.segment.has(SYN) and not step.segment.has(ACK) for step in own)
    answered = any(step.segment.has(SYN) for step in peer)
    if asked and not answered:
        return frozenset({"NO_SOCKET", "TCP_INVALID_ACK_SEQUENCE"})  # an ACK of something else, in SYN-SENT or after it
    return NO_SOCKET


def _after_own_fin(fin: Step, trigger: Step, peer: Sequence[Step]) -> Reasons:
    fin_end = (fin.segment.seq + fin.segment.length + 1) & 0xFFFFFFFF
    earlier = [step for step in peer if step.segment.frame < trigger.segment.frame]
    acknowledged = [step for step in earlier if step.segment.has(ACK) and ge(step.segment.ack, fin_end)]
    if not trigger.segment.length:
        return NO_SOCKET  # an entry that still lived would have acknowledged the FIN
    if not acknowledged:
        return frozenset({"TCP_ABORT_ON_DATA"})
    if trigger.time_ns - fin.time_ns >= _FORGETS_NS:
        return frozenset({"TCP_TIMEWAIT_SOCKET", "NO_SOCKET"})
    # the small entry of a closed socket; one that was only shut down, and closed later, is the whole socket
    return (
        frozenset({"TCP_TIMEWAIT_SOCKET", "TCP_ABORT_ON_DATA"})
        if _may_be_whole(acknowledged, trigger)
        else frozenset({"TCP_TIMEWAIT_SOCKET"})
    )


def _may_be_whole(acknowledged: Sequence[Step], trigger: Step) -> bool:
    """Whether data came after the FIN and was taken: then the program had shut down, not closed."""
    return any(step.segment.length for step in acknowledged)
