"""Where a connection's time went, and how it ended, in numbers: what is derived of the segments, unknown is None.

Times are those at the tap. What an end had on its way (its flight) is true only near that end; elsewhere it is what
the tap saw of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from synfin.watch.connections.record import Story
from synfin.watch.connections.summary import end, stage
from synfin.watch.findings.seen import CLIENT, SERVER, Half, Move, Seen
from synfin.watch.measure.limits import Limits, ZeroWindow, limits_of, zero_windows
from synfin.watch.measure.measure import Measurements, measure_connection
from synfin.watch.measure.rtt import RoundTrips
from synfin.wire.tcp import ACK, RST, SYN

_RTO_MIN_NS = 200_000_000  #: Linux
_DELAYED_ACK_NS = 35_000_000


@dataclass(slots=True)
class Handshake:
    """How the connection was opened."""

    server_leg_ns: int | None = None  #: tap, server, tap; None where the SYN was sent again (Karn)
    client_leg_ns: int | None = None
    rtt_ns: int | None = None
    connect_ns: int | None = None  #: from the first SYN to the ACK, repetitions included
    syns_again: int = 0
    syn_acks_again: int = 0


@dataclass(slots=True)
class Trips:
    """The round trips of what one end sent."""

    samples: int = 0
    min_ns: int | None = None
    p50_ns: int | None = None
    p95_ns: int | None = None
    max_ns: int | None = None
    srtt_ns: int | None = None  #: RFC 6298, after the last sample
    rttvar_ns: int | None = None
    rto_ns: int | None = None
    delayed_acks: int = 0  #: samples of 35 ms and more: the receiver may have waited


@dataclass(slots=True)
class Exchange:
    """Requests of the client and answers of the server."""

    turns: int = 0  #: changes of direction of the payload
    answers: int = 0
    client_ns: int | None = None  #: from the handshake to the first request
    first_answer_ns: int | None = None  #: from the end of the first request to the first byte of its answer
    wire_ns: int | None = None  #: of that, the way there and back
    server_ns: int | None = None  #: of that, the rest
    slowest_answer_ns: int | None = None
    slowest_answer_frame: int | None = None


@dataclass(slots=True)
class Ending:
    """Who ended it, and when."""

    by: str = "none"
    end: str = "open"  #: as in the summary: fin, rst_client, rst_server, rst_other, timeout, rejected, open
    stage: str = "syn"  #: syn, ack, first_data, later
    phase: str = "opening"  #: opening, idle, request, response, closing
    close_ns: int | None = None  #: from the first FIN to the last acknowledgment of the second
    close_wait_ns: int | None = None  #: between the FINs
    idle_ns: int | None = None  #: before the first FIN or RST


@dataclass(slots=True)
class Metrics:
    """Of one connection; pairs are client and server."""

    vantage: str
    handshake: Handshake
    trips: tuple[Trips, Trips]
    limits: tuple[Limits, Limits]  #: what the end that sent was waiting for
    zero_windows: tuple[ZeroWindow, ZeroWindow]  #: that the end advertised
    exchange: Exchange
    ending: Ending
    idle_max_ns: int | None = None
    goodput_bytes_per_s: list[float | None] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        ends = {
            name: {
                "rtt": asdict(self.trips[side]),
                "limited_by": self.limits[side].to_dict(),
                "zero_window": asdict(self.zero_windows[side]),
                "goodput_bytes_per_s": self.goodput_bytes_per_s[side],
            }
            for side, name in enumerate(("client", "server"))
        }
        return {
            "vantage": self.vantage, "handshake": asdict(self.handshake), **ends, "exchange": asdict(self.exchange),
            "ending": asdict(self.ending), "idle_max_ns": self.idle_max_ns,
        }  # fmt: skip


def nothing() -> Metrics:
    """The metrics of which nothing is known: their names."""
    return Metrics(
        "unknown", Handshake(), (Trips(), Trips()), (Limits(), Limits()), (ZeroWindow(), ZeroWindow()), Exchange(),
        Ending(), None, [None, None],
    )  # fmt: skip


def metrics(seen: Seen, trips: Sequence[RoundTrips]) -> Metrics:
    """Of a connection as the rules read it; `trips` of what client and server sent."""
    return Metrics(
        vantage=seen.connection.vantage,
        handshake=_handshake(seen),
        trips=(_trips(trips[CLIENT]), _trips(trips[SERVER])),
        limits=(limits_of(seen, CLIENT), limits_of(seen, SERVER)),
        zero_windows=(zero_windows(seen, CLIENT), zero_windows(seen, SERVER)),
        exchange=_exchange(seen),
        ending=_ending(seen),
        idle_max_ns=max((b.at_ns - a.at_ns for a, b in pairwise(seen.moves)), default=None),
        goodput_bytes_per_s=[_goodput(half) for half in seen.halves],
    )


def metrics_of(story: Story, measured: Measurements | None = None) -> Metrics | None:
    """Of a story; None where it tells nothing. `measured` saves measuring once more."""
    if story.known is None:
        return None
    if measured is None:
        measured = measure_connection([step.segment for step in story.steps], story.connection)
    return metrics(story.known, (measured.client_trips, measured.server_trips))


def _handshake(seen: Seen) -> Handshake:
    client, server = seen.halves
    found = Handshake(syns_again=max(len(client.syns) - 1, 0), syn_acks_again=max(len(server.syn_acks) - 1, 0))
    if not client.syns or not server.syn_acks:
        return found
    answer = server.syn_acks[0]
    ack = next((m for m in client.moves if m.index > answer.index and m.ack > answer.seq and not m.flags & SYN), None)
    if not found.syns_again:
        found.server_leg_ns = answer.at_ns - client.syns[0].at_ns
    if ack is None or ack.flags & RST:
        return found
    found.connect_ns = ack.at_ns - client.syns[0].at_ns
    last = next(move for move in reversed(server.syn_acks) if move.index < ack.index)
    found.client_leg_ns = ack.at_ns - last.at_ns
    if found.server_leg_ns is not None and last is answer:
        found.rtt_ns = found.server_leg_ns + found.client_leg_ns
    return found


def _trips(trips: RoundTrips) -> Trips:
    """Order statistics, and the estimators of RFC 6298 with 1/8 and 1/4."""
    times = [sample.rtt_ns for sample in trips.samples]
    if not times:
        return Trips()
    ordered = sorted(times)
    smoothed, variation = float(times[0]), times[0] / 2
    for one in times[1:]:
        variation += (abs(smoothed - one) - variation) / 4
        smoothed += (one - smoothed) / 8
    return Trips(
        samples=len(times),
        min_ns=ordered[0],
        p50_ns=_at(ordered, 50),
        p95_ns=_at(ordered, 95),
        max_ns=ordered[-1],
        srtt_ns=round(smoothed),
        rttvar_ns=round(variation),
        rto_ns=max(_RTO_MIN_NS, round(smoothed + 4 * variation)),
        delayed_acks=sum(one >= _DELAYED_ACK_NS for one in times),
    )


def _at(ordered: Sequence[int], percent: int) -> int:
    """The smallest value that so many of a hundred do not exceed (nearest rank)."""
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _exchange(seen: Seen) -> Exchange:
    """The latency split: client, wire and server; who asks is the client."""
    data = [move for move in seen.moves if move.length and not move.probe and not move.flags & (SYN | RST)]
    found = Exchange(turns=sum(a.side != b.side for a, b in pairwise(data)))
    first = data[0] if data else None
    ready = _ready(seen)
    if first is not None and first.side == CLIENT and ready is not None and first.at_ns >= ready.at_ns:
        found.client_ns = first.at_ns - ready.at_ns
    for request, answer in _answers(data):
        waited = answer.at_ns - request.at_ns
        found.answers += 1
        if found.slowest_answer_ns is None or waited > found.slowest_answer_ns:
            found.slowest_answer_ns, found.slowest_answer_frame = waited, answer.frame
        if found.first_answer_ns is None:
            found.first_answer_ns, found.wire_ns = waited, _wire(seen, request, answer)
            found.server_ns = None if found.wire_ns is None else max(waited - found.wire_ns, 0)
    return found


def _ready(seen: Seen) -> Move | None:
    """The client's ACK that completes the handshake."""
    client, server = seen.halves
    if not server.syn_acks:
        return None
    return next((m for m in client.moves if m.flags & ACK and not m.flags & (SYN | RST)), None)


