"""`-z io,stat,…`: how much there was in each interval of time, as tshark prints it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence

from synfin import filter as language
from synfin.dissect import fields
from synfin.dissect.context import Facts
from synfin.dissect.field import Field
from synfin.errors import UsageError
from synfin.faces.io_columns import KINDS, Column, Count, FramesAndBytes, Value
from synfin.wire.frame import Frame

MAX_ROWS = 1_000_000
_SECOND = 1_000_000_000
_MICROSECOND = 1_000
_INTERVAL = re.compile(r"(\d{1,10})(?:\.(\d{0,6}))?", re.ASCII)
_NUMBERS = frozenset({"u8", "u16", "u24", "u32", "u64", "i8", "i16", "i32", "i64", "reltime", "framenum"})
_CALL = re.compile(r"([A-Z]+)\(([^()]*)\)(.*)", re.DOTALL)
#: by -t: what stands over the times, and how they are written; None: since the first packet
_TIMES: dict[str, tuple[str, str] | None] = {
    "r": None, "a": ("Time", "%H:%M:%S"), "ad": ("Date and time", "%Y-%m-%d %H:%M:%S"),
    "adoy": ("Date and time", "%Y/%j %H:%M:%S"),
}  # fmt: skip


class IoStatistics:
    """One table: columns, filled packet by packet, and a row an interval."""

    def __init__(self, interval_ns: int, decimals: int, columns: Sequence[Column], times: str) -> None:
        self._interval_ns, self._decimals, self._columns, self._times = interval_ns, decimals, columns, times
        self._first_ns: int | None = None  #: since the epoch
        self._last_ns = 0  #: since the first packet
        self.fields = tuple(name for column in columns for name in column.fields)

    def see(self, frame: Frame, facts: Facts) -> None:
        """Count a packet in its interval."""
        if self._first_ns is None:
            self._first_ns = frame.packet.time_ns
        since_ns = frame.packet.time_ns - self._first_ns
        self._last_ns = max(self._last_ns, since_ns)
        # as tshark: a clock that goes back leaves packets in the first interval
        row = max(since_ns, 0) // _MICROSECOND * _MICROSECOND // self._interval_ns if self._interval_ns else 0
        for column in self._columns:
            column.see(row, frame, facts)

    def lines(self) -> Iterator[str]:
        """The table."""
        duration_ns = (self._last_ns + _MICROSECOND // 2) // _MICROSECOND * _MICROSECOND
        whole = not 0 < self._interval_ns <= duration_ns
        interval_ns = duration_ns if whole else self._interval_ns
        decimals = self._decimals
        if whole or interval_ns == duration_ns:
            decimals = 3 if duration_ns < 10 * _SECOND else 1
        rows = -(-duration_ns // interval_ns) if interval_ns else 0
        if rows > MAX_ROWS:
            raise UsageError(f"-z io,stat: {rows:,} rows are too many (at most {MAX_ROWS:,}); choose a longer interval")
        digits = min(len(str(duration_ns // _SECOND)), 5)
        widths = [column.widths(rows) for column in self._columns]
        label, starts = self._rows(rows, interval_ns, duration_ns, digits, decimals)
        table = [
            f"|{'':{len(label)}}|" + "|".join(f"{n:<{sum(w) + 3 * len(w) - 1}}" for n, w in enumerate(widths, 1)) + "|",
            f"|{label}|"
            + "|".join(column.head(wide) for column, wide in zip(self._columns, widths, strict=True))
            + "|",
        ]
        table.append(f"|{'-' * (len(table[0]) - 2)}|")
        for row, start in enumerate(starts):
            cells = (column.cells(row, wide) for column, wide in zip(self._columns, widths, strict=True))
            table.append(f"|{start}|{'|'.join(cells)}|")
        margin = 9 if whole or interval_ns == duration_ns else 1  # as wide as tshark's box
        yield from _framed(self._banner(interval_ns, duration_ns, digits, decimals, margin), table)

    def _banner(self, interval_ns: int, duration_ns: int, digits: int, decimals: int, margin: int) -> Iterator[str]:
        yield " IO Statistics"
        yield ""
        yield f" Duration: {duration_ns / _SECOND:.{decimals or 6}f} secs"
        yield f" Interval: {_seconds(interval_ns, digits, decimals)} secs"
        yield ""
        for number, column in enumerate(self._columns, 1):
            yield f" {'Col' if number == 1 else '   '} {number}: {column.text or 'Frames and bytes'}{'':{margin}}"

    def _rows(self, rows: int, interval_ns: int, duration_ns: int, digits: int, decimals: int) -> tuple[str, list[str]]:
        """What stands over the column of times, and its cells."""
        if (absolute := _TIMES[self._times.replace("u", "a")]) is not None:
            label, form = absolute
            clock = time.gmtime if self._times.startswith("u") else time.localtime
            starts = [(self._first_ns or 0) + row * interval_ns for row in range(rows)]
            cells = [f" {time.strftime(form, clock(start // _SECOND))} " for start in starts]
        else:
            label, margin = "Interval", " " if digits == 1 and not decimals else ""
            wide = max(2 * len(_seconds(0, digits, decimals)) + 4, len(label)) + 2
            cells = []
            for row in range(rows):
                end_ns = min((row + 1) * interval_ns, duration_ns)
                end = _seconds(end_ns, digits, decimals) if decimals or row + 1 < rows else "Dur"
                cells.append(f"{margin} {_seconds(row * interval_ns, digits, decimals)} <> {end}{margin} ")
            wide = max([wide, *(len(cell.rstrip()) for cell in cells[-1:])])
            cells[-1:] = [f"{cell.rstrip():<{wide}}" for cell in cells[-1:]]
            return f" {label:<{wide - 1}}", cells
        return f" {label:<{len(cells[0]) - 1 if cells else len(label) + 1}}", cells


def io_statistics(written: str, times: str) -> IoStatistics:
    """The table of `-z io,stat,INTERVAL[,COLUMN]…`; UsageError where it is none."""
    interval, *columns = _split(written)
    number = _INTERVAL.fullmatch(interval)
    if number is None:
        raise UsageError(f"-z io,stat,{written}: {interval!r} is no interval; seconds, such as 1, 0.01, or 0 for all")
    if times not in ("d", "dd", "e"):
        fraction = (number[2] or "").ljust(6, "0")
        decimals = 0 if number[2] is None else len(fraction.rstrip("0")) or 6
        interval_ns = int(number[1]) * _SECOND + int(fraction) * _MICROSECOND
        return IoStatistics(interval_ns, decimals, [_column(text) for text in columns] or [_column("")], times)
    raise UsageError(f"-z io,stat does not go with -t {times}; use r, a, ad, adoy, u, ud or udoy")


def _column(text: str) -> Column:
    """One column: a filter, or a function of a field over what a filter passes."""
    call = _CALL.fullmatch(text)
    if call is None or call[1] not in (*KINDS, "FRAMES", "BYTES", "LOAD"):
        return FramesAndBytes(text, language.compile(text))
    kind, name, wanted = call[1], call[2].strip(), language.compile(call[3])
    if kind in ("FRAMES", "BYTES"):
        return Count(kind, text, wanted)
    if kind == "LOAD":
        raise UsageError("-z io,stat: LOAD is not known here; use FRAMES, BYTES, COUNT, SUM, MIN, MAX or AVG")
    return Value(kind, text, wanted, _summable(kind, fields.lookup(name)))


def _summable(kind: str, field: Field) -> Field:
    if kind != "COUNT" and field.kind not in _NUMBERS:
        raise UsageError(f"-z io,stat: {kind} is for numbers and times, and {field.name} is neither")
    return field


def _split(text: str) -> list[str]:
    """Parts between commas; a comma in brackets, braces or quotes belongs to its part."""
    parts, depth, quoted = [""], 0, False
    for character in text:
        quoted ^= character == '"'
        depth += 0 if quoted else (character in "({[") - (character in ")}]")
        if character == "," and not quoted and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _seconds(ns: int, digits: int, decimals: int) -> str:
    if not decimals:
        return f"{ns // _SECOND:{digits}d}"
    return f"{ns / _SECOND:{digits + 1 + decimals}.{decimals}f}"


def _framed(banner: Iterator[str], table: Sequence[str]) -> Iterator[str]:
    said = list(banner)
    wide = max(len(table[0]) - 2, *map(len, said))
    yield ""
    yield "=" * (wide + 2)
    yield from (f"|{line:<{wide}}|" for line in said)
    yield f"|{'-' * wide}|"
    for line in table:
        yield line if len(line) >= wide + 2 else f"{line:<{wide + 1}}|"
    yield "=" * (wide + 2)
