# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Records of `follow`, many at once: columns of their fields, and some of the records."""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong
from cython.cimports.cpython.bytes import PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cython.cimports.libc.string import memcpy
from cython.cimports.synfin._kernels.field import number
from cython.cimports.synfin._kernels.record import Record, whole_records

from synfin._kernels.field import NUMBERS

if not cython.compiled:
    raise ImportError("the kernel batch is not compiled")

Bytes = cython.typedef(cython.pointer(uchar))


# --- columns -----------------------------------------------------------------


def numbers(records: cython.const[uchar][::1], field: str, size: cint) -> tuple:
    """(values of `size` bytes each, a byte for each: whether it is known; None where all are) of a field of NUMBERS."""
    count: cython.Py_ssize_t = whole_records(records.shape[0])
    code: cint = NUMBERS.index(field)
    data: bytes = bytes(count * size)
    valid: bytes = bytes(count)
    to: Bytes = cython.cast(Bytes, PyBytes_AS_STRING(data))
    flag: Bytes = cython.cast(Bytes, PyBytes_AS_STRING(valid))
    unknown: cython.Py_ssize_t = 0
    known: cint = 1
    value: ulonglong
    i: cython.Py_ssize_t
    if size not in (1, 2, 4, 8):
        raise ValueError("a number has 1, 2, 4 or 8 bytes")
    for i in range(count):
        value = number(cython.cast(cython.pointer(Record), cython.address(records[0])) + i, code, cython.address(known))
        if not known:
            value = 0
            unknown += 1
        flag[i] = cython.cast(uchar, known)
        memcpy(to + i * size, cython.address(value), size)  # the machine is little-endian, as is the record
    return data, valid if unknown else None


def pairs(records: cython.const[uchar][::1], first: str, second: str) -> tuple:
    """Two fields of NUMBERS beside each other: (int64 values, a byte for each or None, where each pair ends)."""
    count: cython.Py_ssize_t = whole_records(records.shape[0])
    codes: cint[2]
    data: bytes = PyBytes_FromStringAndSize(cython.NULL, 16 * count)
    valid: bytes = PyBytes_FromStringAndSize(cython.NULL, 2 * count)
    ends: bytes = PyBytes_FromStringAndSize(cython.NULL, 4 * (count + 1))
    to: cython.pointer(ulonglong) = cython.cast(cython.pointer(ulonglong), PyBytes_AS_STRING(data))
    flag: Bytes = cython.cast(Bytes, PyBytes_AS_STRING(valid))
    end: cython.pointer(cint) = cython.cast(cython.pointer(cint), PyBytes_AS_STRING(ends))
    unknown: cython.Py_ssize_t = 0
    known: cint = 1
    value: ulonglong
    record: cython.pointer(Record)
    i: cython.Py_ssize_t
    j: cint
    if count > 0x3FFFFFFF:
        raise OverflowError("more than a batch of Arrow holds; give fewer records")
    codes[0] = NUMBERS.index(first)
    codes[1] = NUMBERS.index(second)
    end[0] = 0
    for i in range(count):
        record = cython.cast(cython.pointer(Record), cython.address(records[0])) + i
        for j in range(2):
            value = number(record, codes[j], cython.address(known))
            to[2 * i + j] = value if known else 0
            flag[2 * i + j] = cython.cast(uchar, known)
            unknown += 1 - known
        end[i + 1] = cython.cast(cint, 2 * i + 2)
    return data, valid if unknown else None, ends


def ends_of(sizes: cython.const[cint][::1]) -> bytes:
    """Where things of these sizes end, one after another: int32, 0 first, as Arrow has it."""
    count: cython.Py_ssize_t = sizes.shape[0]
    ends: bytes = PyBytes_FromStringAndSize(cython.NULL, 4 * (count + 1))
    end: cython.pointer(cint) = cython.cast(cython.pointer(cint), PyBytes_AS_STRING(ends))
    total: longlong = 0
    i: cython.Py_ssize_t
    end[0] = 0
    for i in range(count):
        total += sizes[i]
        if sizes[i] < 0 or total > 0x7FFFFFFF:
            raise OverflowError("more than a batch of Arrow holds; give fewer records")
        end[i + 1] = cython.cast(cint, total)
    return ends


# --- some of the records -----------------------------------------------------


def between(records: cython.const[uchar][::1], since_ns: longlong, until_ns: longlong) -> bytes:
    """Those that lived in a range of time: neither over before it nor begun after it."""
    count: cython.Py_ssize_t = whole_records(records.shape[0])
    size: cython.Py_ssize_t = cython.sizeof(Record)
    chosen: bytes = PyBytes_FromStringAndSize(cython.NULL, count * size)
    to: Bytes = cython.cast(Bytes, PyBytes_AS_STRING(chosen))
    record: cython.pointer(Record)
    n: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    for i in range(count):
        record = cython.cast(cython.pointer(Record), cython.address(records[0])) + i
        if record.last_ns >= since_ns and record.first_ns <= until_ns:
            memcpy(to + n * size, record, size)
            n += 1
    return chosen if n == count else chosen[: n * size]


def take(records: cython.const[uchar][::1], places: cython.const[uint][::1]) -> bytes:
    """The records at these places, in this order."""
    count: cython.Py_ssize_t = whole_records(records.shape[0])
    size: cython.Py_ssize_t = cython.sizeof(Record)
    chosen: bytes = PyBytes_FromStringAndSize(cython.NULL, places.shape[0] * size)
    to: Bytes = cython.cast(Bytes, PyBytes_AS_STRING(chosen))
    i: cython.Py_ssize_t
    for i in range(places.shape[0]):
        if places[i] >= count:
            raise IndexError("there is no such record")
        memcpy(to + i * size, cython.address(records[0]) + cython.cast(cython.Py_ssize_t, places[i]) * size, size)
    return chosen


def record_size() -> cython.Py_ssize_t:
    return cython.sizeof(Record)
