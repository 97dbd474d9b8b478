"""Fixed parts of a message as tables: what a walk reads one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from synfin.dissect.cursor import Cursor
from synfin.dissect.load import lowest_bit
from synfin.dissect.option import Item

REST = -1  #: as a size: all that is left


class Form(Enum):
    NUMBER = "number"
    RAW = "raw"  #: bytes as they are
    MARK = "mark"  #: that the bytes are there, not what they say
    PARTS = "parts"  #: parts of a number that has no field of its own


class Step(NamedTuple):
    """One field, with the parts of its number."""

    name: str
    size: int
    form: Form
    parts: Mapping[str, int]


def number(name: str, size: int, parts: Mapping[str, int] | None = None) -> Step:
    return Step(name, size, Form.NUMBER, parts or {})


def raw(name: str, size: int = REST) -> Step:
    return Step(name, size, Form.RAW, {})


def mark(name: str, size: int = REST) -> Step:
    return Step(name, size, Form.MARK, {})


def split(size: int, parts: Mapping[str, int]) -> Step:
    return Step("", size, Form.PARTS, parts)


def below(head: str, parts: Mapping[str, int]) -> dict[str, int]:
    """Masks by the last part of a name."""
    return {f"{head}.{name}": mask for name, mask in parts.items()}


def read(cursor: Cursor, *steps: Step, end: int | None = None) -> None:
    """Take the steps; from the first that does not fit, nothing more is read. `end` is where the rest ends."""
    for step in steps:
        size = (cursor.stop if end is None else end) - cursor.at if step.size == REST else step.size
        if step.form is Form.RAW:
            cursor.raw(step.name, size)
        elif step.form is Form.NUMBER:
            cursor.number(step.name, size, *cursor.parts(size, dict(step.parts)))
        elif cursor.fits(size):
            if step.form is Form.MARK:
                cursor.add(step.name, True, cursor.at, size)
            else:
                cursor.note(*_parts(cursor, size, step.parts))
            cursor.at += size


def _parts(cursor: Cursor, size: int, parts: Mapping[str, int]) -> list[Item]:
    value, at = cursor.peek(size), cursor.at
    return [Item(name, (value & mask) >> lowest_bit(mask), at, size) for name, mask in parts.items()]


def numbers(head: str, **sizes: int) -> tuple[Step, ...]:
    """Numbers in a row, without parts."""
    return tuple(number(f"{head}{name}", size) for name, size in sizes.items())


def prefix(cursor: Cursor, name: str, size: int, whole: int = 16) -> None:
    """The leading bytes of an IPv6 address, of which the others are zero."""
    if size > 0 and cursor.fits(size):
        value = cursor.data[cursor.at : cursor.at + size][:whole]
        cursor.add(name, value.ljust(whole, b"\0"), cursor.at, size)
        cursor.at += size


def domain(cursor: Cursor, name: str) -> bool:
    """A domain name as labels (RFC 1035 section 3.1), without pointers; whether one ended within bounds."""
    start, labels = cursor.at, list[str]()
    while (size := cursor.peek(1)) > 0:
        if cursor.at + 1 + size > cursor.stop or len(labels) >= MAX_LABELS:
            return cursor.fits(cursor.room + 1)
        labels.append(cursor.data[cursor.at + 1 : cursor.at + 1 + size].decode("latin-1"))
        cursor.at += 1 + size
    cursor.at = min(cursor.at + 1, cursor.stop)
    cursor.add(name, ".".join(labels), start, cursor.at - start)
    return True


MAX_LABELS = 127
