"""The grammar of display filters: a precedence-climbing parser from tokens to the syntax tree.

From loose to tight: or, xor, and, not, comparison (chains as "and"), `&`, `+ -`, `* / %`, sign. Parentheses group
tests, braces group arithmetic.
"""

from __future__ import annotations

import re

from synfin.errors import FilterError
from synfin.filter.lexer import Token, tokens
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
    Range,
    Raw,
    Reference,
    Slice,
    Test,
    Text,
    Word,
    Xor,
)

MAX_DEPTH = 64  #: nested parentheses, braces, calls and nots, and operators in a row of arithmetic
MAX_OPERANDS = 50_000  #: tokens of one filter, which bounds every list in its tree

CHAINED = frozenset({"==", "!=", "===", "!==", ">", ">=", "<", "<="})  #: comparisons that go on: a < b < c
COMPARISONS = CHAINED | {"contains", "matches"}
ARITHMETIC = {"&": 1, "+": 2, "-": 2, "*": 3, "/": 3, "%": 3}
_PART = r"(?P<start>[+-]?\w+)? *(?:(?P<how>[:-]) *(?P<end>[+-]?\w+)?)?"
_PLACE = r"([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)"


def parse(text: str) -> Test:
    """The tree of a filter; FilterError names the place and what was expected there."""
    return _Parser(text).filter()


