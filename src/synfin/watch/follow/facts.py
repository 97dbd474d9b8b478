"""The facts about one end, packed into one integer: what it did, what it may have received, what it must have.

For every reception there are up to three bits: MAY (a captured segment could have caused it), PROVEN (its own segments
show it), DENIED (its own later segments speak against the copies captured so far; used for `likely` only).
Modality matters: *sent* is a fact, *received* is a possibility until something proves it.
"""

from __future__ import annotations

# Where it starts (none of them: CLOSED or LISTEN, more likely CLOSED).
LISTENS = 1 << 0  #: CLOSED or LISTEN, more likely LISTEN
MIDSTREAM = 1 << 1  #: no SYN of either side: ESTABLISHED or SYN-RECEIVED
# What it sent.
SYN_SENT = 1 << 2
SYN_UNSEEN = 1 << 3  #: its SYN was not captured, but answered
SYN_ACK_SENT = 1 << 4
FIN_SENT = 1 << 5
FIN_FIRST = 1 << 6  #: its first FIN left before the other FIN arrived: from ESTABLISHED, never CLOSE-WAIT
FIN_SECOND = 1 << 7  #: its first FIN acknowledges the other FIN: from CLOSE-WAIT
RST_SENT = 1 << 8  #: some RST
RST_ENDS = 1 << 9  #: a RST that ended its own connection (not one that answers a foreign segment)
# What it received.
MAY_SYN = 1 << 10
PROVEN_SYN = 1 << 11
MAY_SYN_ACK = 1 << 12
MAY_ACK_OF_SYN = 1 << 13
PROVEN_SYNED = 1 << 14  #: its own SYN was acknowledged
DENIED_SYNED = 1 << 15
MAY_FIN = 1 << 16  #: a FIN that does not acknowledge its own
MAY_FIN_ACK = 1 << 17  #: a FIN that acknowledges its own
PROVEN_FIN = 1 << 18
DENIED_FIN = 1 << 19
MAY_ACK_OF_FIN = 1 << 20
PROVEN_ACK_OF_FIN = 1 << 21
DENIED_ACK_OF_FIN = 1 << 22
MAY_RST = 1 << 23
LIKELY_RST = 1 << 24  #: a RST that it must have accepted, had it arrived
LIKELY_SYN = 1 << 25  #: the captured SYN arrived: it will be answered (a sent SYN,ACK says the same)
LATE_SYN = 1 << 26  #: a SYN was captured, but not first: it may be a late copy and the capture begin in midstream

#: Bits that come from the order of the capture (`collect`), not from the ledgers.
FROM_ORDER = LISTENS | RST_ENDS | DENIED_SYNED | DENIED_FIN | DENIED_ACK_OF_FIN | LIKELY_RST | LIKELY_SYN | LATE_SYN
