"""Comparisons of numbers as ranges: pairs of a first and a last one, in order and apart, within 64 bits."""

from __future__ import annotations

from collections.abc import Iterable

Ranges = list[tuple[int, int]]

LEAST, MOST = -(1 << 63), (1 << 63) - 1


def compared(sign: str, first: int, last: int) -> Ranges | None:
    """The numbers that are `sign` (==, !=, <, <=, >, >=) a constant which stands for `first` to `last`."""
    ranges = {
        "==": [(first, last)],
        "!=": [(LEAST, first - 1), (last + 1, MOST)],
        "<": [(LEAST, first - 1)],
        "<=": [(LEAST, last)],
        ">": [(last + 1, MOST)],
        ">=": [(first, MOST)],
    }.get(sign)
    return None if ranges is None else union(ranges)


def between(first: tuple[int, int], last: tuple[int, int]) -> tuple[int, int]:
    """From a constant to another one, both included."""
    return first[0], last[1]


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The ranges joined where they touch, what lies outside of 64 bits cut off, empty ones left out."""
    found: Ranges = []
    for first, last in sorted((max(first, LEAST), min(last, MOST)) for first, last in ranges):
        if first > last:
            continue
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found
