"""The columns of the packet table straight from the kernels' rows and facts, by strides over whole blocks."""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Iterator, Sequence
from typing import Literal, cast

from synfin._kernels import follow, scan
from synfin.capture.arrow import CODES, Plain
from synfin.capture.reader import open_capture
from synfin.capture.table import Part
from synfin.watch.analysis import Analysis
from synfin.watch.compiled import CompiledEngine
from synfin.watch.packet_table import SOURCES
from synfin.wire.tcp import MIN_HEADER_LEN

_KIND_TCP, _KIND_QUOTED = 1, 4  # of _kernels/row.pxd
_FAMILY = Analysis.FAST_RETRANSMISSION | Analysis.SPURIOUS_RETRANSMISSION  # both are retransmissions too
_EVERY_BYTE = range(256)
_IS_TCP = bytes(bool(kind & _KIND_TCP) for kind in _EVERY_BYTE)
_IS_OWN = bytes(bool(kind & _KIND_TCP) and not kind & _KIND_QUOTED for kind in _EVERY_BYTE)
_IS_HEADER = bytes(size >= MIN_HEADER_LEN for size in _EVERY_BYTE)
_IS_POSITIVE = bytes(high < 0x80 for high in _EVERY_BYTE)
_RETRANSMITTED = bytes(low | Analysis.RETRANSMISSION if low & _FAMILY else low for low in _EVERY_BYTE)


def _layout(layout: str, names: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Offset and struct code of each field of a row."""
    found, before = {}, "<"
    fields = [item for item in re.findall(r"\d*[a-zA-Z]", layout) if not item.endswith("x")]
    for name, item in zip(names, fields, strict=True):
        found[name] = (struct.calcsize(before), item)
        before += item
    return found


_ROW = _layout(scan.ROW_FORMAT, scan.ROW_FIELDS)
_FACT = _layout(follow.FACT_FORMAT, follow.FACT_FIELDS)


def parts(paths: Sequence[str], finished: CompiledEngine, rows: int) -> Iterator[Part]:
    """Parts of `rows` rows (the last one of fewer) of the captures, read as one input.

    `finished` has followed them. Memory: a part and a chunk of the input.
    """
    blocks = _Blocks(finished)
    engine = blocks.engine
    for path in paths:
        with open_capture(path, first_number=engine.frames + 1) as reader:
            for _ in engine.steps(reader):
                while blocks.length >= rows:
                    yield blocks.cut(rows)
    while blocks.length:
        yield blocks.cut(min(rows, blocks.length))


class _Blocks:
    """Columns that the engine's blocks are appended to, and parts are cut from."""

    def __init__(self, finished: CompiledEngine) -> None:
        self.engine = CompiledEngine(finished, sink=self._take)
        self.length = 0
        self._finished = finished
        self._number = 1  # of the first frame that was not cut yet
        self._columns = {(source.origin, source.field): (bytearray(), source.kind) for source in SOURCES}
        self._known = {source.known: bytearray() for source in SOURCES if source.known}

    def _take(self, block: bytearray, fact_block: bytearray, count: int) -> None:
        rows = memoryview(block)[: count * scan.row_size()]
        facts = memoryview(fact_block)[: count * follow.fact_size()]
        for (origin, field), (column, kind) in self._columns.items():
            if origin == "row":
                column += _strided(rows, scan.row_size(), _ROW[field], kind)
            elif origin == "fact":
                column += _strided(facts, follow.fact_size(), _FACT[field], kind)
        self._columns["made", "analysis"][0].extend(_analysis(facts))
        client = bytearray(count)
        self._finished.from_client(fact_block, count, client)
        self._columns["made", "from_client"][0].extend(client)
        self._note_known(rows)
        self.length += count

    def _note_known(self, rows: memoryview) -> None:
        kinds = _bytes(rows, scan.row_size(), _ROW["kind"][0])
        own = kinds.translate(_IS_OWN)
        header = _bytes(rows, scan.row_size(), _ROW["hdr_len"][0]).translate(_IS_HEADER)
        length = _bytes(rows, scan.row_size(), _ROW["len_bytes"][0] + 3).translate(_IS_POSITIVE)  # -1: unknown
        self._known["tcp"] += kinds.translate(_IS_TCP)
        self._known["own"] += own
        self._known["header"] += _both(own, header)
        self._known["length"] += _both(own, length)

    def cut(self, rows: int) -> Part:
        """The first `rows` rows, which leave."""
        data = {("made", "number"): bytes(array("I", range(self._number, self._number + rows)))}
        for key, (column, kind) in self._columns.items():
            if key not in data:
                data[key] = _cut(column, rows * (1 if kind == "bool" else struct.calcsize(CODES[kind])))
        known = {name: _cut(column, rows) for name, column in self._known.items()}
        self._number += rows
        self.length -= rows
        return Part(rows, [Plain(data[one.origin, one.field], known.get(one.known)) for one in SOURCES])


def _cut(column: bytearray, size: int) -> bytes:
    head = bytes(column[:size])
    del column[:size]
    return head


def _strided(rows: memoryview, stride: int, field: tuple[int, str], kind: str) -> bytes:
    """One field of every row, side by side."""
    offset, code = field
    size = struct.calcsize(code)
    if size != struct.calcsize(CODES[kind]) or offset % size or stride % size:
        return _widened(rows, stride, field, kind)
    return rows.cast(cast(Literal["q"], code))[offset // size :: stride // size].tobytes()


def _widened(rows: memoryview, stride: int, field: tuple[int, str], kind: str) -> bytes:
    """The same for an unsigned field that the column has more room for."""
    offset, code = field
    wide = struct.calcsize(CODES[kind])
    out = bytearray(len(rows) // stride * wide)
    for place in range(struct.calcsize("<" + code)):
        out[place::wide] = _bytes(rows, stride, offset + place)
    return bytes(out)


def _bytes(rows: memoryview, stride: int, offset: int) -> bytes:
    """One byte of every row."""
    return rows[offset::stride].tobytes()


def _analysis(facts: memoryview) -> bytes:
    out = bytearray(_widened(facts, follow.fact_size(), _FACT["bits"], "u32"))
    out[0::4] = out[0::4].translate(_RETRANSMITTED)
    return bytes(out)


def _both(one: bytes, other: bytes) -> bytes:
    """1 where both have it."""
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")
