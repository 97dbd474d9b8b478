"""Declaring the fields that a walk finds, one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from synfin.dissect.expert import note
from synfin.dissect.field import Field

if TYPE_CHECKING:
    from synfin.dissect.option import ByLayer, Found

#: Bits of numbers of each kind.
_WIDTH = {"u8": 8, "u16": 16, "u24": 24, "u32": 32, "u56": 56, "u64": 64, "bool": 8}


class Declare:
    """Makes fields of one layer; `found` finds them all."""

    def __init__(self, found: Found | ByLayer, *layers: str) -> None:
        self._found, self._layers = found, layers

    def __call__(self, name: str, kind: str, en: str, zh: str, *, values: Mapping[int, str] | None = None,
                 mask: int = 0, bits: int = 0, unit: str = "", hidden: bool = False,
                 generated: bool = False) -> Field:  # fmt: skip
        """A field; u16x is a number that is shown as a hexadecimal one, u16X one as wide as its bytes, u16w one if in
        two bytes, bytes: are bytes with colons between, bytes; such only where they are six, as an Ethernet address.
        """
        display = {"x": "hex", "X": "sized", "w": "wide", ":": "colons", ";": "six"}.get(kind[-1], "dec")
        kind = kind.rstrip("xXw:;")
        width = (bits or _WIDTH.get(kind, 8)) if mask else 0
        return Field(name, kind, self._layers, self._found.named(name), en, zh, display=display, values=values,
                     mask=mask, mask_bits=width, unit=unit, hidden=hidden, generated=generated,
                     walked=True)  # fmt: skip

    def note(self, name: str, severity: str, group: str, en: str, zh: str) -> Field:
        """An expert note."""
        return note(name, self._found.named(name), severity, group, en, zh, layers=self._layers, walked=True)
