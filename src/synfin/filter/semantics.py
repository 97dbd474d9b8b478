"""From the syntax tree to a checked filter: every comparison makes sense, or the place where it does not is named."""

from __future__ import annotations

from synfin.errors import FilterError
from synfin.filter import typed
from synfin.filter.kinds import SEARCHABLE, name_of
from synfin.filter.operands import Operands
from synfin.filter.pattern import Pattern
from synfin.filter.printing import entity as written
from synfin.filter.syntax import And, Call, Compare, Exists, Member, Not, Or, Reference, Test, Text, Xor

EVERY = frozenset({"!=", "==="})  #: operators that by themselves ask for all pairs
MAC_LEN = 6
PLAIN = {"===": "==", "!==": "!="}
JOINED: dict[type, type[typed.Some | typed.Every | typed.Odd]] = {Or: typed.Some, And: typed.Every, Xor: typed.Odd}


def check(test: Test, text: str) -> typed.Condition:
    """The checked filter; FilterError names the place, what was expected, and the nearest field."""
    return _Checker(text).condition(test)


class _Checker:
    def __init__(self, text: str) -> None:
        self.text = text
        self.operands = Operands(text)

    def fail(self, message: str, position: int) -> FilterError:
        return FilterError(message, self.text, position)

    def condition(self, test: Test) -> typed.Condition:
        if isinstance(test, (Or, And, Xor)):
            return JOINED[type(test)](tuple(self.condition(operand) for operand in test.operands))
        if isinstance(test, Not):
            return typed.Inverse(self.condition(test.operand))
        if isinstance(test, Exists):
            return self.exists(test)
        return self.compare(test) if isinstance(test, Compare) else self.member(test)

    def exists(self, test: Exists) -> typed.Condition:
        entity = test.entity
        if isinstance(entity, Call):
            raise self.fail(f"{entity.name}() is no test by itself: compare it with something", test.position)
        if isinstance(entity, (Text, Reference)):
            what = "a string" if isinstance(entity, Text) else "a reference to the selected packet"
            raise self.fail(f"{what} is no test by itself", test.position)
        return typed.Present(self.operands.entity(entity))

    def compare(self, test: Compare) -> typed.Condition:
        left = self.operands.left(test.left, test.operator)
        every = test.quantifier == "all" or (not test.quantifier and test.operator in EVERY)
        if test.operator == "matches":
            return self.matching(test, left, every)
        if test.operator == "contains":
            return self.containing(test, left, every)
        if left.kind == "none":
            raise self.fail(f"{written(test.left)} has no value: it is there or not", test.position)
        left, right = self.operands.pair(left, test.right)
        return typed.Relation(PLAIN.get(test.operator, test.operator), left, right, every)

    def containing(self, test: Compare, left: typed.Entity, every: bool) -> typed.Condition:
        self.searchable(left, test)
        if left.kind == "ether" and not isinstance(test.right, Text):
            part: typed.Entity = typed.Unknown("bytes")  # part of a MAC address is bytes
            right = self.operands.right(test.right, part)
            if isinstance(right, typed.Constant) and len(right.value) > MAC_LEN:
                raise self.fail(f"a MAC address has {MAC_LEN} bytes, and so at most as many in it", test.position)
            return typed.Relation("contains", left, right, every)
        left, right = self.operands.pair(left, test.right)
        return typed.Relation("contains", left, right, every)

    def matching(self, test: Compare, left: typed.Entity, every: bool) -> typed.Condition:
        self.searchable(left, test)
        if not isinstance(test.right, Text) or test.right.char:
            raise self.fail('"matches" needs a pattern in double quotes', test.position)
        return typed.Matching(left, Pattern(test.right.data, self.text, test.right.position), every)

    def searchable(self, left: typed.Entity, test: Compare) -> None:
        if left.kind not in SEARCHABLE:
            message = f"{written(test.left)} is {name_of(left.kind)}: {test.operator} needs text or bytes"
            raise self.fail(message, getattr(test.left, "position", test.position))

    def member(self, test: Member) -> typed.Condition:
        left = self.operands.left(test.left, "in")
        if not isinstance(left, typed.Values):
            raise self.fail("the left side of 'in' must be a field", test.position)
        if left.kind == "none":
            raise self.fail(f"{left.field.name} has no value: it is there or not", test.position)
        right = self.operands.right
        elements = tuple((right(low, left), None if high is None else right(high, left)) for low, high in test.elements)
        return typed.Membership(left, elements, test.quantifier == "all")