def _answers(data: Sequence[Move]) -> Iterator[tuple[Move, Move]]:
    """The last segment of each request, and the first of its answer."""
    for before, after in pairwise(data):
        if before.side == CLIENT and after.side == SERVER:
            yield before, after


def _wire(seen: Seen, request: Move, answer: Move) -> int | None:
    acked = next((m for m in seen.answers(request) if m.ack >= request.end), None)
    waits = [seen.rtt_ns] if seen.rtt_ns is not None else []
    if acked is not None and acked is not answer:
        waits.append(acked.at_ns - request.at_ns)
    return min(max(waits), answer.at_ns - request.at_ns) if waits else None


def _ending(seen: Seen) -> Ending:
    record = seen.connection
    asked, answered = (bool(half.data) for half in seen.halves)
    found = Ending(
        by=record.closed_by,
        end=end(record.open, record.close, record.closed_by),
        stage=stage(record.open, record.close, asked, answered),
        phase=_phase(seen),
    )
    fins = sorted((half.fins[0] for half in seen.halves if half.fins), key=lambda move: move.at_ns)
    last = [move for move in seen.moves if move.flags & RST or move in fins]
    if last and last[0].index:
        found.idle_ns = last[0].at_ns - seen.moves[last[0].index - 1].at_ns
    if len(fins) == 2:
        found.close_wait_ns = fins[1].at_ns - fins[0].at_ns
        acked = next((m for m in seen.answers(fins[1]) if m.ack >= fins[1].end), None)
        found.close_ns = acked.at_ns - fins[0].at_ns if acked is not None else None
    return found


def _phase(seen: Seen) -> str:
    """What was going on when the first FIN or RST came, or the capture ended."""
    if seen.connection.close == "close.never_opened" or (not seen.opened and not any(h.data for h in seen.halves)):
        return "opening"
    last = next((move for move in seen.moves if move.flags & RST), None)
    fins = [half.fins[0] for half in seen.halves if half.fins]
    if any(last is None or fin.index < last.index for fin in fins):
        return "closing"
    until = last.index if last is not None else len(seen.moves)
    data = [move for move in seen.moves[:until] if move.length and not move.flags & SYN]
    if not data:
        return "idle"
    if data[-1].side == CLIENT:
        return "request"
    acked = any(m.ack >= data[-1].end for m in seen.halves[CLIENT].moves if m.index < until)
    return "idle" if acked else "response"


def _goodput(half: Half) -> float | None:
    """Bytes that were new, by the time from the first data to the last new data."""
    fresh = [move for move in half.data if not move.again]
    if len(fresh) < 2 or fresh[-1].at_ns == fresh[0].at_ns:
        return None
    return round(sum(move.length for move in fresh) * 1e9 / (fresh[-1].at_ns - fresh[0].at_ns), 1)
