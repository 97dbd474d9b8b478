"""Types of the compiled kernel `cells`; see cells.py for the contracts, cells.pxd for the sources."""

from array import array

Buffer = bytes | bytearray | memoryview

HAS_ETH: int
HAS_IP4: int
HAS_IP6: int
HAS_TCP: int
HAS_UDP: int
HAS_ARP: int
UNSURE: int
PAIR_SOURCE: int
PAIR_DESTINATION: int
PAIR_BOTH: int
S_ETH: int
S_IP4: int
S_IP6: int
S_TCP: int
S_UDP: int
S_ARP: int
S_NUMBER: int
S_ROW: int
S_RELATIVE: int
S_DELTA: int
S_DISPLAYED: int
S_FRAME: int
S_FOLLOWED: int
S_OWN: int
S_SEGMENT: int
S_SEGMENT_ROW: int
S_SEGMENT_BYTES: int
S_FLAGS: int
S_FACT: int
S_VALUE: int
S_MARKED: int
S_NOTED: int
S_ANALYSED: int
S_NEXT: int
S_SCALE: int
S_PORT: int
S_OPTION: int
S_WHOLE_OPTION: int
S_MULTIPLIER: int
S_SACK_EDGE: int
S_PAYLOAD: int
S_TCP_BYTES: int
S_CLOSER: int
S_SHOWN: int
S_BITS: int
S_LAYER: int
S_ETH_BYTES: int
S_IP4_BYTES: int
S_IP6_BYTES: int
S_UDP_BYTES: int
S_ADDRESS4: int
S_ADDRESS6: int
S_ETH_PAIR: int
S_UDP_PAIR: int

class Block:
    def __init__(self) -> None: ...
    def field(self, source: int, offset: int, width: int, mask: int, shift: int, scale: int) -> int: ...
    def attach(
        self,
        rows: bytearray,
        count: int,
        first: int,
        buffer: Buffer,
        base: int,
        slow: Buffer,
        facts: bytearray | None = None,
        fact_size: int = 0,
        values: bytearray | None = None,
        value_size: int = 0,
        numbers: array[int] | None = None,
        befores_ns: array[int] | None = None,
        marks: array[int] | None = None,
        streams: array[int] | None = None,
    ) -> None: ...
    def passed(self, time_ns: int) -> None: ...
    def unsure(self) -> list[int]: ...
    def datagrams(self) -> list[int]: ...
    def others(self) -> list[int]: ...
    def shown(self, time_ns: int) -> None: ...
    def shown_last(self) -> int | None: ...
