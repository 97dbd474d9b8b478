"""Display filters drawn at random from a grammar over the field table, with values that a capture has.

Typed: every comparison makes sense to Wireshark 4.0, but for a few that are meant to be refused. Most fields have
values in the capture, others are missing; many have several values a frame, and tests nest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from synfin.dissect.address import ipv4, ipv6
from synfin.dissect.field import MAXIMUM, Field
from synfin.filter.kinds import ADDRESSES, NUMBERS, OCTETS, SEARCHABLE, SIGNED, SLICEABLE
from synfin.filter.literals import UNNAMED

ORDERED = ("==", "eq", "any_eq", "!=", "ne", "all_ne", "===", "all_eq", "!==", "any_ne", "~=", ">", "gt", ">=", "ge",
           "<", "lt", "<=", "le")  # fmt: skip
SLICES = ("[0]", "[1]", "[-1]", "[0:2]", "[1:]", "[:3]", "[-2:]", "[0-1]", "[1-3]", "[-3--1]", "[0,2]", "[0:2,3]",
          "[9:4]", "[:]", "[2:1,0:1]", "[20:]")  # fmt: skip
LAYERS = ("#1", "#2", "#[1]", "#[-1]", "#[1-2]", "#[2:]", "#[1,2]", "#[-2]", "#3")
PATTERNS = ("^{}", "{}$", "{}", "[{}]", "({})+", "{}.", "(?-i){}", "[^{}]", "{}?x", ".{{2}}{}")


class Draw:
    """Draws filters from `values`: for each field the values found in a capture, none where it is missing there."""

    def __init__(self, random: Random, values: Mapping[str, Sequence[Any]], fields: Mapping[str, Field]) -> None:
        self.random = random
        self.values = values
        self.present = [fields[name] for name in values if values[name]]
        self.all = list(fields.values())

    def filter(self) -> str:
        """One filter."""
        return self.test(self.random.choice((0, 0, 0, 1, 1, 2, 3)))

    def test(self, depth: int) -> str:
        """A test of `depth` levels of and, or, not."""
        if depth == 0:
            return self.leaf()
        first, second = self.test(depth - 1), self.test(self.random.randrange(depth))
        return self.random.choice((
            f"{first} and {second}", f"({first}) && ({second})", f"{first} or {second}", f"({first} || {second})",
            f"not ({first})", f"!({first}) and {second}", f"not {first}", f"{second} or not ({first})",
        ))  # fmt: skip

    def leaf(self) -> str:
        choose: Sequence[Callable[[], str]] = (
            self.existence, self.comparison, self.comparison, self.comparison, self.membership, self.membership,
            self.search, self.search, self.slicing, self.slicing, self.arithmetic, self.arithmetic, self.function,
            self.between_fields, self.chain, self.doubtful,
        )  # fmt: skip
        return self.random.choice(choose)()

    # -- fields ------------------------------------------------------------------------------------------------

    def field(self, kinds: frozenset[str] | None = None) -> Field:
        """A field of one of these kinds, most often one that the capture has."""
        pool = self.present if self.random.random() < 0.85 else self.all
        fitting = [field for field in pool if kinds is None or field.kind in kinds]
        return self.random.choice(fitting or [field for field in self.all if kinds is None or field.kind in kinds])

    def named(self, field: Field) -> str:
        """The field, now and then with layers or a leading dot."""
        name = field.name
        return self.random.choices((name, name + self.random.choice(LAYERS), "." + name), (20, 3, 1))[0]

    def value(self, field: Field) -> Any:
        known = self.values.get(field.name)
        return self.random.choice(known) if known else _DEFAULTS.get(field.kind, 1)

    def literal(self, field: Field) -> str:
        """A value of the capture, or one near it, written in one of the ways that its kind has."""
        return literal(self.random, field, self.value(field))

    # -- tests -------------------------------------------------------------------------------------------------

    def existence(self) -> str:
        return self.named(self.field())

    def comparison(self) -> str:
        field = self.field(VALUED)
        quantifier = self.random.choices(("", "any ", "all "), (8, 1, 1))[0]
        return f"{quantifier}{self.named(field)} {self.random.choice(ORDERED)} {self.literal(field)}"

    def membership(self) -> str:
        field = self.field(VALUED)
        elements = [self.element(field) for _ in range(self.random.randint(1, 4))]
        quantifier = self.random.choices(("", "any ", "all "), (8, 1, 1))[0]
        word = self.random.choice(("in", "in", "not in"))
        return f"{quantifier}{self.named(field)} {word} {{{', '.join(elements)}}}"

    def element(self, field: Field) -> str:
        if self.random.random() < 0.35:
            return f"{self.literal(field)} .. {self.literal(field)}"
        if self.random.random() < 0.1:
            return self.field(frozenset({field.kind})).name
        return self.literal(field)

    def search(self) -> str:
        field = self.field(SEARCHABLE)
        whole = _octets(self.value(field))
        start = self.random.randrange(len(whole)) if whole else 0
        part = whole[start : start + self.random.randint(1, 5)]
        if self.random.random() < 0.5:
            return f"{self.named(field)} matches {pattern(self.random, part)}"
        if field.kind == "ether" or (field.kind != "str" and self.random.random() < 0.5):
            return f"{self.named(field)} contains {part.hex(':') if len(part) > 1 else ':' + (part or b'a').hex()}"
        return f"{self.named(field)} contains {quoted(part or b'a')}"

    def slicing(self) -> str:
        field = self.field(SLICEABLE - {"address"})
        cut = self.random.choice(SLICES)
        octets = _octets(self.value(field))[: self.random.randint(1, 3)] or b"\0"
        written = self.random.choice((quoted(octets), octets.hex(":") if len(octets) > 1 else ":" + octets.hex()))
        return self.random.choice((
            f"{field.name}{cut} {self.random.choice(ORDERED)} {written}", f"{field.name}{cut}",
            f"{field.name}{cut} contains {written}", f"{field.name}{cut} & {written if written[0] != quote else 'f0'}",
            f"{field.name}{cut} matches {pattern(self.random, octets)}", f"{field.name}{cut}[0] == :{octets[:1].hex()}",
        ))  # fmt: skip

    def arithmetic(self) -> str:
        field = self.field((NUMBERS | {"reltime"}) - {"framenum"})
        if field.kind == "reltime":
            sum_ = f"{field.name} {self.random.choice('+-')} {self.random.choice(('1', '0.5', field.name))}"
            return f"{sum_} {self.random.choice(ORDERED)} {self.literal(field)}"
        other = self.field(NUMBERS)
        number = self.random.choice(("1", "2", "7", "3", "10", "0", "-1", other.name))
        sum_ = f"{field.name} {self.random.choice('+-*/%&')} {number}"
        return self.random.choice((
            sum_, f"{sum_} {self.random.choice(ORDERED)} {self.plain(field)}", f"-{field.name} < {self.plain(field)}",
            f"{{{sum_}}} * 2 >= {self.plain(field)}", f"{field.name} == {self.plain(field)} + 1",
            f"{sum_} - {self.plain(field)} <= 0", f"all {sum_} != {self.plain(field)}",
        ))  # fmt: skip

    def plain(self, field: Field) -> str:
        """The value as a decimal that the field can hold."""
        return str(abs(int(self.value(field))))

    def function(self) -> str:
        field = self.field()
        order, small = self.random.choice(ORDERED), self.random.choice("0123468")
        made = [f"count({field.name}) {order} {small}", f"len({field.name}) {order} {small}"]
        if field.kind == "str":
            made += [f"{name}({field.name}) {order} {self.literal(field)}" for name in ("upper", "lower")]
            made.append(f"lower({field.name}) contains {quoted(_octets(self.value(field))[:2] or b'a')}")
        if field.kind in NUMBERS | {"ipv4", "ipv6", "ether"}:
            made += [f'string({field.name}) {word} "{small}"' for word in ("matches", "contains")]
        if field.kind in NUMBERS | {"reltime"} - {"framenum"}:
            made += [f"abs({field.name}) {order} {small}", f"min({field.name}, {small}) {order} {small}"]
        if field.kind in VALUED:
            made += [f"{name}({field.name}) {order} {_bare(self.literal(field))}" for name in ("max", "min")]
        return self.random.choice(made)

    def between_fields(self) -> str:
        field = self.field(VALUED)
        other = self.field(NUMBERS | {"bool"} if field.kind in NUMBERS else frozenset({field.kind}))
        quantifier = self.random.choices(("", "any ", "all "), (6, 1, 1))[0]
        return f"{quantifier}{self.named(field)} {self.random.choice(ORDERED)} {self.named(other)}"

    def chain(self) -> str:
        first, second = self.field(NUMBERS), self.field(NUMBERS)
        signs = self.random.choices(("<", "<=", ">", "==", "!="), k=2)
        return f"{first.name} {signs[0]} {second.name} {signs[1]} {self.plain(second)}"

    def doubtful(self) -> str:
        """Something that may be refused: of another kind, out of range, or misspelled."""
        field, other = self.field(), self.field(VALUED)
        first = self.field(VALUED)
        return self.random.choice((
            f"{field.name} == {self.literal(other)}", f"{field.name} {self.random.choice(ORDERED)} {other.name}",
            f"{field.name} contains {self.literal(other)}", f"{field.name}[0] == {self.literal(other)}",
            f"{field.name} + 1 == {self.literal(other)}", f"{field.name} & {other.name}", f"abs({field.name}) == 1",
            f"string({field.name}) == {self.literal(other)}", f"{field.name} in {{{self.literal(other)}}}",
            f"{field.name} == 99999999999", f"{field.name} == -1", f"{field.name}x == 1", f"{field.name} =",
            f"{field.name} matches {self.literal(other)}", f"max({first.name}, {other.name}) == 1", f"-{field.name}",
        ))  # fmt: skip


quote = '"'
VALUED = frozenset({*MAXIMUM, "str", "bytes", "ether", "ipv4", "ipv6", "protocol", "abstime", "reltime"})
_DEFAULTS: dict[str, Any] = {
    "str": "a", "bytes": b"\0", "ether": bytes(6), "ipv4": b"\n\0\0\1", "ipv6": bytes(15) + b"\1", "protocol": b"\0",
}  # fmt: skip


def literal(random: Random, field: Field, value: Any) -> str:
    """The value in one of the ways that it can be written."""
    kind = field.kind
    if kind == "bool":
        return random.choice(("1", "0", "True", "FALSE", "1", "0", "2"))
    if kind in MAXIMUM:
        return _number(random, field, int(value))
    if kind == "reltime":
        whole, part = divmod(abs(value), 10**9)
        return f"{'-' * (value < 0)}{whole}.{part:09d}" if random.random() < 0.8 else "0.001"
    if kind == "abstime":
        return _date(random, value)
    if kind in ADDRESSES:
        written = ipv4(value) if len(value) == 4 else ipv6(value)
        return written + random.choice(("", "", "", f"/{random.randint(0, 8 * len(value))}"))
    octets = _octets(value)
    if kind == "ether":
        return random.choice((octets.hex(":"), octets.hex("-"), octets.hex(":").upper(), octets.hex(".", 2)))
    if kind in OCTETS and len(octets) > 1 and random.random() < 0.5:
        return octets[:40].hex(random.choice(":-"))
    return quoted(octets[: random.choice((3, 60, 60))])


def _number(random: Random, field: Field, value: int) -> str:
    value += random.choice((0, 0, 0, 1, -1))
    most = MAXIMUM[field.kind]
    if value < 0 and field.kind not in SIGNED:
        value = 0
    size = min(abs(value), most)
    forms = [str(size), str(size), hex(size), f"0{size:o}", bin(size)]
    if (
        field.values
        and field.display != "custom"
        and field.name not in UNNAMED
        and random.random() < 0.3
        and value in field.values
    ):
        return quoted(field.values[value].encode())
    if 32 < size < 127 and chr(size) not in "'\\":
        forms.append(f"'{chr(size)}'")
    return "-" * (value < 0) + random.choice(forms[: 5 if value < 0 else 6])


def _date(random: Random, value: int) -> str:
    seconds, part = divmod(value, 10**9)
    form = random.choice(("%Y-%m-%d %H:%M:%S", "%b %d, %Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S"))
    zone = random.choice(("", "Z")) if "T" in form else random.choice(("", " UTC"))
    return f'"{time.strftime(form, time.gmtime(seconds))}.{part:09d}{zone}"'


def quoted(octets: bytes) -> str:
    """Bytes as a string in double quotes."""
    return '"' + "".join(_escaped(code) for code in octets) + '"'


def _escaped(code: int) -> str:
    return chr(code) if 0x20 <= code < 0x7F and chr(code) not in '"\\' else f"\\x{code:02x}"


def pattern(random: Random, octets: bytes) -> str:
    """A regular expression with these bytes in it."""
    inside = "".join(f"\\x{code:02x}" if not chr(code).isalnum() or code > 126 else chr(code) for code in octets) or "a"
    body = random.choice(PATTERNS).format(inside)
    return f'r"{body}"' if random.random() < 0.5 else '"' + body.replace("\\", "\\\\") + '"'


def _octets(value: Any) -> bytes:
    if isinstance(value, int):
        return str(value).encode()
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)


def _bare(text: str) -> str:
    return text.partition("/")[0] if text[0] != quote else text
