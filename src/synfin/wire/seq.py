"""Sequence numbers: the only place where arithmetic modulo 2**32 is done (RFC 9293 section 3.4)."""

from __future__ import annotations

MASK = 0xFFFFFFFF


def add(a: int, n: int) -> int:
    """`a + n` modulo 2**32."""
    return (a + n) & MASK


def diff(a: int, b: int) -> int:
    """Signed distance from `b` to `a`, in -2**31 .. 2**31 - 1: positive when `a` lies after `b`."""
    return ((a - b + 0x80000000) & MASK) - 0x80000000


# Numbers half the circle apart lie before and after each other, as in tshark.


def lt(a: int, b: int) -> bool:
    return diff(a, b) < 0


def le(a: int, b: int) -> bool:
    return diff(a, b) <= 0


def gt(a: int, b: int) -> bool:
    return diff(b, a) < 0


def ge(a: int, b: int) -> bool:
    return diff(b, a) <= 0


def unwrap(raw: int, near: int) -> int:
    """The 64-bit number that equals `raw` modulo 2**32 and lies nearest to `near` (itself unwrapped)."""
    return near + diff(raw, near & MASK)
