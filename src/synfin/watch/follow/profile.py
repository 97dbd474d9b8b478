"""The rules of sequence analysis as a versioned profile: what differs between releases of tshark is data here."""

from __future__ import annotations

from dataclasses import dataclass

from synfin.errors import UsageError


@dataclass(frozen=True, slots=True)
class Profile:
    """Which rules hold. Everything that is off is the rule of tshark 4.0."""

    name: str
    ends_streams: bool = False  #: SYN and SYN,ACK open a stream: another number, or after FIN or RST the same one
    probe_byte_taken: bool = False  #: a zero window probe's byte may have been accepted
    unseen_moves_on: bool = False  #: "ACKed unseen" moves the end of the run and leaves the duplicate ACKs alone
    only_old_again: bool = False  #: what was never reached cannot be a (spurious) retransmission
    fast_by_sack: bool = False  #: a hole between SACK blocks that is filled is a fast retransmission
    reorder_by_bytes: bool = False  #: bytes that are in flight already are not out of order
    rto_from_same: bool = False  #: a timeout counts from the same bytes, not from the oldest in flight
    base_without_length: bool = False  #: relative numbers begin also where the length is unknown
    partial_acks: bool = False  #: an ACK of a part of a segment names its frame, too
    newer_fields: bool = False  #: place in the stream, single bits of the completeness, notes on SACK permitted

    @property
    def needs_flight(self) -> bool:
        """Whether flags depend on the segments in flight."""
        return self.unseen_moves_on or self.reorder_by_bytes


TSHARK_4_0 = Profile("tshark-4.0")
TSHARK_4_4 = Profile(
    "tshark-4.4",
    ends_streams=True,
    probe_byte_taken=True,
    unseen_moves_on=True,
    only_old_again=True,
    fast_by_sack=True,
    reorder_by_bytes=True,
    rto_from_same=True,
    base_without_length=True,
    partial_acks=True,
    newer_fields=True,
)
PROFILES = {profile.name: profile for profile in (TSHARK_4_0, TSHARK_4_4)}


def named(name: str) -> Profile:
    """The profile of that name; UsageError for an unknown one."""
    if name not in PROFILES:
        raise UsageError(f"no such profile: {name!r}; there are {', '.join(PROFILES)}")
    return PROFILES[name]
