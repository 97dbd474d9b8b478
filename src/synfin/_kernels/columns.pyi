"""Types of the compiled kernel `columns`; see columns.py for the contracts."""

from synfin._kernels.cells import Block

def fill(block: Block, field: int, width: int, out: bytearray, first: int, known: bytearray) -> None: ...
