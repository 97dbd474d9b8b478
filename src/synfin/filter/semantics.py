"""From the syntax tree to a checked filter: fields looked up, literals read by the field's kind, kinds compared."""

from __future__ import annotations

import re
from collections.abc import Callable

from synfin.dissect.fields import find, nearest
from synfin.errors import FilterError
from synfin.filter import typed
from synfin.filter.evaluate.functions import SIZES
from synfin.filter.literals import ADDRESSES, BYTES, INTEGERS, Mismatch, convert, name_of
from synfin.filter.syntax import (
    And,
    Arithmetic,
    Call,
    Compare,
    Entity,
    Exists,
    Layered,
    Member,
    Negative,
    Not,
    Or,
    Reference,
    Slice,
    Test,
    Text,
    Word,
)

MAX_PATTERN = 1_000  #: characters of a regular expression
SLICEABLE = frozenset({"str", *BYTES, *ADDRESSES})
SEARCHABLE = frozenset({"str", *BYTES})
EVERY = frozenset({"!=", "==="})  #: operators that by themselves ask for all pairs
PLAIN = {"===": "==", "!==": "!="}


def check(test: Test, text: str) -> typed.Condition:
    """The checked filter; FilterError names the place, what was expected, and the nearest field."""
    return _Checker(text).condition(test)


def family(kind: str) -> str:
    """Kinds of one family compare with each other."""
    if kind in INTEGERS:
        return "number"
    return "bytes" if kind in BYTES else "ip" if kind in ADDRESSES else kind


