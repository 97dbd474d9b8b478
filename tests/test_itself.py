"""A socket that is connected to itself: one end that speaks with itself, told as what it is."""

from __future__ import annotations

import json
from pathlib import Path

import craft
import needs
from command import synfin
from synfin.capture.reader import open_capture
from synfin.explain import narrative
from synfin.explain.words import text
from synfin.watch.connections.records import record
from synfin.watch.engine.compiled import CompiledEngine
from synfin.watch.engine.readable import ReadableEngine
from synfin.watch.follow.raw import RawConnection
from synfin.watch.story.stories import listen
from synfin.wire.tcp import ACK, FIN, PSH, SYN, Segment

HERE, ISN = bytes([127, 0, 0, 1]), 0xFFFFFFF8
#: flags, relative SEQ, relative ACK, payload: as Linux sends them
SENT = (
    (SYN, 0, None, b""), (SYN | ACK, 0, 1, b""), (ACK, 1, 1, b""), (PSH | ACK, 1, 1, b"Just a test.\r\n"),
    (ACK, 15, 15, b""), (FIN | ACK, 15, 15, b""), (ACK, 16, 16, b""),
)  # fmt: skip


def write(path: Path) -> Path:
    def segment(number: int, flags: int, seq: int, ack: int | None, payload: bytes) -> Segment:
        numbers = (ISN + seq) % 2**32, 0 if ack is None else (ISN + ack) % 2**32
        time_ns = 10_000 * number
        return Segment(
            number, time_ns, HERE, HERE, 9501, 9501, *numbers, flags, 512, 20, len(payload), payload=payload, ttl=64
        )

    segments = [segment(number, *sent) for number, sent in enumerate(SENT, 1)]
    return craft.write_segments(path, segments)


def test_the_ends_pass_the_states_of_one_socket(tmp_path: Path) -> None:
    (story,) = listen([str(write(tmp_path / "itself.pcap"))]).stories()
    assert [(step.client_after.label, step.server_after.label) for step in story.steps] == [
        ("SYN-SENT", "SYN-SENT"),
        ("SYN-RECEIVED", "ESTABLISHED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("ESTABLISHED", "ESTABLISHED"),
        ("FIN-WAIT-1", "CLOSING"),
        ("TIME-WAIT", "TIME-WAIT"),
    ]
    assert story.steps[5].rules == ("established.snd-fin", "fin-wait-1.rcv-fin")
    assert (story.connection.open, story.connection.close) == ("open.simultaneous", "close.simultaneous")
    for lang in ("en", "zh"):
        assert text("detail.itself", lang, bytes=14) in narrative.verdict(story, lang).detail


def test_kernels_and_readable_core_agree(tmp_path: Path) -> None:
    needs.have("kernels")
    path = write(tmp_path / "itself.pcap")

    def of(engine: CompiledEngine | ReadableEngine) -> RawConnection:
        with open_capture(path) as reader:
            engine.feed(reader)
        (raw,) = engine.connections()
        return raw

    compiled, readable = of(CompiledEngine()), of(ReadableEngine())
    assert compiled == readable
    one = record(readable)
    assert one.client.state == one.server.state == "TIME-WAIT" and one.closed_by == "both"
    assert one.client.states_seen == one.server.states_seen == ("CLOSING", "TIME-WAIT")  # its ACK may be lost


def test_explain_says_so(tmp_path: Path) -> None:
    done = synfin("explain", "--json", str(write(tmp_path / "itself.pcap")))
    assert json.loads(done.out)["connection"]["close"] == "close.simultaneous"
