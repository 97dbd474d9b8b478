"""Every way to open and to close, written down with what must be said about it: ids, who closed, both ends' states."""

from __future__ import annotations

from typing import NamedTuple

from segments import HANDSHAKE, REQUEST, TEXTBOOK


class Case(NamedTuple):
    name: str
    text: str
    open: str
    close: str
    closed_by: str
    client: str  #: its states in order
    server: str


OPENED_C = "CLOSED SYN-SENT ESTABLISHED"
OPENED_S = "LISTEN SYN-RECEIVED ESTABLISHED"

OPENINGS = [
    Case(
        "normal", HANDSHAKE,
        "open.normal", "close.still_open", "none", OPENED_C, OPENED_S,
    ),
    Case(
        "SYN lost", "C SYN seq=0\n+1\nC SYN seq=0\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
        "open.normal", "close.still_open", "none", OPENED_C, OPENED_S,
    ),
    Case(
        "ACK of the handshake lost", HANDSHAKE + "+1\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1",
        "open.normal", "close.still_open", "none", OPENED_C, OPENED_S,
    ),
    Case(
        "ACK with data", "C SYN seq=0\nS SYN,ACK seq=0 ack=1\nC PSH,ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15",
        "open.normal", "close.still_open", "none", OPENED_C, OPENED_S,
    ),
    Case(
        "Fast Open", "C SYN seq=0 len=14\nS SYN,ACK seq=0 ack=15\nS PSH,ACK seq=1 ack=15 len=3\nC ACK seq=15 ack=4",
        "open.tfo", "close.still_open", "none", OPENED_C, OPENED_S,
    ),
    Case(
        "simultaneous", """
        C SYN seq=0
        S SYN seq=0
        C SYN,ACK seq=0 ack=1
        S SYN,ACK seq=0 ack=1
        C ACK seq=1 ack=1
        S ACK seq=1 ack=1
        """,
        "open.simultaneous", "close.still_open", "none",
        "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED", "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED",
    ),
    Case(
        "no answer", "C SYN seq=0\n+1\nC SYN seq=0\n+1\nC SYN seq=0",
        "open.no_answer", "close.never_opened", "timeout", "CLOSED SYN-SENT", "LISTEN",
    ),
    Case(
        "no answer, one SYN and silence", "C SYN seq=0\n+3",
        "open.no_answer", "close.never_opened", "timeout", "CLOSED SYN-SENT", "LISTEN",
    ),
    Case(
        "too young to call", "C SYN seq=0",
        "open.pending", "close.still_open", "none", "CLOSED SYN-SENT", "LISTEN",
    ),
    Case(
        "too young after the SYN,ACK", "C SYN seq=0\nS SYN,ACK seq=0 ack=1",
        "open.pending", "close.still_open", "none", OPENED_C, "LISTEN SYN-RECEIVED",
    ),
    Case(
        "refused", "C SYN seq=0\nS RST,ACK seq=#0 ack=1 bare",
        "open.refused", "close.never_opened", "server", "CLOSED SYN-SENT CLOSED", "CLOSED",
    ),
    Case(
        "a reset that does not acknowledge the SYN", "C SYN seq=0\nS RST,ACK seq=#0 ack=77 bare",
        "open.pending", "close.still_open", "none", "CLOSED SYN-SENT", "LISTEN",
    ),
    Case(
        "rejected by the client", "C SYN seq=0\nS SYN,ACK seq=0 ack=1\nC RST seq=1 bare",
        "open.rejected_by_client", "close.never_opened", "client",
        "CLOSED SYN-SENT CLOSED", "LISTEN SYN-RECEIVED LISTEN",
    ),
    Case(
        "half open", "C SYN seq=0\nS SYN,ACK seq=0 ack=1\n+1\nS SYN,ACK seq=0 ack=1\n+2\nS SYN,ACK seq=0 ack=1",
        "open.half_open", "close.never_opened", "timeout", OPENED_C, "LISTEN SYN-RECEIVED",
    ),
    Case(
        "unsolicited SYN,ACK", "S SYN,ACK seq=0 ack=1\nC RST seq=1 bare",
        "open.unsolicited_synack", "close.never_opened", "client", "CLOSED", "LISTEN SYN-RECEIVED LISTEN",
    ),
    Case(
        "SYN missing", "S SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1\nC PSH,ACK seq=1 ack=1 len=3",
        "open.syn_missing", "close.still_open", "none", "SYN-SENT ESTABLISHED", OPENED_S,
    ),
    Case(
        "SYN,ACK missing", "C SYN seq=0\nC ACK seq=1 ack=1\nC PSH,ACK seq=1 ack=1 len=3\nS ACK seq=1 ack=4",
        "open.normal", "close.still_open", "none", OPENED_C, "LISTEN ESTABLISHED",
    ),
    Case(
        "stale connection", """
        C SYN seq=0
        S ACK seq=5000 ack=77777
        C RST seq=77777 bare
        C SYN seq=0
        S SYN,ACK seq=0 ack=1
        C ACK seq=1 ack=1
        """,
        "open.normal", "close.still_open", "none", OPENED_C, OPENED_S,
    ),
    Case(
        "midstream", "C PSH,ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15",
        "open.midstream", "close.still_open", "none", "ESTABLISHED", "ESTABLISHED",
    ),
]  # fmt: skip

