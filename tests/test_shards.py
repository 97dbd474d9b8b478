"""Several cores give what one gives: the same records in the same order, the same warnings, wherever ranges begin."""

from __future__ import annotations

import gzip
import io
import os
import random
import signal
import struct
import threading
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import fuzz_tunnels
import needs
from capture_samples import block, enhanced, interface, section
from synfin.capture import source
from synfin.capture.packet import Interface, Packet
from synfin.capture.pcap import PcapWriter
from synfin.capture.pcapng import PcapngWriter
from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput
from synfin.watch.engine.engine import KEEP_ALL, Limits
from test_kernels import conversation

if TYPE_CHECKING:
    from synfin.watch.engine.ranges import Range

DATA = Path(__file__).parent / "data"
SHORT = Limits(4, 30)


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


@pytest.fixture(autouse=True)
def small_files_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    from synfin.watch.engine import ranges, shards

    monkeypatch.setattr(shards, "ENOUGH", 1)
    monkeypatch.setattr(ranges, "SHORTEST", 256)


Outcome = tuple[list[bytes], int, int, int, list[str]]


def outcome(jobs: int, *paths: Path, limits: Limits = KEEP_ALL, span: int = 0) -> Outcome | str:
    """The records, counts and warnings of captures that are followed as one input."""
    from synfin.watch.engine.engines import engine

    following = engine(records_only=True, limits=limits, jobs=jobs)
    if span:
        always(following, span)
    warnings, drained = [], []
    for path in paths:
        try:
            with open_capture(path, first_number=following.frames + 1) as reader:
                for _ in following.steps(reader):
                    drained += following.drain()  # type: ignore[attr-defined]
                warnings += reader.warnings
        except UnreadableInput as error:
            return str(error)
    kept = list(following.record_blocks()) if limits == KEEP_ALL else []  # type: ignore[attr-defined]
    drained += following.drain(everything=True)  # type: ignore[attr-defined]
    records = [b"".join(drained), b"".join(kept)]
    return records, following.frames, following.segments, following.connection_count, warnings


def always(following: object, span: int) -> None:
    """Ranges of so many bytes, whatever they hold."""
    from synfin.watch.engine.ranges import Span

    class Fixed(Span):
        def __init__(self) -> None:
            self.len_bytes = span

        def learn(self, size: int, count: int) -> None:
            pass

    vars(following).update(_span=Fixed())


def pcap(path: Path, packets: list[Packet]) -> Path:
    with path.open("wb") as file:
        writer = PcapWriter(file, 1)
        for packet in packets:
            writer.write(packet)
    return path


def pcapng(path: Path, packets: list[Packet]) -> Path:
    with path.open("wb") as file:
        writer = PcapngWriter(file, [Interface(1)])
        for packet in packets:
            writer.write(packet)
    return path


