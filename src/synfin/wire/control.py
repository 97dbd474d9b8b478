"""The control bits of a TCP header, and how much of one has to be there (RFC 9293 section 3.1)."""

from __future__ import annotations

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE = 0x001, 0x002, 0x004, 0x008, 0x010, 0x020, 0x040, 0x080, 0x100

MIN_HEADER_LEN = 20
MIN_SHOWN = 4  #: bytes of the ports: with fewer it is no TCP header
MIN_CAPTURED = 16  #: bytes up to the window: with fewer there is nothing to follow
