"""Flatbuffers, as far as Arrow's messages need them: tables, vectors, structs and strings, parents before children."""

from __future__ import annotations

import struct
from typing import NamedTuple


class Scalar(NamedTuple):
    """A number in a table; `code` is that of `struct`."""

    code: str
    value: int


class Structs(NamedTuple):
    """A vector of structs whose members have up to 8 bytes."""

    data: bytes
    length: int


class Table(NamedTuple):
    """Members in the order of their numbers; None is one that is left out."""

    members: tuple[Member, ...]


Member = Scalar | Structs | Table | str | list["Table"] | None


def flatbuffer(root: Table) -> bytes:
    """The buffer of a root table, in whole words of 8 bytes."""
    out = bytearray(4)
    struct.pack_into("<I", out, 0, _put(out, root))
    _pad(out, 8, 0)
    return bytes(out)


def _put(out: bytearray, member: Table | Structs | str | list[Table]) -> int:
    """Append something that is referred to; where it begins."""
    if isinstance(member, Table):
        return _put_table(out, member)
    if isinstance(member, str):
        data = member.encode()
        _pad(out, 4, 0)
        at = len(out)
        out += struct.pack("<I", len(data)) + data + b"\0"
        return at
    if isinstance(member, Structs):
        _pad(out, 8, 4)
        at = len(out)
        out += struct.pack("<I", member.length) + member.data
        return at
    _pad(out, 4, 0)
    at = len(out)
    out += struct.pack("<I", len(member)) + bytes(4 * len(member))
    for place, one in enumerate(member):
        _refer(out, at + 4 + 4 * place, one)
    return at


def _put_table(out: bytearray, table: Table) -> int:
    """A table behind its vtable; its members lie in it by falling size, so that all are aligned."""
    codes = {
        number: member.code if isinstance(member, Scalar) else "I"
        for number, member in enumerate(table.members)
        if member is not None
    }
    offsets, size = [0] * len(table.members), 4
    for number in sorted(codes, key=lambda number: -struct.calcsize(codes[number])):
        offsets[number] = size
        size += struct.calcsize(codes[number])
    vtable = struct.pack(f"<HH{len(offsets)}H", 4 + 2 * len(offsets), size, *offsets)
    _pad(out, 8, (4 - len(vtable)) % 8)  # the table's first member is aligned to 8 bytes
    out += vtable
    at = len(out)
    out += struct.pack("<i", len(vtable)) + bytes(size - 4)
    for number, member in enumerate(table.members):
        place = at + offsets[number]
        if isinstance(member, Scalar):
            struct.pack_into("<" + member.code, out, place, member.value)
        elif member is not None:
            _refer(out, place, member)
    return at


def _refer(out: bytearray, place: int, member: Table | Structs | str | list[Table]) -> None:
    struct.pack_into("<I", out, place, _put(out, member) - place)


def _pad(out: bytearray, to: int, rest: int) -> None:
    """Zeros until the length modulo `to` is `rest`."""
    out += bytes((rest - len(out)) % to)
