"""Interfaces and times in the form that the kernels take."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synfin.capture.packet import Interface

_NS = 1_000_000_000


class Described:
    """The interfaces of a section in the form that `scan_pcapng` takes; each is converted once."""

    def __init__(self, interfaces: Sequence[Interface]) -> None:
        self._interfaces = interfaces  # grows
        self._first = 0
        self._numbers = array("q")

    def since(self, first: int) -> array[int]:
        """Those from `first` on, where the section begins."""
        if first != self._first:
            self._first, self._numbers = first, array("q")
        for index in range(first + len(self._numbers) // 4, len(self._interfaces)):
            interface = self._interfaces[index]
            # finer than ns: only exact in Python
            ticks = interface.ticks_per_second if interface.ticks_per_second <= _NS else 0
            self._numbers.extend((interface.link_type, ticks, interface.ts_offset_s, index))
        return self._numbers


def int64(value: int) -> int:
    """A time beyond 64 bits of nanoseconds (a broken clock, or a broken file) wraps."""
    return value if -(1 << 63) <= value < 1 << 63 else ((value + (1 << 63)) & ((1 << 64) - 1)) - (1 << 63)
