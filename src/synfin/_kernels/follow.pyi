"""Types of the compiled kernel `follow`; see follow.py for the contracts."""

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

class Tracker:
    def __init__(self, matrix: bytes, detailed: bool = False, facts: bool = True) -> None: ...
    def __len__(self) -> int: ...
    def follow(
        self,
        rows: bytearray,
        n: int,
        facts: bytearray | None = None,
        finished: Tracker | None = None,
        values: bytearray | None = None,
    ) -> None: ...
    def from_client(self, facts: bytearray, n: int, out: bytearray) -> None: ...
    def records(self, start: int, stop: int) -> bytes: ...
    def connection_count(self) -> int: ...
    def counts(self) -> tuple[int, int, int]: ...
