"""Types of the compiled kernel `stretch`; see stretch.py for the contracts."""

from array import array

from synfin._kernels.deal import Deal

WHOLE: int
FULL: int
STUCK: int
MISSED: int
PIECE_LEN: int

class Walk:
    def __init__(
        self, big: int, ticks: int, link_type: int, seed: int, interfaces: array[int] | None = None
    ) -> None: ...

def read(
    walk: Walk, descriptor: int, begin: int, stop: int, known: bool, buffer: bytearray, rows: bytearray, deal: Deal
) -> tuple[int, int, int]: ...
