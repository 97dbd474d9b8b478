"""Link headers that captures seldom hold: lengths in tags, control fields, cooked addresses, ARP over ATM and AX.25."""

from __future__ import annotations

import struct

from wire_bytes import MACS, ethernet, ipv4, ipv6, tcp

ATM, AX25, FRAME_RELAY = 19, 3, 15
PAYLOAD = ipv4(b"data", 253)


def tags() -> list[bytes]:
    llc = b"\x42\x42\x03" + bytes(35)
    nested = struct.pack(">HH", 7, 0x8100)
    found = [
        struct.pack(">HH", 0x1007, 38) + llc,
        struct.pack(">HH", 0xE007, 60) + llc,
        struct.pack(">HH", 7, 20) + llc,
        struct.pack(">HH", 7, 0x0800) + PAYLOAD,
        struct.pack(">HH", 0xF001, 0x0800) + PAYLOAD,
        *(nested * count + struct.pack(">HH", 7, 0x0800) + PAYLOAD for count in (1, 6, 18, 19, 20, 21)),
        struct.pack(">HH", 7, 0) + llc,
        struct.pack(">HH", 7, 1501) + PAYLOAD,
        b"\0",
        b"\0\7\x08",
        struct.pack(">HH", 7, 3),
    ]
    return [ethernet(0x8100, one) for one in found] + [ethernet(0x88A8, found[0]), ethernet(0x9100, found[5])]


def lengths() -> list[bytes]:
    """The field that tells a type or a length; from 1501 to 1535 it can be neither."""
    llc = b"\xfe\xfe\x03" + bytes(40)
    return [ethernet(kind, llc) for kind in (0, 3, 43, 46, 47, 1500, 1501, 1518, 1535, 1536)]


def controls() -> list[bytes]:
    """LLC frames of every kind: unnumbered with poll and final, supervisory, information; SNAP of organizations."""
    found = [
        *(
            bytes([0x42, sap, control]) + b"xyz"
            for sap in (0x42, 0x43)
            for control in (0x03, 0x13, 0xE3, 0xF3, 0x6F, 0x7F, 0x43, 0x53, 0x0F, 0x1F, 0x63, 0x73, 0x87, 0xAF, 0xBF)
        ),
        *(
            bytes([0x42, sap]) + control + b"xyz"
            for sap in (0x42, 0x43)
            for control in (b"\x01\x01", b"\x05\x02", b"\x09\x03", b"\x00\x00", b"\x02\x05", b"\x0d\xff", b"\xfe\xfe")
        ),
    ]
    return [MACS + len(one).to_bytes(2, "big") + one for one in found]


ORGANIZATIONS = (
    "00000c 000000 0000f8 0080c2 00601d 080007 00a0de 006008 0008c2 00e052 00e02b 000081 0001e8 00005e "
    "001919 004096 0017f2 000bdb 00d0bb 0014b8 008c4c 123456 00904c 001018 0016ea"
).split()


def organizations() -> list[bytes]:
    found = [
        b"\xaa\xaa\x03" + bytes.fromhex(oui) + pid + b"abcdefgh"
        for oui in ORGANIZATIONS
        for pid in (b"\x20\0", b"\0\x01", b"\x01\x0b")
    ]
    return [MACS + len(one).to_bytes(2, "big") + one for one in found]


def cooked() -> list[bytes]:
    def head(kind: int, hardware: int, size: int, address: bytes, protocol: int) -> bytes:
        return struct.pack(">HHH", kind, hardware, size) + address.ljust(8, b"\0") + struct.pack(">H", protocol)

    mac, v4 = MACS[:6], b"\x0a\0\0\x07"
    return [
        head(0, 1, 6, mac, 0x0800) + PAYLOAD,
        head(4, 768, 4, v4, 0x0800) + PAYLOAD,
        head(3, 772, 6, mac, 0x0800) + PAYLOAD,
        head(2, 778, 4, v4, 0x0800) + PAYLOAD,
        head(1, 778, 4, v4, 0x6558) + ethernet(0x0800, PAYLOAD),
        head(0, 512, 0, b"", 0x0800) + PAYLOAD,
        head(0, 32, 8, b"abcdefgh", 0x0800) + PAYLOAD,
        head(0, 32, 20, b"abcdefgh", 0x0800) + PAYLOAD,
        head(0, 1, 6, mac, 1) + bytes(30),
        head(0, 1, 6, mac, 4) + b"\x42\x42\3" + bytes(9),
        head(0, 1, 6, mac, 0x0003) + b"abc",
        head(0, 1, 6, mac, 0x000C) + bytes(16),
        head(0, 1, 3, b"abc", 0x0800) + PAYLOAD,
        head(0, 824, 0, b"", 0x86DD) + ipv6(tcp()),
        head(0, 778, 4, v4, 0x1234) + b"abcd",
        head(0, 1, 6, mac, 0x05F0) + b"abcd",
        head(0, 776, 4, v4, 0x0800) + PAYLOAD,
        head(0, 769, 16, b"abcdefgh", 0x0800) + PAYLOAD,
        head(0, 280, 0, b"", 0x000C) + bytes(16),
        head(0, 65534, 0, b"", 0x0800) + PAYLOAD,
        head(7, 1, 6, mac, 0x88CC) + bytes(4),
    ]


