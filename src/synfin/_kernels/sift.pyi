"""Types of the compiled kernel `sift`; see sift.py for the contracts."""

from array import array
from collections.abc import Sequence

Buffer = bytes | bytearray | memoryview
#: which test, where the field stands, mask, bounds, wanted, bits, equal, every
Probe = tuple[int, tuple[int, int, int, int, int, int], int, Sequence[int], bytes, Sequence[int], bool, bool]

P_PRESENT: int
P_NUMBERS: int
P_OCTETS: int

class Sieve:
    def __init__(self) -> None: ...
    def add(self, clause: list[Probe]) -> bool: ...

def sift_pcap(
    sieve: Sieve,
    buf: Buffer,
    start: int,
    end: int,
    base: int,
    swapped: int,
    ns_per_tick: int,
    link_type: int,
    rows: bytearray,
    seed: int,
    numbers: array[int],
    before_ns: array[int],
    number: int,
    last_ns: int,
) -> tuple[int, int, int, int, int]: ...
def keep_marked(
    rows: bytearray,
    start: int,
    count: int,
    marks: array[int],
    streams: array[int],
    mask: int,
    ranges: array[int],
    number: int,
    last_ns: int,
    kept_rows: bytearray,
    kept_marks: array[int],
    kept_streams: array[int],
    numbers: array[int],
    before_ns: array[int],
) -> tuple[int, int, int]: ...
