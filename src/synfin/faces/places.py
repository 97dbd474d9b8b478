"""Where a frame of several captures stands: in which of them, and its number there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple


class Place(NamedTuple):
    file: str
    frame: int  #: from 1, as the file counts; 0 where it is not known


class Places:
    """Captures that were read as one input; `begins`: the number of each one's first frame."""

    def __init__(self, files: Sequence[str], begins: Sequence[int]) -> None:
        self.files, self.begins = files, begins

    def of(self, frame: int) -> Place:
        """Where a frame of the whole input stands."""
        if frame < 1:
            return Place(", ".join(self.files), 0)
        at = bisect_right(self.begins, frame) - 1  # an empty file begins where the next one does
        return Place(self.files[at], frame - self.begins[at] + 1)
