"""Types of the compiled kernel `sums`; see sums.py for the contracts."""

BAD: int
PARTIAL: int

def judge(rows: bytearray, n: int, buffer: bytes | bytearray, base: int) -> None: ...
