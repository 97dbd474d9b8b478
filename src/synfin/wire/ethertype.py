"""What the number behind the addresses of Ethernet is (IEEE 802.3 section 3.2.6)."""

from __future__ import annotations

LARGEST_LENGTH, LEAST_TYPE = 1500, 1536  #: a length up to the one, a type from the other; between them it is neither
