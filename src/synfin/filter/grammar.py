"""The grammar of display filters: a precedence-climbing parser from tokens to the syntax tree.

From loose to tight: or, and, not, comparison (chains as "and"), `&`, `+ -`, `* / %`, sign. Parentheses group tests,
braces group arithmetic.
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
    Reference,
    Slice,
    Test,
    Text,
    Word,
)

MAX_DEPTH = 64  #: nested parentheses, braces, calls and nots, and operators in a row of arithmetic
MAX_OPERANDS = 5_000  #: tokens of one filter, which bounds every list in its tree

COMPARISONS = frozenset({"==", "!=", "===", "!==", ">", ">=", "<", "<=", "contains", "matches"})
ARITHMETIC = {"&": 1, "+": 2, "-": 2, "*": 3, "/": 3, "%": 3}
_PART = re.compile(r"(?P<start>-?\w+)?(?:(?P<how>[:-])(?P<end>-?\w+)?)?")


def parse(text: str) -> Test:
    """The tree of a filter; FilterError names the place and what was expected there."""
    return _Parser(text).filter()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0
        if len(self.tokens) > MAX_OPERANDS:
            raise FilterError(f"the filter has more than {MAX_OPERANDS} parts", text, 0)

    def filter(self) -> Test:
        if self.here.kind == "end":
            raise self.error("the filter is empty: a field or a comparison was expected")
        found = self.disjunction()
        if self.here.kind != "end":
            raise self.error(f"{self.shown} was not expected here: 'and', 'or' or the end was")
        return found

    # -- tests -------------------------------------------------------------------------------------------------

    def disjunction(self) -> Test:
        operands = [self.conjunction()]
        while self.accept("||"):
            operands.append(self.conjunction())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

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
        negated = self.is_op("!") and self.tokens[self.at + 1][:2] == ("op", "in")
        if negated:
            self.at += 1
        if self.is_op("in"):
            self.at += 1
            found: Test = Member(left, self.elements(), quantifier, start)
            return Not(found) if negated else found
        chain: list[Test] = []
        while self.here.kind == "op" and self.here.value in COMPARISONS:
            operator = self.take()
            right = self.arithmetic(1)
            chain.append(Compare(operator.value, left, right, quantifier, operator.position))
            left = right
        if not chain:
            if quantifier:
                raise self.error(f"a comparison was expected after '{quantifier}'")
            return Exists(left, start)
        return chain[0] if len(chain) == 1 else And(tuple(chain))

    def elements(self) -> tuple[tuple[Entity, Entity | None], ...]:
        self.expect("{")
        found: list[tuple[Entity, Entity | None]] = []
        while True:
            low = self.arithmetic(1)
            found.append((low, self.arithmetic(1) if self.accept("..") else None))
            if not self.accept(","):
                break
        if not self.is_op("}"):
            raise self.error(f"',' or '}}' was expected in the set, not {self.shown}")
        self.at += 1
        return tuple(found)

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
        position = self.here.position
        if self.accept("+"):
            return self.unary_operand()
        if self.accept("-"):
            operand = self.unary_operand()
            if isinstance(operand, Word) and operand.text[:1].isdigit():
                return Word("-" + operand.text, position)
            return Negative(operand, position)
        return self.postfix(self.primary())

    def unary_operand(self) -> Entity:
        self.enter()
        found = self.unary()
        self.depth -= 1
        return found

    def primary(self) -> Entity:
        token = self.take()
        if token.kind in ("string", "char"):
            return Text(token.data, token.kind == "char", token.position)
        if token.kind == "word":
            return self.call(token) if self.is_op("(") else Word(token.value, token.position)
        if token[:2] == ("op", "{"):
            return self.braced()
        if token[:2] == ("op", "$"):
            return self.reference(token)
        self.at -= 1
        raise self.error(f"a field, a value or '(' was expected, not {self.shown}")

    def braced(self) -> Entity:
        self.enter()
        found = self.arithmetic(1)
        self.expect("}")
        self.depth -= 1
        return found

    def reference(self, token: Token) -> Entity:
        self.expect("{")
        word = self.take()
        if word.kind != "word":
            raise FilterError("a field name was expected after '${'", self.text, word.position)
        self.expect("}")
        return Reference(Word(word.value, word.position), token.position)

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
            entity = self.layered(entity)
        depth = self.depth
        while self.here.kind == "slice":
            self.enter()
            token = self.take()
            entity = Slice(entity, self.ranges(token), token.position)
        self.depth = depth
        return entity

    def layered(self, entity: Entity) -> Entity:
        position = self.take().position
        if not isinstance(entity, Word):
            raise FilterError("only a field can be followed by '#'", self.text, position)
        if self.here.kind == "slice":
            return Layered(entity, self.ranges(self.take()), position)
        token = self.take()
        if token.kind != "word" or not token.value.isascii() or not token.value.isdigit():
            raise FilterError("a layer number was expected after '#'", self.text, token.position)
        return Layered(entity, (Range(int(token.value), 1),), position)

    def ranges(self, token: Token) -> tuple[Range, ...]:
        found: list[Range] = []
        for piece in token.value.split(","):
            part = _PART.fullmatch(piece.strip())
            if part is None or not piece.strip():
                raise FilterError("a slice is [i], [i:length], [i-j], [:length] or [i:]", self.text, token.position)
            found.append(self.one_range(part, token))
        return tuple(found)

    def one_range(self, part: re.Match[str], token: Token) -> Range:
        start, how, end = (part.group(name) for name in ("start", "how", "end"))
        if start is None and (how != ":" or end is None):
            raise FilterError("a slice needs a number", self.text, token.position)
        first = self.integer(start or "0", token)
        if how is None:
            return Range(first, 1)
        if how == ":":
            length = None if end is None else self.integer(end, token)
            if length is not None and length <= 0:
                raise FilterError("a slice's length must be positive", self.text, token.position)
            return Range(first, length)
        if end is None:
            raise FilterError("a slice [i-j] needs its end", self.text, token.position)
        return Range(first, None, self.integer(end, token))

    def integer(self, text: str, token: Token) -> int:
        try:
            value = int(text, 0)
        except ValueError:
            value = 1 << 40
        if abs(value) > 0x7FFFFFFF:
            raise FilterError(f"{text!r} is no place in a slice", self.text, token.position)
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
