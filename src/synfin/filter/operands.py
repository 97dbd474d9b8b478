"""What stands on a side of a comparison: fields looked up, literals read by the kind they are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.errors import FilterError
from synfin.filter import typed
from synfin.filter.kinds import OPERANDS, SLICEABLE, compatible, name_of
from synfin.filter.literals import Mismatch, convert
from synfin.filter.names import hint, known, taken
from synfin.filter.printing import entity as written
from synfin.filter.signatures import FUNCTIONS
from synfin.filter.syntax import (
    Arithmetic,
    Call,
    Entity,
    Layered,
    Negative,
    Range,
    Raw,
    Reference,
    Slice,
    Text,
    Word,
)

if TYPE_CHECKING:
    from synfin.dissect.field import Field

WHOLE = (Range(0, None),)
MAX_PARTS = 256  #: of one slice: each may be as long as the packet


class Operands:
    """Checks the entities of one filter."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fail(self, message: str, position: int) -> FilterError:
        return FilterError(message, self.text, position)

    def left(self, entity: Entity, operator: str) -> typed.Entity:
        """The left side must speak of the packet."""
        first = first_of(entity)
        if is_literal(first):
            near = hint(first.text) if isinstance(first, Word) else ""
            message = f"the left side of {operator!r} must be a field or a function, not {written(entity)}{near}"
            raise self.fail(message, first.position)
        return self.entity(entity)

    def right(self, entity: Entity, left: typed.Entity) -> typed.Entity:
        """The right side: an entity of a kind that compares with the left one, or a literal read by that kind."""
        found = self.entity(entity, left)
        if not compatible(left.kind, found.kind) and not isinstance(found, typed.Constant):
            message = f"{written(entity)} is {name_of(found.kind)}, which does not compare with {name_of(left.kind)}"
            raise self.fail(message, getattr(entity, "position", 0))
        return found

    def pair(self, left: typed.Entity, entity: Entity) -> tuple[typed.Entity, typed.Entity]:
        """Both sides; where one of them is a slice, the other counts as bytes too."""
        literal = is_literal(first_of(entity))
        if isinstance(left, typed.Sliced) and not literal:
            return left, self.octets(self.entity(entity, left), entity)
        if not literal and isinstance(entity, Slice):
            found = self.entity(entity)
            return self.octets(left, entity), found
        return left, self.right(entity, left)

    def octets(self, found: typed.Entity, entity: Entity) -> typed.Entity:
        """The entity as bytes."""
        if found.kind == "bytes":
            return found
        if found.kind not in SLICEABLE:
            message = f"{name_of(found.kind)} cannot be compared with bytes"
            raise self.fail(message, getattr(entity, "position", 0))
        return typed.Sliced(found, WHOLE)

    def entity(self, entity: Entity, beside: typed.Entity | None = None) -> typed.Entity:
        """Any entity; literals are read as what stands `beside` them."""
        if isinstance(entity, (Word, Text)):
            found = known(entity)
            if found is None and beside is None:
                raise self.unknown(entity)
            return found or self.literal(entity, beside)
        if isinstance(entity, Slice):
            return self.slice(entity)
        if isinstance(entity, Call):
            return self.call(entity)
        if isinstance(entity, Arithmetic):
            return self.arithmetic(entity, beside)
        if isinstance(entity, Negative):
            return self.negative(entity, beside)
        return self.named(entity)

    def named(self, entity: Layered | Reference | Raw) -> typed.Entity:
        field = self.field(entity.field).field
        if isinstance(entity, Layered):
            return typed.Values(field, field.kind, entity.layers)
        kind = "bytes" if isinstance(entity, Raw) or entity.raw else field.kind
        return typed.Values(field, kind, raw=True) if isinstance(entity, Raw) else typed.Unknown(kind)

    def literal(self, literal: Word | Text, beside: typed.Entity | None) -> typed.Constant:
        kind = "bytes" if beside is None or beside.kind == "protocol" else beside.kind
        reserved = taken(literal.text) if isinstance(literal, Word) else ""
        if reserved:
            raise self.fail(reserved, literal.position)
        try:
            return typed.Constant(convert(literal, kind, field_of(beside)), kind)
        except Mismatch as mismatch:
            raise self.fail(str(mismatch), literal.position) from None

    def slice(self, entity: Slice) -> typed.Entity:
        operand = self.left(entity.operand, "[")
        if operand.kind not in SLICEABLE or isinstance(operand, (typed.Unknown, typed.Computed)):
            message = f"{written(entity.operand)} is {name_of(operand.kind)}, which has no parts"
            raise self.fail(message, entity.position)
        if len(entity.parts) > MAX_PARTS:
            raise self.fail(f"a slice has at most {MAX_PARTS} parts", entity.position)
        return typed.Sliced(operand, entity.parts)

    def negative(self, entity: Negative, beside: typed.Entity | None) -> typed.Entity:
        operand = self.entity(entity.operand, beside)
        kind = beside.kind if isinstance(operand, typed.Constant) and beside else operand.kind
        if kind not in OPERANDS["-"] or isinstance(entity.operand, Text):
            raise self.fail(f"{written(entity.operand)} is {name_of(kind)}, which has no sign", entity.position)
        return typed.Negated(operand, kind, field_of(operand))

    def arithmetic(self, entity: Arithmetic, beside: typed.Entity | None) -> typed.Entity:
        left = self.operand(entity.left, entity, beside)
        if isinstance(left, typed.Constant) and beside is not None:
            kind, field = beside.kind, field_of(beside)
        else:
            kind, field = left.kind, field_of(left)
        self.computable(kind, entity.left, entity)
        right = self.operand(entity.right, entity, typed.Unknown(kind))
        self.computable(right.kind, entity.right, entity)
        if not compatible(kind, right.kind):
            message = f"{written(entity.right)} is {name_of(right.kind)}, which does not go with {name_of(kind)}"
            raise self.fail(message, entity.position)
        return typed.Computed(entity.operator, left, right, kind, field)

    def operand(self, operand: Entity, whole: Arithmetic, beside: typed.Entity | None) -> typed.Entity:
        if isinstance(operand, Text):
            raise self.fail(f"{written(operand)} is nothing to compute with", operand.position)
        return self.entity(operand, beside)

    def computable(self, kind: str, operand: Entity, whole: Arithmetic) -> None:
        if kind not in OPERANDS[whole.operator]:
            message = f"{written(operand)} is {name_of(kind)}: {whole.operator!r} does not work on that"
            raise self.fail(message, whole.position)

    def call(self, entity: Call) -> typed.Entity:
        signature = FUNCTIONS.get(entity.name)
        if signature is None:
            known_ones = ", ".join(FUNCTIONS)
            raise self.fail(f"there is no function {entity.name}(); there are {known_ones}", entity.position)
        if len(entity.arguments) > 1 and not signature.many:
            raise self.fail(f"{entity.name}() takes one argument", entity.position)
        first = self.left(entity.arguments[0], entity.name)
        kind = None if isinstance(first, (typed.Sliced, typed.Unknown)) else signature.result(first)
        if kind is None:
            what = "slices" if isinstance(first, typed.Sliced) else name_of(first.kind)
            raise self.fail(f"{entity.name}() cannot be applied to {what}; {signature.takes}", entity.position)
        rest = tuple(self.argument(argument, first, entity) for argument in entity.arguments[1:])
        return typed.Applied(entity.name, (first, *rest), kind)

    def argument(self, argument: Entity, first: typed.Entity, call: Call) -> typed.Entity:
        if isinstance(argument, (Text, Slice)):
            raise self.fail(f"{written(argument)} cannot be an argument of {call.name}()", argument.position)
        found = self.entity(argument, typed.Unknown(first.kind))
        if found.kind != first.kind or isinstance(getattr(found, "value", None), typed.Network):
            message = f"the arguments of {call.name}() must be of the same kind: {written(argument)} is another"
            raise self.fail(message, getattr(argument, "position", call.position))
        return found

    # -- names -------------------------------------------------------------------------------------------------

    def field(self, word: Word) -> typed.Values:
        found = known(word)
        if found is None:
            raise self.unknown(word)
        return found

    def unknown(self, entity: Word | Text) -> FilterError:
        if isinstance(entity, Text):
            return self.fail("a field was expected, not a string", entity.position)
        return self.fail(f"{entity.text!r} is neither a field nor a protocol{hint(entity.text)}", entity.position)


def first_of(entity: Entity) -> Entity:
    """What an expression begins with."""
    while isinstance(entity, (Arithmetic, Negative)):
        entity = entity.left if isinstance(entity, Arithmetic) else entity.operand
    return entity


def is_literal(entity: Entity) -> bool:
    """Whether it is a value that stands for itself."""
    return isinstance(entity, Text) or (isinstance(entity, Word) and known(entity) is None)


def field_of(entity: typed.Entity | None) -> Field | None:
    """The field by whose rules and value strings literals beside the entity are read."""
    return getattr(entity, "field", None)
