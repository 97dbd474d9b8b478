"""One value as text: as tshark 4.0 prints it in `-T fields`, with nothing of a packet left raw."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from synfin.dissect.address import eui64, ip, ipv4, ipv6, mac

#: Digits of a hexadecimal number of each unsigned kind; Wireshark writes 56 bits like 64.
HEX_DIGITS = {"u8": 2, "u16": 4, "u24": 6, "u32": 8, "u56": 16, "u64": 16}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SECOND = 1_000_000_000
_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def escape(text: str) -> str:
    """Control and formatting characters as escapes: nothing of a packet reaches a terminal raw."""
    if text.isprintable():
        return text
    return "".join(_escape(char) for char in text)


def _escape(char: str) -> str:
    if char.isprintable():
        return char
    named = _ESCAPES.get(char)
    if named:
        return named
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def relative_time(ns: int) -> str:
    """Seconds with nine decimals."""
    sign = "-" if ns < 0 else ""
    whole, part = divmod(abs(ns), SECOND)
    return f"{sign}{whole}.{part:09d}"


def absolute_time(ns: int) -> str:
    """Local date and time with nine decimals and the zone, as Wireshark writes it."""
    whole, part = divmod(ns, SECOND)
    try:
        when = time.localtime(whole)
    except (OverflowError, ValueError, OSError):
        return relative_time(ns)
    return (
        f"{MONTHS[when.tm_mon - 1]} {when.tm_mday:2d}, {when.tm_year} "
        f"{when.tm_hour:02d}:{when.tm_min:02d}:{when.tm_sec:02d}.{part:09d} {when.tm_zone}"
    )


def plain(kind: str, display: str, value: Any, length: int = 0) -> str:
    """One value as `-T fields` prints it; `length` is that of the bytes it stands in."""
    if display == "wide":
        return f"0x{value:04x}" if length > 1 else str(value)
    if display == "sized":
        return f"0x{value:0{2 * length or HEX_DIGITS[kind]}x}"
    if display == "hex" and kind in HEX_DIGITS:
        return f"0x{value:0{HEX_DIGITS[kind]}x}"
    if value == b"":
        return "<none>" if display == "empty" else "<MISSING>"
    if display == "spaces":
        return str(value.hex(" "))
    if display == "colons" or (display == "six" and len(value) == 6):
        return str(value.hex(":"))
    if kind == "none":
        return "1"
    if kind == "bool":
        return "1" if value else "0"
    if kind == "str":
        return escape(str(value))
    writer = _WRITERS.get(kind)
    return str(value) if writer is None else writer(value)


_WRITERS: dict[str, Callable[[Any], str]] = {
    "bytes": bytes.hex,
    "protocol": bytes.hex,
    "ether": mac,
    "eui64": eui64,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "address": ip,
    "reltime": relative_time,
    "double": "{:.15g}".format,
    "abstime": absolute_time,
}