def mixed(count: int) -> list[Packet]:
    """Several conversations in turn, tunnels and fragments among them."""
    dice = random.Random(count)
    parts = [conversation(seed, count // 4) for seed in range(3)] + [nested(dice, count // 4)]
    # what is days apart does not look like records
    return [
        packet._replace(time_ns=10**18 + packet.time_ns % 10**15)
        for together in zip(*parts, strict=True)
        for packet in together
    ]


def nested(dice: random.Random, count: int) -> list[Packet]:
    frames = (fuzz_tunnels.frame(dice) for _ in range(100 * count))
    ethernet = islice((data for link, data in frames if link == 1), count)
    return [Packet(at + 1, 10**18 + at * 10**7, 1, data, len(data)) for at, data in enumerate(ethernet)]


@pytest.mark.parametrize("limits", [KEEP_ALL, SHORT])
def test_every_capture_gives_the_same_on_several_cores(captures_dir: Path, limits: Limits) -> None:
    compared = 0
    for path in [*sorted(captures_dir.rglob("*.pcap*")), *sorted(DATA.glob("*.pcapng"))]:
        if path.stat().st_size > 20 << 20:
            continue
        expected = outcome(1, path, limits=limits)
        assert outcome(2, path, limits=limits) == expected, path
        compared += not isinstance(expected, str)
        needs.captures_ran(path)
    assert compared > 20


@pytest.mark.parametrize("jobs", [2, 3, 8])
def test_captures_as_one_input(tmp_path: Path, jobs: int) -> None:
    one, other = pcap(tmp_path / "a.pcap", mixed(400)), pcapng(tmp_path / "b.pcapng", conversation(9, 300))
    assert outcome(jobs, one, other, one) == outcome(1, one, other, one)


@pytest.mark.parametrize("write", [pcap, pcapng])
def test_a_range_may_begin_at_every_byte(tmp_path: Path, write: object) -> None:
    path = write(tmp_path / "capture", mixed(40))  # type: ignore[operator]
    expected = outcome(1, path)
    step = 1 if write is pcap else 4  # blocks are aligned
    for span in range(step * 8, 1000, step):
        assert outcome(2, path, span=span) == expected, span


@pytest.mark.parametrize("write", [pcap, pcapng])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_chunk_may_end_at_every_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object, packed: bool, jobs: int
) -> None:
    from synfin.watch.engine import compiled

    path = write(tmp_path / "capture", conversation(3, 40))  # type: ignore[operator]
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    expected = outcome(1, path)
    for chunk in range(1, 1200, 1 if jobs == 1 else 7):
        monkeypatch.setattr(compiled, "CHUNK", chunk)
        monkeypatch.setattr(source, "CHUNK", max(chunk, 24))
        assert outcome(jobs, path) == expected, chunk


def test_what_looks_like_records_in_packets_deceives_nobody(tmp_path: Path) -> None:
    """Every packet is full of records that are none: each guess is wrong, and found to be."""
    path = tmp_path / "a.pcap"
    dice = random.Random(5)
    packets = []
    for number, packet in enumerate(mixed(200)):
        fake = struct.pack("<IIII", 1, dice.randrange(1_000_000), 44, 44) + bytes(44)
        packets.append(packet._replace(number=number, data=packet.data + fake * 40))
    with path.open("wb") as file:
        writer = PcapWriter(file, 1, nanoseconds=False)
        for packet in packets:
            writer.write(packet._replace(time_ns=packet.time_ns // 1000 * 1000))
    for span in (2048, 4096, 10_000):
        assert outcome(2, path, span=span) == outcome(1, path)


@pytest.mark.parametrize("damage", ["cut", "length", "trailer"])
@pytest.mark.parametrize("write", [pcap, pcapng])
def test_damage_is_told_as_by_one_core(tmp_path: Path, write: object, damage: str) -> None:
    path = write(tmp_path / "capture", mixed(200))  # type: ignore[operator]
    data = bytearray(path.read_bytes())
    at = len(data) * 2 // 3
    if damage == "cut":
        del data[at:]
    else:
        data[at : at + 4 if damage == "trailer" else at + 200] = b"\xff" * 4
    path.write_bytes(data)
    expected = outcome(1, path)
    assert not isinstance(expected, str)
    for span in (512, 1000, 4000):
        assert outcome(2, path, span=span) == expected


def test_other_blocks_between_packets_interrupt_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    parts = [section("<"), interface("<", 1)]
    for number, packet in enumerate(mixed(800)):
        parts.append(enhanced("<", 0, number * 1000, packet.data, packet.wire_len))
        if number % 50 == 7:
            parts.append(block("<", 0xBAD, bytes(40)))
        if number == 400:
            parts += [section("<"), interface("<", 1)]
    path.write_bytes(b"".join(parts))
    assert outcome(2, path) == outcome(1, path)
    assert outcome(3, path, limits=SHORT) == outcome(1, path, limits=SHORT)


def test_an_interrupt_waits_until_all_cores_stand_at_the_same_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synfin.watch.engine.engines import engine
    from synfin.watch.engine.pipeline import Pipeline

    packets = mixed(400)
    path = pcap(tmp_path / "a.pcap", packets)
    follow, followed = Pipeline._follow, iter(range(1000))

    def interrupted(pipeline: Pipeline, shard: int, one: Range) -> None:
        if next(followed) == 40:
            os.kill(os.getpid(), signal.SIGINT)
        follow(pipeline, shard, one)

    monkeypatch.setattr(Pipeline, "_follow", interrupted)
    following = engine(records_only=True, jobs=2)
    always(following, 1000)
    with open_capture(path) as reader, pytest.raises(KeyboardInterrupt):
        following.feed(reader)
    frames = following.frames
    assert 0 < frames < len(packets)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    seen = b"".join(following.record_blocks())  # type: ignore[attr-defined]
    monkeypatch.undo()
    alone = engine(records_only=True)
    with open_capture(pcap(tmp_path / "b.pcap", packets[:frames])) as reader:
        alone.feed(reader)
    assert seen == b"".join(alone.record_blocks())  # type: ignore[attr-defined]


def test_a_stream_is_followed_by_one_reader(tmp_path: Path) -> None:
    from synfin.watch.engine.engines import engine

    path = pcap(tmp_path / "a.pcap", mixed(200))
    following = engine(records_only=True, jobs=2)
    following.feed(open_capture(io.BytesIO(path.read_bytes())))
    expected = outcome(1, path)
    assert not isinstance(expected, str)
    assert b"".join(following.record_blocks()) == expected[0][1]  # type: ignore[attr-defined]


@pytest.mark.parametrize("shard", [0, 1])
def test_what_a_thread_raises_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shard: int) -> None:
    from synfin.watch.engine.engines import engine
    from synfin.watch.engine.pipeline import Pipeline

    follow = Pipeline._follow

    def fails(pipeline: Pipeline, which: int, one: Range) -> None:
        if which == shard:
            raise MemoryError("no room")
        follow(pipeline, which, one)

    monkeypatch.setattr(Pipeline, "_follow", fails)
    following, before = engine(records_only=True, jobs=2), threading.active_count()
    with open_capture(pcap(tmp_path / "a.pcap", mixed(200))) as reader, pytest.raises(MemoryError, match="no room"):
        following.feed(reader)
    assert threading.active_count() == before
