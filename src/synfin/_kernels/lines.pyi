"""Types of the compiled kernel `lines`; see lines.py for the contracts."""

from array import array

from synfin._kernels.cells import Block

Buffer = bytes | bytearray | memoryview

DECIMAL: int
SIGNED: int
HEX: int
FLAG: int
MARK: int
IPV4: int
IPV6: int
ETHER: int
SECONDS: int
OCTETS: int
DONE: int
ASK: int
FULL: int
ALL: int
FIRST: int
LAST: int

def write(
    block: Block,
    fields: array[int],
    separator: int,
    aggregator: int,
    quote: int,
    occurrence: int,
    verdicts: Buffer,
    start: int,
    out: bytearray,
    at: int,
) -> tuple[int, int, int]: ...
