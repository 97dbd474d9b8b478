"""Messages of ICMPv6 and options of neighbour discovery, one of every kind, broken ones too."""

from __future__ import annotations

from craft6 import DST, EUI64, GLOBAL, GROUP, LINK, MAC, NO_NEXT, H, header, message, option
from frames_icmp import extension, thing

#: DER: a name of one country, an RSA key of 64 bits.
NAME = H("300d310b3009060355040613024652")
KEY = H("3024300d06092a864886f70d01010105000313003010020900c0000000000000010203010001")
PORTAL, FQDN = b"https://example.org/portal", b"\7example\3org\0"
PREFIX = b"\x40\xe0" + H("00000e1000000708") + bytes(4) + GLOBAL
RESERVED, MINUTE = bytes(4), H("0000003c")
NONCE = bytes(range(8))
USE = b"\x40\x10\xc0\x80" + H("00000e1000000708") + b"\xc0\0\0\0" + LINK


def solicitation(*options: bytes) -> bytes:
    return message(133, 0, RESERVED, *options)


def neighbour() -> list[bytes]:
    """Every option of neighbour discovery."""
    return [
        solicitation(option(1, MAC), option(2, MAC)),
        solicitation(option(1, EUI64), option(2, EUI64), option(1, EUI64 + MAC), option(1, EUI64 + bytes(14))),
        message(134, 0, b"\x40\xff\x07\x08\0\0\0\1\0\0\0\2", option(3, PREFIX), option(5, H("0000000005dc"))),
        message(135, 0, RESERVED, GLOBAL, option(14, H("010203040506"))), message(136, 0, b"\xe0\0\0\0", GLOBAL),
        message(137, 0, RESERVED, GLOBAL, LINK),
        solicitation(option(7, H("0000000003e8")), option(8, H("000000050708")), option(9, bytes(6) + GLOBAL + LINK),
                     option(10, bytes(6) + GLOBAL), option(13, bytes(6) + H("0000654321001234")),
                     option(14, H("010203040506") + bytes(8))),
        solicitation(option(17, b"\1\x80" + RESERVED + GLOBAL), option(18, b"\0\x40" + RESERVED + GLOBAL),
                     option(19, b"\1" + MAC), option(20, b"\0\1" + RESERVED),
                     option(23, b"\x9a\x80" + MINUTE + GLOBAL)),
        solicitation(option(24, b"\x40\x08" + MINUTE), option(24, b"\x40\x18" + MINUTE + GLOBAL[:8]),
                     option(24, b"\x40\x18" + MINUTE + GLOBAL), option(24, b"\x40\x18" + MINUTE + GLOBAL + bytes(8))),
        solicitation(option(25, H("0000") + MINUTE + GLOBAL + LINK), option(26, b"\xff\xff" + RESERVED),
                     option(31, H("0000") + MINUTE + b"\4corp\7example\0\3foo\3com\0"),
                     option(31, H("0000") + MINUTE + b"\4corp\7example\0\3foo\4info\0")),
        solicitation(option(27, b"\0\x1f" + bytes(range(12))), option(28, b"\0\x1f\0\x3c" + bytes(range(10)))),
        solicitation(option(32, bytes(2) + bytes(range(36))), option(33, b"\1" + bytes(3) + H("003c") + EUI64),
                     option(34, b"\x40\x15" + bytes(2) + H("003c") + GLOBAL[:8]),
                     option(34, b"\x80\xf5" + bytes(2) + H("003c") + GLOBAL), option(35, H("00010002003c") + GLOBAL),
                     option(36, H("fffd") + RESERVED)),
        solicitation(option(37, PORTAL), option(38, H("0789") + H("0064ff9b0102030405060708")),
                     option(38, H("078f") + H("0064ff9b0000000000000000"))),
        solicitation(option(99, b"abcdef"), option(138, b"abcdef"), option(253, b"abcdef")),
        solicitation(option(3, PREFIX + bytes(8)), option(5, H("0000000005dc0102030405060708"))),
        solicitation(b"\1\0" + bytes(6)), solicitation(option(4, bytes(6))),
    ]  # fmt: skip


def handed_over() -> list[bytes]:
    """Options behind whose end tshark looks for more."""
    return [
        solicitation(option(6, b"\5" + bytes(5))), solicitation(option(27, b"\2\x1f" + bytes(range(12)))),
        solicitation(option(28, b"\4\x1f\0\x3c" + bytes(range(10)))), solicitation(option(29, b"\1\4abcd")),
        solicitation(option(30, b"\2\5abcde")),
    ]  # fmt: skip


def secured() -> list[bytes]:
    """Options of SEND, and the messages that ask for a way to trust and tell it."""
    parameters = bytes(range(16)) + GLOBAL[:8] + b"\0" + KEY
    return [
        solicitation(option(11, bytes([-(4 + len(parameters)) % 8, 0]) + parameters)),
        solicitation(option(11, bytes([-len(parameters) % 8, 0]) + parameters + H("000100046162636400020000"))),
        solicitation(option(12, bytes(2) + bytes(range(36)))),
        message(148, 0, b"\0\7\xff\xff", option(15, b"\1\0" + NAME)), message(149, 0, b"\0\7\0\2\0\1\0\0"),
        message(149, 0, b"\0\7\0\2\0\1\0\0", option(15, b"\3\0" + bytes(20)), option(16, b"\2\0" + bytes(20))),
        message(149, 0, b"\0\7\0\2\0\1\0\0", option(16, b"\1\0" + KEY)),
    ]  # fmt: skip


