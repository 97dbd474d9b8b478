"""Columns as Arrow arrays: what is handed to polars, pyarrow, DuckDB and pandas, built by nanoarrow.

nanoarrow is imported when the first array is built. Two things it lacks stand here, by the rules of the Arrow C data
interface: arrays with a dictionary, and a stream whose batches are made only when somebody asks for the next one.
"""

from __future__ import annotations

import ctypes
import weakref
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, cast

from synfin.capture.columns import Column, Form, Lists, Named, Packed, Plain, Texts, Words, bitmap, in_memory


def schema(columns: Sequence[Column]) -> Any:
    """The columns as an Arrow schema."""
    import nanoarrow as na

    return na.c_schema(na.struct({column.name: _type(column.kind) for column in columns}))


def _type(kind: str) -> Any:
    import nanoarrow as na

    return {
        "u8": na.uint8, "u16": na.uint16, "u32": na.uint32, "u64": na.uint64, "bool": na.bool_,
        "i8": na.int8, "i16": na.int16, "i32": na.int32, "i64": na.int64, "text": na.string, "address": na.string,
        "word": lambda: na.dictionary(na.int32(), na.string()),
        "time": lambda: na.timestamp("ns", "UTC"),
        "numbers": lambda: na.list_(na.int64()),
        "texts": lambda: na.list_(na.string()),
    }[kind]()  # fmt: skip


def batch(of: Any, children: Sequence[Any], length: int) -> Any:
    """Arrays of the same length as one record batch of the schema `of`."""
    import nanoarrow as na

    return na.c_array_from_buffers(of, length, [None], null_count=0, children=children, move=True)


def form_array(kind: str, values: Form | Sequence[Any], length: int) -> Any:
    """The values of a column as an array."""
    import nanoarrow as na

    if kind == "word":
        if isinstance(values, Words):
            return _words_array(*values.places())
        if not isinstance(values, (Plain, Packed, Texts, Named, Lists)):
            return _dictionary_array(cast("Sequence[str | None]", values))
    if isinstance(values, (Words, Named)):
        values = values.texts()
    if not isinstance(values, (Packed, Texts, Lists)):
        values = in_memory(kind, values)
    buffers = [values.bits, values.data] if isinstance(values, Packed) else [values.bits, values.ends]
    inside = []
    if isinstance(values, Texts):
        buffers.append(values.data)
    elif isinstance(values, Lists):
        inner = "i64" if kind == "numbers" else "text"
        inside = [form_array(inner, values.values, values.total)]
    return na.c_array_from_buffers(
        _type(kind), length, buffers, null_count=values.unknown, children=inside, validation_level="none"
    )


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
    valid = bytes(value is not None for value in values) if None in values else None
    return _words_array(places.tobytes(), list(words), None if valid is None else bitmap(valid))


def _words_array(places: bytes, words: Sequence[str], bits: bytes | None = None) -> Any:
    import nanoarrow as na

    found = na.c_array_from_buffers(_type("word"), len(places) // 4, [bits, places], validation_level="none")
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


def lazy_stream(columns: Sequence[Column], batches: Iterator[Any]) -> Any:
    """A stream of record batches, each made when it is asked for; nanoarrow's CArrayStream.

    It is a stream of nanoarrow's whose next batch is asked of us. Its release stays nanoarrow's: readers release
    streams while they raise an error, where no Python code may run.
    """
    import nanoarrow as na
    from nanoarrow._array_stream import CArrayStream

    keeper = _Keeper(1)
    kept = na.c_array_from_buffers(na.uint8(), 1, [None, keeper], null_count=0)
    made = CArrayStream.from_c_arrays([kept], schema(columns), move=True, validate=False)
    own = _CStream.from_address(made._addr())
    number = own.private_data
    own.get_next = ctypes.cast(_GET_NEXT, ctypes.c_void_p)
    own.get_last_error = ctypes.cast(_GET_LAST_ERROR, ctypes.c_void_p)
    _open[number] = _Source(batches)
    weakref.finalize(keeper, _open.pop, number).atexit = False
    return made
