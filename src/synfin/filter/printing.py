"""A syntax tree back to text that parses to the same tree."""

from __future__ import annotations

from synfin.filter.syntax import (
    And,
    Arithmetic,
    Call,
    Compare,
    Entity,
    Exists,
    Layered,
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


def show(test: Test) -> str:
    """A filter text."""
    if isinstance(test, Or):
        return " or ".join(_grouped(operand, (Or,)) for operand in test.operands)
    if isinstance(test, Xor):
        return " xor ".join(_grouped(operand, (Or, Xor)) for operand in test.operands)
    if isinstance(test, And):
        return " and ".join(_grouped(operand, (Or, Xor, And)) for operand in test.operands)
    if isinstance(test, Not):
        return f"not {_grouped(test.operand, (Or, Xor, And))}"
    if isinstance(test, Exists):
        return entity(test.entity)
    head = f"{test.quantifier} " if test.quantifier else ""
    if isinstance(test, Compare):
        return f"{head}{entity(test.left)} {test.operator} {entity(test.right)}"
    return f"{head}{entity(test.left)} in {{{', '.join(_element(*element) for element in test.elements)}}}"


def _grouped(test: Test, loose: tuple[type, ...]) -> str:
    return f"({show(test)})" if isinstance(test, loose) else show(test)


def _element(low: Entity, high: Entity | None) -> str:
    return entity(low) if high is None else f"{entity(low)} .. {entity(high)}"


def entity(found: Entity) -> str:
    """A field, a value or an expression of them."""
    if isinstance(found, Word):
        return found.text
    if isinstance(found, Text):
        return _quoted(found)
    if isinstance(found, Layered):
        return f"{found.field.text}#[{_ranges(found.layers)}]"
    if isinstance(found, Slice):
        return f"{_braced(found.operand)}[{_ranges(found.parts)}]"
    if isinstance(found, Call):
        return f"{found.name}({', '.join(entity(argument) for argument in found.arguments)})"
    if isinstance(found, Negative):
        return f"-{_braced(found.operand)}"
    if isinstance(found, Reference):
        layers = f"#[{_ranges(found.layers)}]" if found.layers else ""
        return f"${{{'@' * found.raw}{found.field.text}{layers}}}"
    if isinstance(found, Raw):
        return f"@{found.field.text}"
    return f"{_braced(found.left)} {found.operator} {_braced(found.right)}"


def _braced(found: Entity) -> str:
    return f"{{{entity(found)}}}" if isinstance(found, (Arithmetic, Negative)) else entity(found)


def _quoted(text: Text) -> str:
    mark = "'" if text.char else '"'
    inside = "".join(
        chr(code) if 0x20 <= code < 0x7F and chr(code) not in "\\\"'" else f"\\x{code:02x}" for code in text.data
    )
    return f"{mark}{inside}{mark}"


def _ranges(parts: tuple[Range, ...]) -> str:
    return ",".join(_range(part) for part in parts)


def _range(part: Range) -> str:
    if part.last is not None:
        return f"{part.start}-{part.last}"
    if part.length is None:
        return f"{part.start}:"
    return f"{part.start}:{part.length}"
