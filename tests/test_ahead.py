"""Decompression on another core gives what it gives on the same one: the bytes, their end, and why it was early."""

from __future__ import annotations

import gzip
import random
import threading
from pathlib import Path

import pytest

from synfin.capture import ahead
from synfin.capture.source import open_source


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_BEGIN", 5000)
    monkeypatch.setattr(ahead, "_ENOUGH", 3000)
    monkeypatch.setattr(ahead, "ROOM", 300_000)


def packed(path: Path, form: str, data: bytes) -> Path:
    if form == "gzip":
        half = len(data) // 2
        path.write_bytes(gzip.compress(data[:half]) + gzip.compress(data[half:]))
    else:
        import zstandard

        path.write_bytes(zstandard.ZstdCompressor(write_checksum=True).compress(data))
    return path


def read(path: Path, sizes: list[int], *, beside: bool, into: bool) -> tuple[bytes, str | None, int]:
    source = open_source(path)
    dice = random.Random(1)
    found = bytearray()
    if beside:
        source.read_ahead()
    while True:
        size = dice.choice(sizes)
        if into:
            buffer = bytearray(size)
            data = bytes(buffer[: source.readinto(buffer)])
        else:
            data = source.read_some(size)
        assert len(data) <= size
        assert source.tell() == len(found) + len(data)
        if not data:
            break
        found += data
    outcome = bytes(found), source.problem, source.taken
    source.close()
    return outcome


@pytest.mark.parametrize("form", ["gzip", "zstd"])
@pytest.mark.parametrize("into", [False, True])
@pytest.mark.parametrize("damage", ["", "cut", "byte", "more"])
def test_the_same_bytes_and_the_same_end(tmp_path: Path, form: str, into: bool, damage: str) -> None:
    dice = random.Random(2)
    data = b"".join(dice.randbytes(40) * dice.randrange(1, 9) for _ in range(6000))
    path = packed(tmp_path / "a", form, data)
    raw = bytearray(path.read_bytes())
    if damage == "cut":
        del raw[-len(raw) // 5 :]
    elif damage == "byte":
        raw[len(raw) * 4 // 5] ^= 0xFF
    elif damage == "more":
        raw += b"no magic"
    path.write_bytes(raw)
    threads = threading.active_count()
    for sizes in ([1000], [1, 70_000], [1 << 20]):
        alone = read(path, sizes, beside=False, into=into)
        assert read(path, sizes, beside=True, into=into) == alone
        assert (alone[0] == data) == (damage in ("", "more"))
        assert (alone[1] is None) == (damage == "")
    assert threading.active_count() == threads


def test_a_small_input_has_no_thread(tmp_path: Path) -> None:
    path = packed(tmp_path / "a", "gzip", bytes(4000))
    threads = threading.active_count()
    source = open_source(path)
    source.read_ahead()
    assert source.read(5000) == bytes(4000)
    assert threading.active_count() == threads
    source.close()


def test_whoever_stops_reading_ends_the_thread(tmp_path: Path) -> None:
    path = packed(tmp_path / "a", "gzip", random.Random(3).randbytes(2_000_000))
    threads = threading.active_count()
    source = open_source(path)
    source.read_ahead()
    for _ in range(3):
        source.read(200_000)
    assert threading.active_count() == threads + 1
    source.close()
    assert threading.active_count() == threads


def test_what_the_thread_raises_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from synfin.capture import compression

    source = open_source(packed(tmp_path / "a", "gzip", random.Random(3).randbytes(2_000_000)))
    source.read_ahead()
    got = len(source.read(6000))

    def fails(feed: object, size: int) -> bytes:
        raise MemoryError("no room")

    monkeypatch.setattr(compression.GzipFeed, "read_some", fails)
    with pytest.raises(MemoryError, match="no room"):
        while got < 2_000_000:
            got += len(source.read(5000))
    source.close()


def test_what_is_not_compressed_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(20_000))
    source = open_source(path)
    source.read_ahead()
    assert source.descriptor() is not None
    source.close()
