"""The functions and the arithmetic of display filters, over lists of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synfin.dissect.load import LayerBytes
from synfin.filter import typed

Function = Callable[[list[list[Any]]], list[Any]]
#: Bytes of a value whose kind has a fixed size.
SIZES = {"u8": 1, "u16": 2, "u24": 3, "u32": 4, "u64": 8, "i16": 2, "i32": 4, "i64": 8, "ipv4": 4, "ipv6": 16}
MAX_NUMBER = 1 << 64  #: results beyond it overflow and drop out


def octets_and(left: list[bytes], right: list[bytes]) -> list[bytes]:
    """Byte by byte, as far as both reach."""
    return [bytes(x & y for x, y in zip(a, b, strict=False)) for a in left for b in right]


def arithmetic(sign: str, left: list[Any], right: list[Any]) -> list[int]:
    """Every pair; a pair that divides by zero or overflows has no result. Division truncates towards zero."""
    found = []
    for a in left:
        for b in right:
            value = _pair(sign, a, b)
            if value is not None and abs(value) < MAX_NUMBER:
                found.append(value)
    return found


def _pair(sign: str, a: int, b: int) -> int | None:
    if sign == "&":
        return a & b
    if sign == "+":
        return a + b
    if sign == "-":
        return a - b
    if sign == "*":
        return a * b
    if b == 0:
        return None
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return quotient if sign == "/" else a - b * quotient


def _size(value: Any) -> int:
    """Bytes of a string of text or bytes, or of a layer."""
    if isinstance(value, LayerBytes):
        return value.header
    return len(value.encode("utf-8", "surrogateescape")) if isinstance(value, str) else len(value)


def _each(function: Callable[[Any], Any]) -> Callable[[typed.Applied], Function]:
    """A function of one value, for every value of its argument."""
    return lambda applied: lambda arguments: [function(value) for value in arguments[0]]


def _length(applied: typed.Applied) -> Function:
    fixed = SIZES.get(applied.arguments[0].kind)
    return lambda arguments: [fixed or _size(value) for value in arguments[0]]


def _count(applied: typed.Applied) -> Function:
    return lambda arguments: [len(arguments[0])] if arguments[0] else []


def _string(applied: typed.Applied) -> Function:
    argument = applied.arguments[0]
    if not isinstance(argument, typed.Values):
        return lambda arguments: []
    field = argument.field
    return lambda arguments: [field.show(value) for value in arguments[0]]


def _best(choose: Callable[[list[Any]], Any]) -> Callable[[typed.Applied], Function]:
    def over(arguments: list[list[Any]]) -> list[Any]:
        values = [value for argument in arguments for value in argument]
        return [choose(values)] if values else []

    return lambda applied: over


FUNCTIONS: dict[str, Callable[[typed.Applied], Function]] = {
    "len": _length,
    "count": _count,
    "upper": _each(lambda value: value.upper()),
    "lower": _each(lambda value: value.lower()),
    "string": _string,
    "max": _best(max),
    "min": _best(min),
    "abs": _each(abs),
}
