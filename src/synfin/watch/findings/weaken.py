"""What a capture cannot carry is said more softly, and what weakens it is said first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from synfin.watch.connections.record import Finding
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import finding
from synfin.watch.findings.seen import CLIENT, NAMES, SERVER, Seen

#: they rest on what an end did not send, or on why it sent what it did
ABSENCE = frozenset({
    "open.no_answer", "open.half_open", "open.synack_retransmitted", "open.synack_retransmitted_after_ack",
    "open.established_but_server_silent", "close.fin_unanswered", "close.silent_death", "close.keepalive_timeout",
    "close.abort", "close.rst_reply", "close.unread_data_likely", "death.peer_silent", "death.keepalive",
    "death.peer_lost_state", "idle.middlebox_forgot", "loss.rto", "loss.fast_retransmit", "loss.retransmission_storm",
    "latency.client", "latency.server", "path.mtu_blackhole",
})  # fmt: skip
#: they rest on segments of which some are missing
_HOLES = frozenset({"close.fin_unanswered"})
#: they rest on the time between segments
_TIMED = frozenset({
    "loss.rto", "loss.tlp", "latency.wire", "latency.client", "latency.server", "app.nagle_delayed_ack",
    "window.zero_stall", "window.update_lost_or_late", "open.syn_retransmitted", "open.synack_retransmitted_after_ack",
    "death.peer_silent", "idle.middlebox_forgot", "close.finwait2_expired", "close.close_wait_lag",
    "close.fin_unanswered",
})  # fmt: skip
SEVERE = ("warn", "error")


def weakened(seen: Seen, found: Sequence[Finding]) -> list[Finding]:
    """The findings of one connection, as far as its capture carries them."""
    if goes_back([move.at_ns for move in seen.moves]):
        found = soften(found, _TIMED)
    ids = {one.id for one in found}
    if not seen.one_way:
        return soften(found, _HOLES) if "capture.missing_segments" in ids else list(found)
    softer = soften(found, ABSENCE)
    if softer == list(found) or "path.asymmetric" in ids:
        return softer
    side = SERVER if seen.halves[CLIENT].moves else CLIENT
    frames = [seen.moves[0].frame, seen.moves[-1].frame]
    numbers: dict[str, int | float | str] = {"A": NAMES[1 - side], "B": NAMES[side]}
    return [*softer[:2], finding("path.asymmetric", NAMES[side], frames, numbers, severity="info"), *softer[2:]]


def goes_back(times_ns: Sequence[int]) -> bool:
    """Whether the clock of a capture was set back between two segments."""
    return any(later < earlier - limits.CLOCK_BACK_NS for earlier, later in pairwise(times_ns))


def resting_on_absence_softened(found: Sequence[Finding]) -> list[Finding]:
    """The findings of a connection of which more happened than its record in the capture holds."""
    return soften(found, ABSENCE)


def soften(found: Iterable[Finding], ids: frozenset[str]) -> list[Finding]:
    """The severe ones of `ids` as notes that are likely at best."""
    return [
        replace(one, severity="note", confidence="likely") if one.id in ids and one.severity in SEVERE else one
        for one in found
    ]
