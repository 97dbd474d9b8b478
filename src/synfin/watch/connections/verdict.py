"""How a connection opened, how it ended and who ended it: exactly one id each, the first of the list that holds.

The list's order and the rules are those of the catalogue of findings. Everything a rule asks is a bit of one integer,
the marks, so that a compiled collector can emit it and equal connections are judged once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

# Opening.
FAST_OPEN = 1 << 0
BOTH_SYN = 1 << 1  #: a SYN without ACK from both ends
REFUSED = 1 << 2
ICMP_REJECTED = 1 << 3
REJECTED = 1 << 4
UNSOLICITED = 1 << 5
CLIENT_SYN = 1 << 6
SERVER_SYN_ACK = 1 << 7
CLIENT_WORKS = 1 << 8  #: the client sent an ACK or data after the handshake's first two segments
SYN_REPEATED = 1 << 9
SYN_ACK_REPEATED = 1 << 10
CLIENT_RST = 1 << 11
FIRST_IS_SYN_ACK = 1 << 12
SETTLED = 1 << 13  #: SETTLED_NS passed between the last segment and the capture's end
# The reset that decided.
RST_BY_CLIENT = 1 << 14
RST_BY_SERVER = 1 << 15
RST_ACTIVE = 1 << 16
RST_AFTER_OWN_FIN = 1 << 17
RST_AFTER_PEER_FIN = 1 << 18
RST_AFTER_PROBES = 1 << 19
RST_SENDER_LIVES = 1 << 20
# The FINs.
CLIENT_FIN = 1 << 21
SERVER_FIN = 1 << 22
CLIENT_FIN_ACKED = 1 << 23
SERVER_FIN_ACKED = 1 << 24
CLIENT_FIN_COVERS = 1 << 25  #: every FIN of the client acknowledges the server's FIN
SERVER_FIN_COVERS = 1 << 26
CLIENT_ACKED_APART = 1 << 27  #: the client acknowledged the server's FIN before sending its own
SERVER_ACKED_APART = 1 << 28
CLIENT_HALF_CLOSE_DATA = 1 << 29  #: the client sent data after the server's FIN, and the server acknowledged it
SERVER_HALF_CLOSE_DATA = 1 << 30
# Silence.
#: at the end three repetitions of one segment, or two keep-alive probes, without any answer from an end that was heard
UNANSWERED = 1 << 31
ANY_RST = 1 << 32

#: every id that a connection can have opened with, and ended with; the first that fits
OPENINGS = (
    "open.tfo", "open.simultaneous", "open.refused", "open.icmp_rejected", "open.rejected_by_client",
    "open.unsolicited_synack", "open.no_answer", "open.half_open", "open.pending", "open.normal", "open.syn_missing",
    "open.midstream",
)  # fmt: skip
CLOSINGS = (
    "close.never_opened", "close.keepalive_timeout", "close.rst_after_own_fin", "close.rst_after_peer_fin",
    "close.abort", "close.rst_reply", "close.silent_death", "close.simultaneous", "close.half_close_data",
    "close.fin_3seg", "close.fin_4seg", "close.fin_incomplete", "close.fin_unanswered", "close.still_open",
)  # fmt: skip

_NEVER_OPENED = {
    "open.refused": "server",
    "open.icmp_rejected": "middle",
    "open.rejected_by_client": "client",
    "open.unsolicited_synack": "client",
    "open.no_answer": "timeout",
    "open.half_open": "timeout",
}


class Verdict(NamedTuple):
    open: str
    close: str
    closed_by: str  #: client, server, both, middle, timeout or none


@lru_cache(maxsize=65536)
def decide(marks: int) -> Verdict:
    """The verdict on a connection's marks."""
    opened = _open(marks)
    if opened in _NEVER_OPENED:
        return Verdict(opened, "close.never_opened", _NEVER_OPENED[opened])
    return Verdict(opened, *_close(marks))


def _open(marks: int) -> str:
    for mark, name in (
        (FAST_OPEN, "open.tfo"),
        (BOTH_SYN, "open.simultaneous"),
        (REFUSED, "open.refused"),
        (ICMP_REJECTED, "open.icmp_rejected"),
        (REJECTED, "open.rejected_by_client"),
        (UNSOLICITED, "open.unsolicited_synack"),
    ):
        if marks & mark:
            return name
    if marks & CLIENT_SYN:
        return _open_from_syn(marks)
    return "open.syn_missing" if marks & FIRST_IS_SYN_ACK else "open.midstream"


def _open_from_syn(marks: int) -> str:
    if marks & CLIENT_WORKS:
        return "open.normal"
    if marks & SERVER_SYN_ACK:
        return "open.half_open" if marks & (SYN_ACK_REPEATED | SETTLED) else "open.pending"
    return "open.no_answer" if marks & (SYN_REPEATED | SETTLED | CLIENT_RST) else "open.pending"


def _close(marks: int) -> tuple[str, str]:
    if marks & (RST_BY_CLIENT | RST_BY_SERVER):
        return _close_by_reset(marks)
    fins = marks & (CLIENT_FIN | SERVER_FIN)
    if marks & UNANSWERED and not fins and not marks & ANY_RST:
        return "close.silent_death", "timeout"
    if not fins:
        return "close.still_open", "none"
    crossing = fins == CLIENT_FIN | SERVER_FIN and not marks & (CLIENT_FIN_COVERS | SERVER_FIN_COVERS)
    server_first = fins == SERVER_FIN or bool(marks & CLIENT_FIN_COVERS)
    closer = "both" if crossing else "server" if server_first else "client"
    acked = marks & CLIENT_FIN_ACKED and marks & SERVER_FIN_ACKED
    if crossing and acked:
        return "close.simultaneous", closer
    if not crossing and marks & (CLIENT_HALF_CLOSE_DATA if server_first else SERVER_HALF_CLOSE_DATA):
        return "close.half_close_data", closer
    if fins == CLIENT_FIN | SERVER_FIN:
        if not acked:
            return "close.fin_incomplete", closer
        apart = marks & (CLIENT_ACKED_APART if server_first else SERVER_ACKED_APART)
        return "close.fin_4seg" if apart else "close.fin_3seg", closer
    return ("close.fin_unanswered", closer) if marks & SETTLED else ("close.still_open", "none")


def _close_by_reset(marks: int) -> tuple[str, str]:
    by_client = bool(marks & RST_BY_CLIENT)
    sender, other = ("client", "server") if by_client else ("server", "client")
    if marks & RST_SENDER_LIVES:
        sender = "middle"
    if marks & RST_AFTER_PROBES and marks & RST_ACTIVE:
        return "close.keepalive_timeout", "timeout"
    if marks & RST_AFTER_OWN_FIN:
        return "close.rst_after_own_fin", sender
    if marks & RST_AFTER_PEER_FIN:
        return "close.rst_after_peer_fin", other
    return ("close.abort" if marks & RST_ACTIVE else "close.rst_reply"), sender