def cooked_anew() -> list[bytes]:
    def head(protocol: int, hardware: int, kind: int, size: int, address: bytes) -> bytes:
        return struct.pack(">HHIHBB", protocol, 0, 5, hardware, kind, size) + address.ljust(8, b"\0")

    mac, v4 = MACS[:6], b"\x0a\0\0\x07"
    return [
        head(0x0800, 1, 0, 6, mac) + PAYLOAD,
        head(0x0800, 768, 4, 4, v4) + PAYLOAD,
        head(0x0800, 778, 2, 4, v4) + PAYLOAD,
        head(0x0800, 32, 0, 20, b"abcdefgh") + PAYLOAD,
        head(4, 1, 0, 6, mac) + b"\x42\x42\3" + bytes(9),
        head(1, 1, 0, 6, mac) + bytes(30),
        head(0x0800, 512, 0, 0, b"") + PAYLOAD,
        head(0x1234, 778, 0, 4, v4) + b"abcd",
        head(0x000C, 280, 0, 0, b"") + bytes(16),
        head(0x6558, 778, 0, 4, v4) + ethernet(0x0800, PAYLOAD),
    ]


def loops() -> list[bytes]:
    """BSD loopback: families of both byte orders, types instead of families."""
    found = [
        b"\2\0\0\0",
        b"\0\0\0\2",
        b"\x1e\0\0\0",
        b"\0\0\x08\0",
        b"\0\x08\0\0",
        b"\x07\0\0\0",
        b"\0\0\x05\xdc",
        b"\0\0\x86\xdd",
        b"\0\0\x08\6",
        b"\xff\xff\0\0",
        b"\xff\3\0\x21",
        b"\0\0\x12\x34",
        b"\x34\x12\0\0",
        b"\0\0\x06\0",
        b"\xdd\x86\0\0",
    ]
    return [head + (ipv6(b"data", 59) if b"\x86" in head or head[0] == 0x1E else PAYLOAD) for head in found]


def addresses() -> list[bytes]:
    """ARP over ATM (RFC 1577), over AX.25 and other media, DRARP, replies without."""

    def atm(
        sender: bytes,
        sub: bytes,
        target: bytes,
        *,
        kinds: tuple[int, int, int] = (0, 0, 0),
        ips: tuple[int, int] = (4, 4),
        operation: int = 1,
        protocol: int = 0x0800,
    ) -> bytes:
        head = struct.pack(
            ">HHBBHBBBB",
            ATM,
            protocol,
            kinds[0] << 6 | len(sender),
            kinds[1] << 6 | len(sub),
            operation,
            ips[0],
            kinds[2] << 6 | len(target),
            0,
            ips[1],
        )
        return head + sender + sub + b"\x0a\0\0\1"[: ips[0]] + target + b"\x0a\0\0\2"[: ips[1]]

    nsap = bytes.fromhex("39840f80011300000000000000 000102030405 00")
    icd = bytes.fromhex("47000580ffe10000f21a26d8 0020ea000ee0 0011")[:20]
    call = bytes(c << 1 for c in b"N0CALL")
    ax25 = (
        struct.pack(">HHBBH", AX25, 0x00CC, 7, 4, 1)
        + call
        + b"\x60\x0a\0\0\1"
        + bytes(c << 1 for c in b"AB1CD ")
        + b"\xe3\x0a\0\0\2"
    )
    plain = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 0)
    body = MACS[:6] + b"\x0a\0\0\1" + MACS[6:] + b"\x0a\0\0\2"

    def numbered(operation: int, after: bytes = b"") -> bytes:
        return plain[:6] + operation.to_bytes(2, "big") + body + after

    found = [
        atm(nsap, b"", icd),
        atm(icd, nsap, nsap),
        atm(b"4922112345", b"", b"15551234", kinds=(1, 0, 1)),
        atm(b"4922112345", b"\1\2\3", b"", kinds=(1, 0, 0)),
        atm(nsap, b"\1\2", nsap, kinds=(0, 1, 0), ips=(0, 4)),
        atm(nsap[:8], b"", icd, ips=(4, 0)),
        atm(b"\x45" + nsap[1:], b"", b"\xc3" + nsap[1:]),
        atm(b"\xbd" + nsap[1:], b"", b"\xc5" + nsap[1:]),
        atm(b"\x77" + nsap[1:], b"", b"\x47"),
        atm(b"\xc5" + icd[1:], b"", b"\x39" + nsap[1:], operation=8),
        atm(nsap, b"", b"", operation=10),
        atm(nsap, b"", nsap, protocol=0x86DD, ips=(3, 3)),
        ax25,
        ax25[:2] + b"\x08\0" + ax25[4:],
        ax25[:4] + b"\6" + ax25[5:],
        *(numbered(operation) for operation in (3, 4, 5, 6, 7, 8, 9, 10, 23, 24, 25)),
        numbered(7, b"\0\1"),
        struct.pack(">HHBBH", FRAME_RELAY, 0x0800, 2, 4, 8) + b"\x18\x41\x0a\0\0\1\0\0\x0a\0\0\2",
        struct.pack(">HHBBH", 24, 0x0800, 16, 4, 1) + bytes(16) + b"\x0a\0\0\1\x0a\0\0\2",
        struct.pack(">HHBBH", 32, 0x0800, 20, 4, 1) + bytes(48),
        atm(nsap, b"", icd)[:30],
    ]
    return [ethernet(0x0806, one) for one in found] + [ethernet(0x8035, numbered(3)), ethernet(0x8035, numbered(7))]
