"""The syntax tree of a display filter: what was written, before any field is known."""

from __future__ import annotations

from synfin.dissect.slotted import Slotted


class Node(Slotted):
    """A part of the tree; two are equal when they were written alike, wherever they stand."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((type(self), self._parts()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._parts()!r}"

    def _parts(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__ if name != "position")


class Range(Node):
    """A part of a slice or a layer selection: from `start`, `length` items, None to the end; negative from the end."""

    start: int
    length: int | None
    last: int | None = None  #: given as `start-last` instead of a length


class Word(Node):
    """A bare token: a field where one has that name, else a literal. A leading colon or dot decides."""

    text: str
    position: int = 0


class Text(Node):
    """A quoted string, or a character constant."""

    data: bytes
    char: bool = False
    position: int = 0


class Layered(Node):
    """`field#2`: values of certain occurrences of the field's protocol, counted from 1 from the outside."""

    field: Word
    layers: tuple[Range, ...]
    position: int = 0


class Slice(Node):
    """`entity[0:2,4]`."""

    operand: Entity
    parts: tuple[Range, ...]
    position: int = 0


class Call(Node):
    """`len(field)`."""

    name: str
    arguments: tuple[Entity, ...]
    position: int = 0


class Arithmetic(Node):
    """`left & right`, `+ - * / %`."""

    operator: str
    left: Entity
    right: Entity
    position: int = 0


class Negative(Node):
    """`-entity`."""

    operand: Entity
    position: int = 0


class Reference(Node):
    """`${field}`: the value in the selected frame; there is none outside a window."""

    field: Word
    position: int = 0
    raw: bool = False  #: `${@field}`
    layers: tuple[Range, ...] = ()


class Raw(Node):
    """`@field`: the bytes that the field stands in."""

    field: Word
    position: int = 0


Entity = Word | Text | Layered | Slice | Call | Arithmetic | Negative | Reference | Raw


class Exists(Node):
    """An entity by itself: a field that is there, arithmetic that is not zero, a slice that is not empty."""

    entity: Entity
    position: int = 0


class Compare(Node):
    """`left operator right`; `quantifier` is any, all or "" for what the operator means by itself."""

    operator: str
    left: Entity
    right: Entity
    quantifier: str = ""
    position: int = 0


class Member(Node):
    """`left in {1, 5..9}`: an element is one entity, or two for a range."""

    left: Entity
    elements: tuple[tuple[Entity, Entity | None], ...]
    quantifier: str = ""
    position: int = 0


class Not(Node):
    operand: Test


class And(Node):
    operands: tuple[Test, ...]


class Or(Node):
    operands: tuple[Test, ...]


class Xor(Node):
    """True where an odd number of them is."""

    operands: tuple[Test, ...]


Test = Exists | Compare | Member | Not | And | Or | Xor
