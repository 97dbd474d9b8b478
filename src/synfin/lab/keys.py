"""Keys of a scenario's TOML file: what is not as it must be is said with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synfin.errors import UsageError

Bilingual = Mapping[str, str]


def table(where: str, data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A table, empty where there is none."""
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{where}: {key} must be a table")
    return value


def bilingual(where: str, data: Mapping[str, Any], key: str) -> Bilingual:
    """A text in both languages."""
    value = data.get(key)
    if not isinstance(value, dict) or set(value) != {"en", "zh"} or not all(isinstance(v, str) for v in value.values()):
        raise UsageError(f"{where}: {key} needs a text in en and in zh")
    return value


def only(where: str, data: Mapping[str, Any], known: set[str]) -> None:
    """Nothing but known keys."""
    unknown = set(data) - known
    if unknown:
        raise UsageError(f"{where}: unknown key {min(unknown)!r}; there are {', '.join(sorted(known))}")
