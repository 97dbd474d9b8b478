"""`-J` and `-j`: which protocols and fields JSON shows; of the others it says that they were left out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from synfin.dissect.jsonshape import Pairs

_TREE = "_tree"


class LeftOut(Pairs):
    """What stands in the place of something that was not chosen."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.add("filtered", name)


def whole_layers(layers: Pairs, names: Collection[str]) -> Pairs:
    """The layers with these names, each with all that it holds (-J)."""
    found = Pairs()
    for name, inside in layers.items():
        found.add(name, inside if name in names else LeftOut(name))
    return found


def named_nodes(node: Pairs, names: Collection[str]) -> Pairs:
    """Values as they are, and of what holds others only what has one of these names (-j)."""
    found = Pairs()
    for name, inside in node.items():
        found.add(name, _opened(name.removesuffix(_TREE), inside, names))
    return found


def _opened(name: str, inside: Any, names: Collection[str]) -> Any:
    if not isinstance(inside, Pairs):
        return inside
    return named_nodes(inside, names) if name in names else LeftOut(name)


def named_values(node: Pairs, names: Collection[str]) -> Pairs:
    """The same for Elasticsearch, where a value too is shown only by its own name, and a heading is called text."""
    found = Pairs()
    for name, inside in node.items():
        chosen = ("text" if _is_heading(name, inside) else name.removesuffix(_TREE)) in names
        if not isinstance(inside, Pairs):
            found.add(name, inside if chosen else LeftOut(name))
        elif chosen:
            found.add(name, named_values(inside, names))
        elif not name.endswith(_TREE):
            found.add(name, LeftOut("text" if _is_heading(name, inside) else name))
    return found


def _is_heading(name: str, inside: Any) -> bool:
    return isinstance(inside, Pairs) and name[:1].isupper()
