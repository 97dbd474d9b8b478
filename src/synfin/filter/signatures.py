"""The functions of display filters: what each takes and gives. `dec`, `hex` and `vals` are of Wireshark 4.4."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from synfin.filter import typed
from synfin.filter.kinds import ADDRESSES, INTEGERS, NUMBERS


class Signature(NamedTuple):
    """`result` gives the kind of the result by the first argument, None where that cannot be taken."""

    result: Callable[[typed.Entity], str | None]
    takes: str  #: for messages
    many: bool = False


def _text(entity: typed.Entity) -> str | None:
    return "str" if entity.kind == "str" else None


def _length(entity: typed.Entity) -> str | None:
    return "u32" if isinstance(entity, typed.Values) or entity.kind == "str" else None


def _count(entity: typed.Entity) -> str | None:
    return "u32" if isinstance(entity, typed.Values) else None


def _string(entity: typed.Entity) -> str | None:
    return (
        "str" if isinstance(entity, typed.Values) and entity.kind in NUMBERS | ADDRESSES | {"ether", "double"} else None
    )


def _number(entity: typed.Entity) -> str | None:
    return "str" if isinstance(entity, typed.Values) and entity.kind in NUMBERS else None


def _named(entity: typed.Entity) -> str | None:
    return "str" if isinstance(entity, typed.Values) and entity.field.values else None


def _any(entity: typed.Entity) -> str | None:
    return None if entity.kind == "none" else entity.kind


def _absolute(entity: typed.Entity) -> str | None:
    return entity.kind if entity.kind in INTEGERS | {"reltime", "double"} else None


FUNCTIONS: dict[str, Signature] = {
    "len": Signature(_length, "it takes a field"),
    "count": Signature(_count, "it takes a field"),
    "upper": Signature(_text, "it takes text"),
    "lower": Signature(_text, "it takes text"),
    "string": Signature(_string, "it takes a field of numbers or addresses"),
    "max": Signature(_any, "it takes values of one kind", many=True),
    "min": Signature(_any, "it takes values of one kind", many=True),
    "abs": Signature(_absolute, "it takes numbers or seconds"),
    "dec": Signature(_number, "it takes a field of numbers"),
    "hex": Signature(_number, "it takes a field of numbers"),
    "vals": Signature(_named, "it takes a field whose values have names"),
}
