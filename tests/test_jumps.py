"""Jumps of the capture's clock: whoever was not silent for so long is not forgotten, by one core as by several."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needs
from command import synfin
from synfin.capture.packet import Packet
from synfin.watch.engine.engine import Limits
from synfin.watch.follow.raw import RawConnection
from test_leaving import SECOND, at, closed, left, opened, segment
from test_shards import outcome, pcap
from traffic_in_order import ACK, SYN

DICE = st.integers(0, 1 << 32).map(random.Random)
LIMITS = Limits(30, 200)
START_NS = 10**18
LATEST_S = 2**32 - 2  # after 136 years the clock stands still, and nobody is forgotten any more


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


def said(port: int) -> bytes:
    return segment(port, ACK, 7, 7, length=1)


def capture(times_ns: list[int], ports: list[int]) -> list[Packet]:
    frames = enumerate(zip(times_ns, map(said, ports), strict=True), 1)
    return [Packet(number, time_ns, 1, data, len(data)) for number, (time_ns, data) in frames]


def wandering(dice: random.Random, *, back: bool) -> tuple[list[int], list[int]]:
    """Times that jump, ahead and where wanted `back`, for some frames or for good; who speaks at each."""
    times_ns: list[int] = []
    ports: list[int] = []
    time_ns = START_NS
    while len(times_ns) < 700:
        jump_s = dice.choice((61, 90, 150, 250, 10**4, 10**6, 10**10)) * (dice.choice((1, -1)) if back else 1)
        usual = dice.choice((10**6, SECOND // 3, SECOND, 3 * SECOND, 70 * SECOND))
        frames = dice.choice((1, 2, 63, 64, 65, 100, 200))
        time_ns = max(time_ns + jump_s * SECOND, 0)
        for _ in range(frames):
            times_ns.append(time_ns)
            ports.append(1000 + dice.randrange(dice.choice((1, 4, 40))))
            time_ns += dice.randrange(2 * usual)
        if back and dice.random() < 0.5:  # and on from where it was
            time_ns = max(time_ns - jump_s * SECOND, 0)
    return [min(moment_ns, 2**62) for moment_ns in times_ns], ports


class Told:
    """The clock as docs/design/engine.md tells it."""

    def __init__(self, first_ns: int) -> None:
        self.now_s = 0
        self.shown_ns = first_ns  # the time that `now_s` stands for
        self.owed_ns = 0  # it was set back by so much
        self.far: list[int] = []  # which way the last frames were far away

    def seen_s(self, time_ns: int) -> int:
        """When a frame is seen."""
        ahead_ns = time_ns - self.shown_ns
        if abs(ahead_ns) < 60 * SECOND:
            self.far = []
            passed_s = max(ahead_ns // SECOND, 0)
            self.now_s = min(self.now_s + passed_s, LATEST_S)
            self.shown_ns += passed_s * SECOND
            return self.now_s
        way = 1 if ahead_ns > 0 else -1
        self.far = [*self.far, way] if self.far[-1:] == [way] else [way]
        counted_ns = max(ahead_ns - self.owed_ns, 0) if way > 0 else 0
        seen_s = min(self.now_s + counted_ns // SECOND, LATEST_S)
        if len(self.far) == 64:
            self.far = []
            self.now_s = seen_s
            self.shown_ns = time_ns - counted_ns % SECOND
            self.owed_ns = 0 if way > 0 else self.owed_ns - ahead_ns
        return seen_s


def told(times_ns: list[int], ports: list[int], idle_s: int) -> list[tuple[int, int]]:
    """(port, packets) of every connection, in order of `conn`, by plain Python."""
    clock = Told(times_ns[0])
    found: list[list[int]] = []
    last: dict[int, tuple[int, int]] = {}
    for time_ns, port in zip(times_ns, ports, strict=True):
        seen_s = clock.seen_s(time_ns)
        if port not in last or clock.now_s - last[port][1] >= idle_s:
            last[port] = (len(found), seen_s)
            found.append([port, 0])
        number = last[port][0]
        found[number][1] += 1
        last[port] = (number, seen_s)
    return [(port, packets) for port, packets in found]


def shown(found: list[RawConnection]) -> list[tuple[int, int]]:
    by_conn = sorted(found, key=lambda one: one.conn)
    return [(max(one.client.port, one.server.port), one.client.packets + one.server.packets) for one in by_conn]


@settings(max_examples=150, deadline=None)
@given(DICE, st.booleans(), st.integers(1, 300))
def test_the_kernels_forget_as_is_told(dice: random.Random, back: bool, every: int) -> None:
    times_ns, ports = wandering(dice, back=back)
    found, _ = left(capture(times_ns, ports), LIMITS, every=every)
    assert shown(found) == told(times_ns, ports, LIMITS.idle_after_s or 0)
    assert found == left(capture(times_ns, ports), LIMITS)[0], "the order, whenever one asks"


def test_a_clock_that_begins_in_1970_jumps_like_any_other() -> None:
    times_ns = [place * 10**6 for place in range(50)] + [START_NS + place * 10**6 for place in range(100)]
    ports = [1000] * 50 + [2000] * 99 + [1000]
    assert shown(left(capture(times_ns, ports), LIMITS)[0]) == [(1000, 50), (2000, 99), (1000, 1)]
    assert told(times_ns, ports, 200) == [(1000, 50), (2000, 99), (1000, 1)]


@settings(max_examples=100, deadline=None)
@given(DICE)
def test_nobody_is_cut_in_two_who_was_never_silent_for_so_long(dice: random.Random) -> None:
    times_ns, ports = wandering(dice, back=False)
    cut = Counter(port for port, _ in shown(left(capture(times_ns, ports), LIMITS)[0]))
    for port, connections in cut.items():
        mine = [time_ns for time_ns, whose in zip(times_ns, ports, strict=True) if whose == port]
        silent = sum(later - one > 199 * SECOND for one, later in pairwise(mine))
        assert connections <= 1 + silent


@pytest.mark.parametrize("seed", range(12))
def test_several_cores_forget_alike(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from synfin.watch.engine import ranges, shards

    monkeypatch.setattr(shards, "ENOUGH", 1)
    monkeypatch.setattr(ranges, "SHORTEST", 256)
    times_ns, ports = wandering(random.Random(seed), back=seed % 2 == 0)
    fits_ns = [time_ns % (2**31 * SECOND) for time_ns in times_ns]  # what a pcap can hold
    path = pcap(tmp_path / "jumps.pcap", capture(fits_ns, ports))
    one = outcome(1, path, limits=LIMITS)
    for jobs, span in ((2, 0), (2, 300), (3, 5000), (4, 700)):
        assert outcome(jobs, path, limits=LIMITS, span=span) == one


def dialogue(port: int, start_s: float, step_s: float, count: int) -> list[tuple[int, bytes]]:
    talk = at(start_s, opened(port))
    for place in range(count):
        talk += at(start_s + (place + 1) * step_s, [segment(port, ACK, 101 + place, 501, length=1)])
    end = segment(port, 0x11, 101 + count, 501)
    return talk + at(start_s + (count + 1) * step_s, [end, *closed(port)[1:2]])


@pytest.mark.parametrize(
    ("starts_s", "connections"),
    [
        ((0, 17 * 86400), 2),  # another day follows
        ((0, -17 * 86400), 2),  # a file from before
        ((0, 90, 180, 270, 360, 450), 6),  # long rests
        ((0, -5000, 100, -5000, 200), 5),  # back and on again
    ],
)
def test_a_dialogue_after_a_jump_is_one_connection(starts_s: tuple[int, ...], connections: int, tmp_path: Path) -> None:
    talks = [dialogue(1000 + place, start_s, 0.1, 150) for place, start_s in enumerate(starts_s)]
    moments = [moment for talk in talks for moment in talk]
    path = pcap(
        tmp_path / "jumps.pcap",
        [Packet(n, time_ns, 1, data, len(data)) for n, (time_ns, data) in enumerate(moments, 1)],
    )
    asked = ("conns", "--columns", "conn,client.port,client.packets,start_ns,duration_ns", str(path))
    kept = synfin(*asked, "--keep-all").out
    assert len(kept.splitlines()) == connections + 1
    told_order = synfin(*asked, "--closed-after", "240", "--sort", "conn").out
    assert told_order == kept
    assert synfin(*asked, env={"SYNFIN_READABLE": "1"}).out == kept


def test_one_who_speaks_before_between_and_after_is_one(tmp_path: Path) -> None:
    """The clock is set back for a while and then right again; what it was wrong by is nobody's silence."""
    moments = at(0, opened(1000)) + [one for place in range(100) for one in at(1 + place / 100, [said(2000)])]
    moments += [one for place in range(100) for one in at(place / 100 - 10**6, [said(2000)])]
    moments += [one for place in range(100) for one in at(3 + place / 100, [said(2000)])]
    moments += at(5, [segment(1000, ACK, 101, 501, length=1)])
    packets = [Packet(n, time_ns, 1, data, len(data)) for n, (time_ns, data) in enumerate(moments, 1)]
    assert [port for port, _ in shown(left(packets, Limits(10, 25))[0])] == [1000, 2000]
    path = pcap(tmp_path / "again.pcap", packets)
    done = synfin("conns", "--columns", "client.packets", "--closed-after", "10", "--idle-after", "25", str(path))
    assert len(done.out.splitlines()) == 3


