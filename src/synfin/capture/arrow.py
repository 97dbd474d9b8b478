"""Columns as Arrow arrays: what is handed to polars, pyarrow, DuckDB and pandas, built by nanoarrow.

nanoarrow is imported when the first array is built. Two things it lacks stand here, by the rules of the Arrow C data
interface: arrays with a dictionary, and a stream whose batches are made only when somebody asks for the next one.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import weakref
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

_pack: Callable[[bytes | bytearray, int], bytes] | None = None
with contextlib.suppress(ImportError):  # not compiled: slower
    from synfin._kernels.columns import pack as _pack

#: struct codes of the plain kinds
CODES = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i8": "b", "i16": "h", "i32": "i", "i64": "q", "time": "q"}
WIDTHS = {kind: array(code).itemsize for kind, code in CODES.items()}  #: bytes of a value
KINDS = {code: kind for kind, code in CODES.items() if kind != "time"}


class Column(NamedTuple):
    """A column of a table.

    `kind`: u8 to u64, i8 to i64, bool, time (nanoseconds since the epoch, shown as UTC), text, word (a text of few
    different ones), numbers (a list of i64), texts (a list of text).
    """

    name: str
    kind: str


class Plain(NamedTuple):
    """Values of one column as they stand in memory."""

    data: bytes | bytearray | array[Any]
    valid: bytes | bytearray | None = None  #: a byte a row, 0 where the value is unknown; None: all are known


class Packed(NamedTuple):
    """The same in Arrow's own form: truths, and what is known, a bit each."""

    data: memoryview
    bits: memoryview | None  #: 0 where the value is unknown; None: all are known
    unknown: int  #: how many are


class Texts(NamedTuple):
    """Texts as they stand in memory, one behind the other."""

    data: bytes | memoryview
    ends: bytes  #: int32, 0 first: each begins where the one before it ends
    valid: bytes | bytearray | None = None  #: as of `Plain`
    bits: memoryview | None = None  #: the same as of `Packed`


class Words(NamedTuple):
    """Texts of few different ones, in the form that the reader takes."""

    places: Callable[[], tuple[bytes, Sequence[str]]]  #: int32, in a list that holds each text once
    texts: Callable[[], Texts]


class Lists(NamedTuple):
    """Lists as they stand in memory, one behind the other."""

    ends: bytes  #: int32, 0 first
    values: Plain | Texts
    total: int  #: values in all lists


InMemory = (Plain, Packed, Texts, Words, Lists)  #: what is no sequence of Python values


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


def flags_of(bits: memoryview, length: int) -> list[bool]:
    """A truth for each bit, as `bitmap` packs them."""
    return [flag for byte in bits for flag in _FLAGS_OF_BYTE[byte]][:length]


_FLAGS_OF_BYTE = [[bool(byte >> place & 1) for place in range(8)] for byte in range(256)]


def schema(columns: Sequence[Column], *, dictionaries: bool) -> Any:
    """The columns as an Arrow schema, without dictionaries where the reader knows none."""
    import nanoarrow as na

    return na.c_schema(na.struct({column.name: _type(column.kind, dictionaries) for column in columns}))


def _type(kind: str, dictionaries: bool) -> Any:
    import nanoarrow as na

    if kind == "word":
        return na.dictionary(na.int32(), na.string()) if dictionaries else na.string()
    return {
        "u8": na.uint8, "u16": na.uint16, "u32": na.uint32, "u64": na.uint64, "bool": na.bool_,
        "i8": na.int8, "i16": na.int16, "i32": na.int32, "i64": na.int64, "text": na.string,
        "time": lambda: na.timestamp("ns", "UTC"),
        "numbers": lambda: na.list_(na.int64()),
        "texts": lambda: na.list_(na.string()),
    }[kind]()  # fmt: skip


def batch(of: Any, children: Sequence[Any], length: int) -> Any:
    """Arrays of the same length as one record batch of the schema `of`."""
    import nanoarrow as na

    return na.c_array_from_buffers(of, length, [None], null_count=0, children=children, move=True)


