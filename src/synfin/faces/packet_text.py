"""`-V` and `-O`: every layer and field of a packet as indented lines, the way tshark prints its tree."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from synfin.dissect.context import Facts
from synfin.dissect.tree import Node, build
from synfin.wire.frame import Frame

_INDENT = "    "


def tree_lines(frame: Frame, facts: Facts, opened: Collection[str] | None = None) -> Iterator[str]:
    """The lines of one packet; with `opened`, only those protocols show more than their title."""
    for layer in build(frame, facts):
        if layer.name == "synfin":
            continue  # ours: `synfin explain --packet` tells it
        yield layer.text()
        if opened is None or layer.name in opened:
            for node in layer.children:
                yield from _lines(node, 1)


def _lines(node: Node, depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    if node.severity:
        severity, group = node.severity.capitalize(), node.group.capitalize()
        yield f"{indent}[Expert Info ({severity}/{group}): {node.title_en}]"
        for said in (node.title_en, f"Severity level: {severity}", f"Group: {group}"):
            yield f"{indent}{_INDENT}[{said}]"
    else:
        yield indent + node.text()
    for child in node.children:
        yield from _lines(child, depth + 1)
