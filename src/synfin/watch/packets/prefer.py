"""What preferences change of the facts of a segment: absolute numbers, no analysis, windows that were not announced."""

from __future__ import annotations

from synfin.dissect.context import Facts
from synfin.dissect.preferences import Preferences
from synfin.watch.follow.streams import StreamRow
from synfin.wire import seq
from synfin.wire.tcp import FIN, SYN


def prefer(facts: Facts, wanted: Preferences, row: StreamRow) -> None:
    """Change the facts of one segment to what is wanted."""
    if not wanted.tcp_analyze_sequence_numbers:
        _forget_analysis(facts)
    if not (wanted.tcp_analyze_sequence_numbers and wanted.tcp_relative_sequence_numbers):
        _number_absolutely(facts, row)
    if not wanted.tcp_track_bytes_in_flight:
        facts.bytes_in_flight = facts.push_bytes_sent = None
        if not (facts.analysis or facts.acks_frame or facts.duplicate_ack_frame or facts.rto_frame or row.bits):
            facts.analysed, facts.initial_rtt_ns = False, None
    if not wanted.tcp_calculate_timestamps:
        facts.time_relative_ns = facts.time_delta_ns = None
    if facts.scalefactor == -1 and wanted.tcp_default_window_scaling >= 0:
        shift = wanted.tcp_default_window_scaling
        facts.scalefactor, facts.window_size = 1 << shift, row.segment.window << shift


def _forget_analysis(facts: Facts) -> None:
    facts.analysis, facts.analysed = (), False
    facts.acks_frame = facts.ack_rtt_ns = facts.initial_rtt_ns = facts.rto_ns = facts.rto_frame = None
    facts.duplicate_ack_num = facts.duplicate_ack_frame = None
    facts.bytes_in_flight = facts.push_bytes_sent = None


def _number_absolutely(facts: Facts, row: StreamRow) -> None:
    segment = row.segment
    facts.base_seq_sender = facts.base_seq_receiver = 0
    if facts.seq is not None:
        facts.seq, facts.ack = segment.seq, segment.ack
    if facts.nxtseq is not None and segment.len_bytes is not None:
        facts.nxtseq = seq.add(segment.seq, segment.len_bytes + bool(segment.flags & (SYN | FIN)))
