"""Columns of a table, and the forms in which their values stand in memory."""

from __future__ import annotations

import contextlib
import itertools
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Union

_pack: Callable[[bytes | bytearray, int], bytes] | None = None
with contextlib.suppress(ImportError):  # not compiled: slower
    from synfin._kernels.bits import pack as _pack

Buffer = Union[bytes, bytearray, memoryview, "array[Any]"]  # arrays have no parameters when it runs

#: struct codes of the plain kinds
CODES = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i8": "b", "i16": "h", "i32": "i", "i64": "q", "time": "q"}
KINDS = {code: kind for kind, code in CODES.items() if kind != "time"}


class Column(NamedTuple):
    """A column of a table.

    `kind`: u8 to u64, i8 to i64, bool, time (nanoseconds since the epoch, shown as UTC), text, word (a text of few
    different ones), address (of IP, a text), numbers (a list of i64), texts (a list of text).
    """

    name: str
    kind: str


class Plain(NamedTuple):
    """Values of one column as they stand in memory."""

    data: bytes | bytearray | array[Any]
    valid: bytes | bytearray | None = None  #: a byte a row, 0 where the value is unknown; None: all are known


class Packed(NamedTuple):
    """The same in Arrow's own form: truths, and what is known, a bit each."""

    data: Buffer
    bits: Buffer | None = None  #: 0 where the value is unknown; None: all are known
    unknown: int = 0  #: how many are


class Texts(NamedTuple):
    """Texts as they stand in memory, one behind the other."""

    data: Buffer
    ends: Buffer  #: int32, 0 first: each begins where the one before it ends
    bits: Buffer | None = None  #: as of `Packed`
    unknown: int = 0


class Words(NamedTuple):
    """Texts of few different ones, in the form that the reader takes."""

    places: Callable[[], tuple[bytes, Sequence[str]]]  #: int32, in a list that holds each text once
    texts: Callable[[], Texts]


class Named(NamedTuple):
    """Texts as numbers (int32) of a list that grows from part to part, in the form that the reader takes."""

    numbers: Packed
    texts: Callable[[], Texts]
    all_texts: Callable[[], Texts]  #: the list


class Lists(NamedTuple):
    """Lists as they stand in memory, one behind the other."""

    ends: Buffer  #: int32, 0 first
    values: Plain | Packed | Texts
    total: int  #: values in all lists
    bits: Buffer | None = None  #: as of `Packed`
    unknown: int = 0


Form = Plain | Packed | Texts | Words | Named | Lists
InMemory = (Plain, Packed, Texts, Words, Named, Lists)  #: what is no sequence of Python values


def bitmap(flags: bytes | bytearray) -> bytes:
    """One bit for each byte, the first one lowest; the bytes are 0 or 1."""
    if _pack is not None:
        return _pack(flags, len(flags))
    size = -(-len(flags) // 8)
    padded = bytes(flags).ljust(8 * size, b"\0")
    packed = 0
    for place in range(8):
        packed |= int.from_bytes(padded[place::8], "little") << place
    return packed.to_bytes(size, "little")


def flags_of(bits: Buffer, length: int) -> list[bool]:
    """A truth for each bit, as `bitmap` packs them."""
    return [flag for byte in memoryview(bits) for flag in _FLAGS_OF_BYTE[byte]][:length]


_FLAGS_OF_BYTE = [[bool(byte >> place & 1) for place in range(8)] for byte in range(256)]


def in_memory(kind: str, values: Plain | Sequence[Any]) -> Packed | Texts | Lists:
    """Values as Arrow has them; None is one that is unknown."""
    if isinstance(values, Plain):
        bits = None if values.valid is None else bitmap(values.valid)
        data = bitmap(bytes(values.data)) if kind == "bool" else values.data
        return Packed(data, bits, 0 if values.valid is None else values.valid.count(0))
    several: Sequence[Any] = values
    unknown = sum(value is None for value in several)
    bits = bitmap(bytes(value is not None for value in several)) if unknown else None
    if kind in ("text", "word", "address"):
        return _texts([(value or "").encode() for value in several], bits, unknown)
    if kind in ("numbers", "texts"):
        flat = list(itertools.chain.from_iterable(value or () for value in several))
        inner = in_memory("i64" if kind == "numbers" else "text", flat)
        assert not isinstance(inner, Lists)
        return Lists(_ends(len(value or ()) for value in several), inner, len(flat), bits, unknown)
    plain = _numbers_of(CODES.get(kind, "B"), [0 if value is None else value for value in several])
    return Packed(bitmap(plain.tobytes()) if kind == "bool" else plain, bits, unknown)


def _texts(texts: Sequence[bytes], bits: bytes | None, unknown: int) -> Texts:
    return Texts(b"".join(texts), _ends(map(len, texts)), bits, unknown)


def _ends(sizes: Iterable[int]) -> bytes:
    return array("i", itertools.accumulate(sizes, initial=0)).tobytes()


def _numbers_of(code: str, values: list[int]) -> array[int]:
    """The values side by side; what needs more bits (the time of a broken clock) wraps, as it does in the kernels."""
    try:
        return array(code, values)
    except OverflowError:
        bits = 8 * array(code).itemsize
        least = -(1 << (bits - 1)) if code.islower() else 0
        return array(code, [(value - least) % (1 << bits) + least for value in values])


def python_values(kind: str, values: Form, length: int) -> list[Any]:
    """What stands in memory, as Python values, None where unknown."""
    if isinstance(values, Words):
        places, words = values.places()
        return [words[place] for place in array("i", places)]
    if isinstance(values, Named):
        values = values.texts()
    if isinstance(values, Plain):
        values = in_memory(kind, values)
    if isinstance(values, Packed):
        data = memoryview(values.data).cast("B")
        found: list[Any] = flags_of(data, length) if kind == "bool" else array(CODES[kind], data.tobytes()).tolist()
    else:
        ends = memoryview(values.ends).cast("B").cast("i").tolist()
        pairs = itertools.pairwise(ends[: length + 1])
        if isinstance(values, Texts):
            text = bytes(values.data)
            found = [text[start:end].decode() for start, end in pairs]
        else:
            inner = python_values("i64" if kind == "numbers" else "text", values.values, values.total)
            found = [inner[start:end] for start, end in pairs]
    if values.bits is None:
        return found
    return [value if known else None for value, known in zip(found, flags_of(values.bits, length), strict=True)]
