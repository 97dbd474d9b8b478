"""One captured frame, as every reader yields it and every writer takes it."""

from __future__ import annotations

from typing import NamedTuple


class Noted(NamedTuple):
    """What few captures tell of a packet: options of its block in pcapng."""

    queue: int | None = None  #: of the interface, on which it arrived
    packet_id: int | None = None  #: the same wherever the same packet was captured
    verdicts: tuple[bytes, ...] = ()  #: what hardware or eBPF decided: a byte that tells the kind, and the rest


NOTHING_NOTED = Noted()


class Packet(NamedTuple):
    """A frame of the input."""

    number: int  #: `frame.number`: from 1, every frame of the input counts
    time_ns: int  #: capture time, nanoseconds since the epoch (0 where `timed` is false)
    link_type: int  #: LINKTYPE_ value of its interface
    data: bytes  #: the captured bytes
    wire_len: int  #: length on the wire; more than `len(data)` when the capture truncated the frame
    offset: int = 0  #: where `data` begins in the (decompressed) input
    interface: int = 0  #: index of its interface, counted over the whole input
    comments: tuple[str, ...] = ()
    flags: int | None = None  #: direction, reception and link errors as pcapng's epb_flags has them
    drops: int | None = None  #: packets lost between this one and the one before, where the file tells
    record: int | None = None  #: where its record begins in the (decompressed) input
    noted: Noted = NOTHING_NOTED
    fcs_len: int | None = None  #: bytes of frame check sequence at its end, None where the file does not tell
    erf: bytes = b""  #: the header of its ERF record, up to the frame; empty in other formats
    timed: bool = True  #: whether the file tells its time: a Simple Packet Block of pcapng does not


class Interface(NamedTuple):
    """Where packets were captured (a pcap file has one, pcapng any number)."""

    link_type: int
    snap_len: int = 0  #: 0 means unlimited
    ticks_per_second: int = 1_000_000  #: resolution of its timestamps
    name: str = ""
    drops: int | None = None  #: packets lost by the capture, where the file tells
    ts_offset_s: int = 0  #: seconds to add to its timestamps (pcapng's if_tsoffset)
    description: str = ""
    section: int = 0  #: which section of the file describes it, from 1; 0 where the format has none
    first: int = 0  #: index of that section's first interface
    fcs_len: int | None = None  #: bytes of frame check sequence at the end of its frames, where the file tells

    @property
    def time_decimals(self) -> int:
        """Decimals of a second that its timestamps are shown with: 0, 1, 2, 3, 6 or 9."""
        return next((count for count in (0, 1, 2, 3, 6) if self.ticks_per_second <= 10**count), 9)