#: how filters of tcpdump begin
_CAPTURE_FILTER = re.compile(r"\s*(?:(?:not|src|dst|ip6?|tcp|udp|ether)\s+)*(?:host|port|portrange|net)\s", re.ASCII)
_OF_CAPTURE_FILTERS = "; a filter as tcpdump's is not taken here: write ip.addr == 10.0.0.1 or tcp.port == 80"


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0
        if len(self.tokens) > MAX_OPERANDS:
            raise FilterError(
                f"the filter has more than {MAX_OPERANDS:,} parts", text, self.tokens[MAX_OPERANDS].position
            )

    def filter(self) -> Test:
        if self.here.kind == "end":
            raise self.error("the filter is empty: a field or a comparison was expected")
        found = self.disjunction()
        if self.here.kind != "end":
            remedy = _OF_CAPTURE_FILTERS if _CAPTURE_FILTER.match(self.text) else ""
            raise self.error(f"{self.shown} was not expected here: 'and', 'or' or the end was{remedy}")
        return found

    # -- tests -------------------------------------------------------------------------------------------------

    def disjunction(self) -> Test:
        operands = [self.exclusion()]
        while self.accept("||"):
            operands.append(self.exclusion())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def exclusion(self) -> Test:
        operands = [self.conjunction()]
        while self.accept("^^"):
            operands.append(self.conjunction())
        return operands[0] if len(operands) == 1 else Xor(tuple(operands))

    def conjunction(self) -> Test:
        operands = [self.negation()]
        while self.accept("&&"):
            operands.append(self.negation())
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def negation(self) -> Test:
        self.enter()
        found: Test
        if self.accept("!"):
            found = Not(self.negation())
        elif self.accept("("):
            found = self.disjunction()
            self.expect(")")
        else:
            found = self.relation()
        self.depth -= 1
        return found

    def relation(self) -> Test:
        quantifier = self.tokens[self.at].value if self.is_op("any", "all") else ""
        if quantifier:
            self.at += 1
        start = self.here.position
        left = self.arithmetic(1)
        if self.is_op("in") or (self.is_op("!") and self.tokens[self.at + 1][:2] == ("op", "in")):
            return self.membership(left, quantifier, start)
        chain = self.comparisons(left, quantifier)
        if not chain:
            if quantifier:
                raise self.error(f"a comparison was expected after '{quantifier}'")
            return Exists(left, start)
        return chain[0] if len(chain) == 1 else And(tuple(chain))

    def comparisons(self, left: Entity, quantifier: str) -> list[Test]:
        """`left == b`, or a chain of comparisons; what is no comparison of order stands alone."""
        chain: list[Test] = []
        while self.is_op(*(CHAINED if chain else COMPARISONS)):
            operator = self.take()
            right = self.arithmetic(1)
            if chain or (operator.value in CHAINED and self.is_op(*CHAINED)):
                quantifier = ""  # it speaks of one comparison, not of a chain
            chain.append(Compare(operator.value, left, right, quantifier, operator.position))
            left = right
            if operator.value not in CHAINED:
                break
        return chain

    def membership(self, left: Entity, quantifier: str, start: int) -> Test:
        negated = self.accept("!")
        self.expect("in")
        if negated:  # the quantifier speaks of the inversion, not of the values
            return Not(Member(left, self.elements(), "", start))
        return Member(left, self.elements(), quantifier, start)

    def elements(self) -> tuple[tuple[Entity, Entity | None], ...]:
        self.expect("{")
        found: list[tuple[Entity, Entity | None]] = []
        while True:
            low = self.element()
            found.append((low, self.element() if self.accept("..") else None))
            if not self.accept(","):
                break
        if not self.is_op("}"):
            raise self.error(f"',', '..' or '}}' was expected in the set, not {self.shown}")
        self.at += 1
        return tuple(found)

    def element(self) -> Entity:
        if self.is_op("{"):
            raise self.error("a set has fields and values in it, no arithmetic and no other set")
        found = self.unary()
        if isinstance(found, Slice):
            raise FilterError("a set cannot have a slice in it", self.text, found.position)
        return found

    # -- entities ----------------------------------------------------------------------------------------------

    def arithmetic(self, least: int) -> Entity:
        depth = self.depth
        left = self.unary()
        while self.here.kind == "op" and ARITHMETIC.get(self.here.value, 0) >= least:
            self.enter()
            operator = self.take()
            right = self.arithmetic(ARITHMETIC[operator.value] + 1)
            left = Arithmetic(operator.value, left, right, operator.position)
        self.depth = depth
        return left

    def unary(self) -> Entity:
        if self.is_op("{"):
            self.at += 1
            return self.braced()
        position = self.here.position
        if self.accept("-"):
            return Negative(self.postfix(self.primary()), position)
        self.accept("+")
        return self.postfix(self.primary())

    def primary(self) -> Entity:
        token = self.take()
        if token.kind in ("string", "char"):
            return Text(token.data, token.kind == "char", token.position)
        if token.kind == "word":
            return self.call(token) if self.is_op("(") else Word(token.value, token.position)
        if token[:2] == ("op", "$"):
            return self.reference(token)
        if token[:2] == ("op", "@"):
            return Raw(self.name("'@'"), token.position)
        self.at -= 1
        raise self.error(f"a field, a value or '(' was expected, not {self.shown}")

    def braced(self) -> Entity:
        self.enter()
        found = self.arithmetic(1)
        self.expect("}")
        self.depth -= 1
        return found

    def reference(self, token: Token) -> Entity:
        """`${field}`, or `$field` as Wireshark 4.4 has it; `@` in front asks for the bytes."""
        braced = self.accept("{")
        if self.here.position != token.position + 1 + braced:
            raise self.error("no space may stand inside a reference")
        raw = self.accept("@")
        field = self.name("'${'" if braced else "'$'")
        layers = self.layers() if self.is_op("#") else ()
        if braced:
            self.expect("}")
        return Reference(field, token.position, raw, layers)

    def name(self, after: str) -> Word:
        word = self.here
        if word.kind != "word":
            raise self.error(f"a field name was expected after {after}, not {self.shown}")
        self.at += 1
        return Word(word.value, word.position)

    def call(self, token: Token) -> Entity:
        self.enter()
        self.expect("(")
        arguments = [self.arithmetic(1)]
        while self.accept(","):
            arguments.append(self.arithmetic(1))
        self.expect(")")
        self.depth -= 1
        return Call(token.value, tuple(arguments), token.position)

    def postfix(self, entity: Entity) -> Entity:
        if self.is_op("#"):
            position = self.here.position
            if not isinstance(entity, Word):
                raise self.error("only a field can be followed by '#'")
            entity = Layered(entity, self.layers(), position)
        depth = self.depth
        while self.here.kind == "slice":
            self.enter()
            token = self.take()
            entity = Slice(entity, self.ranges(token), token.position)
        self.depth = depth
        return entity

    def layers(self) -> tuple[Range, ...]:
        """What stands after `#`: a number, or a list of ranges in brackets."""
        mark = self.take()
        if self.here.kind == "slice":
            return self.ranges(self.take())
        token = self.here
        digits = token.value if token.kind == "word" and token.position == mark.position + 1 else ""
        if not digits.isascii() or not digits.isdigit():
            raise FilterError("a layer number was expected right after '#'", self.text, token.position)
        self.at += 1
        return (Range(self.integer(digits.lstrip("0") or "0", token), 1),)

    def ranges(self, token: Token) -> tuple[Range, ...]:
        return tuple(self.one_range(piece.strip(" "), token) for piece in token.value.split(","))

    def one_range(self, piece: str, token: Token) -> Range:
        part = re.fullmatch(_PART, piece)
        if part is None or not piece:
            raise FilterError("a slice is [i], [i:length], [i-j], [:length] or [i:]", self.text, token.position)
        start, how, end = (part.group(name) for name in ("start", "how", "end"))
        if start is None and how != ":":
            raise FilterError("a slice needs a number", self.text, token.position)
        first = self.integer(start or "0", token)
        if how is None:
            return Range(first, 1)
        if how == ":":
            length = None if end is None else self.integer(end, token)
            if length is not None and length <= 0:
                raise FilterError("a slice's length must be positive", self.text, token.position)
            return Range(first, length)
        last = first if end is None else self.integer(end, token)
        if last <= first:
            raise FilterError("a slice [i-j] needs its end, beyond its start", self.text, token.position)
        return Range(first, None, last)

    def integer(self, text: str, token: Token) -> int:
        part = re.fullmatch(_PLACE, text)
        octal = part is not None and part[2][0] == "0" and part[2][1:2] not in ("", "x", "X")
        value = 1 << 40 if part is None else int(part[2], 8 if octal else 0) * (-1 if part[1] == "-" else 1)
        if not -0x80000000 <= value <= 0x7FFFFFFF:
            raise FilterError(f"{text[:20]!r} is no place in a slice", self.text, token.position)
        return value

    # -- tokens ------------------------------------------------------------------------------------------------

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    @property
    def shown(self) -> str:
        return "the end" if self.here.kind == "end" else repr(self.here.value or self.here.kind)

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        if token.kind == "end":
            raise self.error("the filter ends too early: a field or a value was expected")
        return token

    def is_op(self, *values: str) -> bool:
        return self.here.kind == "op" and self.here.value in values

    def accept(self, value: str) -> bool:
        found = self.is_op(value)
        self.at += found
        return found

    def expect(self, value: str) -> None:
        if not self.accept(value):
            raise self.error(f"'{value}' was expected, not {self.shown}")

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"the filter nests deeper than {MAX_DEPTH} levels")

    def error(self, message: str) -> FilterError:
        return FilterError(message, self.text, self.here.position)
