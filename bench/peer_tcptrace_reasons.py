"""Why tcptrace says something else: each rule names what it does, and holds only where that can be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from unittest.mock import patch

from connections import Followed
from synfin.watch.measure.direction import Direction
from synfin.watch.measure.sent import Sent
from synfin.watch.measure.spread import Spread
from synfin.wire.tcp import Segment

OUT_OF_REACH = "no such connection here: link type, tunnel or file format that is not read"
OTHER_BEGINNING = "tcptrace begins a new connection after four minutes of silence, or at a SYN that it finds new"
SPLIT = "tcptrace ends a connection after four minutes of silence, where the clock goes back, or at a new SYN"
ONE_BYTE = "tcptrace takes a piece of one sequence number (SYN, FIN, one byte) for one of 4 GiB, the largest of all"
ONE_BYTE_32 = "tcptrace on a 32-bit machine: a piece of one sequence number makes it forget all samples so far"
UNSET = "tcptrace takes a time of 0 for none at all"
RESETS = "tcptrace divides the windows by all segments, RST among them, which advertise none"
RESET_END = "after a RST tcptrace ends the stream at the last segment's number, which counts the FIN"
NEGATIVE_MSS = "tcptrace reads an MSS above 32,767 as a negative number"
UNSIGNED = "tcptrace subtracts without a sign"
SNAPPED = (
    "records are longer than the file's header says they can be: libpcap, which tcptrace reads with, cuts them there"
)
EXTENDED = "tcptrace takes IPv6 extension headers for TCP payload"
NO_ACK = "tcptrace adds one to what is outstanding only once the peer's acknowledgment was captured"
SYN_AGAIN = "tcptrace does not count the first repetition of the SYN's acknowledgment"
TRIPLE = "tcptrace counts the ACKs of a piece anew when it joins others"
QUARTERS = "tcptrace cuts segments at the quarters of the sequence space, and counts the parts apart"
SECOND_FIN = "tcptrace counts a second FIN, at another number, as a byte of data"
DAMAGED = "tcptrace believes lengths that do not fit the packet"

#: captures in which every number depends on one thing
CAPTURES = {
    "pcapplusplus/ipfragutil_bpf_filter.pcap": "IP fragments: tcptrace takes the first for all",
    "zeek/ip6-hoa-tcp-good-chksum.pcap": EXTENDED,
    "zeek/ip6-route0-tcp-bad-chksum.pcap": EXTENDED,
    "zeek/ipv6-http-atomic-frag.pcap": EXTENDED,
    "wireshark/pcapng-example.pcapng": "the file's clock runs backwards by decades: tcptrace begins a connection anew",
    "ndpi/fuzz-2006-09-29-28586.pcap": "damaged packets: tcptrace believes lengths and header lengths that cannot be",
    "ndpi/fuzz-2021-10-13.pcap": "damaged packets: tcptrace believes lengths and header lengths that cannot be",
    "ndpi/tls_invalid_reads.pcap": "damaged packets: tcptrace believes lengths, and window shifts above 14",
}

#: single values
SINGLE = {
    ("suricata-verify/issue-3341-tcphdr-01__urgent11_cve_2019_12260.pcap", "segs cum acked"):
        "an ACK far beyond all that was sent: tcptrace looks back no further than a quarter of the sequence space",
}  # fmt: skip

Why = Callable[[str, str, str], str]
Show = Callable[[str, Direction], str]  #: a value in tcptrace's form


def why(name: str, row: Mapping[str, str], one: Followed, end: tuple[bytes, int], show: Show, snap_len: int) -> Why:
    """The reason of a difference in one direction: (value's name, theirs, ours) -> text."""
    sender = _sender(one, end)

    def reason(value: str, theirs: str, ours: str) -> str:
        return (
            CAPTURES.get(name, "")
            or SINGLE.get((name, value), "")
            or _of_connection(row, one)
            or _of_value(value, theirs, ours, sender)
            or _of_full_size(value, theirs, one, end, show)
            or _of_segments(value, one, snap_len)
        )

    return reason


def _sender(one: Followed, end: tuple[bytes, int]) -> Direction:
    both = one.measurements
    return both.client if end == one.ends[0] else both.server


def _of_full_size(value: str, theirs: str, one: Followed, end: tuple[bytes, int], show: Show) -> str:
    """Whether tcptrace's mistake about small pieces, made here as well, gives its value."""
    if not value.startswith("RTT full_sz"):
        return ""
    for wrongly, reason in ((_one_is_most, ONE_BYTE), (_one_is_none, ONE_BYTE_32)):
        with patch.object(Sent, "_full_sample", wrongly):
            if show(value, _sender(one, end)) == theirs:
                return reason
    return ""


_rightly = Sent._full_sample


def _one_is_most(sent: Sent, size: int, took: int) -> None:
    _rightly(sent, 1 << 32 if size == 1 else size, took)


def _one_is_none(sent: Sent, size: int, took: int) -> None:
    """With 32 bits the 4 GiB are 0, and 0 stands for no sample so far."""
    if size == 1 or not sent.full_bytes:
        sent.full_bytes, sent.full_rtt = size if size > 1 else 0, Spread()
        if size == 1:
            sent.full_rtt.add(took)
            return
    _rightly(sent, size, took)


def _of_connection(row: Mapping[str, str], one: Followed) -> str:
    """What makes all numbers of a connection others."""
    if row["total packets"] != str(len([segment for segment in one.segments if segment.whole])):
        return SPLIT if all(segment.whole for segment in one.segments) else DAMAGED
    return ""


def _of_value(value: str, theirs: str, ours: str, sender: Direction) -> str:
    if (value.startswith("RTT min") and ours == "0.0") or (value == "idletime max" and theirs == "NA"):
        return UNSET
    if value in ("unique bytes sent", "missed data", "throughput") and sender.fins > 1:
        return SECOND_FIN
    if value == "avg win adv" and sender.windows < sender.packets:
        return RESETS
    if value in ("ttl stream length", "missed data") and sender.resets:
        return RESET_END
    if value in ("missed data", "max owin", "avg owin") and theirs.isdigit() and int(theirs) >= 1 << 31:
        return UNSIGNED
    if value == "mss requested" and int(theirs) == (1 << 32) - (1 << 16) + int(ours):
        return NEGATIVE_MSS
    if value in ("max owin", "avg owin") and int(ours) - int(theirs) == 1:
        return NO_ACK
    if value == "duplicate acks" and int(ours) - int(theirs) == 1:
        return SYN_AGAIN
    return TRIPLE if value == "triple dupacks" else ""


def _of_segments(value: str, one: Followed, snap_len: int) -> str:
    if value.startswith("truncated") and snap_len and any(size > snap_len for size in one.wire_len.values()):
        return SNAPPED
    if value.startswith(("segs cum acked", "RTT full_sz")) and any(map(_straddles, one.segments)):
        return QUARTERS
    return ""


def _straddles(segment: Segment) -> bool:
    """Whether it lies in two quarters of the sequence space."""
    return bool(segment.length) and segment.seq >> 30 != ((segment.seq + segment.length - 1) & 0xFFFFFFFF) >> 30
