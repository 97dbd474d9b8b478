"""One packet as a filter sees it: values by field name, each loaded at most once."""

from __future__ import annotations

from typing import Any

from synfin.dissect.context import Facts
from synfin.dissect.field import PSEUDO, Field
from synfin.filter.syntax import Range
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer


class Row:
    """A frame and what the engine knows of it."""

    __slots__ = ("facts", "frame", "loaded")

    def __init__(self, frame: Frame, facts: Facts | None = None) -> None:
        self.frame = frame
        self.facts = facts
        self.loaded: dict[str, list[Any]] = {}

    def values(self, field: Field) -> list[Any]:
        """All values of the field in this packet."""
        found = self.loaded.get(field.name)
        if found is None:
            found = self.loaded[field.name] = field.load(self.frame, self.facts)
        return found

    def layer_values(self, field: Field, layers: tuple[Range, ...]) -> list[Any]:
        """The values of certain occurrences of the field's protocol, counted from 1.

        Negative numbers count from the innermost that has the field.
        """
        if field.layer in PSEUDO:
            return self.values(field) if any(_selects(part, 1, 1) for part in layers) else []
        mine = [layer for layer in self.frame.layers if layer.name in field.layers]
        found = [(place, spot.value) for place, layer in enumerate(mine, 1) for spot in self._spots(field, layer)]
        innermost = found[-1][0] if found else 0
        return [value for place, value in found if any(_selects(part, place, innermost) for part in layers)]

    def raw_values(self, field: Field) -> list[bytes]:
        """The bytes that each value of the field stands in; none of what was computed."""
        data = self.frame.data
        found = field.spots(self.frame, self.facts)
        return [data[spot.start : spot.start + spot.length] for spot in found if spot.start >= 0 < spot.length]

    def _spots(self, field: Field, layer: Layer) -> Any:
        return field.loader(self.frame, layer, self.facts)


def _selects(part: Range, place: int, count: int) -> bool:
    """Whether a selection covers the occurrence at `place` of `count`."""
    if part.last is not None and part.start < 0:
        return False  # Wireshark does not count such a range from the innermost
    first = part.start if part.start >= 0 else count + 1 + part.start
    if part.last is not None:
        last = part.last
    else:
        last = count if part.length is None else first + part.length - 1
    return first <= place <= last
