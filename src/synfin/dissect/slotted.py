"""Values with slots and a constructor and nothing else: what a dataclass would be without the time it takes to make.

A filter or a field table is dozens of such classes; a command that reads one capture must not wait for them.
"""

from __future__ import annotations

from typing import Any, ClassVar, dataclass_transform


@dataclass_transform(eq_default=False)
class Declared(type):
    """Makes slots and a constructor of a class's annotations; values given there are the defaults."""

    __slots__ = ()

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Declared:
        own = tuple(item for item in namespace.get("__annotations__", ()) if not item.startswith("__"))
        defaults = {item: namespace.pop(item) for item in own if item in namespace}
        namespace["__slots__"] = own
        made = super().__new__(mcs, name, bases, namespace)
        made.__init__ = _constructor(made, own, defaults)  # type: ignore[misc]
        return made


def _constructor(made: type, names: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    """A constructor that makes itself when it is called for the first time."""

    def begin(self: Any, *given: Any, **named: Any) -> None:
        sources = {f"_{name}": value for name, value in defaults.items()}
        taken = ", ".join(f"{name}=_{name}" if name in defaults else name for name in names)
        lines = "\n".join(f"    self.{name} = {name}" for name in names) or "    pass"
        exec(f"def __init__(self, {taken}):\n{lines}\n", sources)
        whole = made.__init__ = sources["__init__"]  # type: ignore[misc]
        whole(self, *given, **named)

    return begin


class Slotted(metaclass=Declared):
    """A base: its classes are declared as dataclasses are."""

    __slots__: ClassVar[tuple[str, ...]]  #: the names of its values