def plain_array(kind: str, values: Plain, length: int) -> Any:
    """Numbers, times or booleans (a byte each) that stand in memory already."""
    import nanoarrow as na

    valid = None if values.valid is None else bitmap(values.valid)
    data = bitmap(bytes(values.data)) if kind == "bool" else values.data
    unknown = 0 if valid is None else -1
    return na.c_array_from_buffers(_type(kind, False), length, [valid, data], null_count=unknown)


def memory_array(kind: str, values: Plain | Packed | Texts | Words | Lists, length: int, *, dictionaries: bool) -> Any:
    """What stands in memory already."""
    import nanoarrow as na

    if isinstance(values, Plain):
        return plain_array(kind, values, length)
    if isinstance(values, Packed):
        return na.c_array_from_buffers(
            _type(kind, False), length, [values.bits, values.data], null_count=values.unknown, validation_level="none"
        )
    if isinstance(values, Texts):
        valid = values.bits if values.valid is None else bitmap(values.valid)
        unknown = 0 if valid is None else -1
        return na.c_array_from_buffers(na.string(), length, [valid, values.ends, values.data], null_count=unknown)
    if isinstance(values, Words):
        if dictionaries:
            places, words = values.places()
            return _words_array(places, None, words)
        return memory_array("text", values.texts(), length, dictionaries=False)
    inner = "i64" if kind == "numbers" else "text"
    child = memory_array(inner, values.values, values.total, dictionaries=False)
    return na.c_array_from_buffers(_type(kind, False), length, [None, values.ends], null_count=0, children=[child])


def python_values(kind: str, values: Plain | Packed | Texts | Words | Lists, length: int) -> list[Any]:
    """What stands in memory, as Python values, None where unknown."""
    if isinstance(values, Plain):
        plain = [bool(one) for one in bytes(values.data)] if kind == "bool" else array(CODES[kind], bytes(values.data))
        return _where_known(plain, values.valid)
    if isinstance(values, Packed):
        packed = flags_of(values.data, length) if kind == "bool" else values.data.cast(CODES[kind])
        return _where_known(packed, None if values.bits is None else flags_of(values.bits, length))
    if isinstance(values, Words):
        places, words = values.places()
        return [words[place] for place in array("i", places)]
    ends = array("i", values.ends)
    if isinstance(values, Texts):
        data = bytes(values.data)
        texts = [data[ends[place] : ends[place + 1]].decode() for place in range(length)]
        return _where_known(texts, values.valid if values.bits is None else flags_of(values.bits, length))
    inner = python_values("i64" if kind == "numbers" else "text", values.values, values.total)
    return [inner[ends[place] : ends[place + 1]] for place in range(length)]


def _where_known(values: Sequence[Any], valid: Sequence[Any] | None) -> list[Any]:
    if valid is None:
        return list(values)
    return [value if known else None for value, known in zip(values, valid, strict=True)]


def value_array(kind: str, values: Sequence[Any], *, dictionaries: bool) -> Any:
    """Python values, None where one is unknown."""
    import nanoarrow as na

    if kind == "text" or (kind == "word" and not dictionaries):
        return na.c_array(list(values), na.string())
    if kind == "word":
        return _dictionary_array(values)
    valid = _known(values)
    if kind in ("numbers", "texts"):
        return _list_array(kind, values, valid)
    plain = [0 if value is None else value for value in values]
    return plain_array(kind, Plain(_numbers_of(CODES.get(kind, "B"), plain), valid), len(values))


def _numbers_of(code: str, values: list[int]) -> array[int]:
    """The values side by side; what needs more bits (the time of a broken clock) wraps, as it does in the kernels."""
    try:
        return array(code, values)
    except OverflowError:
        bits = 8 * array(code).itemsize
        least = -(1 << (bits - 1)) if code.islower() else 0
        return array(code, [(value - least) % (1 << bits) + least for value in values])


def _known(values: Sequence[Any]) -> bytes | None:
    return bytes(value is not None for value in values) if None in values else None


