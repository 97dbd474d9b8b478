"""A checked filter as a predicate over rows: closures, built once, run for every packet.

A comparison looks at every pair of a left and a right value. Where one side has no value it is false, whatever the
operator; so `!(a == b)` and `a != b` differ for packets without a.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from synfin.dissect.field import MAXIMUM
from synfin.errors import FilterError
from synfin.filter import typed
from synfin.filter.evaluate import octets
from synfin.filter.evaluate.functions import FUNCTIONS
from synfin.filter.evaluate.numbers import FREE, ORDERS, Pair, arithmetic, negative, order
from synfin.filter.evaluate.row import Row
from synfin.filter.kinds import ADDRESSES, BYTES, NUMBERS, SIGNED

Predicate = Callable[[Row], bool]
Source = Callable[[Row], list[Any]]
MAX_PAIRS = 200_000  #: of values that a comparison or a sum may put together in one packet, some tenths of a second
COMPUTED = (typed.Computed, typed.Negated)


def predicate(condition: typed.Condition) -> Predicate:
    """The condition as a function of a row."""
    if isinstance(condition, typed.Some):
        some = [predicate(operand) for operand in condition.operands]
        return lambda row: any(test(row) for test in some)
    if isinstance(condition, typed.Every):
        every = [predicate(operand) for operand in condition.operands]
        return lambda row: all(test(row) for test in every)
    if isinstance(condition, typed.Odd):
        counted = [predicate(operand) for operand in condition.operands]
        return lambda row: bool(sum(test(row) for test in counted) & 1)
    if isinstance(condition, typed.Inverse):
        inner = predicate(condition.operand)
        return lambda row: not inner(row)
    if isinstance(condition, typed.Present):
        return _present(condition.entity)
    if isinstance(condition, typed.Relation):
        return _relation(condition)
    if isinstance(condition, typed.Matching):
        return _matching(condition)
    return _membership(condition)


def source(entity: typed.Entity) -> Source:
    """The values of an entity in a row."""
    if isinstance(entity, typed.Values):
        return _values(entity)
    if isinstance(entity, typed.Constant):
        constant = [int(bool(entity.value)) if entity.kind == "bool" else entity.value]
        return lambda row: constant
    if isinstance(entity, typed.Sliced):
        operand, parts = source(entity.operand), entity.parts
        return lambda row: [octets.cut(value, parts) for value in operand(row)]
    if isinstance(entity, typed.Applied):
        function = FUNCTIONS[entity.function](entity)
        arguments = [source(argument) for argument in entity.arguments]
        return lambda row: function([argument(row) for argument in arguments])
    if isinstance(entity, typed.Computed):
        return _computed(entity)
    if isinstance(entity, typed.Negated):
        inner, turned = source(entity.operand), negative(entity.kind)
        return lambda row: [found for value in inner(row) if (found := turned(value)) is not None]
    return lambda row: []


def pairs(left: list[Any], right: list[Any]) -> Iterable[tuple[Any, Any]]:
    """Every value with every other. FilterError where they are so many that a packet could take minutes."""
    count = len(left) * len(right)
    if count > MAX_PAIRS:
        advice = "every sum of fields with several values multiplies them; ask for fewer"
        raise FilterError(f"the filter puts {count:,} pairs of values together in one packet: {advice}")
    return product(left, right)


def _values(entity: typed.Values) -> Source:
    field, layers = entity.field, entity.layers
    if entity.raw:
        return lambda row: row.raw_values(field)
    if entity.kind == "bool":  # several bits are one truth
        return lambda row: [
            int(bool(value)) for value in (row.layer_values(field, layers) if layers else row.values(field))
        ]
    if layers:
        return lambda row: row.layer_values(field, layers)
    return lambda row: row.values(field)


def _computed(entity: typed.Computed) -> Source:
    """Every pair; one that divides by zero or overflows has no result."""
    left, right = source(entity.left), source(entity.right)
    if entity.kind in NUMBERS | FREE:
        result = arithmetic(entity.operator, entity.kind)
        return lambda row: [
            found for a, b in pairs(left(row), right(row)) if (found := result(a, b)) is not None
        ]  # fmt: skip
    return lambda row: [octets.masked(a, b) for a, b in pairs(left(row), right(row))]


def _present(entity: typed.Entity) -> Predicate:
    values = source(entity)
    if isinstance(entity, typed.Sliced):
        return lambda row: any(values(row))
    if isinstance(entity, COMPUTED):
        return lambda row: any(octets.is_nonzero(value) for value in values(row))
    return lambda row: bool(values(row))


def _relation(relation: typed.Relation) -> Predicate:
    left, right = source(relation.left), source(relation.right)
    if relation.operator == "contains":
        holds = octets.contains(relation.left.kind)
    else:
        holds = _order(relation.operator, relation.left, relation.right, every=relation.every)
    if relation.every:
        if isinstance(relation.left, COMPUTED) or isinstance(relation.right, COMPUTED):
            known = _known(relation.left, relation.right)
            return lambda row: known(row) and all(holds(a, b) for a, b in pairs(left(row), right(row)))
        return lambda row: _all_pairs(left(row), right(row), holds)
    return lambda row: any(holds(a, b) for a, b in pairs(left(row), right(row)))


def _all_pairs(left: list[Any], right: list[Any], holds: Pair) -> bool:
    return bool(left) and bool(right) and all(holds(a, b) for a, b in pairs(left, right))


def _known(*entities: typed.Entity) -> Predicate:
    """Whether the packet has all fields of these. Their arithmetic may still have no result: then all of none hold."""
    plain: list[Source] = []
    inner = list(entities)
    while inner:
        entity = inner.pop()
        if isinstance(entity, typed.Computed):
            inner += (entity.left, entity.right)
        elif isinstance(entity, typed.Negated):
            inner.append(entity.operand)
        else:
            plain.append(source(entity))
    return lambda row: all(values(row) for values in plain)


def _order(sign: str, left: typed.Entity, right: typed.Entity, *, every: bool = False) -> Pair:
    if left.kind in ADDRESSES:
        return octets.order_addresses(sign)
    if left.kind in BYTES:
        return octets.order_bytes(sign)
    if left.kind == "str":
        return octets.order_text(sign)
    return ORDERS[sign] if _is_small(right) else order(sign, left.kind, every=every)


def _is_small(entity: typed.Entity) -> bool:
    """Whether it is a constant that a number of any type can hold."""
    return isinstance(entity, typed.Constant) and isinstance(entity.value, int) and 0 <= entity.value <= MAXIMUM["i32"]


def _matching(matching: typed.Matching) -> Predicate:
    values, pattern, empty = source(matching.left), matching.pattern, matching.left.kind == "str"

    def search(value: Any) -> bool:
        searched = octets.octets(value)
        return bool(searched or empty) and pattern.search(searched)

    if matching.every:
        return lambda row: bool(found := values(row)) and all(search(value) for value in found)
    return lambda row: any(search(value) for value in values(row))


def _membership(membership: typed.Membership) -> Predicate:
    left = source(membership.left)
    exact, others = _split(membership)
    if not membership.every:
        nets, others = octets.networks(others)
        if nets:
            return _in_networks(left, exact, nets, [_element(membership.left, *element) for element in others])
    tests = [_element(membership.left, *element) for element in others]
    if membership.every:  # all values in one and the same element
        tests += [_equals(one) for one in exact]
        return lambda row: bool(found := left(row)) and any(all(test(value, row) for value in found) for test in tests)
    return lambda row: any(
        value in exact or any(test(value, row) for test in tests) for value in left(row)
    )  # fmt: skip


def _in_networks(left: Source, exact: frozenset[Any], nets: octets.Networks, tests: list[Member]) -> Predicate:
    """However many networks there are, each prefix length is one look-up."""

    def test(row: Row) -> bool:
        found = left(row)
        return any(value in exact or octets.within(value, nets) or any(one(value, row) for one in tests)
                   for value in found)  # fmt: skip

    return test


def _equals(one: Any) -> Callable[[Any, Row], bool]:
    return lambda value, row: bool(value == one)


Element = octets.Element
Member = Callable[[Any, Row], bool]


def _split(membership: typed.Membership) -> tuple[frozenset[Any], list[Element]]:
    """Elements that are looked up at once, however many they are, and the others."""
    exact, others = set(), []
    for low, high in membership.elements:
        plain = high is None and isinstance(low, typed.Constant) and membership.left.kind not in ("protocol", *SIGNED)
        if plain and isinstance(low, typed.Constant) and not isinstance(low.value, typed.Network):
            exact.add(int(bool(low.value)) if membership.left.kind == "bool" else low.value)
        else:
            others.append((low, high))
    return frozenset(exact), others


def _element(left: typed.Entity, low: typed.Entity, high: typed.Entity | None) -> Callable[[Any, Row], bool]:
    """Whether a value is an element, or within a range."""
    least = source(low)
    if high is None:
        same = _order("==", left, low)
        return lambda value, row: any(same(value, element) for element in least(row))
    most, above, below = source(high), _order(">=", left, low), _order("<=", left, high)
    return lambda value, row: any(above(value, a) for a in least(row)) and any(below(value, b) for b in most(row))
