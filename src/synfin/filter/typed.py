"""A checked filter: every field is known, every literal has its value, every comparison makes sense.

The classes generate nothing but their constructors: that keeps starting cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synfin.dissect.field import Field
from synfin.filter.pattern import Pattern
from synfin.filter.syntax import Range


@dataclass(slots=True, eq=False, repr=False)
class Network:
    """An address with a prefix length; both sides of a comparison are masked with it."""

    address: bytes
    prefix: int

    def mask(self, address: bytes) -> int:
        """The bits of an address that count here, -1 for an address of the other family."""
        bits = 8 * len(self.address)
        if len(address) != len(self.address):
            return -1
        return int.from_bytes(address, "big") >> (bits - self.prefix)


@dataclass(slots=True, eq=False, repr=False)
class Values:
    """All values of a field, perhaps of certain layers only."""

    field: Field
    kind: str
    layers: tuple[Range, ...] = ()
    raw: bool = False  #: `@field`: the bytes that it stands in


@dataclass(slots=True, eq=False, repr=False)
class Constant:
    value: Any
    kind: str


@dataclass(slots=True, eq=False, repr=False)
class Sliced:
    operand: Entity
    parts: tuple[Range, ...]
    kind: str = "bytes"


@dataclass(slots=True, eq=False, repr=False)
class Applied:
    function: str
    arguments: tuple[Entity, ...]
    kind: str


@dataclass(slots=True, eq=False, repr=False)
class Computed:
    operator: str
    left: Entity
    right: Entity
    kind: str  #: of the left side, by which numbers wrap, overflow and compare
    field: Field | None = None  #: that the left side begins with: its literals are read as that field's


@dataclass(slots=True, eq=False, repr=False)
class Negated:
    operand: Entity
    kind: str
    field: Field | None = None


@dataclass(slots=True, eq=False, repr=False)
class Unknown:
    """A reference to a selected frame where none is selected: no values."""

    kind: str


Entity = Values | Constant | Sliced | Applied | Computed | Negated | Unknown


@dataclass(slots=True, eq=False, repr=False)
class Present:
    """Whether there is a value; of arithmetic, whether one is not zero."""

    entity: Entity


@dataclass(slots=True, eq=False, repr=False)
class Relation:
    operator: str
    left: Entity
    right: Entity
    every: bool  #: all pairs of values must satisfy it, not just one


@dataclass(slots=True, eq=False, repr=False)
class Matching:
    left: Entity
    pattern: Pattern
    every: bool


@dataclass(slots=True, eq=False, repr=False)
class Membership:
    left: Entity
    elements: tuple[tuple[Entity, Entity | None], ...]
    every: bool


@dataclass(slots=True, eq=False, repr=False)
class Inverse:
    operand: Condition


@dataclass(slots=True, eq=False, repr=False)
class Every:
    operands: tuple[Condition, ...]


@dataclass(slots=True, eq=False, repr=False)
class Some:
    operands: tuple[Condition, ...]


@dataclass(slots=True, eq=False, repr=False)
class Odd:
    """True where an odd number of them is."""

    operands: tuple[Condition, ...]


Condition = Present | Relation | Matching | Membership | Inverse | Every | Some | Odd
