"""A checked filter as tests over blocks of rows: NO, YES, or ASK where the readable code must look at the packet.

Every test is compiled code over a whole block. What no test covers is ASK, and verdicts are joined by Kleene's logic,
so a plan never decides what it does not know: `Filter.matches` answers for the rows that remain. The cheapest tests
come first, and each looks only at the rows that those before it have left open.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, NamedTuple

from synfin._kernels import cells, choose, sift
from synfin.filter import typed
from synfin.filter.ranges import LEAST, MOST, Ranges, between, compared, union
from synfin.watch.packets.column_fields import Spec, spec
from synfin.watch.recall.remembered import remembered

if TYPE_CHECKING:
    from synfin._kernels.sift import Probe
    from synfin.watch.packets.blocks import Blocks

Run = Callable[[int, bytearray], bytearray]  #: (rows, which of them to look at) -> verdicts
Connections = Callable[[typed.Condition], tuple[bytes, int]]  #: verdicts by connection, and for frames of none

_SWAP = bytes([choose.YES, choose.NO, choose.ASK]) + bytes(253)
_ONE = bytes([0]) + b"\1" * 255
_NUMBERS = frozenset({
    "u8", "u16", "u24", "u32", "u64", "i8", "i16", "i32", "i64", "bool", "framenum", "reltime", "abstime", "ipv4",
    "ether",
})  # fmt: skip
#: sources by what a test of theirs costs: a member of the row, a walk through the frame, its whole payload
_WALKS = frozenset({cells.S_OPTION, cells.S_WHOLE_OPTION, cells.S_MULTIPLIER, cells.S_SACK_EDGE, cells.S_LAYER,
                    cells.S_ETH_BYTES, cells.S_IP4_BYTES, cells.S_IP6_BYTES, cells.S_UDP_BYTES, cells.S_ETH_PAIR,
                    cells.S_UDP_PAIR})  # fmt: skip
_CHEAP, _ADDRESS, _WALKING, _SEARCHING, _ASKING = 1, 3, 4, 50, 1000


class Test(NamedTuple):
    """One step of a plan: `kind` names it, `bind` makes it runnable over the blocks of a view."""

    kind: str  #: number, octets, present, search, connection, ask, all, any, not
    names: tuple[str, ...]  #: fields that it looks at
    cost: int
    bind: Callable[[Blocks, Connections], Run]
    parts: tuple[Test, ...] = ()
    decides: bool = True  #: whether it never says ASK for a common frame
    spoken: bool = False  #: whether it says NO to every row that shows no message
    probe: Probe | None = None  #: the same for the walk over records, before a frame has a row


def plan(condition: typed.Condition) -> Test:
    """The tests for a condition."""
    if _fields_of(condition) and all(name.startswith("conn.") for name in _fields_of(condition)):
        return _of_connections(condition)
    if isinstance(condition, typed.Every):
        return _all([plan(operand) for operand in condition.operands])
    if isinstance(condition, typed.Some):
        return _any([plan(operand) for operand in condition.operands])
    if isinstance(condition, typed.Inverse):
        return _not(plan(condition.operand))
    made: Test | None = None
    if isinstance(condition, typed.Present):
        made = _present(condition.entity)
    elif isinstance(condition, typed.Relation):
        made = _relation(condition)
    elif isinstance(condition, typed.Membership):
        made = _membership(condition)
    return made or _ask(condition)


# --- leaves -------------------------------------------------------------------------------------------------------


def _known(entity: typed.Entity) -> tuple[str, Spec] | None:
    """A field that the kernels know, asked for without layers or other additions to it."""
    if not isinstance(entity, typed.Values):
        return None
    plainly = not any(getattr(entity, name) for name in entity.__slots__ if name not in ("field", "kind"))
    found = spec(entity.field.name) if plainly and entity.kind == entity.field.kind else None
    return None if found is None else (entity.field.name, found)


def _number(entity: typed.Entity) -> tuple[str, Spec, int] | None:
    """A field of numbers, and the mask that is applied to it (0: none)."""
    if isinstance(entity, typed.Computed) and entity.operator == "&" and isinstance(entity.right, typed.Constant):
        inner, mask = _number(entity.left), entity.right.value
        if inner is None or inner[2] or not _is_number(mask) or not 0 < mask < 1 << 63 or not _small(entity.left):
            return None
        return inner[0], inner[1], mask
    known = _known(entity)
    if known is None or entity.kind not in _NUMBERS:
        return None
    several = known[1].mask & (known[1].mask - 1)
    return None if entity.kind == "bool" and several else (*known, 0)  # several bits are one truth


def _small(entity: typed.Entity) -> bool:
    return entity.kind in ("u8", "u16", "u24", "u32", "bool", "framenum")


def _is_number(value: Any) -> bool:
    return isinstance(value, int)


def _constant(entity: typed.Entity, kind: str) -> tuple[int, int] | None:
    """The first and the last number that a constant stands for; an address with a prefix stands for many."""
    if not isinstance(entity, typed.Constant):
        return None
    value = entity.value
    if isinstance(value, typed.Network):
        if kind != "ipv4" or len(value.address) != 4 or not 0 <= value.prefix <= 32:
            return None
        free = (1 << (32 - value.prefix)) - 1
        first = int.from_bytes(value.address, "big") & ~free
        return first, first | free
    if kind in ("ipv4", "ether"):
        if not isinstance(value, bytes) or len(value) != (4 if kind == "ipv4" else 6):
            return None
        value = int.from_bytes(value, "big")
    return (int(value), int(value)) if _is_number(value) else None


def _relation(relation: typed.Relation) -> Test | None:
    if relation.operator == "contains":
        return _search(relation)
    number = _number(relation.left)
    if number is not None:
        constant = _constant(relation.right, relation.left.kind)
        ranges = None if constant is None else compared(relation.operator, *constant)
        return None if ranges is None else _in_ranges(number, ranges, every=relation.every)
    if relation.operator in ("==", "!="):
        return _in_networks(relation.left, [relation.right], equal=relation.operator == "==", every=relation.every)
    return None


def _membership(membership: typed.Membership) -> Test | None:
    if membership.every and len(membership.elements) > 1:
        return None  # all values in one and the same element
    number = _number(membership.left)
    if number is None:
        if any(high is not None for _, high in membership.elements):
            return None
        return _in_networks(
            membership.left, [low for low, _ in membership.elements], equal=True, every=membership.every
        )
    found: list[tuple[int, int]] = []
    for low, high in membership.elements:
        first = _constant(low, membership.left.kind)
        last = first if high is None else _constant(high, membership.left.kind)
        if first is None or last is None:
            return None
        found.append(between(first, last))
    return _in_ranges(number, union(found), every=membership.every)


def _in_ranges(number: tuple[str, Spec, int], ranges: Ranges, *, every: bool) -> Test:
    name, where, mask = number
    flat = array("q", [bound for pair in ranges for bound in pair])

    def bind(blocks: Blocks, _: Connections) -> Run:
        view, field = blocks.view, blocks.field(where)

        def run(count: int, active: bytearray) -> bytearray:
            out = bytearray(count)
            choose.numbers(view, field, mask, flat, every, active, out)
            return out

        return run

    probe = (sift.P_NUMBERS, where[:6], mask, flat, b"", (), False, every)
    return Test("number", (name,), _cost(where), bind, probe=probe)


def _in_networks(left: typed.Entity, right: Sequence[typed.Entity], *, equal: bool, every: bool) -> Test | None:
    """IPv6 addresses."""
    known = _known(left)
    if known is None or left.kind != "ipv6":
        return None
    wanted, bits = b"", array("I")
    for one in right:
        value = one.value if isinstance(one, typed.Constant) else None
        address, prefix = (value.address, value.prefix) if isinstance(value, typed.Network) else (value, 128)
        if not isinstance(address, bytes) or len(address) != 16 or not 0 <= prefix <= 128:
            return None
        wanted += address
        bits.append(prefix)
    name, where = known

    def bind(blocks: Blocks, _: Connections) -> Run:
        view, field = blocks.view, blocks.field(where)

        def run(count: int, active: bytearray) -> bytearray:
            out = bytearray(count)
            choose.octets(view, field, wanted, bits, equal, every, active, out)
            return out

        return run

    probe = (sift.P_OCTETS, where[:6], 0, (), wanted, bits, equal, every)
    return Test("octets", (name,), _cost(where), bind, probe=probe) if bits else None


def _search(relation: typed.Relation) -> Test | None:
    """Bytes that stand somewhere in the payload."""
    known = _known(relation.left)
    if (
        known is None
        or known[0] not in ("frame", "tcp", "tcp.payload")
        or not isinstance(relation.right, typed.Constant)
    ):
        return None
    value = relation.right.value
    needle = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    if not isinstance(needle, bytes) or not needle:
        return None
    name, where = known
    rare = _rarest(needle)

    def bind(blocks: Blocks, _: Connections) -> Run:
        view, field = blocks.view, blocks.field(where)

        def run(count: int, active: bytearray) -> bytearray:
            out = bytearray(count)
            choose.contains(view, field, needle, rare, active, out)
            return out

        return run

    return Test("search", (name,), _SEARCHING, bind, probe=_has_value(where))


def _rarest(needle: bytes) -> int:
    """The place of the byte that traffic has least often: neither zero, nor letters of text, if there is another."""
    common = b"\x00\xff etaoinsrhld"
    return min(range(len(needle)), key=lambda place: (needle[place] in common, chr(needle[place]).isalnum(), place))


def _present(entity: typed.Entity) -> Test | None:
    number = _number(entity)
    if number is not None and number[2]:
        return _in_ranges(number, union([(LEAST, -1), (1, MOST)]), every=False)
    known = _known(entity)
    if known is None:
        return None
    name, where = known
    return Test("present", (name,), _cost(where), _presence(where, choose.YES), probe=_has_value(where))


def _has_value(where: Spec) -> Probe:
    return sift.P_PRESENT, where[:6], 0, (), b"", (), False, False


def _presence(where: Spec, verdict: int) -> Callable[[Blocks, Connections], Run]:
    """`verdict` where the field has a value."""
    table = bytes([choose.NO, verdict, choose.ASK]) + bytes(253)

    def bind(blocks: Blocks, _: Connections) -> Run:
        view, field = blocks.view, blocks.field(where)

        def run(count: int, active: bytearray) -> bytearray:
            out = bytearray(count)
            choose.present(view, field, active, out)
            return out if verdict == choose.YES else out.translate(table)

        return run

    return bind


def _of_connections(condition: typed.Condition) -> Test:
    """What only asks for the connection is decided once for each."""
    number = spec("synfin.conn")
    assert number is not None
    where = number

    def bind(blocks: Blocks, connections: Connections) -> Run:
        view, field = blocks.view, blocks.field(where)
        verdicts, other = connections(condition)

        def run(count: int, active: bytearray) -> bytearray:
            out = bytearray(count)
            choose.of_connection(view, field, verdicts, other, active, out)
            return out

        return run

    return Test("connection", tuple(dict.fromkeys(_fields_of(condition))), _CHEAP, bind)


def _ask(condition: typed.Condition) -> Test:
    """The readable code decides; but without a value of its only field a comparison is false."""
    names = tuple(dict.fromkeys(_fields_of(condition)))
    only = _only_field(condition)
    known = None if only is None else _known(only)
    if known is not None:
        where, cost = known[1], _ASKING + _cost(known[1])
        return Test("ask", names, cost, _presence(where, choose.ASK), decides=False, probe=_has_value(where))
    if only is not None and remembered(only.field.name):
        return Test("ask", names, _ASKING, _in_rows(lambda blocks: blocks.recalled), decides=False)
    if only is not None and only.field.name.partition(".")[0] == "http":
        return Test("ask", names, _ASKING, _in_rows(lambda blocks: blocks.spoken), decides=False, spoken=True)

    def bind(blocks: Blocks, _: Connections) -> Run:
        return lambda count, active: bytearray(active[:count].translate(bytes([0]) + b"\2" * 255))

    return Test("ask", names, 2 * _ASKING, bind, decides=False)


def _in_rows(known: Callable[[Blocks], Collection[int]]) -> Callable[[Blocks, Connections], Run]:
    """A field that needs other frames stands only in the rows that those are known to tell of."""

    def bind(blocks: Blocks, _: Connections) -> Run:
        def run(count: int, active: bytearray) -> bytearray:
            out = bytearray(count)
            for index in known(blocks):
                out[index] = choose.ASK if active[index] else choose.NO
            return out

        return run

    return bind


def _only_field(condition: typed.Condition) -> typed.Values | None:
    """The field whose values a comparison is about, where it is no comparison without them."""
    entity: Any = condition.entity if isinstance(condition, typed.Present) else getattr(condition, "left", None)
    while isinstance(entity, (typed.Sliced, typed.Applied)):
        if isinstance(entity, typed.Applied) and len(entity.arguments) != 1:
            return None
        entity = entity.operand if isinstance(entity, typed.Sliced) else entity.arguments[0]
    return entity if isinstance(entity, typed.Values) else None


# --- joints -------------------------------------------------------------------------------------------------------


def _all(parts: list[Test]) -> Test:
    ordered = tuple(sorted(parts, key=lambda part: part.cost))

    def bind(blocks: Blocks, connections: Connections) -> Run:
        runs = [part.bind(blocks, connections) for part in ordered]

        def run(count: int, active: bytearray) -> bytearray:
            out = bytearray(active[:count].translate(_ONE))
            for one in runs:
                if not any(out):
                    break
                choose.both(out, one(count, out), count)
            return out

        return run

    return _joint("all", ordered, bind)._replace(spoken=any(part.spoken for part in parts))


def _any(parts: list[Test]) -> Test:
    ordered = tuple(sorted(parts, key=lambda part: part.cost))

    def bind(blocks: Blocks, connections: Connections) -> Run:
        runs = [part.bind(blocks, connections) for part in ordered]

        def run(count: int, active: bytearray) -> bytearray:
            out, open_rows = bytearray(count), bytearray(active[:count])
            for one in runs:
                choose.either(out, one(count, open_rows), open_rows, count)
            return out

        return run

    return _joint("any", ordered, bind)._replace(spoken=all(part.spoken for part in parts))


def _not(part: Test) -> Test:
    def bind(blocks: Blocks, connections: Connections) -> Run:
        run = part.bind(blocks, connections)
        return lambda count, active: bytearray(run(count, active).translate(_SWAP))

    return _joint("not", (part,), bind)


def _joint(kind: str, parts: tuple[Test, ...], bind: Callable[[Blocks, Connections], Run]) -> Test:
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    return Test(kind, names, sum(part.cost for part in parts), bind, parts, all(part.decides for part in parts))


def _cost(where: Spec) -> int:
    if where.source in (cells.S_ADDRESS4, cells.S_ADDRESS6):
        return _ADDRESS
    return _WALKING if where.source in _WALKS else _CHEAP


def _fields_of(condition: typed.Condition) -> list[str]:
    from synfin.filter.compiled import field_names

    return list(field_names(condition))


def steps(test: Test) -> Iterator[Test]:
    """The leaves, in the order in which they are run."""
    if not test.parts:
        yield test
    for part in test.parts:
        yield from steps(part)


# --- before there are rows --------------------------------------------------------------------------------------------

Clause = tuple[Test, ...]  #: leaves of which one at least must not say NO


def sieve(test: Test) -> tuple[sift.Sieve, list[Clause]] | None:
    """What can be asked of a frame before it has a row, and the leaves that ask; None without any."""
    found, clauses = sift.Sieve(), []
    for clause in _clauses(test):
        if found.add([leaf.probe for leaf in clause if leaf.probe is not None]):
            clauses.append(clause)
    return (found, clauses) if clauses else None


def marked(test: Test) -> tuple[tuple[int, array[int]], list[Clause]] | None:
    """Analysis flags of which a frame must have one (0: any), ranges in which its stream must be, and who asks."""
    flags, streams, clauses = 0, array("q"), []
    for clause in _clauses(test):
        probes = [leaf.probe for leaf in clause if leaf.probe is not None]
        if not flags and all(probe[0] == sift.P_PRESENT and probe[1][0] == cells.S_MARKED for probe in probes):
            flags = reduce(or_, (probe[1][3] for probe in probes))
        elif not streams and len(clause) == 1 and probes[0][:3] == (sift.P_NUMBERS, _stream(), 0):
            streams = array("q", probes[0][3])
        else:
            continue
        clauses.append(clause)
    return ((flags, streams), clauses) if flags or streams else None


def _stream() -> tuple[int, ...]:
    where = spec("tcp.stream")
    assert where is not None
    return where[:6]


def _clauses(test: Test) -> list[Clause]:
    """What a frame must pass to pass the test, the cheapest first."""
    if test.probe is not None:
        return [(test,)]
    if test.kind == "all":
        return [clause for part in test.parts for clause in _clauses(part)]
    if test.kind == "any":
        parts = [_clauses(part) for part in test.parts]
        return [tuple(leaf for clauses in parts for leaf in clauses[0])] if all(parts) else []
    return []
