"""Types of the compiled kernel `choose`; see choose.py for the contracts."""

from array import array

from synfin._kernels.cells import Block

Buffer = bytes | bytearray | memoryview

NO: int
YES: int
ASK: int

def present(block: Block, field: int, active: Buffer, out: bytearray) -> None: ...
def numbers(
    block: Block, field: int, mask: int, ranges: array[int], every: int, active: Buffer, out: bytearray
) -> None: ...
def octets(
    block: Block,
    field: int,
    wanted: bytes,
    bits: array[int],
    equal: int,
    every: int,
    active: Buffer,
    out: bytearray,
) -> None: ...
def contains(block: Block, field: int, needle: bytes, rare: int, active: Buffer, out: bytearray) -> None: ...
def of_connection(block: Block, field: int, verdicts: bytes, other: int, active: Buffer, out: bytearray) -> None: ...
def both(verdicts: bytearray, others: Buffer, count: int) -> None: ...
def either(verdicts: bytearray, others: Buffer, active: bytearray, count: int) -> None: ...
def connections(block: Block, field: int, verdicts: Buffer, found: bytearray) -> None: ...
