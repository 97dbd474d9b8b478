"""Types of the compiled kernel `follow`; see follow.py for the contracts."""

from array import array

from synfin._kernels.deal import Deal

FACT_FORMAT: str
FACT_FIELDS: tuple[str, ...]
VALUE_FORMAT: str
VALUE_FIELDS: tuple[str, ...]
ANALYSED: int
CLOSES: int
FOLLOWS: int
FAST_OPEN: dict[int, str]
RECORD_FORMAT: str
RECORD_FIELDS: tuple[str, ...]
NO_STATE: int
NO_SCALE: int

def fact_size() -> int: ...
def value_size() -> int: ...
def record_size() -> int: ...
def name_births(shards: list[Tracker], streams: int, connections: int) -> tuple[int, int, bytes]: ...
def records_at(shards: list[Tracker], places: array[int]) -> bytes: ...
def drain_all(shards: list[Tracker], everything: bool = False, at_most: int = 4096) -> bytes: ...

class Tracker:
    def __init__(
        self,
        matrix: bytes,
        detailed: bool = False,
        facts: bool = True,
        closed_after_s: int = 0,
        idle_after_s: int = 0,
        shard: int = 0,
        shards: int = 1,
        limits: bytes = b"",
    ) -> None: ...
    def __len__(self) -> int: ...
    def follow(
        self,
        rows: bytearray | memoryview,
        n: int,
        facts: bytearray | None = None,
        finished: Tracker | None = None,
        values: bytearray | None = None,
    ) -> None: ...
    def mark(self, rows: bytearray, n: int, marks: array[int], streams: array[int]) -> None: ...
    def follow_dealt(self, rows: bytearray, deal: Deal) -> None: ...
    def from_client(self, facts: bytearray, n: int, out: bytearray) -> None: ...
    def recall(
        self,
        notes: bytes | bytearray | memoryview,
        n: int,
        rows: bytearray,
        facts: bytearray,
        values: bytearray,
        sound: bytearray,
    ) -> None: ...
    def drain(self, everything: bool = False, at_most: int = 4096) -> bytes: ...
    def records(self, start: int, stop: int) -> bytes: ...
    def connection_count(self) -> int: ...
    def latest_ns(self) -> int: ...
    def counts(self) -> tuple[int, int, int]: ...
