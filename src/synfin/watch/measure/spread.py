"""Least, mean, most and spread of a series, kept as sums: no sample is stored."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any


@dataclass(slots=True)
class Spread:
    """A series of whole numbers."""

    count: int = 0
    least: int = 0
    most: int = 0
    total: int = 0
    squares: int = 0

    def add(self, value: int) -> None:
        self.least = value if not self.count else min(self.least, value)
        self.most = max(self.most, value) if self.count else value
        self.count += 1
        self.total += value
        self.squares += value * value

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the sample; None with fewer than two."""
        if self.count < 2:
            return None
        return sqrt(max(self.squares * self.count - self.total**2, 0) / (self.count * (self.count - 1)))

    def to_dict(self, unit: str) -> dict[str, Any]:
        """`{"samples": …, "min_ns": …, …}`; null where nothing is known."""
        mean, deviation = self.mean, self.deviation
        return {
            "samples": self.count,
            f"min_{unit}": self.least if self.count else None,
            f"avg_{unit}": None if mean is None else round(mean),
            f"max_{unit}": self.most if self.count else None,
            f"stdev_{unit}": None if deviation is None else round(deviation),
        }