def test_a_small_compressed_capture_is_told_as_its_plain_file(tmp_path: Path) -> None:
    """Small is what it unpacks to: a little that becomes much is not."""
    moments = at(0, opened(1000)) + [one for second in range(4000) for one in at(second, [said(9999)])]
    moments += at(4000, [segment(1000, ACK, 101, 501, length=1)])
    packets = [Packet(n, time_ns, 1, data, len(data)) for n, (time_ns, data) in enumerate(moments, 1)]
    plain = pcap(tmp_path / "long.pcap", packets)
    small = tmp_path / "small.pcap.gz"
    small.write_bytes(gzip.compress(plain.read_bytes()))
    count = (1 << 25) // 1500
    filler = segment(9999, ACK, 7, 7, length=1446)
    more = [Packet(n, START_NS + 4001 * SECOND, 1, filler, len(filler)) for n in range(count)]
    large = tmp_path / "large.pcap.gz"
    halves = pcap(tmp_path / "more.pcap", [*packets, *more]).read_bytes()
    large.write_bytes(b"".join(gzip.compress(half, 1) for half in (halves[: 1 << 24], halves[1 << 24 :])))
    assert large.stat().st_size < 1 << 22
    columns = ("conns", "--columns", "conn,client.packets,server.packets")
    assert synfin(*columns, str(small)).out == synfin(*columns, str(plain)).out
    assert len(synfin(*columns, str(small)).out.splitlines()) == 3
    assert len(synfin(*columns, str(large)).out.splitlines()) == 4, "and of this one some are forgotten"


def test_findings_do_not_depend_on_when_connections_are_taken_out_of_memory() -> None:
    """Endpoints are used again just after their limit, by when their connection may or may not have been taken out."""
    from synfin.watch.engine.compiled import CompiledEngine

    moments = [one for place in range(40) for one in at(place, [segment(1000 + place, SYN, 100, 0)])]
    moments += [one for place in range(40) for one in at(40 + place, [segment(1000 + place, SYN, 90000, 0)])]
    records = []
    for every in (1, 7, 10**9):
        engine = CompiledEngine(records_only=True, limits=Limits(30, 50), findings=True)
        told_records = b""
        for number, (time_ns, data) in enumerate(moments, 1):
            engine._follow_packet(Packet(number, time_ns, 1, data, len(data)))
            if number % every == 0:
                told_records += b"".join(engine.drain())
        records.append(told_records + b"".join(engine.drain(everything=True)))
    assert records[0] == records[1] == records[2]
