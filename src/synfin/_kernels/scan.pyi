"""Types of the compiled kernel `scan`; see scan.py for the contracts."""

from array import array

Buffer = bytes | bytearray | memoryview | array[int]

ROW_FORMAT: str
ROW_FIELDS: tuple[str, ...]
REASONS: tuple[str, ...]
MAX_CAP_LEN: int
DONE: int
FULL: int
OTHER: int
CORRUPT: int

def row_size() -> int: ...
def scan_frame(
    data: Buffer,
    time_ns: int,
    wire_len: int,
    link_type: int,
    offset: int,
    interface: int,
    rows: bytearray | memoryview,
    index: int,
    seed: int,
) -> None: ...
def next_slow(rows: Buffer, start: int, count: int) -> int: ...
def scan_segment(
    data: Buffer, v6: int, length: int, ttl: int, ip_id: int, rows: bytearray | memoryview, index: int, seed: int
) -> None: ...
def mark(
    rows: bytearray | memoryview, index: int, at: int, reason: int, quoted_by: int, known: int, captured: int
) -> None: ...
def scan_pcap(
    buf: Buffer,
    start: int,
    end: int,
    base: int,
    big: int,
    ns_per_tick: int,
    link_type: int,
    rows: bytearray | memoryview,
    seed: int,
) -> tuple[int, int, int]: ...
def scan_pcapng(
    buf: Buffer, start: int, end: int, base: int, big: int, interfaces: Buffer, rows: bytearray | memoryview, seed: int
) -> tuple[int, int, int]: ...
