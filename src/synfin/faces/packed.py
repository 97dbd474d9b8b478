"""Data for a page's script in which whatever occurs more than once stands once: segments have most texts in common.

`{"shared": [...], "value": ...}`: a reference is an object whose only key is `$`, the index of its meaning in `shared`;
what is shared refers only to what stands before it.
"""

from __future__ import annotations

from typing import Any

_WORTH = 10  #: characters of a text for which a reference is shorter

_Key = tuple[Any, ...]


def packed(data: Any) -> dict[str, Any]:
    """JSON-like data, packed."""
    packing = _Packing()
    root = packing.take(data)
    places: dict[int, int] = {}
    shared: list[Any] = []
    for number, uses in enumerate(packing.uses):
        if uses > 1 and packing.worth(number):
            shared.append(packing.written(number, places))
            places[number] = len(shared) - 1
    return {"shared": shared, "value": packing.written(root, places)}


class _Packing:
    """Every different value once, those that a value is made of before it."""

    def __init__(self) -> None:
        self._numbers: dict[_Key, int] = {}
        self._values: list[Any] = []  #: a dict or list holds the numbers of its parts
        self.uses: list[int] = []  #: in how many places of different values it stands

    def take(self, value: Any) -> int:
        """The number of a value."""
        made: Any
        if isinstance(value, dict):
            made = {str(key): self.take(part) for key, part in value.items()}
            key: _Key = (dict, *made.items())
        elif isinstance(value, list | tuple):
            made = [self.take(part) for part in value]
            key = (list, *made)
        else:
            made, key = value, (type(value), value)
        number = self._numbers.setdefault(key, len(self._values))
        if number == len(self._values):
            self._values.append(made)
            self.uses.append(0)
            for part in made.values() if isinstance(made, dict) else made if isinstance(made, list) else ():
                self.uses[part] += 1
        return number

    def worth(self, number: int) -> bool:
        """Whether a reference is shorter than the value."""
        value = self._values[number]
        return (
            len(value) >= (_WORTH if isinstance(value, str) else 1) if isinstance(value, str | dict | list) else False
        )

    def written(self, number: int, places: dict[int, int]) -> Any:
        """A value with references to what stands in `places`."""
        value = self._values[number]
        if isinstance(value, dict):
            return {key: self._part(part, places) for key, part in value.items()}
        return [self._part(part, places) for part in value] if isinstance(value, list) else value

    def _part(self, number: int, places: dict[int, int]) -> Any:
        return {"$": places[number]} if number in places else self.written(number, places)
