"""What a capture cannot carry is said more softly, and what weakens it is said first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from synfin.watch.connections.record import Finding
from synfin.watch.findings.known import finding
from synfin.watch.findings.seen import CLIENT, NAMES, SERVER, Seen

#: they rest on what an end did not send, or on why it sent what it did
_ABSENCE = frozenset({
    "open.no_answer", "open.half_open", "open.synack_retransmitted", "open.synack_retransmitted_after_ack",
    "open.established_but_server_silent", "close.fin_unanswered", "close.silent_death", "close.keepalive_timeout",
    "close.abort", "close.rst_reply", "close.unread_data_likely", "death.peer_silent", "death.keepalive",
    "death.peer_lost_state", "idle.middlebox_forgot", "loss.rto", "loss.fast_retransmit", "loss.retransmission_storm",
    "latency.client", "latency.server", "path.mtu_blackhole",
})  # fmt: skip
#: they rest on segments of which some are missing
_HOLES = frozenset({"close.fin_unanswered"})
_SEVERE = ("warn", "error")


def weakened(seen: Seen, found: Sequence[Finding]) -> list[Finding]:
    """The findings of one connection, as far as its capture carries them."""
    ids = {one.id for one in found}
    if not seen.one_way:
        return soften(found, _HOLES) if "capture.missing_segments" in ids else list(found)
    softer = soften(found, _ABSENCE)
    if softer == list(found) or "path.asymmetric" in ids:
        return softer
    side = SERVER if seen.halves[CLIENT].moves else CLIENT
    frames = [seen.moves[0].frame, seen.moves[-1].frame]
    numbers: dict[str, int | float | str] = {"A": NAMES[1 - side], "B": NAMES[side]}
    return [*softer[:2], finding("path.asymmetric", NAMES[side], frames, numbers, severity="info"), *softer[2:]]


def resting_on_absence_softened(found: Sequence[Finding]) -> list[Finding]:
    """The findings of a connection of which more happened than its record in the capture holds."""
    return soften(found, _ABSENCE)


def soften(found: Iterable[Finding], ids: frozenset[str]) -> list[Finding]:
    """The severe ones of `ids` as notes that are likely at best."""
    return [
        replace(one, severity="note", confidence="likely") if one.id in ids and one.severity in _SEVERE else one
        for one in found
    ]
