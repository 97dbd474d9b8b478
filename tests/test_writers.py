"""The compiled writers and columns beside the readable ones: every byte the same, whatever the record says."""

from __future__ import annotations

import struct
from ipaddress import IPv6Address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needs
from synfin._kernels.signs import SIGNS
from synfin.faces import connection_text
from synfin.watch.connections import choice
from synfin.watch.connections.connection_fields import NAMES
from synfin.watch.connections.connection_table import COLUMNS, connection_table
from synfin.watch.connections.record_block import ReadableBlock, RecordBlock
from synfin.watch.follow.raw import CONN_STATES

FORMS = connection_text.FORMS
WHOLE = st.integers(0, (1 << 32) - 1)
COUNT = st.integers(0, (1 << 64) - 1) | st.integers(0, 2000)
TIME = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-(10**18), 2 * 10**18) | st.integers(-5, 5)
LEG = st.just(-1) | st.integers(0, (1 << 63) - 1) | st.integers(0, 300_000)
GROUP = st.sampled_from([0, 0, 0, 1, 0x20, 0x300, 0xFFFF]) | st.integers(0, 0xFFFF)
ADDRESS = st.lists(GROUP, min_size=8, max_size=8).map(lambda groups: struct.pack(">8H", *groups))
NOTED = st.sampled_from([
    IPv6Address(text).packed
    for text in ("::", "::1", "::ffff:10.0.0.1", "::10.0.0.1", "::2", "1::", "1:0:0:2::3", "1:0:0:2:0:0:0:3", "fe80::1")
] + [bytes([127, 0, 0, 1]) + bytes(12), bytes([10, 0, 0, 255]) + bytes(12)])  # fmt: skip


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


#: signs of findings, mostly none
SIGNED = st.just(0) | st.integers(0, (1 << len(SIGNS)) - 1)


@st.composite
def record_bytes(draw: st.DrawFn) -> bytes:
    """A record as the kernel could give it, or stranger."""
    from synfin._kernels import follow

    history = draw(st.text("ShADadFfRrCcTtWwGg^QqIix", max_size=32)).encode()
    client = draw(ADDRESS | NOTED)
    return struct.pack(
        follow.RECORD_FORMAT,
        draw(st.integers(0, (1 << 33) - 1)), draw(SIGNED), *(draw(COUNT) for _ in range(4)), draw(TIME), draw(TIME),
        draw(LEG), draw(LEG), client, draw(ADDRESS | NOTED | st.just(client)), *(draw(WHOLE) for _ in range(8)),
        *(draw(st.integers(0, (1 << 26) - 1)) for _ in range(2)), draw(st.integers(0, 63)),
        *(draw(st.integers(0, 65535)) for _ in range(2)), history, len(history),
        *(draw(st.sampled_from([0, 63, 64, 128])) for _ in range(2)), draw(st.integers(0, 1)),
        draw(st.integers(0, 1)), draw(st.integers(0, len(CONN_STATES) - 1)),
    )  # fmt: skip


records = st.lists(record_bytes(), min_size=1, max_size=4).map(b"".join)


def pair(found: bytes) -> tuple[RecordBlock, ReadableBlock]:
    """The same records for the compiled writers and for the readable ones."""
    from synfin.watch.connections.compiled_block import CompiledBlock

    block = CompiledBlock(found)
    return block, ReadableBlock(list(block.connections()))


def compiled_text(form: str, found: bytes, columns: tuple[str, ...] = connection_text.COLUMNS) -> str:
    from synfin.faces.connection_layout import compiled_writer

    return compiled_writer(form, columns)(found).decode()


@settings(max_examples=30, deadline=None)
@given(records, st.sampled_from(FORMS))
def test_text_is_that_of_the_readable_writers(found: bytes, form: str) -> None:
    readable = connection_text.readable(form, pair(found)[1].connections(), connection_text.COLUMNS)
    assert compiled_text(form, found) == readable


@settings(max_examples=40, deadline=None)
@given(records, st.lists(st.sampled_from(NAMES), min_size=1, max_size=8).map(tuple))
def test_any_columns_are_written_and_every_cell_is_one_field(found: bytes, columns: tuple[str, ...]) -> None:
    compiled, readable = pair(found)
    text = compiled_text("csv", found, columns)
    assert text == connection_text.readable("csv", readable.connections(), columns)
    rows = [line.split(",") for line in text.splitlines()]
    assert [len(row) for row in rows] == [len(columns)] * len(compiled)
    for name, cells in zip(columns, zip(*rows, strict=True), strict=True):
        if name not in ("frames", "handshake_legs_ns", "start", "findings"):
            assert tuple("" if value is None else str(value) for value in compiled.values(name)) == cells


