"""The syntax tree of a display filter: what was written, before any field is known. Positions do not compare."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Range:
    """A part of a slice or a layer selection: from `start`, `length` items, None to the end; negative from the end."""

    start: int
    length: int | None
    last: int | None = None  #: given as `start-last` instead of a length


@dataclass(frozen=True, slots=True)
class Word:
    """A bare token: a field where one has that name, else a literal. A leading colon or dot decides."""

    text: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted string, or a character constant."""

    data: bytes
    char: bool = False
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Layered:
    """`field#2`: values of certain occurrences of the field's protocol, counted from 1 from the outside."""

    field: Word
    layers: tuple[Range, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Slice:
    """`entity[0:2,4]`."""

    operand: Entity
    parts: tuple[Range, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`len(field)`."""

    name: str
    arguments: tuple[Entity, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left & right`, `+ - * / %`."""

    operator: str
    left: Entity
    right: Entity
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """`-entity`."""

    operand: Entity
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Reference:
    """`${field}`: the value in the selected frame; there is none outside a window."""

    field: Word
    position: int = field(default=0, compare=False)


Entity = Word | Text | Layered | Slice | Call | Arithmetic | Negative | Reference


@dataclass(frozen=True, slots=True)
class Exists:
    """An entity by itself: a field that is there, arithmetic that is not zero, a slice that is not empty."""

    entity: Entity
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator right`; `quantifier` is any, all or "" for what the operator means by itself."""

    operator: str
    left: Entity
    right: Entity
    quantifier: str = ""
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """`left in {1, 5..9}`: an element is one entity, or two for a range."""

    left: Entity
    elements: tuple[tuple[Entity, Entity | None], ...]
    quantifier: str = ""
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    operand: Test


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple[Test, ...]


Test = Exists | Compare | Member | Not | And | Or
