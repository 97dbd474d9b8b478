"""What an end that sends was waiting for: its application, the receiver's window, or the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synfin.watch.findings.seen import Move, Seen
from synfin.wire.tcp import RST, SYN

_FULL = 0.9  #: of the window: as good as full


@dataclass(slots=True)
class Limits:
    """Of the time from the first data to its last acknowledgment."""

    application_ns: int = 0  #: nothing was on its way, and the window was open
    receiver_ns: int = 0  #: the window was full, or closed
    network_ns: int = 0  #: acknowledgments were on their way, the window was not full

    @property
    def total_ns(self) -> int:
        return self.application_ns + self.receiver_ns + self.network_ns

    @property
    def most(self) -> str | None:
        """application, receiver or network; None where the end sent too little to tell."""
        if not self.total_ns:
            return None
        parts = {"application": self.application_ns, "receiver": self.receiver_ns, "network": self.network_ns}
        return max(parts, key=lambda name: parts[name])

    def to_dict(self) -> dict[str, Any]:
        return {
            "application_ns": self.application_ns,
            "receiver_ns": self.receiver_ns,
            "network_ns": self.network_ns,
            "most": self.most,
        }


@dataclass(slots=True)
class ZeroWindow:
    """Of the windows that one end advertised."""

    count: int = 0  #: how often it closed
    total_ns: int = 0
    longest_ns: int = 0


def limits_of(seen: Seen, side: int) -> Limits:
    """Sum up, between every two segments at the tap, what `side` was waiting for."""
    found = Limits()
    sent = acked = 0
    window: int | None = None
    since: int | None = None
    pending = Limits()
    for move in seen.moves:
        if since is not None:
            _add(pending, move.at_ns - since, sent - acked, window)
        waited = acked < sent
        if move.side == side:
            if move.length and not move.flags & (SYN | RST):
                sent, acked = max(sent, move.end), acked or move.seq
                since = move.at_ns if since is None else since
        elif not move.flags & RST:
            acked = max(acked, move.ack) if sent else acked
            window = move.window if not move.flags & SYN else window
        if since is not None:
            since = move.at_ns
            if (waited and acked >= sent) or (move.side == side and move.length):
                _move(pending, found)
    return found


def _add(limits: Limits, span_ns: int, flight: int, window: int | None) -> None:
    if window is not None and max(flight, 0) >= _FULL * window:
        limits.receiver_ns += span_ns
    elif flight > 0:
        limits.network_ns += span_ns
    else:
        limits.application_ns += span_ns


def _move(pending: Limits, found: Limits) -> None:
    """What came after the last data and its acknowledgment does not count: it is kept until more follows."""
    found.application_ns += pending.application_ns
    found.receiver_ns += pending.receiver_ns
    found.network_ns += pending.network_ns
    pending.application_ns = pending.receiver_ns = pending.network_ns = 0


def zero_windows(seen: Seen, side: int) -> ZeroWindow:
    """From each closing of the window to the next segment that opens it; one that never opens lasts to the end."""
    found = ZeroWindow()
    shut: Move | None = None
    for move in seen.halves[side].moves:
        if move.flags & (SYN | RST) or not move.ack:
            continue
        if move.window == 0 and shut is None:
            shut = move
            found.count += 1
        elif move.window and shut is not None:
            _lasted(found, move.at_ns - shut.at_ns)
            shut = None
    if shut is not None and seen.moves:
        _lasted(found, seen.moves[-1].at_ns - shut.at_ns)
    return found


def _lasted(found: ZeroWindow, span_ns: int) -> None:
    found.total_ns += span_ns
    found.longest_ns = max(found.longest_ns, span_ns)
