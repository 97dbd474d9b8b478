"""Following whole captures: what an engine is. There are two, `compiled` and `readable`; `engines` chooses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from synfin.capture.packet import Packet
    from synfin.capture.reader import CaptureReader
    from synfin.watch.follow.raw import RawConnection
    from synfin.wire.frame import Frame


class Place(NamedTuple):
    """Where a packet belongs."""

    conn: int | None  #: None for a header quoted by an ICMP error
    stream: int
    bits: int  #: Analysis flags


class Limits(NamedTuple):
    """For how many seconds of the capture's clock a silent connection stays in memory; None: as long as the others."""

    closed_after_s: int | None  #: one that was closed or reset, or never opened
    idle_after_s: int | None  #: any other


KEEP_ALL = Limits(None, None)
GENEROUS = Limits(240, 3600)  #: more than a host remembers a connection (RFC 9293 3.4.2), and than most let one idle
HASTY = Limits(10, 60)  #: for floods: most of those that go on are not mistaken for others


class Engine(Protocol):
    """Follows the frames of one input (one file, or several as one)."""

    @property
    def frames(self) -> int:
        """Frames so far."""

    @property
    def segments(self) -> int:
        """Frames with a TCP header of their own so far."""

    @property
    def last(self) -> Frame | None:
        """The packet that `see` was given last, where it had to be taken apart with what was known before it."""

    def feed(self, reader: CaptureReader) -> None:
        """Follow a capture from where it stands to its end."""

    def steps(self, reader: CaptureReader) -> Iterator[None]:
        """The same, with pauses: connections may be taken that have left memory."""

    def see(self, packet: Packet) -> Place | None:
        """Follow one packet; None where it holds no TCP header."""

    def connections(self) -> Iterator[RawConnection]:
        """Every connection so far, in order of `conn`."""

    @property
    def connection_count(self) -> int:
        """Connections so far."""

    def connection(self, number: int) -> RawConnection | None:
        """The connection with this `conn`, None where there is none."""
