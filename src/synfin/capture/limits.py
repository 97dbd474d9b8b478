"""How much of one packet a capture may hold; what claims more is corrupt (the limits are Wireshark's)."""

from __future__ import annotations

MAX_CAP_LEN = 256 * 1024
_LARGER = {
    231: 128 * 1024 * 1024,  # LINKTYPE_DBUS
    249: 128 * 1024 * 1024,  # LINKTYPE_USBPCAP
    279: 8 * 1024 * 1024,  # LINKTYPE_EBHSCR
}


def max_cap_len(link_type: int) -> int:
    """The most bytes that one captured packet of this link type can have."""
    return _LARGER.get(link_type, MAX_CAP_LEN)
