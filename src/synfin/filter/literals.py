"""Literals by the kind of the field that they are compared with: numbers, addresses, bytes, times, names of values."""

from __future__ import annotations

import math
import re
import time
from typing import Any

from synfin.dissect.address import parse_ipv4, parse_ipv6
from synfin.dissect.field import MAXIMUM, Field
from synfin.filter.syntax import Text, Word
from synfin.filter.typed import Network

INTEGERS = frozenset(MAXIMUM)
ADDRESSES = frozenset({"ipv4", "ipv6", "address"})
BYTES = frozenset({"bytes", "ether", "protocol"})
KIND_NAMES = {
    "bool": "a boolean", "framenum": "a frame number", "str": "text", "bytes": "bytes", "ether": "a MAC address",
    "eui64": "an EUI-64 address",
    "ipv4": "an IPv4 address", "ipv6": "an IPv6 address", "address": "an IP address", "protocol": "bytes",
    "abstime": "a date and time", "reltime": "a time in seconds",
    "double": "a number with a fraction", "none": "nothing: it is there or not",
}  # fmt: skip
SECOND = 1_000_000_000
EUI64_LEN = 8

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*")
_FRACTION = r"0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
#: compiled (and kept by `re`) when the first literal asks for it
_SECONDS = r"([0-9]+)(?:\.([0-9]{1,9}))?"
_PAIRS = r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})+"
_GROUPS = r"[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]+)+|[0-9A-Fa-f]+(?:-[0-9A-Fa-f]+)+"
_PLAIN = re.compile(r"[0-9A-Fa-f]+")
_ZONE = r"(Z| +UTC|[+-]\d\d(?::?\d\d)?)?"
_ISO = r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?)(?:(?::(\d\d?)(?::(\d\d?)(?:[.,](\d{0,9}))?)?)" + _ZONE + r")?)?"
_ENGLISH = r"([A-Z][a-z]{2}) +(\d\d?), (\d{4}) (\d\d?):(\d\d?):(\d\d?)(?:\.(\d{0,9}))?( +UTC)?"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


#: Fields whose values have names here, which Wireshark does not take in a filter.
UNNAMED = frozenset({"icmp.type", "ipcomp.next_header", "tcp.window_size_scalefactor"})


class Mismatch(Exception):
    """The literal does not fit; the message says what would."""


def name_of(kind: str) -> str:
    """What a field of that kind holds, for messages."""
    return KIND_NAMES.get(kind, "a number")


def convert(literal: Word | Text, kind: str, field: Field | None) -> Any:
    """The literal as a value of `kind`; Mismatch says why it is none."""
    if isinstance(literal, Text):
        text, quoted = literal.data.decode("utf-8", "surrogateescape"), not literal.char
    else:
        text, quoted = literal.text, False
        if text.startswith("."):
            raise Mismatch(f"there is no field {text[1:]!r} (a leading dot marks a field; write seconds as 0.5)")
    if kind in INTEGERS:
        return _integer(literal, text, kind, field, quoted)
    if kind == "str":
        return text.removeprefix(":") if isinstance(literal, Word) else text
    if kind in BYTES:
        return _bytes(literal, text, kind)
    if kind == "abstime":
        return _moment(text)
    if quoted or isinstance(literal, Text):
        raise Mismatch(f"{name_of(kind)} was expected, not the string {text!r}")
    if kind == "double":
        return _fraction(text)
    return _address(text, kind) if kind in ADDRESSES else _duration(text)


def _integer(literal: Word | Text, text: str, kind: str, field: Field | None, quoted: bool) -> int:
    if isinstance(literal, Text) and literal.char and kind != "eui64":
        return int(bool(literal.data[0])) if kind == "bool" else literal.data[0]
    named = _named(text, kind, field, quoted)
    if named is not None:
        return named
    number = None if quoted else _NUMBER.fullmatch(text)
    if number is None and kind == "eui64":
        return _eui64(literal, text)
    if number is None or len(text) > 70:
        raise Mismatch(_expected(text, kind, field, quoted))
    octal = text[0] == "0" and text[1:2] not in ("", "x", "X", "b", "B")
    value = int(text, 8 if octal else 0)
    if value > MAXIMUM[kind]:
        raise Mismatch(f"{text} is too big for this field, maximum {MAXIMUM[kind]}")
    return int(bool(value)) if kind == "bool" else value


def _named(text: str, kind: str, field: Field | None, quoted: bool) -> int | None:
    """The number that has this name: a value string, or True and False."""
    if kind == "bool" and text in ("True", "TRUE", "False", "FALSE") and not (quoted and field and field.values):
        return int(text[0] == "T")
    if field is None or field.values is None or _is_custom(field):
        return None
    wanted = text.casefold()
    return next((value for value, name in field.values.items() if name.casefold() == wanted), None)


def _is_custom(field: Field) -> bool:
    return field.display == "custom" or field.name in UNNAMED


def _expected(text: str, kind: str, field: Field | None, quoted: bool) -> str:
    if field is not None and _is_custom(field):
        return f"the text of {field.name} cannot be compared with; use its number"
    if field is not None and field.values and not text[:1].isdigit():
        known = ", ".join(list(field.values.values())[:4])
        return f"{text!r} is none of the values of {field.name}, such as {known}; or write a number"
    if quoted:
        return f"a number without quotes was expected, not {text!r}"
    return f"{text!r} is not a valid number"