def messages() -> list[bytes]:
    """Messages beside errors and neighbour discovery."""
    rule = b"\x07\x40\x20\x80\0\0" + GLOBAL
    head = b"\0\0\0\1\5\xf8\0\x64" + RESERVED
    seeds = (b"\7\x08\xc0\0", b"\7\5\1\2\xa0", b"\7\x0a" + NONCE + b"\xa0\1", b"\7\7" + bytes(range(16)) + b"\xff",
             b"\xfe\4\x81\x09\5\1\2\x41", b"\xfe\0", b"\xfe\x08\xf0", b"\xfe\x0a\xf0")  # fmt: skip
    locators = H("20010db80001000200010002") + H("20010db800010003003c003d")
    return [
        message(127, 0, b"abcdefgh"), message(200, 0, b"abcdefgh"), message(5, 0, b"ab"),
        message(128, 0, b"\0\1\0\2abcdefgh"), message(129, 0, b"\0\1\0\2"),
        message(138, 0, head, b"\1\7", rule, USE), message(138, 0, head, b"\2\x0b\7\x90", rule[2:], USE, USE),
        message(138, 1, head, b"\0\3\7\x40\0\0\0\5" + GLOBAL + b"\0\0\7\x90\0\0\0\5" + LINK), message(138, 255, head),
        message(139, 0, b"\0\2\xff\xff", NONCE, GLOBAL), message(139, 1, b"\0\0\0\0", NONCE, FQDN),
        message(139, 1, b"\0\2\0\0", NONCE, b"\4host\0\0"), message(139, 2, b"\0\4\0\x3e", NONCE, b"\x0a\0\0\1"),
        message(139, 0, b"\0\0\0\0", NONCE), message(139, 5, b"\0\1\0\0", NONCE, b"abcd"),
        message(140, 0, b"\0\2\0\0", NONCE, MINUTE, b"\4host" + FQDN), message(140, 2, b"\0\2\0\0", NONCE),
        message(140, 0, b"\0\3\0\x3f", NONCE, MINUTE + GLOBAL, MINUTE + LINK), message(140, 0, b"\0\1\0\0", NONCE),
        message(140, 0, b"\0\4\0\2", NONCE, MINUTE + b"\x0a\0\0\1", MINUTE + b"\x0a\0\0\2"),
        message(140, 0, b"\0\2\0\0", NONCE, MINUTE),
        message(141, 0, RESERVED, option(1, MAC), option(2, MAC)),
        message(142, 0, RESERVED, option(1, MAC), option(10, bytes(6) + GLOBAL)),
        message(144, 0, b"\0\7\0\0"), message(145, 0, b"\0\7\0\0", GLOBAL, LINK), message(146, 0, b"\0\7\0\0"),
        message(147, 0, b"\0\7\xc0\1", option(3, PREFIX)), message(151, 20, b"\0\x7d\0\2"),
        message(152, 0, RESERVED), message(153, 0), message(150, 0, b"\5\0\0\1"),
        message(154, 0, b"\2\0\0\7", option(19, b"\1" + MAC)), message(154, 0, b"\3\0\0\7"),
        message(154, 0, b"\4\xc5\0\7"), message(154, 1, b"\5\0\0\7"), message(154, 1, b"\x09\0\0\7"),
        message(156, 0, b"\2\2\0\0", locators), message(157, 0, b"\0\0\0\x3c", EUI64, GLOBAL),
        message(158, 0, b"\1\5\0\x3c", EUI64, GLOBAL), *(message(159, 0, seed) for seed in seeds),
        message(161, 0, b"\0\7\5\x47"), message(161, 1, b"\0\7\5\xff"),
        message(130, 0, b"\x27\x10\0\0", DST), message(130, 0, b"\xff\xff\0\0", DST, b"\0"),
        message(130, 0, b"\x27\x10\0\0", DST, b"\x0a\x7d\0\2", GLOBAL, LINK),
        message(130, 0, b"\x87\x10\0\0", DST, b"\x0a\x9d\0\0"), message(130, 0, b"\xff\xff\0\0", DST, b"\x0a\xff\0\0"),
        message(131, 0, RESERVED, DST), message(132, 0, RESERVED, DST),
        message(143, 0, b"\0\0\0\2\4\1\0\1", DST, GLOBAL, b"abcd\3\0\0\0", GROUP),
    ]  # fmt: skip


def extended() -> list[bytes]:
    """Errors whose extensions stand behind the packet that they quote, and extended echo."""
    labels, interface = thing(1, 1, b"\0\1\x01\x40"), thing(2, 0x0C, b"\0\0\0\5\0\2\0\0" + GLOBAL)
    quoted = header(b"", NO_NEXT, src=GLOBAL, dst=LINK)
    named, numbered = thing(3, 1, b"eth0"), thing(3, 2, b"\0\0\0\7")
    addressed = [thing(3, 3, b"\0\1\4\0\x0a\0\0\1"), thing(3, 3, b"\0\2\x10\0" + GLOBAL)]
    return [
        message(3, 0, b"\x10\0\0\0", quoted.ljust(128, b"\0"), extension(labels)),
        message(1, 4, b"\5\1\2\3", quoted, extension(labels, interface)),
        message(1, 4, b"\5\0\0\0", quoted, extension(labels, good=False)), message(1, 4, b"\5\0\0\0", quoted),
        message(1, 4, b"\x09\0\0\0", quoted), message(3, 0, b"\0\0\0\0", quoted.ljust(128, b"\0"), extension(labels)),
        *(message(160, 0, b"\0\7\5\1", extension(one)) for one in (named, numbered, *addressed)),
        message(160, 0, b"\0\7\5\xfe"), message(161, 0, b"\0\7\5\x47abcd"),
    ]  # fmt: skip
