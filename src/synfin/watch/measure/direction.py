"""What is measured of one direction of a connection: tcptrace's numbers, in our names and units."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from synfin.watch.measure.sent import Sent
from synfin.watch.measure.spread import Spread


@dataclass(slots=True)
class Direction:
    """What one end sent, and how it was answered. Unknown is None. Bytes are payload where nothing else is said."""

    packets: int = 0
    ack_packets: int = 0
    pure_acks: int = 0  #: ACK without payload, SYN, FIN and RST
    syns: int = 0
    fins: int = 0
    resets: int = 0
    sack_packets: int = 0
    dsack_packets: int = 0  #: RFC 2883: the first block is below the ACK or inside another block
    max_sack_blocks: int = 0
    data_packets: int = 0
    data_bytes: int = 0
    unique_bytes: int = 0  #: sent for the first time, window probes excluded
    retransmitted_packets: int = 0  #: which bring sequence numbers that were sent before, SYN and FIN included
    retransmitted_bytes: int = 0  #: of sequence space: SYN and FIN count one
    out_of_order_packets: int = 0  #: behind a later one, without repeating it
    zero_window_probes: int = 0  #: sent into a closed window
    zero_window_probe_bytes: int = 0
    pushed_packets: int = 0
    urgent_packets: int = 0
    urgent_bytes: int = 0  #: by the urgent pointers
    mss: int | None = None  #: that it offered
    window_shift: int | None = None  #: that it offered
    timestamps: bool = False
    sack_permitted: bool = False
    max_segment_bytes: int | None = None
    min_segment_bytes: int | None = None
    window_max_bytes: int | None = None  #: advertised, scaled
    window_min_bytes: int | None = None  #: without 0
    window_total_bytes: int = 0
    windows: int = 0  #: advertisements
    zero_windows: int = 0
    outstanding: Spread = field(default_factory=Spread)  #: bytes not acknowledged after each new segment
    initial_window_bytes: int = 0  #: before the first acknowledgment of data
    initial_window_packets: int = 0
    stream_bytes: int | None = None  #: by SYN and FIN
    truncated_bytes: int = 0  #: on the wire, not in the capture
    truncated_packets: int = 0
    first_data_ns: int | None = None
    last_data_ns: int | None = None
    idle_max_ns: int | None = None  #: largest time without a segment; to the capture's end while the connection is open
    duplicate_acks: int = 0  #: that it received (RFC 5681: only an ACK, same number and window, data outstanding)
    handshake_rtt_ns: int | None = None  #: from its SYN to the ACK of it, if the SYN was sent once (Karn)
    throughput_bytes_per_s: float | None = None  #: unique bytes by the connection's duration
    sent: Sent = field(default_factory=Sent)

    @property
    def missed_bytes(self) -> int | None:
        """Of the stream, what the capture lacks."""
        return None if self.stream_bytes is None else max(self.stream_bytes - self.unique_bytes, 0)

    @property
    def transmit_time_ns(self) -> int | None:
        """From the first segment with data to the last."""
        if self.first_data_ns is None or self.last_data_ns is None:
            return None
        return self.last_data_ns - self.first_data_ns

    @property
    def window_avg_bytes(self) -> int | None:
        return self.window_total_bytes // self.windows if self.windows else None

    def to_dict(self) -> dict[str, Any]:
        found = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _COMPOSED}
        sent = self.sent
        return found | {
            "window_avg_bytes": self.window_avg_bytes,
            "missed_bytes": self.missed_bytes,
            "transmit_time_ns": self.transmit_time_ns,
            "outstanding": self.outstanding.to_dict("bytes"),
            "ack_rtt": sent.rtt.to_dict("ns"),
            "full_size_rtt": sent.full_rtt.to_dict("ns"),
            "ambiguous_rtt": sent.ambiguous_rtt.to_dict("ns"),
            "after_loss_acks": sent.after_loss_acks,
            "segments_acked_with_others": sent.acked_with_others,
            "repeated_acks": sent.repeated_acks,
            "triple_repeated_acks": sent.triple_repeated_acks,
            "most_retransmissions": sent.most_again,
            "retransmitted_after": sent.again_after.to_dict("ns"),
        }


_COMPOSED = frozenset({"sent", "outstanding", "window_total_bytes", "windows", "first_data_ns", "last_data_ns"})
