"""What tshark shows of a segment's numbers: how much, depends on how much of its header there is."""

from __future__ import annotations

from typing import NamedTuple

from synfin.dissect.context import Facts
from synfin.watch.follow.analysis import flag_names
from synfin.wire import seq
from synfin.wire.tcp import FIN, MIN_HEADER_LEN, SYN, Segment


class Said(NamedTuple):
    """What a tracker, readable or compiled, says of a segment."""

    seq: int  #: relative, as all that follows
    ack: int
    window_size: int
    scalefactor: int | None
    since_first_ns: int | None
    since_last_ns: int | None
    bits: int  #: of the analysis
    fast_open: tuple[str, ...]
    closes: bool | None  #: of a FIN: whether it is of the side that closes first
    options_cut: bool
    bases: tuple[int | None, int | None]  #: what stands for 0 of the sender's and of the receiver's numbers


def show(facts: Facts, segment: Segment, said: Said, *, quoted: bool) -> bool:
    """Fill in what is shown; whether tshark comes to its analysis."""
    facts.window_size = said.window_size
    if segment.hdr_len < MIN_HEADER_LEN or segment.cut:
        facts.seq, facts.ack = said.seq, said.ack
        # below 20 bytes tshark stops before the window: what is here is for the summary only
        facts.scalefactor = None if segment.hdr_len < MIN_HEADER_LEN else said.scalefactor
        return False
    facts.scalefactor = said.scalefactor
    facts.time_relative_ns, facts.time_delta_ns = said.since_first_ns, said.since_last_ns
    facts.analysis = said.fast_open
    if said.closes is not None:
        facts.closer = "active" if said.closes else "passive"
    if quoted:
        return False
    facts.seq, facts.ack = said.seq, said.ack
    if segment.len_bytes is not None:
        facts.nxtseq = seq.add(said.seq, segment.len_bytes + bool(segment.flags & (SYN | FIN)))
    facts.base_seq_sender, facts.base_seq_receiver = said.bases
    if said.options_cut:
        return False
    facts.analysis = flag_names(said.bits) + said.fast_open
    facts.analysed = bool(said.bits)
    return True
