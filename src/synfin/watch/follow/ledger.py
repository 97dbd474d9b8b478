"""What is known of one end for ever: a ledger of maxima, minima and flags.

Captured segments may be reordered, duplicated or retransmitted, so a belief must not be filtered step by step. A ledger
holds only facts that never become false: noting the same segments in any order, or any number of times, gives the same
ledger, and the ledgers of two parts of a capture are merged by `merge` (a semilattice).

All numbers are unwrapped sequence numbers of 64 bits, counted so that every real one is above 0: 0 means "none yet",
for a minimum `NO_MINIMUM` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from synfin.wire.tcp import ACK, FIN, RST, SYN

NO_MINIMUM = 1 << 62

# What this end was captured sending (bits of Ledger.sent).
SENT_SYN = 0x01  #: a SYN without ACK
SENT_SYN_ACK = 0x02
SENT_ACK = 0x04  #: an ACK on a segment that is neither SYN nor RST
SENT_DATA = 0x08  #: payload on a segment that is neither SYN nor RST
SENT_FIN = 0x10
SENT_RST = 0x20
SENT_SYN_DATA = 0x40  #: payload on a SYN or SYN,ACK (Fast Open, RFC 7413)


@dataclass(slots=True)
class Ledger:
    """What one end of a connection was captured sending."""

    sent: int = 0  #: SENT_* bits
    isn: int = 0  #: sequence number of its SYN or SYN,ACK
    syn_end: int = 0  #: the number after that segment: ISN + 1 + payload
    end: int = 0  #: highest number after any of its segments, RST excluded (SND.NXT as far as captured)
    ack: int = 0  #: highest ACK it sent, RST excluded
    ack_second: int = 0  #: highest ACK below `ack`
    fin: int = 0  #: number of its FIN
    fin_ack_min: int = NO_MINIMUM  #: lowest and highest ACK on its FINs; 0 for a FIN without ACK
    fin_ack_max: int = 0
    rst: int = 0  #: highest sequence number of its RSTs
    rst_ack: int = 0  #: highest ACK on its RSTs


def note(own: Ledger, flags: int, seq: int, ack: int, length: int) -> None:
    """Note a segment that `own` sent: TCP flags, unwrapped numbers, `ack` 0 without the ACK flag, payload bytes."""
    if flags & RST:
        own.sent |= SENT_RST
        own.rst = max(own.rst, seq)
        own.rst_ack = max(own.rst_ack, ack)
        return
    end = seq + length
    if flags & SYN:
        end += 1
        own.sent |= SENT_SYN_ACK if flags & ACK else SENT_SYN
        own.isn = max(own.isn, seq)
        own.syn_end = max(own.syn_end, end)
        if length:
            own.sent |= SENT_SYN_DATA
    else:
        own.sent |= (SENT_ACK if flags & ACK else 0) | (SENT_DATA if length else 0)
    if flags & FIN:
        own.sent |= SENT_FIN
        own.fin = max(own.fin, end)
        own.fin_ack_min = min(own.fin_ack_min, ack)
        own.fin_ack_max = max(own.fin_ack_max, ack)
        end += 1
    own.end = max(own.end, end)
    _note_ack(own, ack)


def _note_ack(own: Ledger, ack: int) -> None:
    """Keep the two highest distinct ACKs."""
    if ack > own.ack:
        own.ack_second = own.ack
        own.ack = ack
    elif own.ack_second < ack < own.ack:
        own.ack_second = ack


def merge(a: Ledger, b: Ledger) -> Ledger:
    """The ledger of all segments noted in either."""
    merged = Ledger(
        sent=a.sent | b.sent,
        isn=max(a.isn, b.isn),
        syn_end=max(a.syn_end, b.syn_end),
        end=max(a.end, b.end),
        fin=max(a.fin, b.fin),
        fin_ack_min=min(a.fin_ack_min, b.fin_ack_min),
        fin_ack_max=max(a.fin_ack_max, b.fin_ack_max),
        rst=max(a.rst, b.rst),
        rst_ack=max(a.rst_ack, b.rst_ack),
    )
    for ack in (a.ack, a.ack_second, b.ack, b.ack_second):
        _note_ack(merged, ack)
    return merged


def believed_ack(own: Ledger, peer: Ledger) -> int:
    """The highest ACK of `own` that counts as evidence.

    An ACK beyond everything that the peer was captured sending is a gap of the capture or a foreign segment (an answer
    for an older connection): it counts only when a second one lies beyond as well.
    """
    if own.ack <= peer.end or own.ack_second > peer.end:
        return own.ack
    return own.ack_second
