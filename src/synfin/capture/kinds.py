"""Capture formats and compressions that are told by their first bytes, most of them in order to be refused by name."""

from __future__ import annotations

PCAPNG_MAGIC = b"\n\r\r\n"  #: the type of a pcapng section header: a palindrome, the same in both byte orders
SNOOP_MAGIC = b"snoop\0\0\0"
ETHERPEEK_VERSIONS = (b"\5", b"\6", b"\7")

_CAPTURES: tuple[tuple[bytes, str], ...] = (
    (b"btsnoop\0", "a Bluetooth btsnoop capture"),
    (b"\x7fver", "an EtherPeek (tagged) capture"),
    (b"RTSS", "a Microsoft Network Monitor 1 capture"),
    (b"GMBU", "a Microsoft Network Monitor 2 capture"),
    (b"TRSNIFF data    \x1a", "a Network General Sniffer capture"),
    (b"XCP\0", "a NetXRay capture"),
    (b"iptrace 1.0", "an AIX iptrace capture"),
    (b"iptrace 2.0", "an AIX iptrace capture"),
    (b"\x05VNF", "a Visual Networks capture"),
    (b"\x34\xcd\xb2\xa1", "a pcap file of the modified kind (magic a1b2cd34)"),
    (b"\xa1\xb2\xcd\x34", "a pcap file of the modified kind (magic a1b2cd34)"),
)
_COMPRESSIONS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "gzip inside gzip", "gunzip"),
    (b"\x28\xb5\x2f\xfd", "zstd inside another compression", "zstd -dc"),
    (b"\x04\x22\x4d\x18", "compressed with lz4", "lz4 -dc"),
    (b"\xfd7zXZ\0", "compressed with xz", "xz -dc"),
    (b"BZh", "compressed with bzip2", "bzip2 -dc"),
    (b"PK\x03\x04", "a zip archive", "unzip -p"),
)
LONGEST = 64  #: bytes that are enough to recognise any of them

_CONVERT = "convert it first: editcap FILE FILE.pcapng"


def recognise(start: bytes) -> tuple[str, str]:
    """What an input that begins with `start` (LONGEST bytes, of no format that is read) is, and what to do about it."""
    if not start:
        return "the input is empty", "a capture was expected: pcap or pcapng, plain or compressed"
    for magic, kind in _CAPTURES:
        if start.startswith(magic):
            return f"{kind} cannot be read", _CONVERT
    for magic, kind, command in _COMPRESSIONS:
        if start.startswith(magic):
            return f"the input is {kind}", f"decompress it first: {command} FILE | synfin … -"
    if _is_text(start):
        return "this is text, not a capture", "give the packets themselves, as written by tcpdump -w"
    return "not a capture", f"pcap or pcapng was expected; if it is a capture of another kind, {_CONVERT}"


def is_etherpeek(start: bytes) -> bool:
    """The classic format has no magic: a version, a status, lengths that are not 0, and twelve reserved zero bytes."""
    known = len(start) >= 50 and start[:1] in ETHERPEEK_VERSIONS and start[1] == 0
    return known and any(start[2:6]) and any(start[10:14]) and not any(start[36:48])


def is_known(start: bytes) -> bool:
    """Whether the first bytes are the mark of some format or compression."""
    return start.startswith(tuple(magic for magic, *_ in _CAPTURES) + tuple(magic for magic, *_ in _COMPRESSIONS))


def _is_text(start: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\t\n\r" for byte in start) and start.isascii()