@settings(max_examples=30, deadline=None)
@given(records, st.integers(1, 7))
def test_columns_are_those_of_the_readable_records(found: bytes, rows: int) -> None:
    compiled, readable = pair(found)
    ours, theirs = (_rows(block, rows) for block in (compiled, readable))
    for row, other in zip(ours, theirs, strict=True):
        for column, value, wanted in zip(COLUMNS, row, other, strict=True):
            expected: Any = list(wanted) if isinstance(wanted, tuple) else wanted
            if column.name == "conn.duration_ns" and not -(1 << 63) <= expected < 1 << 63:
                continue  # wraps in 64 bits, which plain Python values do not
            if column.name in ("conn.handshake_rtt_ns", "conn.handshake_legs_ns") and expected is not None:
                wraps = not isinstance(expected, list)
                expected = (expected + (1 << 63)) % (1 << 64) - (1 << 63) if wraps else expected
            assert value == expected, column.name


def _rows(block: RecordBlock, rows: int) -> list[tuple[Any, ...]]:
    """The table of a block as pyarrow reads it, in batches of so many rows; times as the integers that they are."""
    import pyarrow

    found: list[tuple[Any, ...]] = []
    for batch in connection_table(lambda: iter([block]), block.__len__).batches(rows):
        made = pyarrow.RecordBatchReader.from_stream(batch).read_all()
        times = [pyarrow.int64() if pyarrow.types.is_timestamp(one.type) else one.type for one in made.columns]
        columns = [one.cast(kind).to_pylist() for one, kind in zip(made.columns, times, strict=True)]
        found += zip(*columns, strict=True)
    return found


@settings(max_examples=100, deadline=None)
@given(records, st.sampled_from(NAMES), st.booleans(), st.none() | st.integers(1, 7))
def test_sorting_and_limits_do_not_depend_on_the_engine(
    found: bytes, name: str, descending: bool, limit: int | None
) -> None:
    order = [
        [
            line
            for block in choice.in_order_of(iter([block]), name, descending=descending, limit=limit)
            for line in block.connections()
        ]
        for block in pair(found)
    ]
    assert order[0] == order[1]


@settings(max_examples=30, deadline=None)
@given(records, TIME, TIME)
def test_a_range_of_time_is_the_same_for_both(found: bytes, since_ns: int, until_ns: int) -> None:
    compiled, readable = (block.between(since_ns, until_ns) for block in pair(found))
    assert list(compiled.connections()) == list(readable.connections())


def test_what_is_judged_is_forgotten_when_too_much_is_known() -> None:
    from synfin._kernels import batch, render
    from synfin.watch.connections.compiled_block import CompiledBlock

    asked: list[int] = []

    def judge(place: int, key: int) -> bytes:
        asked.append(key)
        return b"%d," % key

    marks = [*range(40_000), *range(10)]
    found = b"".join(struct.pack("<Q", mark).ljust(batch.record_size(), b"\0") for mark in marks)
    text = render.Writer([(b"", "marks", b"")], judge).write(found)
    assert text == b"".join(b"%d," % mark for mark in marks)
    assert len(CompiledBlock(found)) == len(marks) and len(asked) >= 40_000


def test_kernels_refuse_what_does_not_fit() -> None:
    from array import array

    from synfin._kernels import batch, follow, render

    assert batch.record_size() == follow.record_size() == struct.calcsize(follow.RECORD_FORMAT)
    with pytest.raises(ValueError, match="cut short"):
        render.Writer([], lambda place, key: b"").write(bytes(100))
    with pytest.raises(IndexError):
        batch.take(bytes(batch.record_size()), array("I", [1]))
    with pytest.raises(ValueError):
        batch.numbers(b"", "nothing", 8)
    with pytest.raises(ValueError):
        batch.numbers(b"", "conn", 3)
    with pytest.raises(OverflowError):
        batch.ends_of(array("i", [1 << 30, 1 << 30]))
