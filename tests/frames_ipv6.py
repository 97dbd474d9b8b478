"""IPv6 headers, options and routing headers, one of every kind, broken ones too."""

from __future__ import annotations

from craft6 import (
    DST,
    GLOBAL,
    GROUP,
    LINK,
    NO_NEXT,
    OTHER,
    SRC,
    H,
    carried,
    destination,
    extension,
    header,
    hop,
    packet,
    routing,
)
from craft6 import message as icmpv6
from wire_bytes import ethernet

NODE = H("4000000700010002")  #: hop limit and id, interfaces
PERFORMANCE, CALIPSO = bytes(range(1, 11)), H("0000000501051234") + H("00000001")
PAD = carried(1, bytes(4))
JUMBO = carried(0xC2, H("00010010"))


def trace(kinds: int, data: bytes = b"", *, words: int = 2, flags: int = 0, left: int = 0, kind: int = 0) -> bytes:
    """An IOAM option."""
    told = words << 11 | flags << 7 | left
    return carried(0x31, bytes([0, kind, 0, 5]) + told.to_bytes(2, "big") + kinds.to_bytes(3, "big") + b"\0" + data)


def quick(function: int, rate: bytes = b"\x40\0\0\0\5") -> bytes:
    return carried(0x26, bytes([function << 4 | 5]) + rate)


def options() -> list[bytes]:
    """All options in the header that they belong into, then in the other one, then those of wrong lengths."""
    for_hops = [
        carried(0x05, b"\0\0"), carried(0x07, CALIPSO), carried(0x08, b"\5abc"), carried(0x08, b"\x94abcd"),
        carried(0x08, b"\x2f" + bytes(range(18))), carried(0x08, b"\x73" + bytes(8)), quick(0), quick(8), quick(3),
        carried(0x30, H("05000501")), carried(0x63, b"\xff\1\0\2"), carried(0x6D, b"\x05\7"),
        carried(0x6D, b"\x65\7ab"), carried(0x6D, b"\xb0\7" + bytes(8)), carried(0x6D, b"\xd0\7" + GLOBAL),
        carried(0xEE, b"\x75\0\7"), JUMBO, carried(0xC2, H("00000010")),
    ]  # fmt: skip
    for_ends = [
        carried(0x04, b"\4"), carried(0x0F, PERFORMANCE), carried(0x41, b"\1\2\3\4"), carried(0x8B, b"abcd"),
        carried(0x8C, b"\4line"), carried(0x8C, b"\2line"), carried(0xC9, GLOBAL),
    ]  # fmt: skip
    for_both = [carried(0x1E, b"ab"), carried(0x8A, b"ab"), carried(0x0B, b"ab"), carried(0x4D, b"")]
    long = [carried(kind, bytes(20)) for kind in (0x04, 0x05, 0x0F, 0x26, 0x30, 0x41, 0x63, 0xC2, 0xC9, 0xEE)]
    return [
        hop(*for_hops, *for_both), destination(*for_ends, *for_both), hop(*for_ends, PAD), destination(*for_hops, PAD),
        hop(*long),
    ]  # fmt: skip


def traces() -> list[bytes]:
    """IOAM, whole and broken."""
    whole = bytes(range(1, 61))
    found = [
        trace(0xC00000, NODE), trace(0xC00000, bytes(8) + NODE, left=2), trace(0xC00000, NODE + NODE, kind=1),
        trace(0xFFF000, whole, words=15, flags=15), trace(0x000FFC, whole[:40], words=10),
        trace(0xC00002, NODE + b"\1\0\0\5abcd" + NODE + b"\0\0\0\5"), trace(0xFFFFFE, whole, words=30),
        trace(0x000002, b"\1\0\0\5abcd", words=0), trace(0x000002, b"\1\0\0\5abcd", words=1), trace(0xC00000),
        trace(0xC00000, NODE + bytes(4), words=3), trace(0xC00000, NODE, left=5), trace(0xC00001, NODE + b"ab"),
        trace(0xC00000, kind=2), trace(0xC00000, kind=3), trace(0xC00000, kind=4),
    ]  # fmt: skip
    return [hop(one, PAD) for one in found] + [destination(trace(0xC00000, NODE))]


def routings() -> list[bytes]:
    """Every type; lists with addresses that must not be there, lengths and numbers that do not fit."""
    none, two = bytes(4), OTHER + LINK
    return [
        routing(0, 1, none + two), routing(0, 3, none + two), routing(0, 1, none + GROUP + LINK),
        routing(0, 1, none + OTHER[:8]), routing(0, 2, none + two + bytes(8)),
        routing(2, 1, none + OTHER), routing(2, 2, none + GROUP), routing(2, 1, none + two),
        routing(3, 2, H("88000000") + OTHER[8:] + LINK[8:]), routing(3, 1, none + two),
        routing(3, 1, H("00200005") + two), routing(3, 3, H("88000000") + OTHER[8:] + LINK[8:]),
        routing(3, 2, H("cc400000") + OTHER[12:] + LINK[12:] + bytes(8)), routing(3, 2, H("ff600000") + bytes(8)),
        routing(3, 2, H("fff00000") + bytes(8)),
        routing(3, 2, H("e8600000") + b"\1\2" + LINK[8:] + bytes(6), dst=OTHER),
        routing(3, 1, none + SRC + GLOBAL), routing(3, 2, H("88000000") + OTHER[8:] + LINK[8:], dst=GROUP),
        routing(4, 1, H("01000007") + two), routing(4, 0, H("01080007") + two + b"\5\6" + bytes(6)),
        routing(4, 3, H("01000007") + two), routing(5, 2, H("000100020003000400050000")),
        routing(6, 2, H("000000010000000200000003")), routing(5, 9, H("000100020003000400050000")),
        routing(6, 9, H("000000010000000200000003")), routing(1, 1, none), routing(253, 1, none + OTHER),
    ]  # fmt: skip


def headers() -> list[bytes]:
    """Lengths and places that are wrong, jumbograms, and what quotes a packet in part."""
    plain, fragment = extension(PAD), b"\x3b\0\0\0\0\0\0\1"
    whole = ethernet(0x86DD, header(bytes(8), NO_NEXT))
    return [
        packet(bytes(8), length=4), packet(bytes(8), length=9), packet(b"", length=0), packet(bytes(8), 17, length=0),
        packet(extension(PAD, following=0) + plain, 60), packet(extension(PAD, following=0) + plain, 0),
        packet(plain + bytes(8), 0, length=0), packet(extension(carried(0xC2, H("0000ffff"))), 0, length=0),
        packet(extension(JUMBO) + bytes(16), 0, length=0), packet(extension(JUMBO), 0),
        packet(extension(JUMBO, following=44) + fragment + bytes(8), 0, length=0),
        packet(extension(JUMBO, following=44) + fragment, 0), packet(plain, 60, length=0),
        icmpv6(2, 0, b"\0\0\5\0", header(bytes(60), NO_NEXT, dst=GLOBAL)[:60]),
        icmpv6(1, 4, b"\0\0\0\0", header(bytes(8), NO_NEXT, dst=DST)), icmpv6(4, 1, b"\0\0\0\6", header(b"", NO_NEXT)),
        whole[:44], whole[:53],
    ]  # fmt: skip