def _eui64(literal: Word | Text, text: str) -> int:
    found = None if isinstance(literal, Text) or _PLAIN.fullmatch(text) else byte_string(text)
    if found is None or len(found) != EUI64_LEN:
        raise Mismatch(f"{text!r} is no EUI-64 address: eight bytes such as 00:11:22:ff:fe:33:44:55 were expected")
    return int.from_bytes(found, "big")


def _bytes(literal: Word | Text, text: str, kind: str) -> bytes:
    if kind == "ether" and isinstance(literal, Text):
        raise Mismatch(f"a MAC address without quotes was expected, not the string {text!r}")
    found = literal.data if isinstance(literal, Text) else byte_string(text)
    if found is None:
        raise Mismatch(f"{text!r} is no byte string such as 0d:0a, and no string in quotes")
    if kind == "ether" and len(found) != 6:
        raise Mismatch(f"{text!r} is no MAC address: six bytes such as 00:11:22:33:44:55 were expected")
    return found


def byte_string(text: str) -> bytes | None:
    """aa:bb, aa-bb, aa.bb, aabb.ccdd, aabb, :aa or 0xaa as bytes; a lone digit at the end is a byte."""
    if re.fullmatch(r"0[xX][0-9A-Fa-f]{2}", text):
        return bytes([int(text, 16)])
    text = text.removeprefix(":")
    if re.fullmatch(_PAIRS, text):
        return bytes.fromhex(text.replace(":", ""))
    if _PLAIN.fullmatch(text) or re.fullmatch(_GROUPS, text):
        return b"".join(_pairs(group) for group in re.split(r"[.-]", text))
    return None


def _pairs(digits: str) -> bytes:
    return bytes(int(digits[at : at + 2], 16) for at in range(0, len(digits), 2))


def _address(text: str, kind: str) -> bytes | Network:
    base, slash, prefix = text.partition("/")
    quads = all(len(part) == 1 or part[:1] != "0" for part in base.split("."))  # 010 would be octal to some
    found = parse_ipv4(base) if kind != "ipv6" and quads else None
    if found is None and kind != "ipv4":
        found = parse_ipv6(base)
    if found is None:
        raise Mismatch(f"{text!r} is not {name_of(kind)} (names are not looked up)")
    if not slash:
        return found
    if not prefix.isascii() or not prefix.isdigit() or int(prefix[:4]) > 8 * len(found):
        raise Mismatch(f"{prefix!r} is no prefix length: 0 to {8 * len(found)} was expected")
    return Network(found, int(prefix))


def _fraction(text: str) -> float:
    if re.fullmatch(_FRACTION, text) is None or len(text) > 70:
        raise Mismatch(f"{text!r} is no number with a fraction, such as 1.5")
    value = float(int(text, 16)) if text[:2] in ("0x", "0X") else float(text)
    if value in (math.inf, 0.0) and any(digit in "123456789" for digit in text.lower().partition("e")[0]):
        raise Mismatch(f"{text} is too {'big' if value else 'small'} for this field")
    return value


def _duration(text: str) -> int:
    match = re.fullmatch(_SECONDS, text)
    if match is None:
        raise Mismatch(f"{text!r} is no time: seconds such as 1.5 were expected")
    whole, part = match.groups()
    return min(int(whole[:30]), MAXIMUM["i64"]) * SECOND + int((part or "").ljust(9, "0"))


def _moment(text: str) -> int:
    iso, english = re.fullmatch(_ISO, text.strip()), re.fullmatch(_ENGLISH, text.strip(), re.I)
    if iso and not ("T" in text.replace("UTC", "") and " UTC" in text):  # after a T the zone is Z or an offset
        year, month, day, *rest = iso.groups()
    elif english and english.group(1).capitalize() in _MONTHS:
        name, day, year, *rest = english.groups()
        month = str(_MONTHS.index(name.capitalize()) + 1)
    else:
        raise Mismatch(f'{text!r} is no date: "YYYY-MM-DD hh:mm:ss" or "Mon DD, YYYY hh:mm:ss" was expected')
    hour, minute, second, part, zone = rest
    numbers = [int(piece or 0) for piece in (year, month, day, hour, minute, second)]
    if not (
        1 <= numbers[1] <= 12 and 1 <= numbers[2] <= 31 and numbers[3] < 24 and numbers[4] < 60 and numbers[5] < 62
    ):
        raise Mismatch(f"{text!r} is no date of the calendar")
    return _epoch(numbers, zone.strip() if zone else None) * SECOND + int((part or "").ljust(9, "0"))


def _epoch(numbers: list[int], zone: str | None) -> int:
    """Seconds since 1970; local time without a zone."""
    year, month, day, hour, minute, second = numbers
    if zone is None:
        try:
            return int(time.mktime((year, month, day, hour, minute, second, 0, 0, -1)))
        except (OverflowError, ValueError):
            raise Mismatch("the date is beyond what this system can count") from None
    # days since 1970 in the proleptic Gregorian calendar, with years that begin in March
    years = year - (month <= 2)
    days = years * 365 + years // 4 - years // 100 + years // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 719469
    offset = 0
    if zone[0] in "+-":
        digits = zone.replace(":", "")
        offset = (int(digits[1:3]) * 60 + int(digits[3:5] or 0)) * (-1 if zone[0] == "-" else 1)
    return days * 86400 + hour * 3600 + minute * 60 + second - offset * 60
