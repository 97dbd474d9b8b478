"""Arkime's expected TCP sessions: packets and bytes of each direction, and how often each flag stood."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path

from connections import Followed, Library
from peer_difference import Comparison
from synfin.wire.tcp import ACK, FIN, PSH, RST, SYN, URG, Segment

EMPTY = "Arkime writes a second record of the same session, with nothing in it"
SPLIT = "Arkime ends a session by its own clock and begins another; ours goes on while nothing new opens it"
OUT_OF_REACH = "no such connection here: link type, tunnel or file format that is not read"
REPEATED = "Arkime counts the bytes that it put together: those that were sent again once"
UNOPENED = "Arkime puts nothing together where the handshake was not captured"
ROUNDED = "half a millisecond, rounded down"


def compare(folder: Path, library: Library) -> Comparison:
    """Compare every session that Arkime expects."""
    found = Comparison("Arkime", "sessions")
    path = folder / "expected" / "arkime" / "arkime.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        one = _ours(row, library.connections(row["file"]))
        place = f"{row['src']}:{row['sport']}"
        if one is None:
            found.lacks(row["file"], place, OUT_OF_REACH)
            continue
        values = [(name, row[name], str(get(one, _source(row)))) for name, get in VALUES.items()]
        rtt = one.record.handshake_rtt_ns
        if rtt is not None and row["initRTT"]:
            values.append(("initRTT", row["initRTT"], str(rtt // 2 // 1_000_000)))
        found.compare(row["file"], str(one.record.conn), values, _reason(row, one))
    return found


def _source(row: Mapping[str, str]) -> tuple[bytes, int]:
    return ip_address(row["src"]).packed, int(row["sport"])


def _ours(row: Mapping[str, str], ours: list[Followed]) -> Followed | None:
    """The connection with those ends that was open when the session began."""
    ends = {_source(row), (ip_address(row["dst"]).packed, int(row["dport"]))}
    same = [one for one in ours if set(one.ends) == ends]
    first_ns = int(row["first_ms"]) * 1_000_000
    begun = [one for one in same if one.record.start_ns < first_ns + 1_000_000]
    return (begun or same)[-1] if same else None


def _reason(row: Mapping[str, str], one: Followed) -> Callable[[str, str, str], str]:
    def reason(name: str, theirs: str, ours: str) -> str:
        if row["src_packets"] == row["dst_packets"] == "0":
            return EMPTY
        if name == "initRTT" and abs(int(theirs) - int(ours)) == 1:
            return ROUNDED
        if int(row["src_packets"]) + int(row["dst_packets"]) < len(one.segments):
            return SPLIT
        if name == "client_databytes" and one.record.client.retransmissions:
            return REPEATED
        if name == "client_databytes" and row["tcpSynAckValidated"] != "True":
            return UNOPENED
        return ""

    return reason


Source = tuple[bytes, int]
Chosen = Callable[[Segment], bool]


def _sent(segment: Segment, by: Source) -> bool:
    return (segment.src, segment.src_port) == by


def _packets(away: bool) -> Callable[[Followed, Source], int]:
    return lambda one, source: sum(_sent(segment, source) == away for segment in one.segments)


def _wire_bytes(away: bool) -> Callable[[Followed, Source], int]:
    return lambda one, source: sum(
        one.wire_len[segment.frame] for segment in one.segments if _sent(segment, source) == away
    )


def _payload(away: bool) -> Callable[[Followed, Source], int]:
    return lambda one, source: sum(segment.length for segment in one.segments if _sent(segment, source) == away)


def _flagged(chosen: Chosen) -> Callable[[Followed, Source], int]:
    return lambda one, source: sum(map(chosen, one.segments))


def _closed_windows(away: bool) -> Callable[[Followed, Source], int]:
    return lambda one, source: sum(
        not segment.window and not segment.flags & RST for segment in one.segments if _sent(segment, source) == away
    )


#: Arkime's column -> our number; `away` is from the source to the destination
VALUES: dict[str, Callable[[Followed, Source], int]] = {
    "src_packets": _packets(True),
    "dst_packets": _packets(False),
    "src_bytes": _wire_bytes(True),
    "dst_bytes": _wire_bytes(False),
    "client_databytes": _payload(True),
    "server_databytes": _payload(False),
    "flags_syn": _flagged(lambda one: one.flags & (SYN | ACK) == SYN),
    "flags_syn-ack": _flagged(lambda one: one.flags & (SYN | ACK) == SYN | ACK),
    "flags_ack": _flagged(lambda one: one.flags & (SYN | FIN | RST | PSH | ACK) == ACK),
    "flags_psh": _flagged(lambda one: one.has(PSH)),
    "flags_fin": _flagged(lambda one: one.has(FIN)),
    "flags_rst": _flagged(lambda one: one.has(RST)),
    "flags_urg": _flagged(lambda one: one.has(URG)),
    "flags_srcZero": _closed_windows(True),
    "flags_dstZero": _closed_windows(False),
}
