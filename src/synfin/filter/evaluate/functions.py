"""The functions of display filters, over lists of values."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from synfin.dissect.load import LayerBytes
from synfin.dissect.show import plain
from synfin.filter import typed
from synfin.filter.evaluate.numbers import Pair, absolute, order
from synfin.filter.evaluate.octets import rank
from synfin.filter.kinds import BYTES, NUMBERS

Function = Callable[[list[list[Any]]], list[Any]]
#: Bytes of a value whose kind has a fixed size; of those without one Wireshark says 0.
SIZES = {
    "u8": 1, "u16": 2, "u24": 3, "u32": 4, "u56": 7, "u64": 8, "eui64": 8, "i8": 1, "i16": 2, "i24": 3, "i32": 4,
    "i64": 8, "ipv4": 4, "ipv6": 16, "ether": 6, "bool": 0, "framenum": 4, "none": 0, "abstime": 0, "reltime": 0,
    "double": 0,
}  # fmt: skip


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
    return lambda arguments: [_size(value) if fixed is None else fixed for value in arguments[0]]


def _count(applied: typed.Applied) -> Function:
    return lambda arguments: [len(arguments[0])] if arguments[0] else []


def _written(display: str) -> Callable[[typed.Applied], Function]:
    """Numbers in that base, addresses as they are written."""

    def function(applied: typed.Applied) -> Function:
        kind = applied.arguments[0].kind
        if kind in NUMBERS - {"eui64"} and display == "dec":
            return lambda arguments: [str(value) for value in arguments[0]]
        return lambda arguments: [plain(kind, display, value) for value in arguments[0]]

    return function


def _meanings(applied: typed.Applied) -> Function:
    argument = applied.arguments[0]
    names = (isinstance(argument, typed.Values) and argument.field.values) or {}
    return lambda arguments: [names[value] for value in arguments[0] if value in names]


def _best(choose: Callable[..., Any], replaced: str) -> Callable[[typed.Applied], Function]:
    """The greatest or least of all values of all arguments.

    A number gives way to the next where it is `replaced` by it; those that do not compare do not give way.
    """

    def function(applied: typed.Applied) -> Function:
        worse: Pair | None = order(replaced, applied.kind) if applied.kind in NUMBERS else None
        key = rank if applied.kind in BYTES else None

        def over(arguments: list[list[Any]]) -> list[Any]:
            values = [value for argument in arguments for value in argument]
            if not values:
                return []
            if worse is None:
                return [choose(values, key=key)]
            return [reduce(lambda best, value: value if worse(best, value) else best, values)]

        return over

    return function


FUNCTIONS: dict[str, Callable[[typed.Applied], Function]] = {
    "len": _length,
    "count": _count,
    "upper": _each(lambda value: value.upper()),
    "lower": _each(lambda value: value.lower()),
    "string": _written("dec"),
    "dec": _written("dec"),
    "hex": _written("hex"),
    "vals": _meanings,
    "max": _best(max, "<"),
    "min": _best(min, ">"),
    "abs": _each(absolute),
}
