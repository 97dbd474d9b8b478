"""Numbers as Wireshark computes with them: fixed widths, unsigned until a result is negative.

A result that does not fit its width has no value. What follows from that is compared with Wireshark itself: an unsigned
number is neither below nor above a negative one, neither equal nor unequal to it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from synfin.dissect.field import MAXIMUM
from synfin.filter.kinds import NUMBERS, SIGNED, WIDE

Pair = Callable[[Any, Any], bool]
Sum = Callable[[Any, Any], Any]

ORDERS: dict[str, Pair] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
MOST_SIGNED = MAXIMUM["i64"]
FREE = frozenset({"reltime", "double"})  #: kinds whose sums and differences always exist
EQUALITIES = frozenset({"==", "!="})


class Signed(int):
    """The result of unsigned arithmetic that went below zero, and what is computed from it."""

    __slots__ = ()


def arithmetic(sign: str, kind: str) -> Sum:
    """The function of two values, None where the result does not exist; `kind` is the left one's."""
    if kind in FREE:
        return _FREE[sign]
    bits = 64 if kind in WIDE else 32
    always_signed = kind in SIGNED
    full, half = 1 << bits, 1 << (bits - 1)
    compute = _COMPUTE[sign]

    def result(a: int, b: int) -> int | None:
        if always_signed or isinstance(a, Signed):
            found = compute(a, (b + half) % full - half)
            return None if found is None or not -half <= found < half else Signed(found)
        found = compute(a, b % full)
        if found is None or not -half <= found < full or (found < 0 and b % full >= half):
            return None  # below zero both sides must be signed numbers
        return Signed(found) if found < 0 else found

    return result


def negative(kind: str) -> Callable[[Any], Any]:
    """The function that turns a value's sign."""
    if kind in FREE:
        return operator.neg
    limit = 1 << (63 if kind in WIDE else 31)
    return lambda value: Signed(-value) if -limit < value <= limit else None


def absolute(value: Any) -> Any:
    return Signed(abs(value)) if isinstance(value, Signed) else abs(value)


def _quotient(a: int, b: int) -> int | None:
    if b == 0:
        return None
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _ratio(a: float, b: float) -> float | None:
    return a / b if b else None


def _remainder(a: int, b: int) -> int | None:
    quotient = _quotient(a, b)
    return None if quotient is None else a - b * quotient


_COMPUTE: dict[str, Callable[[int, int], int | None]] = {
    "&": operator.and_, "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _quotient, "%": _remainder,
}  # fmt: skip

_FREE: dict[str, Sum] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": _ratio}


def order(sign: str, kind: str, *, every: bool = False) -> Pair:
    """The comparison of a number of `kind` with any other.

    They are compared as numbers of 64 bits with the left one's sign. A right side that is none is not compared: the
    pair neither satisfies a test that asks for one pair, nor spoils one that asks for every pair.
    """
    if kind not in NUMBERS:
        return ORDERS[sign]
    plain, signed = ORDERS[sign], kind in SIGNED

    def compare(a: int, b: int) -> bool:
        fits = b <= MOST_SIGNED if signed or isinstance(a, Signed) else b >= 0
        return plain(a, b) if fits else every

    return compare