CLOSINGS = [
    Case(
        "four segments", TEXTBOOK,
        "open.normal", "close.fin_4seg", "client",
        OPENED_C + " FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", OPENED_S + " CLOSE-WAIT LAST-ACK CLOSED",
    ),
    Case(
        "four segments, server first", REQUEST + """
        S FIN,ACK seq=1 ack=15
        C ACK seq=15 ack=2
        C FIN,ACK seq=15 ack=2
        S ACK seq=2 ack=16
        """,
        "open.normal", "close.fin_4seg", "server",
        OPENED_C + " CLOSE-WAIT LAST-ACK CLOSED", OPENED_S + " FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT",
    ),
    Case(
        "three segments", REQUEST + """
        C FIN,ACK seq=15 ack=1
        S FIN,ACK seq=1 ack=16
        C ACK seq=16 ack=2
        """,
        "open.normal", "close.fin_3seg", "client",
        OPENED_C + " FIN-WAIT-1 TIME-WAIT", OPENED_S + " CLOSE-WAIT LAST-ACK CLOSED",
    ),
    Case(
        "FIN with data", HANDSHAKE + """
        C FIN,PSH,ACK seq=1 ack=1 len=14
        S FIN,ACK seq=1 ack=16
        C ACK seq=16 ack=2
        """,
        "open.normal", "close.fin_3seg", "client",
        OPENED_C + " FIN-WAIT-1 TIME-WAIT", OPENED_S + " CLOSE-WAIT LAST-ACK CLOSED",
    ),
    Case(
        "half close", REQUEST + """
        C FIN,ACK seq=15 ack=1
        S PSH,ACK seq=1 ack=16 len=22
        C ACK seq=16 ack=23
        S FIN,ACK seq=23 ack=16
        C ACK seq=16 ack=24
        """,
        "open.normal", "close.half_close_data", "client",
        OPENED_C + " FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", OPENED_S + " CLOSE-WAIT LAST-ACK CLOSED",
    ),
    Case(
        "half close in progress", REQUEST + """
        C FIN,ACK seq=15 ack=1
        S ACK seq=1 ack=16
        S PSH,ACK seq=1 ack=16 len=22
        C ACK seq=16 ack=23
        """,
        "open.normal", "close.half_close_data", "client",
        OPENED_C + " FIN-WAIT-1 FIN-WAIT-2", OPENED_S + " CLOSE-WAIT",
    ),
    Case(
        "simultaneous", REQUEST + """
        C FIN,ACK seq=15 ack=1
        S FIN,ACK seq=1 ack=15
        S ACK seq=2 ack=16
        C ACK seq=16 ack=2
        """,
        "open.normal", "close.simultaneous", "both",
        OPENED_C + " FIN-WAIT-1 CLOSING TIME-WAIT", OPENED_S + " FIN-WAIT-1 CLOSING TIME-WAIT",
    ),
    Case(
        "FIN lost", REQUEST + """
        C FIN,ACK seq=15 ack=1
        S PSH,ACK seq=1 ack=15 len=3
        +0.2
        C FIN,ACK seq=15 ack=4
        S ACK seq=4 ack=16
        S FIN,ACK seq=4 ack=16
        C ACK seq=16 ack=5
        """,
        "open.normal", "close.fin_4seg", "client",
        OPENED_C + " FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", OPENED_S + " CLOSE-WAIT LAST-ACK CLOSED",
    ),
    Case(
        "last ACK lost", TEXTBOOK + """
        +0.2
        S FIN,ACK seq=1 ack=16
        C ACK seq=16 ack=2
        """,
        "open.normal", "close.fin_4seg", "client",
        OPENED_C + " FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", OPENED_S + " CLOSE-WAIT LAST-ACK CLOSED",
    ),
    Case(
        "last ACK missing", REQUEST + "C FIN,ACK seq=15 ack=1\nS FIN,ACK seq=1 ack=16",
        "open.normal", "close.fin_incomplete", "client",
        OPENED_C + " FIN-WAIT-1 TIME-WAIT", OPENED_S + " CLOSE-WAIT LAST-ACK",
    ),
    Case(
        "abort without FIN", REQUEST + "C RST,ACK seq=15 ack=1",
        "open.normal", "close.abort", "client", OPENED_C + " CLOSED", OPENED_S + " CLOSED",
    ),
    Case(
        "close with unread data", REQUEST + """
        S PSH,ACK seq=1 ack=15 len=22
        C ACK seq=15 ack=23
        C RST,ACK seq=15 ack=23
        """,
        "open.normal", "close.abort", "client", OPENED_C + " CLOSED", OPENED_S + " CLOSED",
    ),
    Case(
        "data after close", REQUEST + """
        C FIN,ACK seq=15 ack=1
        S PSH,ACK seq=1 ack=16 len=22
        C RST seq=16 bare
        """,
        "open.normal", "close.rst_after_own_fin", "client",
        OPENED_C + " FIN-WAIT-1 FIN-WAIT-2 CLOSED", OPENED_S + " CLOSE-WAIT CLOSED",
    ),
    Case(
        "crossing request", REQUEST + """
        +5
        S FIN,ACK seq=1 ack=15
        C PSH,ACK seq=15 ack=1 len=6
        S RST seq=1 bare
        C ACK seq=21 ack=2
        S RST seq=2 bare
        """,
        "open.normal", "close.rst_after_own_fin", "server",
        OPENED_C + " CLOSE-WAIT CLOSED", OPENED_S + " FIN-WAIT-1 CLOSED",
    ),
    Case(
        "FIN-WAIT-2 expired", REQUEST + """
        C FIN,ACK seq=15 ack=1
        S ACK seq=1 ack=16
        +60
        S FIN,ACK seq=1 ack=16
        C RST seq=16 bare
        """,
        "open.normal", "close.rst_after_own_fin", "client",
        OPENED_C + " FIN-WAIT-1 FIN-WAIT-2 CLOSED", OPENED_S + " CLOSE-WAIT LAST-ACK CLOSED",
    ),
    Case(
        "RST instead of the second FIN", REQUEST + """
        S FIN,ACK seq=1 ack=15
        C RST,ACK seq=15 ack=2
        """,
        "open.normal", "close.rst_after_peer_fin", "server",
        OPENED_C + " CLOSE-WAIT CLOSED", OPENED_S + " FIN-WAIT-1 CLOSED",
    ),
    Case(
        "CLOSE-WAIT leak", REQUEST + "C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16\n+10",
        "open.normal", "close.fin_unanswered", "client",
        OPENED_C + " FIN-WAIT-1 FIN-WAIT-2", OPENED_S + " CLOSE-WAIT",
    ),
    Case(
        "closing when the capture ended", REQUEST + "C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16",
        "open.normal", "close.still_open", "none",
        OPENED_C + " FIN-WAIT-1 FIN-WAIT-2", OPENED_S + " CLOSE-WAIT",
    ),
    Case(
        "keep-alive death", REQUEST + """
        +5
        C ACK seq=14 ack=1
        +1
        C ACK seq=14 ack=1
        +1
        C ACK seq=14 ack=1
        +1
        C RST,ACK seq=15 ack=1
        """,
        "open.normal", "close.keepalive_timeout", "timeout", OPENED_C + " CLOSED", OPENED_S + " CLOSED",
    ),
    Case(
        "retransmission death", REQUEST + """
        C PSH,ACK seq=15 ack=1 len=10
        +0.2
        C PSH,ACK seq=15 ack=1 len=10
        +0.4
        C PSH,ACK seq=15 ack=1 len=10
        +0.8
        C PSH,ACK seq=15 ack=1 len=10
        +20
        """,
        "open.normal", "close.silent_death", "timeout", OPENED_C, OPENED_S,
    ),
    Case(
        "peer restarted", REQUEST + "+60\nC PSH,ACK seq=15 ack=1 len=10\nS RST seq=1 bare",
        "open.normal", "close.rst_reply", "server", OPENED_C + " CLOSED", OPENED_S + " CLOSED",
    ),
    Case(
        "reset by somebody else", REQUEST + """
        S RST seq=1 bare
        S PSH,ACK seq=1 ack=15 len=20
        C RST seq=15 bare
        """,
        "open.normal", "close.rst_reply", "middle", OPENED_C + " CLOSED", OPENED_S + " CLOSED",
    ),
    Case(
        "a reset that nobody accepted", REQUEST + """
        S RST seq=300 bare
        C ACK seq=15 ack=1
        S PSH,ACK seq=1 ack=15 len=20
        C ACK seq=15 ack=21
        """,
        "open.normal", "close.still_open", "none", OPENED_C, OPENED_S,
    ),
    Case(
        "a reset left of the window", REQUEST + """
        S PSH,ACK seq=1 ack=15 len=20
        C ACK seq=15 ack=21
        S RST seq=1 bare
        """,
        "open.normal", "close.still_open", "none", OPENED_C, OPENED_S + " CLOSED",
    ),
    Case(
        "a reset after the close was complete", TEXTBOOK + "C RST seq=16 bare",
        "open.normal", "close.fin_4seg", "client",
        OPENED_C + " FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED", OPENED_S + " CLOSE-WAIT LAST-ACK CLOSED",
    ),
]  # fmt: skip

ALL = OPENINGS + CLOSINGS
