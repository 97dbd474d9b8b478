"""The columns of `-z io,stat`: what each counts in an interval, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from synfin.dissect.context import Facts
from synfin.dissect.field import Field
from synfin.filter import Filter
from synfin.wire.frame import Frame

_SECOND = 1_000_000_000
#: a total and the next value make the next total
KINDS: Mapping[str, Callable[[int, int], int]] = {
    "COUNT": lambda total, _: total + 1, "SUM": lambda total, value: total + value, "MIN": min, "MAX": max,
    "AVG": lambda total, value: total + value,
}  # fmt: skip


class Column(Protocol):
    """One column of the table, which may be two side by side."""

    text: str  #: as it was asked for
    fields: Collection[str]  #: that must be known of every packet

    def see(self, row: int, frame: Frame, facts: Facts) -> None: ...

    def widths(self, rows: int) -> list[int]: ...

    def head(self, widths: Sequence[int]) -> str: ...

    def cells(self, row: int, widths: Sequence[int]) -> str: ...


class FramesAndBytes:
    """How many packets a filter passes, and their bytes on the wire."""

    names: Sequence[str] = ("Frames", "Bytes")
    fields: Collection[str]

    def __init__(self, text: str, wanted: Filter) -> None:
        self.text, self.fields, self._wanted = text, wanted.fields, wanted
        self._counts: dict[int, list[int]] = {}

    def see(self, row: int, frame: Frame, facts: Facts) -> None:
        """Count a packet, where it is meant."""
        if self._wanted.matches(frame, facts):
            counts = self._counts.setdefault(row, [0, 0])
            counts[0] += 1
            counts[1] += frame.packet.wire_len

    def widths(self, rows: int) -> list[int]:
        """Of the columns side by side."""
        texts = [self.texts(row) for row in self._counts if row < rows]
        return [max([len(name), *(len(text[at]) for text in texts)]) for at, name in enumerate(self.names)]

    def head(self, widths: Sequence[int]) -> str:
        """Their names."""
        return "|".join(f" {_centred(name, wide)} " for name, wide in zip(self.names, widths, strict=True))

    def cells(self, row: int, widths: Sequence[int]) -> str:
        """What is in an interval."""
        return "|".join(f" {text:>{wide}} " for text, wide in zip(self.texts(row), widths, strict=True))

    def texts(self, row: int) -> Sequence[str]:
        """The numbers of an interval."""
        return [str(count) for count in self._counts.get(row, (0, 0))]


class Count(FramesAndBytes):
    """One of the two alone."""

    def __init__(self, kind: str, text: str, wanted: Filter) -> None:
        super().__init__(text, wanted)
        self.names = (kind,)

    def texts(self, row: int) -> Sequence[str]:
        """The number of an interval."""
        return [str(self._counts.get(row, (0, 0))[self.names[0] == "BYTES"])]


class Value(FramesAndBytes):
    """A function of every value that a field has in the packets that a filter passes."""

    def __init__(self, kind: str, text: str, wanted: Filter, field: Field) -> None:
        super().__init__(text, wanted)
        self.names, self.fields = (kind,), (*wanted.fields, field.name)
        self._kind, self._field = kind, field

    def see(self, row: int, frame: Frame, facts: Facts) -> None:
        """Take a packet's values, where it is meant."""
        if not self._wanted.matches(frame, facts):
            return
        for value in self._field.load(frame, facts):
            if self._kind == "COUNT":
                self._counts.setdefault(row, [0, 0])[0] += 1
            elif (found := self._counts.get(row)) is None:
                self._counts[row] = [int(value), 1]
            else:
                found[0] = KINDS[self._kind](found[0], int(value))
                found[1] += 1

    def texts(self, row: int) -> Sequence[str]:
        """The value of an interval: seconds with six decimals, else a whole number."""
        total, count = self._counts.get(row, (0, 0))
        if self._kind == "AVG" and count:
            total //= count
        if self._kind == "COUNT" or self._field.kind != "reltime":
            return [str(total)]
        whole, rest = divmod(total + 500, _SECOND)
        return [f"{whole}.{rest // 1000:06d}"]


def _centred(name: str, wide: int) -> str:
    spare = wide - len(name)
    return f"{'':{(spare + 1) // 2}}{name}{'':{spare // 2}}"
