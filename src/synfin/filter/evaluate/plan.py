"""A checked filter as a predicate over rows: closures, built once, run for every packet.

A comparison looks at every pair of a left and a right value. Where one side has no value it is false, whatever the
operator; so `!(a == b)` and `a != b` differ for packets without a.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from synfin.dissect.load import LayerBytes
from synfin.filter import typed
from synfin.filter.evaluate.functions import FUNCTIONS, arithmetic, octets_and
from synfin.filter.evaluate.row import Row
from synfin.filter.syntax import Range

Predicate = Callable[[Row], bool]
Source = Callable[[Row], list[Any]]
Pair = Callable[[Any, Any], bool]


def predicate(condition: typed.Condition) -> Predicate:
    """The condition as a function of a row."""
    if isinstance(condition, typed.Some):
        some = [predicate(operand) for operand in condition.operands]
        return lambda row: any(test(row) for test in some)
    if isinstance(condition, typed.Every):
        every = [predicate(operand) for operand in condition.operands]
        return lambda row: all(test(row) for test in every)
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
        field, layers = entity.field, entity.layers
        return (lambda row: row.layer_values(field, layers)) if layers else (lambda row: row.values(field))
    if isinstance(entity, typed.Constant):
        constant = [entity.value]
        return lambda row: constant
    if isinstance(entity, typed.Sliced):
        return _sliced(entity)
    if isinstance(entity, typed.Applied):
        function = FUNCTIONS[entity.function](entity)
        arguments = [source(argument) for argument in entity.arguments]
        return lambda row: function([argument(row) for argument in arguments])
    if isinstance(entity, typed.Computed):
        left, right, sign = source(entity.left), source(entity.right), entity.operator
        if entity.kind == "bytes":
            return lambda row: octets_and(left(row), right(row))
        return lambda row: arithmetic(sign, left(row), right(row))
    return lambda row: []


def _present(entity: typed.Entity) -> Predicate:
    values = source(entity)
    if isinstance(entity, typed.Computed):
        return lambda row: any(any(value) if isinstance(value, bytes) else value for value in values(row))
    return lambda row: bool(values(row))


def _relation(relation: typed.Relation) -> Predicate:
    left, right = source(relation.left), source(relation.right)
    holds = _contains if relation.operator == "contains" else _order(relation.operator, relation.left.kind)
    if relation.every:
        return lambda row: _all_pairs(left(row), right(row), holds)
    return lambda row: any(holds(a, b) for a in left(row) for b in right(row))


def _all_pairs(left: list[Any], right: list[Any], holds: Pair) -> bool:
    return bool(left) and bool(right) and all(holds(a, b) for a in left for b in right)


_ORDERS: dict[str, Pair] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip


def _order(sign: str, kind: str) -> Pair:
    plain = _ORDERS[sign]
    if kind not in ("ipv4", "ipv6", "address"):
        return plain

    def masked(a: Any, b: Any) -> bool:
        """Both sides count only up to the shorter prefix of those that were given."""
        given = [side for side in (a, b) if isinstance(side, typed.Network)]
        if not given:
            return plain(a, b)
        mask = min(given, key=lambda network: network.prefix)
        return plain(mask.mask(_base(a)), mask.mask(_base(b)))

    return masked


def _base(address: Any) -> bytes:
    return bytes(address.address if isinstance(address, typed.Network) else address)


def _octets(value: Any) -> bytes:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)


def _contains(a: Any, b: Any) -> bool:
    return _octets(b) in _octets(a)


def _matching(matching: typed.Matching) -> Predicate:
    values, search = source(matching.left), matching.pattern.search
    if matching.every:
        return lambda row: bool(found := values(row)) and all(search(_octets(value)) for value in found)
    return lambda row: any(search(_octets(value)) is not None for value in values(row))


def _membership(membership: typed.Membership) -> Predicate:
    left = source(membership.left)
    kind = membership.left.kind
    same, least, most = _order("==", kind), _order(">=", kind), _order("<=", kind)
    elements = [(source(low), None if high is None else source(high)) for low, high in membership.elements]

    def inside(value: Any, row: Row) -> bool:
        for low, high in elements:
            if high is None:
                if any(same(value, element) for element in low(row)):
                    return True
            elif any(least(value, a) and most(value, b) for a in low(row) for b in high(row)):
                return True
        return False

    if membership.every:
        return lambda row: bool(found := left(row)) and all(inside(value, row) for value in found)
    return lambda row: any(inside(value, row) for value in left(row))


def _sliced(entity: typed.Sliced) -> Source:
    operand, parts = source(entity.operand), entity.parts

    def load(row: Row) -> list[Any]:
        found = []
        for value in operand(row):
            octets = _octets(value)[: value.header] if isinstance(value, LayerBytes) else _octets(value)
            cut = _cut(octets, parts)
            if cut:
                found.append(cut)
        return found

    return load


def _cut(octets: bytes, parts: tuple[Range, ...]) -> bytes:
    """The parts joined; empty where one of them does not fit."""
    found = b""
    for part in parts:
        start = part.start if part.start >= 0 else len(octets) + part.start
        if part.last is not None:
            stop = (part.last if part.last >= 0 else len(octets) + part.last) + 1
        else:
            stop = len(octets) if part.length is None else start + part.length
        if not 0 <= start < stop <= len(octets):
            return b""
        found += octets[start:stop]
    return found
