"""A checked filter: every field is known, every literal has its value, every comparison makes sense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synfin.dissect.slotted import Slotted

if TYPE_CHECKING:
    from synfin.dissect.field import Field
    from synfin.filter.pattern import Pattern
    from synfin.filter.syntax import Range


class Network(Slotted):
    """An address with a prefix length; both sides of a comparison are masked with it."""

    address: bytes
    prefix: int

    def mask(self, address: bytes) -> int:
        """The bits of an address that count here, -1 for an address of the other family."""
        bits = 8 * len(self.address)
        if len(address) != len(self.address):
            return -1
        return int.from_bytes(address, "big") >> (bits - self.prefix)


class Values(Slotted):
    """All values of a field, perhaps of certain layers only."""

    field: Field
    kind: str
    layers: tuple[Range, ...] = ()
    raw: bool = False  #: `@field`: the bytes that it stands in


class Constant(Slotted):
    value: Any
    kind: str


class Sliced(Slotted):
    operand: Entity
    parts: tuple[Range, ...]
    kind: str = "bytes"


class Applied(Slotted):
    function: str
    arguments: tuple[Entity, ...]
    kind: str


class Computed(Slotted):
    operator: str
    left: Entity
    right: Entity
    kind: str  #: of the left side, by which numbers wrap, overflow and compare
    field: Field | None = None  #: that the left side begins with: its literals are read as that field's


class Negated(Slotted):
    operand: Entity
    kind: str
    field: Field | None = None


class Unknown(Slotted):
    """A reference to a selected frame where none is selected: no values."""

    kind: str


Entity = Values | Constant | Sliced | Applied | Computed | Negated | Unknown


class Present(Slotted):
    """Whether there is a value; of arithmetic, whether one is not zero."""

    entity: Entity


class Relation(Slotted):
    operator: str
    left: Entity
    right: Entity
    every: bool  #: all pairs of values must satisfy it, not just one


class Matching(Slotted):
    left: Entity
    pattern: Pattern
    every: bool


class Membership(Slotted):
    left: Entity
    elements: tuple[tuple[Entity, Entity | None], ...]
    every: bool


class Inverse(Slotted):
    operand: Condition


class Every(Slotted):
    operands: tuple[Condition, ...]


class Some(Slotted):
    operands: tuple[Condition, ...]


class Odd(Slotted):
    """True where an odd number of them is."""

    operands: tuple[Condition, ...]


Condition = Present | Relation | Matching | Membership | Inverse | Every | Some | Odd
