"""IEEE 802.11 data frames, and the capture headers that stand in front of them: radiotap, PPI, Prism, AVS."""

from __future__ import annotations

from collections.abc import Mapping

from synfin.wire.walk import Next, Reader, Walk, plain

_WLAN, _WITH_CHECK_SEQUENCE = 0, 1  # numbers of the register "wlan"
_MAX_PRESENT_WORDS = 16
_FCS, _PADDED = 0x10, 0x20  # bits of radiotap's flags
_TO_DS, _FROM_DS, _PROTECTED, _ORDER = 0x01, 0x02, 0x40, 0x80
_PPI_COMMON = 2  # field type of PPI's 802.11 common field
_PRISM_LEN = 144


def frame(walk: Walk, at: int, end: int) -> Next | None:
    """A data frame that is not encrypted carries LLC; everything else is shown as a header only."""
    if walk.room(at) < 24:
        walk.layer("wlan", at, 24, end)
        return None
    size = _header_len(walk.data[at], walk.data[at + 1])
    if size is None:
        walk.layer("wlan", at, min(24, end - at), end)
        return None
    aggregated = walk.data[at] & 0x80 and walk.number(at + size - (2 if size in (26, 32) else 6), 1) & 0x80
    if not walk.layer("wlan", at, size, end) or walk.data[at + 1] & _PROTECTED:
        return plain(min(at + size, len(walk.data)), end)
    if aggregated:
        return _first_of_several(walk, at + size, end)
    return Next("llc", 0, at + size, end)


def _header_len(control: int, flags: int) -> int | None:
    """Of a data frame with content (IEEE 802.11 section 9.3.2.1); None for other frames."""
    if control & 0x0F != 0x08 or control & 0x40:
        return None
    size = 30 if flags & _TO_DS and flags & _FROM_DS else 24
    if control & 0x80:  # QoS control, and HT control where the order bit says so
        size += 6 if flags & _ORDER else 2
    return size


def _first_of_several(walk: Walk, at: int, end: int) -> Next:
    """An A-MSDU: each part has addresses and a length; the first one is taken."""
    if walk.room(at) < 14:
        return plain(at, end)
    return Next("llc", 0, at + 14, min(end, at + 14 + walk.number(at + 12, 2)))


def checked(walk: Walk, at: int, end: int) -> Next | None:
    """A frame with its check sequence."""
    return frame(walk, at, max(end - 4, at))


def radiotap(walk: Walk, at: int, end: int) -> Next | None:
    """The header tells its length; its flags tell whether a check sequence ends the frame."""
    size = int.from_bytes(walk.data[at + 2 : at + 4], "little")
    if not walk.layer("radiotap", at, max(size, 8), end) or size < 8:
        return plain(len(walk.data), end)
    return Next("wlan", int(bool(_radiotap_flags(walk, at, size) & _FCS)), at + size, end)


def _radiotap_flags(walk: Walk, at: int, size: int) -> int:
    """The flags byte, 0 without: it stands behind the words that tell what is present, and a time stamp."""
    present = int.from_bytes(walk.data[at + 4 : at + 8], "little")
    place, word = 8, present
    for _ in range(_MAX_PRESENT_WORDS):
        if not word & 0x80000000:
            break
        word = int.from_bytes(walk.data[at + place : at + place + 4], "little")
        place += 4
    if present & 1:
        place = (place + 7) // 8 * 8 + 8
    return walk.data[at + place] if present & 2 and place < size else 0


def per_packet(walk: Walk, at: int, end: int) -> Next | None:
    """PPI: a link type of its own, and fields of which one tells of a check sequence."""
    size = int.from_bytes(walk.data[at + 2 : at + 4], "little")
    if not walk.layer("ppi", at, max(size, 8), end) or size < 8:
        return plain(len(walk.data), end)
    link = int.from_bytes(walk.data[at + 4 : at + 8], "little")
    if link == 105:
        return Next("wlan", int(_ppi_checked(walk, at, size)), at + size, end)
    return Next("link", link, at + size, end)


def _ppi_checked(walk: Walk, at: int, size: int) -> bool:
    place, stop = at + 8, at + size
    while place + 4 <= stop:
        kind = int.from_bytes(walk.data[place : place + 2], "little")
        length = int.from_bytes(walk.data[place + 2 : place + 4], "little")
        if kind == _PPI_COMMON and place + 14 <= stop:
            return bool(walk.data[place + 12] & 1)
        place += 4 + length
    return False


def prism(walk: Walk, at: int, end: int) -> Next | None:
    """Prism's header has 144 bytes; some drivers write AVS under its link type."""
    if walk.number(at, 4) & 0xFFFFF000 == 0x80211000:
        return avs(walk, at, end)
    if not walk.layer("prism", at, _PRISM_LEN, end):
        return plain(len(walk.data), end)
    return Next("wlan", _WLAN, at + _PRISM_LEN, end)


def avs(walk: Walk, at: int, end: int) -> Next | None:
    size = walk.number(at + 4, 4)
    if size < 8 or not walk.layer("wlancap", at, size, end):
        return plain(len(walk.data), end)
    return Next("wlan", _WLAN, at + size, end)


LINKS: Mapping[int, Reader] = {105: frame, 119: prism, 127: radiotap, 163: avs, 192: per_packet}
WLAN: Mapping[int, Reader] = {_WLAN: frame, _WITH_CHECK_SEQUENCE: checked}
