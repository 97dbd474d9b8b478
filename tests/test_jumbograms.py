"""Segments that are too long for the length of an IPv6 header: its Jumbo Payload option tells how long (RFC 2675)."""

from __future__ import annotations

import json
from pathlib import Path

import command
import needs
from craft6 import GLOBAL, OTHER, carried, extension, header
from synfin.capture.reader import open_capture
from synfin.watch.engine.readable import ReadableEngine
from synfin.wire.frame import dissect
from wire_bytes import RAW, packets, tcp, write_pcap

SIZE = 100_000


def long_segment(jumbo: int | None, payload: bytes = bytes(SIZE), *, before: bytes = b"") -> bytes:
    """A segment from client to server, behind the option."""
    option = b"" if jumbo is None else carried(0xC2, jumbo.to_bytes(4, "big"))
    content = extension(before, option, following=6) + tcp(b"", 0x18, payload, seq=101, ack=501)
    return header(content, 0, src=GLOBAL, dst=OTHER, length=0)


def exchange() -> list[bytes]:
    """A handshake, one long segment, and its acknowledgment."""
    back = (9501, 1234)
    whole = 8 + 20 + SIZE
    return [
        header(tcp(b"", 0x02, seq=100, ack=0), 6, src=GLOBAL, dst=OTHER),
        header(tcp(b"", 0x12, seq=500, ack=101, ports=back), 6, src=OTHER, dst=GLOBAL),
        header(tcp(b"", 0x10, seq=101, ack=501), 6, src=GLOBAL, dst=OTHER),
        long_segment(whole),
        header(tcp(b"", 0x10, seq=501, ack=101 + SIZE, ports=back), 6, src=OTHER, dst=GLOBAL),
    ]  # fmt: skip


def payload_of(frame: bytes) -> int | None:
    segment = dissect(packets([frame], RAW)[0]).segment
    return None if segment is None else segment.len_bytes


def test_both_engines_follow_a_long_segment(tmp_path: Path) -> None:
    needs.have("kernels")
    from synfin.watch.engine.compiled import CompiledEngine

    path = str(write_pcap(tmp_path / "long.pcap", exchange(), RAW))
    with open_capture(path) as one, open_capture(path) as other:
        compiled, readable = CompiledEngine(), ReadableEngine()
        compiled.feed(one)
        readable.feed(other)
    assert list(compiled.connections()) == list(readable.connections())
    assert compiled.segments == readable.segments == 5
    told = json.loads(command.synfin("conns", "--json", path).out)["connections"]
    assert [(one["client"]["payload_bytes"], one["open"]) for one in told] == [(SIZE, "open.normal")]


def test_only_a_length_that_needs_the_option_counts() -> None:
    assert payload_of(long_segment(8 + 20 + SIZE)) == SIZE
    assert payload_of(long_segment(65_536)) == 65_536 - 28
    assert payload_of(long_segment(65_535)) is None
    assert payload_of(long_segment(None)) is None
    assert payload_of(long_segment(8 + 20 + SIZE, before=carried(1, b"\0\0"))) is not None


def test_a_length_beyond_the_frame_ends_with_it() -> None:
    assert payload_of(long_segment(0xFFFFFFFF, b"abc")) == 3
