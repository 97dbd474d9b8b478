"""A display filter, ready to be asked about packets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING

from synfin.filter import typed
from synfin.filter.grammar import parse
from synfin.filter.semantics import check

# What asks single packets is imported where it is needed: planned filters ask few packets, if any.
if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.filter.evaluate.plan import Predicate
    from synfin.filter.evaluate.row import Row
    from synfin.wire.frame import Frame


class Filter:
    """`fields` names every field whose values it needs; `matches` asks one packet."""

    def __init__(self, text: str, condition: typed.Condition) -> None:
        self.text = text
        self.condition = condition  #: what `synfin.filter.planned` plans
        self.fields = frozenset(field_names(condition))

    def matches(self, frame: Frame, facts: Facts | None = None) -> bool:
        """Whether the packet passes."""
        return self._test(self._row(frame, facts))

    @property
    def asks_connections(self) -> bool:
        """Whether it asks for nothing but the connection."""
        return bool(self.fields) and all(name.startswith("conn.") for name in self.fields)

    def accepts(self, connection: object) -> bool:
        """Whether a connection passes by its record alone; for a filter that `asks_connections`."""
        from synfin.dissect.context import Facts

        return self._test(self._row(nobody(), Facts(connection=connection)))

    @cached_property
    def _test(self) -> Predicate:
        from synfin.filter.evaluate.plan import predicate

        return predicate(self.condition)

    @cached_property
    def _row(self) -> type[Row]:
        from synfin.filter.evaluate.row import Row

        return Row


@cache
def nobody() -> Frame:
    """What stands for the packet where only the connection is asked for."""
    from synfin.capture.packet import Packet
    from synfin.wire.frame import Frame

    return Frame(Packet(0, 0, 1, b"", 0), ())


def compile(text: str, macros: Mapping[str, str] | None = None) -> Filter:
    """The filter that `text` writes; FilterError names the place, what was expected, and the nearest field.

    The empty filter passes every packet, as tshark's does. Macros are Wireshark's own where none are given.
    """
    if "$" in text:
        from synfin.filter import macros as written

        text = written.expand(text, written.personal() if macros is None else macros)
    if not text.strip(" \t\r\n"):
        return Filter(text, typed.Every(()))
    return Filter(text, check(parse(text), text))


def field_names(node: object) -> Iterator[str]:
    """Names of the fields in a checked tree; its depth is bounded by the grammar."""
    if isinstance(node, typed.Values):
        yield node.field.name
    elif isinstance(node, (typed.Some, typed.Every, typed.Odd)):
        for operand in node.operands:
            yield from field_names(operand)
    elif isinstance(node, typed.Applied):
        for argument in node.arguments:
            yield from field_names(argument)
    elif isinstance(node, typed.Membership):
        yield from field_names(node.left)
        for element in node.elements:
            for entity in element:
                yield from field_names(entity)
    else:
        for name in ("operand", "entity", "left", "right"):
            yield from field_names(getattr(node, name)) if hasattr(node, name) else ()
