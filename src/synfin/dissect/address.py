"""Addresses between bytes and text: MAC, IPv4, IPv6 (RFC 5952 spelling). Nothing is ever looked up."""

from __future__ import annotations


def mac(value: bytes) -> str:
    return value.hex(":")


def eui64(value: int) -> str:
    return value.to_bytes(8, "big").hex(":")


def ipv4(value: bytes) -> str:
    return f"{value[0]}.{value[1]}.{value[2]}.{value[3]}" if len(value) >= 4 else value.hex()


def ipv6(value: bytes) -> str:
    """Lower case, the longest run of two or more zero groups shortened, IPv4-mapped with dots."""
    if len(value) != 16:
        return value.hex()
    if value[:12] == bytes(10) + b"\xff\xff" or (value[:12] == bytes(12) and value[12:14] != b"\0\0"):
        return ("::ffff:" if value[10] else "::") + ipv4(value[12:])
    groups = [int.from_bytes(value[at : at + 2], "big") for at in range(0, 16, 2)]
    start, size = _longest_zeros(groups)
    if size < 2:
        return ":".join(f"{group:x}" for group in groups)
    head = ":".join(f"{group:x}" for group in groups[:start])
    tail = ":".join(f"{group:x}" for group in groups[start + size :])
    return f"{head}::{tail}"


def _longest_zeros(groups: list[int]) -> tuple[int, int]:
    best = (0, 0)
    start = None
    for place, group in enumerate([*groups, 1]):
        if group == 0 and start is None:
            start = place
        elif group and start is not None:
            if place - start > best[1]:
                best = (start, place - start)
            start = None
    return best


def ip(value: bytes) -> str:
    return ipv6(value) if len(value) == 16 else ipv4(value)


def parse_ipv4(text: str) -> bytes | None:
    """Dotted quad to bytes, None where it is none."""
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    return bytes(numbers) if max(numbers) <= 255 else None


def parse_ipv6(text: str) -> bytes | None:
    """RFC 4291 text to bytes, None where it is none."""
    if text.count("::") > 1 or ":::" in text or ":" not in text:
        return None
    head, gap, tail = text.partition("::")
    left, right = _groups(head), _groups(tail)
    if left is None or right is None:
        return None
    missing = 16 - len(left) - len(right)
    if (gap and missing < 2) or (not gap and missing):
        return None
    return left + bytes(missing) + right


def _groups(text: str) -> bytes | None:
    """Colon-separated groups, the last perhaps a dotted quad."""
    out = b""
    parts = text.split(":") if text else []
    for place, part in enumerate(parts):
        if "." in part:
            quad = parse_ipv4(part) if place + 1 == len(parts) else None
            if quad is None:
                return None
            out += quad
        elif 1 <= len(part) <= 4 and all(digit in "0123456789abcdefABCDEF" for digit in part):
            out += int(part, 16).to_bytes(2, "big")
        else:
            return None
    return out


def parse_ip(text: str) -> bytes | None:
    return parse_ipv6(text) if ":" in text else parse_ipv4(text)