def _list_array(kind: str, values: Sequence[Sequence[Any] | None], valid: bytes | None) -> Any:
    import nanoarrow as na

    ends = itertools.accumulate((len(value or ()) for value in values), initial=0)
    flat = list(itertools.chain.from_iterable(value or () for value in values))
    child = value_array("i64" if kind == "numbers" else "text", flat, dictionaries=False)
    buffers = [None if valid is None else bitmap(valid), array("i", ends)]
    return na.c_array_from_buffers(_type(kind, False), len(values), buffers, children=[child])


# --- what nanoarrow lacks: the structs of the Arrow C data interface ---


class _CArray(ctypes.Structure):
    _fields_ = (
        ("numbers", ctypes.c_int64 * 5),
        ("buffers", ctypes.c_void_p),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


_Release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def _move(source: Any, target: int) -> None:
    """Give what nanoarrow's array `source` owns to the struct at `target`: arrays are moved bit by bit."""
    address = source._addr()
    ctypes.memmove(target, address, ctypes.sizeof(_CArray))
    _CArray.from_address(address).release = None


def _dictionary_array(values: Sequence[str | None]) -> Any:
    """Texts as numbers of their dictionary, which holds each once."""
    words = {value: place for place, value in enumerate(dict.fromkeys(value for value in values if value is not None))}
    places = array("i", [0 if value is None else words[value] for value in values])
    return _words_array(places.tobytes(), _known(values), list(words))


def _words_array(places: bytes, valid: bytes | None, words: Sequence[str]) -> Any:
    import nanoarrow as na

    found = na.c_array_from_buffers(
        _type("word", True), len(places) // 4, [None if valid is None else bitmap(valid), places],
        validation_level="none",
    )  # fmt: skip
    own = _CArray.from_address(found._addr())
    empty = _CArray.from_address(own.dictionary)
    _Release(empty.release)(own.dictionary)
    _move(na.c_array(list(words), na.string()), own.dictionary)
    return found


class _Source:
    """Where a stream's batches come from."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self.batches = batches
        self.problem = ctypes.create_string_buffer(b"")


class _CStream(ctypes.Structure):
    _fields_ = (
        ("get_schema", ctypes.c_void_p),
        ("get_next", ctypes.c_void_p),
        ("get_last_error", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class _Keeper(bytearray):
    """Memory that a stream owns; when it goes, the stream has been released."""


_FAILED = 5  # EIO
_open: dict[int, _Source] = {}  #: streams that nobody has released yet, by private_data


def _source(stream: int) -> _Source:
    return _open[_CStream.from_address(stream).private_data]


def _get_next(stream: int, out: int) -> int:
    source = _source(stream)
    try:
        found = next(source.batches, None)
        if found is None:
            ctypes.memset(out, 0, ctypes.sizeof(_CArray))  # the end: an array that is released already
        else:
            _move(found, out)
    except BaseException as error:  # none can cross into C: it becomes the stream's error
        source.problem = ctypes.create_string_buffer((str(error) or repr(error)).encode("utf-8", "replace"))
        return _FAILED
    return 0


def _get_last_error(stream: int) -> int:
    return ctypes.addressof(_source(stream).problem)


_GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(_get_next)
_GET_LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(_get_last_error)


def lazy_stream(columns: Sequence[Column], batches: Iterator[Any], *, dictionaries: bool = True) -> Any:
    """A stream of record batches, each made when it is asked for; nanoarrow's CArrayStream.

    It is a stream of nanoarrow's whose next batch is asked of us. Its release stays nanoarrow's: readers release
    streams while they raise an error, where no Python code may run.
    """
    import nanoarrow as na
    from nanoarrow._array_stream import CArrayStream

    keeper = _Keeper(1)
    kept = na.c_array_from_buffers(na.uint8(), 1, [None, keeper], null_count=0)
    made = CArrayStream.from_c_arrays([kept], schema(columns, dictionaries=dictionaries), move=True, validate=False)
    own = _CStream.from_address(made._addr())
    number = own.private_data
    own.get_next = ctypes.cast(_GET_NEXT, ctypes.c_void_p)
    own.get_last_error = ctypes.cast(_GET_LAST_ERROR, ctypes.c_void_p)
    _open[number] = _Source(batches)
    weakref.finalize(keeper, _open.pop, number).atexit = False
    return made