class _Checker:
    def __init__(self, text: str) -> None:
        self.text = text

    def fail(self, message: str, position: int) -> FilterError:
        return FilterError(message, self.text, position)

    # -- conditions --------------------------------------------------------------------------------------------

    def condition(self, test: Test) -> typed.Condition:
        if isinstance(test, Or):
            return typed.Some(tuple(self.condition(operand) for operand in test.operands))
        if isinstance(test, And):
            return typed.Every(tuple(self.condition(operand) for operand in test.operands))
        if isinstance(test, Not):
            return typed.Inverse(self.condition(test.operand))
        if isinstance(test, Exists):
            return self.exists(test)
        return self.compare(test) if isinstance(test, Compare) else self.member(test)

    def exists(self, test: Exists) -> typed.Condition:
        if isinstance(test.entity, Call):
            raise self.fail(f"{test.entity.name}() is no test by itself: compare it with something", test.position)
        if isinstance(test.entity, Word):
            return typed.Present(self.field(test.entity))
        if isinstance(test.entity, Text):
            raise self.fail("a string is no test by itself", test.position)
        return typed.Present(self.entity(test.entity))

    def compare(self, test: Compare) -> typed.Condition:
        left = self.left(test.left, test.operator)
        every = self.every(test.operator, test.quantifier)
        if test.operator == "matches":
            return self.matching(test, left, every)
        if test.operator == "contains":
            self.searchable(left, test)
        elif left.kind == "none":
            raise self.fail(f"{self.written(test.left)} has no value: it is there or not", test.position)
        right = self.right(test.right, _part(left) if test.operator == "contains" else left)
        return typed.Relation(PLAIN.get(test.operator, test.operator), left, right, every)

    def every(self, operator: str, quantifier: str) -> bool:
        return quantifier == "all" or (not quantifier and operator in EVERY)

    def matching(self, test: Compare, left: typed.Entity, every: bool) -> typed.Condition:
        self.searchable(left, test)
        if not isinstance(test.right, Text) or test.right.char:
            raise self.fail('"matches" needs a pattern in double quotes', test.position)
        if len(test.right.data) > MAX_PATTERN:
            raise self.fail(f"the pattern is longer than {MAX_PATTERN} characters", test.right.position)
        try:
            return typed.Matching(left, re.compile(test.right.data, re.IGNORECASE), every)
        except (re.error, OverflowError, RecursionError) as error:
            raise self.fail(f"the pattern cannot be used: {error}", test.right.position) from None

    def searchable(self, left: typed.Entity, test: Compare) -> None:
        if left.kind not in SEARCHABLE:
            message = f"{self.written(test.left)} is {name_of(left.kind)}: {test.operator} needs text or bytes"
            raise self.fail(message, getattr(test.left, "position", test.position))

    def member(self, test: Member) -> typed.Condition:
        left = self.left(test.left, "in")
        if not isinstance(left, typed.Values):
            raise self.fail("the left side of 'in' must be a field", test.position)
        if left.kind == "none":
            raise self.fail(f"{left.field.name} has no value: it is there or not", test.position)
        elements = tuple(
            (self.right(low, left), None if high is None else self.right(high, left)) for low, high in test.elements
        )
        return typed.Membership(left, elements, test.quantifier == "all")

    # -- entities ----------------------------------------------------------------------------------------------

    def left(self, entity: Entity, operator: str) -> typed.Entity:
        """The left side must speak of the packet."""
        if isinstance(entity, Text) or (isinstance(entity, Word) and self.known(entity) is None):
            hint = self.hint(entity) if isinstance(entity, Word) else ""
            message = f"the left side of {operator!r} must be a field or a function, not {self.written(entity)}{hint}"
            raise self.fail(message, entity.position)
        return self.entity(entity)

    def right(self, entity: Entity, left: typed.Entity) -> typed.Entity:
        """The right side: an entity of a kind that compares with the left one, or a literal read by that kind."""
        if isinstance(entity, Text) or (isinstance(entity, Word) and self.known(entity) is None):
            return self.literal(entity, left)
        found = self.entity(entity, left)
        if family(found.kind) != family(left.kind):
            message = f"{self.written(entity)} is {name_of(found.kind)}, which does not compare with "
            raise self.fail(message + name_of(left.kind), getattr(entity, "position", 0))
        return found

    def literal(self, literal: Word | Text, left: typed.Entity) -> typed.Entity:
        field = left.field if isinstance(left, typed.Values) else None
        kind = "bytes" if left.kind == "protocol" else left.kind
        kind = "u64" if kind in INTEGERS and field is None else kind
        if isinstance(literal, Word) and literal.text.startswith("-") and kind in INTEGERS:
            kind = "i64"
        try:
            return typed.Constant(convert(literal, kind, field), kind)
        except Mismatch as mismatch:
            raise self.fail(str(mismatch), literal.position) from None

    def entity(self, entity: Entity, beside: typed.Entity | None = None) -> typed.Entity:
        if isinstance(entity, Word):
            return self.field(entity)
        if isinstance(entity, Layered):
            found = self.field(entity.field)
            return typed.Values(found.field, found.kind, entity.layers)
        if isinstance(entity, Slice):
            return self.slice(entity)
        if isinstance(entity, Call):
            return self.call(entity)
        if isinstance(entity, Arithmetic):
            return self.arithmetic(entity, beside)
        if isinstance(entity, Negative):
            return typed.Computed("-", typed.Constant(0, "i64"), self.number(entity.operand, entity.position), "i64")
        if isinstance(entity, Reference):
            return typed.Unknown(self.field(entity.field).kind)
        raise self.fail("a field was expected, not a string", entity.position)

    def slice(self, entity: Slice) -> typed.Entity:
        operand = self.left(entity.operand, "[")
        if operand.kind not in SLICEABLE:
            raise self.fail(f"{self.written(entity.operand)} is {name_of(operand.kind)}, which has no parts",
                            entity.position)  # fmt: skip
        return typed.Sliced(operand, entity.parts)

    def arithmetic(self, entity: Arithmetic, beside: typed.Entity | None) -> typed.Entity:
        if isinstance(entity.left, (Word, Text)) and self.known(entity.left) is None and beside is None:
            raise self.fail("arithmetic begins with a field or a function", entity.left.position)
        if entity.operator == "&" and isinstance(entity.left, Slice):
            octets = self.entity(entity.left)
            return typed.Computed("&", octets, self.right(entity.right, octets), "bytes")
        left = self.number(entity.left, entity.position)
        return typed.Computed(entity.operator, left, self.number(entity.right, entity.position), "i64")

    def number(self, entity: Entity, position: int) -> typed.Entity:
        if isinstance(entity, (Word, Text)) and self.known(entity) is None:
            return self.literal(entity, typed.Unknown("u64"))
        found = self.entity(entity, typed.Unknown("i64"))
        if found.kind not in INTEGERS:
            raise self.fail(f"{self.written(entity)} is {name_of(found.kind)}: arithmetic needs numbers", position)
        return found

    def call(self, entity: Call) -> typed.Entity:
        accept = FUNCTIONS.get(entity.name)
        if accept is None:
            raise self.fail(f"there is no function {entity.name}(); there are {', '.join(FUNCTIONS)}", entity.position)
        many = entity.name in ("max", "min")
        if len(entity.arguments) != 1 and not many:
            raise self.fail(f"{entity.name}() takes one argument", entity.position)
        first = self.left(entity.arguments[0], entity.name)
        kind = accept(first)
        if kind is None:
            raise self.fail(f"{entity.name}() cannot be applied to {name_of(first.kind)}", entity.position)
        rest = tuple(self.right(argument, first) for argument in entity.arguments[1:])
        return typed.Applied(entity.name, (first, *rest), kind)

    # -- names -------------------------------------------------------------------------------------------------

    def known(self, entity: Entity) -> typed.Values | None:
        """The field that a word names, None where it is a literal."""
        if not isinstance(entity, Word) or entity.text.startswith(":"):
            return None
        field = find(entity.text.removeprefix("."))
        return None if field is None else typed.Values(field, field.kind)

    def field(self, word: Word) -> typed.Values:
        found = self.known(word)
        if found is None:
            raise self.fail(f"{word.text!r} is neither a field nor a protocol{self.hint(word)}", word.position)
        return found

    def hint(self, word: Word) -> str:
        near = nearest(word.text)
        return f"; did you mean {' or '.join(near)}?" if near else ""

    def written(self, entity: Entity) -> str:
        from synfin.filter.printing import entity as show

        return show(entity)


def _part(whole: typed.Entity) -> typed.Entity:
    """What a part of it is: part of a MAC address is bytes."""
    return typed.Unknown("bytes") if whole.kind in BYTES else whole


def _text_kind(entity: typed.Entity) -> str | None:
    return "str" if entity.kind == "str" else None


FUNCTIONS: dict[str, Callable[[typed.Entity], str | None]] = {
    "len": lambda entity: "u64" if entity.kind in SEARCHABLE or entity.kind in SIZES else None,
    "count": lambda entity: "u64" if isinstance(entity, typed.Values) else None,
    "upper": _text_kind,
    "lower": _text_kind,
    "string": lambda entity: "str" if isinstance(entity, typed.Values) and entity.kind not in ("str", "none") else None,
    "max": lambda entity: None if entity.kind == "none" else entity.kind,
    "min": lambda entity: None if entity.kind == "none" else entity.kind,
    "abs": lambda entity: "i64" if entity.kind in INTEGERS else None,
}
