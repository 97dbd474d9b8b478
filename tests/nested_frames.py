"""Frames in which one and the same SYN stands inside every kind of link layer and tunnel, made byte by byte.

Each comes with the layers that it has, as `frame.protocols` names them.
"""

from __future__ import annotations

import struct
import zlib

from wire_bytes import ethernet, ipv4, ipv6, tcp

hexed = bytes.fromhex
SYN = tcp(hexed("020405b4"), 2, seq=100, ack=0)
IP, IP6 = ipv4(SYN), ipv6(SYN)
ETH = ethernet(0x0800, IP)
MACS = ETH[:12]


def over_ip(number: int, payload: bytes) -> bytes:
    return ethernet(0x0800, ipv4(payload, number, src=b"\xc0\0\2\1", dst=b"\xc0\0\2\2"))


def over_ip6(number: int, payload: bytes) -> bytes:
    return ethernet(0x86DD, ipv6(payload, number))


def over_udp(port: int, payload: bytes) -> bytes:
    return over_ip(17, struct.pack(">HHHH", 40000, port, 8 + len(payload), 0) + payload)


def gre(flags: int, kind: int, more: bytes, payload: bytes) -> bytes:
    return over_ip(47, struct.pack(">HH", flags, kind) + more + payload)


def deflated(payload: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(payload) + packer.flush()


TUNNELS: dict[str, bytes] = {
    "ipip": over_ip(4, IP),
    "6in4": over_ip(41, IP6),
    "4in6": over_ip6(4, IP),
    "6in6": over_ip6(41, IP6),
    "deep": over_ip(4, ipv4(ipv4(ipv4(IP, 4), 4), 4)),
    "gre": gre(0, 0x800, b"", IP),
    "grecsum": gre(0x8000, 0x800, bytes(4), IP),
    "grekeyseq": gre(0x3000, 0x800, bytes(8), IP),
    "gre6": gre(0, 0x86DD, b"", IP6),
    "greteb": gre(0x2000, 0x6558, bytes(4), ETH),
    "grempls": gre(0, 0x8847, b"", hexed("000101ff") + IP),
    "pptp": gre(0x3001, 0x880B, struct.pack(">HHI", len(IP) + 4, 1, 5), hexed("ff030021") + IP),
    "pptpack": gre(0x3081, 0x880B, struct.pack(">HHII", len(IP) + 4, 1, 5, 6), hexed("ff030021") + IP),
    "grevlan": gre(0, 0x8100, b"", hexed("00050800") + IP),
    "greroute": gre(0x4000, 0x800, bytes(4) + hexed("08000004") + bytes(4) + bytes(4), IP),
    "wccp": gre(0, 0x883E, b"", IP),
    "wccp2": gre(0, 0x883E, b"", hexed("00000000") + IP),
    "erspan1": gre(0, 0x88BE, b"", ETH),
    "erspan2": gre(0x1000, 0x88BE, bytes(4), hexed("1001000100000000") + ETH),
    "erspan3": gre(0x1000, 0x22EB, bytes(4), hexed("200100010000000000000000") + ETH),
    "erspan3s": gre(0x1000, 0x22EB, bytes(4), hexed("200100010000000000000001") + bytes(8) + ETH),
    "vxlan": over_udp(4789, hexed("0800000000000500") + ETH),
    "vxlan8472": over_udp(8472, hexed("0800000000000500") + ETH),
    "gpe": over_udp(4790, hexed("0c00000100000500") + IP),
    "gpeeth": over_udp(4790, hexed("0c00000300000500") + ETH),
    "geneve": over_udp(6081, hexed("0000655800000100") + ETH),
    "geneveip": over_udp(6081, hexed("0000080000000100") + IP),
    "geneveopt": over_udp(6081, hexed("0200655800000100") + bytes(8) + ETH),
    "gtp": over_udp(2152, hexed("30ff") + struct.pack(">HI", len(IP), 1) + IP),
    "gtpseq": over_udp(2152, hexed("32ff") + struct.pack(">HI", len(IP) + 4, 1) + bytes(4) + IP),
    "gtpext": over_udp(
        2152, hexed("34ff") + struct.pack(">HI", len(IP) + 8, 1) + hexed("00000085") + hexed("01100500") + IP
    ),
    "gtp6": over_udp(2152, hexed("30ff") + struct.pack(">HI", len(IP6), 1) + IP6),
    "gtpppp": over_udp(2152, hexed("30ff") + struct.pack(">HI", len(IP) + 4, 1) + hexed("ff030021") + IP),
    "gtp0": over_udp(3386, hexed("1eff") + struct.pack(">H", len(IP)) + bytes(16) + IP),
    "l2tp": over_udp(1701, hexed("0002000100020021")[:6] + hexed("ff030021") + IP),
    "l2tplen": over_udp(
        1701, hexed("4002") + struct.pack(">H", 8 + 2 + len(IP)) + hexed("00010002") + hexed("0021") + IP
    ),
    "l2tpoff": over_udp(1701, hexed("0202000100020002") + b"xx" + hexed("0021") + IP),
    "l2tpseq": over_udp(1701, hexed("0802000100020000") + hexed("0000") + hexed("0021") + IP),
    "teredo": over_udp(3544, IP6),
    "teredoorigin": over_udp(3544, hexed("0000f0f001020304") + IP6),
    "teredoauth": over_udp(3544, hexed("00010000") + bytes(9) + IP6),
    "teredoboth": over_udp(3544, hexed("00010000") + bytes(9) + hexed("0000f0f001020304") + IP6),
    "ah": over_ip(51, struct.pack(">BBHII", 6, 4, 0, 1, 1) + bytes(12) + SYN),
    "ahip": over_ip(51, struct.pack(">BBHII", 4, 4, 0, 1, 1) + bytes(12) + IP),
    "ah6": over_ip6(51, struct.pack(">BBHII", 6, 4, 0, 1, 1) + bytes(12) + SYN),
    "ipcomp": over_ip(108, hexed("06000002") + deflated(SYN)),
    "etherip": over_ip(97, hexed("3000") + ETH),
    "pim": over_ip(103, hexed("2100000000000000") + IP),
    "pim0": over_ip(103, hexed("2100000040000000") + IP),
    "mplsip": over_ip(137, hexed("000101ff") + IP),
    "mplsudp": over_udp(6635, hexed("000101ff") + IP),
    "greudp": over_udp(4754, struct.pack(">HH", 0, 0x800) + IP),
    "mpls2": ethernet(0x8847, hexed("000100ff000201ff") + IP),
    "mplspw": ethernet(0x8847, hexed("000101ff") + hexed("00000000") + ETH),
    "mplspw2": ethernet(0x8847, hexed("000101ff") + ETH),
    "mplspwseq": ethernet(0x8847, hexed("000101ff") + hexed("00000007") + ETH),
    "mplsnull": ethernet(0x8847, hexed("000001ff") + IP),
    "mplsnull6": ethernet(0x8847, hexed("000021ff") + IP6),
    "pppoe": ethernet(0x8864, hexed("11000001") + struct.pack(">H", len(IP) + 2) + hexed("0021") + IP),
    "pppoe6": ethernet(0x8864, hexed("11000001") + struct.pack(">H", len(IP6) + 2) + hexed("0057") + IP6),
    "pppoempls": ethernet(
        0x8864, hexed("11000001") + struct.pack(">H", len(IP) + 6) + hexed("0281") + hexed("000101ff") + IP
    ),
    "pbb": ethernet(0x88E7, hexed("00000005") + ETH[:12] + hexed("0800") + IP),
    "vntag": ethernet(0x8926, hexed("00000005") + hexed("0800") + IP),
    "cmd": ethernet(0x8909, hexed("010100010005") + hexed("0800") + IP),
    "teb": ethernet(0x6558, ETH),
    "nsh": ethernet(0x894F, hexed("0002020100000100") + IP),
    "nsheth": ethernet(0x894F, hexed("0002020300000100") + ETH),
    "nsh1": ethernet(0x894F, hexed("0006010100000100") + bytes(16) + IP),
    "llcip": ETH[:12] + struct.pack(">H", 3 + len(IP)) + hexed("060603") + IP,
    "snapcisco": ETH[:12] + struct.pack(">H", 8 + len(IP)) + hexed("aaaa030000f80800") + IP,
    "snapbridge": ETH[:12] + struct.pack(">H", 8 + len(ETH)) + hexed("aaaa030080c20007") + ETH,
    "vlanllc": ETH[:12] + hexed("81000005") + struct.pack(">H", 8 + len(IP)) + hexed("aaaa030000000800") + IP,
    "qinq": ethernet(0x88A8, hexed("000581000006") + hexed("0800") + IP),
    "9100": ethernet(0x9100, hexed("0005") + hexed("0800") + IP),
    "esp4500": over_udp(4500, hexed("00000001") + bytes(4) + IP),
    "lisp": over_udp(4341, bytes(8) + IP),
    "udp8805": over_udp(8805, IP),
}

LINKS: dict[str, tuple[int, bytes]] = {
    "snapb0": (1, ETH[:12] + struct.pack(">H", 10 + len(ETH)) + hexed("aaaa030080c200070000") + ETH),
    "mplspwa": (1, ethernet(0x8847, hexed("000101ff") + ETH)),
    "tr": (6, hexed("1040") + ETH[:12] + hexed("aaaa030000000800") + IP),
    "trrif": (
        6,
        hexed("1040") + ETH[:6] + b"\x80" + ETH[7:12] + hexed("06300a11b022") + hexed("aaaa030000000800") + IP,
    ),
    "arcbsd": (7, hexed("0102d4") + hexed("000001") + IP),
    "arcbsd1051": (7, hexed("0102f0") + IP),
    "arcbsdexc": (7, hexed("0102d4") + hexed("ffffff") + hexed("d4000001") + IP),
    "fddi": (10, hexed("50") + ETH[:12] + hexed("aaaa030000000800") + IP),
    "fddi57": (10, hexed("57") + ETH[:12] + hexed("aaaa030000000800") + IP),
    "ppp": (9, hexed("ff030021") + IP),
    "ppp2": (9, hexed("0021") + IP),
    "ppp1": (9, hexed("21") + IP),
    "ppphdlc": (50, hexed("ff030021") + IP),
    "pppcisco": (50, hexed("0f000800") + IP),
    "pppether": (51, hexed("11000001") + struct.pack(">H", len(IP) + 2) + hexed("0021") + IP),
    "pppdir": (204, hexed("01ff030021") + IP),
    "pppmp": (9, hexed("ff03003dc0000001") + hexed("0021") + IP),
    "pppbcp": (9, hexed("ff03003100") + hexed("01") + ETH),
    "pppmpls": (9, hexed("ff030281000101ff") + IP),
    "chdlc": (104, hexed("0f000800") + IP),
    "fr": (107, hexed("184103cc") + IP),
    "frsnap": (107, hexed("1841030080") + hexed("0000000800") + IP),
    "freth": (107, hexed("18410800") + IP),
    "fr6": (107, hexed("1841038e") + IP6),
    "mpls": (219, hexed("000101ff") + IP),
    "rfc1483": (100, hexed("aaaa030000000800") + IP),
    "ipfc": (122, bytes(16) + hexed("aaaa030000000800") + IP),
    "pflog": (117, hexed("3d02000065746830") + bytes(53) + bytes(3) + IP),
    "enc": (109, hexed("02000000") + bytes(8) + IP),
    "encbe": (109, hexed("00000002") + bytes(8) + IP),
    "sllllc": (113, hexed("000000010006") + ETH[:8] + hexed("0004") + hexed("aaaa030000000800") + IP),
    "sll8023": (113, hexed("000000010006") + ETH[:8] + hexed("0001") + IP),
    "sllgre": (113, hexed("0000030a0006") + ETH[:8] + hexed("0800") + IP),
    "prism": (
        119,
        hexed("44000000")
        + struct.pack("<I", 144)
        + bytes(136)
        + hexed("08010000")
        + ETH[:12]
        + bytes(6)
        + hexed("0000")
        + hexed("aaaa030000000800")
        + IP,
    ),
    "avs": (
        163,
        hexed("80211001")
        + struct.pack(">I", 64)
        + bytes(56)
        + hexed("08010000")
        + ETH[:12]
        + bytes(6)
        + hexed("0000")
        + hexed("aaaa030000000800")
        + IP,
    ),
    "wlan": (105, hexed("08010000") + ETH[:12] + bytes(6) + hexed("0000") + hexed("aaaa030000000800") + IP),
    "wlanqos": (
        105,
        hexed("88010000") + ETH[:12] + bytes(6) + hexed("0000") + hexed("0000") + hexed("aaaa030000000800") + IP,
    ),
    "wlan4": (
        105,
        hexed("88030000")
        + ETH[:12]
        + bytes(6)
        + hexed("0000")
        + ETH[:6]
        + hexed("0000")
        + hexed("aaaa030000000800")
        + IP,
    ),
    "wlanprot": (105, hexed("08410000") + ETH[:12] + bytes(6) + hexed("0000") + hexed("aaaa030000000800") + IP),
    "wlanamsdu": (
        105,
        hexed("88010000")
        + ETH[:12]
        + bytes(6)
        + hexed("0000")
        + hexed("8000")
        + ETH[:12]
        + struct.pack(">H", 8 + len(IP))
        + hexed("aaaa030000000800")
        + IP,
    ),
    "wlanhtc": (
        105,
        hexed("88810000")
        + ETH[:12]
        + bytes(6)
        + hexed("0000")
        + hexed("0000")
        + bytes(4)
        + hexed("aaaa030000000800")
        + IP,
    ),
    "netana": (240, bytes(4) + ETH + bytes(4)),
    "jppp": (179, b"MGC\0" + hexed("0021") + IP),
    "jchdlc": (181, b"MGC\0" + hexed("0f000800") + IP),
    "jfr": (180, b"MGC\0" + hexed("184103cc") + IP),
    "jbare": (178, b"MGC\x02" + hexed("02000000") + IP),
    "jext": (178, b"MGC\x80" + hexed("0006010203040506") + ETH),
    "ppi1": (192, hexed("0000080001000000") + ETH),
    "mpacket": (274, hexed("55555555555555d5") + ETH + bytes(4)),
    "pktap": (258, struct.pack("<III", 108, 1, 1) + bytes(96) + ETH),
    "erf": (197, bytes(8) + hexed("0200") + struct.pack(">HHH", 18 + len(ETH), 0, len(ETH)) + hexed("0000") + ETH),
    "ipoib": (242, bytes(40) + hexed("08000000") + IP),
    "loop": (108, hexed("00000002") + IP),
    "null6": (0, hexed("1e000000") + IP6),
    "raw": (101, IP6),
    "nflogbe": (239, hexed("02000000") + hexed("00080001") + bytes(4) + struct.pack(">HH", 4 + len(IP), 9) + IP),
}

#: what carries no TCP that can be found: other contents, encrypted, or a form that Wireshark does not look into either
CLOSED = frozenset(
    {"grevlan", "vxlan8472", "gtpppp", "mplspw2", "snapbridge", "esp4500", "udp8805", "mplspwa", "sll8023", "wlanprot",
     "nflogbe"}
)  # fmt: skip
#: what tshark 4.0 does not look into: link types that it does not know, headers it wants to be exact
OURS_ALONE = frozenset({"mpls", "netana", "jppp", "mpacket"})
#: where tshark counts the bytes of a capture header away
SHORTENED = frozenset({"pppdir", "erf"})
