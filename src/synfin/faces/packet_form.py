"""How `synfin packets` prints: lines, trees, bytes, cells, JSON; what -T and its companions ask for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from synfin.dissect import fields, format
from synfin.dissect.field import Field
from synfin.errors import UsageError

if TYPE_CHECKING:
    from synfin.dissect import jsonshape
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame

Rows = Iterator[tuple["Frame", "Facts"]]
WITH_FIELDS = ("fields", "json", "ek")  #: forms that -e goes with
_PLAIN = format.Layout()


class Form(NamedTuple):
    """What is printed of each packet."""

    name: str  #: text, tabs, fields, json or ek
    fields: tuple[Field, ...] = ()
    layout: format.Layout = _PLAIN
    times: str = "r"  #: -t
    lines: bool = True  #: the columns
    tree: bool = False  #: every field
    opened: frozenset[str] | None = None  #: only the fields of these protocols
    layers: frozenset[str] | None = None  #: of JSON: all but these are left out
    nodes: frozenset[str] | None = None  #: of JSON: the same, of what stands within them too
    bytes: bool = False

    @property
    def above(self) -> bool:
        """Whether what stands above TCP is shown."""
        return self.name not in ("text", "tabs") or self.tree or self.bytes

    def pieces(self, rows: Rows) -> Iterator[str]:
        """What is written for these packets."""
        if self.name == "json":
            from synfin.dissect import jsonshape

            yield from jsonshape.stream(self._document(frame, facts) for frame, facts in rows)
        elif self.name == "ek":
            for frame, facts in rows:
                yield self._bulk(frame, facts)
        elif self.name == "fields":
            yield from self._cells(rows)
        else:
            for frame, facts in rows:
                yield from (f"{text}\n" for text in self._texts(frame, facts))

    def _cells(self, rows: Rows) -> Iterator[str]:
        if self.layout.header:
            yield format.header(self.fields, self.layout) + "\n"
        elif self.layout.bom:
            yield "\ufeff"
        for frame, facts in rows:
            yield format.row(self.fields, frame, facts, self.layout) + "\n"

    def _texts(self, frame: Frame, facts: Facts) -> Iterator[str]:
        from synfin.faces.packet_lines import hex_dump, line

        if self.lines:
            yield line(frame, facts, self.times, "\t" if self.name == "tabs" else " ")
        if self.tree:
            from synfin.faces.packet_text import tree_lines

            yield from tree_lines(frame, facts, self.opened)
        if self.bytes:
            if self.lines or self.tree:
                yield ""
            yield from hex_dump(frame)
        if self.bytes or self.tree:
            yield ""

    def _document(self, frame: Frame, facts: Facts) -> dict[str, object]:
        from synfin.dissect import jsonshape

        document = jsonshape.document(frame, facts)
        if self.fields or self.layers is not None or self.nodes is not None:
            document["_source"]["layers"] = self._layers(document["_source"]["layers"], frame, facts)
        return document

    def _bulk(self, frame: Frame, facts: Facts) -> str:
        from synfin.dissect import ekshape, jsonshape

        if not self.fields and self.layers is None and self.nodes is None:
            return ekshape.lines(frame, facts)
        layers = jsonshape.document(frame, facts)["_source"]["layers"]
        if self.fields:
            found = jsonshape.Pairs()
            for name, texts in self._layers(layers, frame, facts).items():
                found.add(name.replace(".", "_"), texts)
            return ekshape.record(frame, found)
        return ekshape.record(frame, ekshape.flattened(self._layers(layers, frame, facts), frame))

    def _layers(self, layers: jsonshape.Pairs, frame: Frame, facts: Facts) -> jsonshape.Pairs:
        """The chosen fields, each with all its values; else every layer, those that were not chosen without content."""
        from synfin.dissect import json_choice, jsonshape

        named = self.layers if self.nodes is None else self.nodes
        if named is not None and "synfin" not in named:  # not a protocol of the packet
            layers.pairs = [one for one in layers.pairs if one[0] != "synfin"]
        if self.layers is not None and not self.fields:
            return json_choice.whole_layers(layers, self.layers)
        if self.nodes is not None and not self.fields:
            choose = json_choice.named_values if self.name == "ek" else json_choice.named_nodes
            return choose(layers, self.nodes)
        found = jsonshape.Pairs()
        for field in self.fields:
            if texts := format.texts_of(field, frame, facts):
                found.add(field.name, texts)
        return found


def form_of(asked: argparse.Namespace) -> Form:
    """The form that a command line asks for; UsageError where its options contradict each other."""
    name = asked.form
    if name == "fields" and not asked.fields:
        raise UsageError("-T fields needs at least one -e FIELD")
    if asked.fields and name not in WITH_FIELDS:
        raise UsageError("-e goes with -T fields, -T json or -T ek")
    if asked.bytes and name in WITH_FIELDS:
        raise UsageError(f"-x prints bytes as text; it does not go with -T {name}")
    if asked.layers is not None and asked.nodes is not None:
        raise UsageError("-J and -j exclude each other: -J shows all of a protocol, -j only what it names")
    if (asked.layers is not None or asked.nodes is not None) and name not in ("json", "ek"):
        raise UsageError(f"{'-j' if asked.layers is None else '-J'} goes with -T json or -T ek")
    tree = asked.tree or bool(asked.opened)
    return Form(
        name,
        tuple(_column(field, asked.times) for field in asked.fields),
        format.layout(asked.layout),
        asked.times,
        lines=asked.print_lines or not (tree or asked.bytes),
        tree=tree,
        opened=_names(asked.opened),
        layers=_names(asked.layers),
        nodes=_names(asked.nodes),
        bytes=asked.bytes,
    )


def _column(name: str, times: str) -> Field:
    if name.lower().startswith("_ws.col."):
        from synfin.faces.summary_columns import NAMES, column

        if (found := column(name, times)) is not None:
            return found
        raise UsageError(f"there is no column {name!r}; there are {', '.join(NAMES)}")
    return fields.lookup(name)


def _names(words: str | None) -> frozenset[str] | None:
    return None if words is None else frozenset(words.replace(",", " ").split())
