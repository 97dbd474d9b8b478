"""TCP checksums: judged by the kernel as by `dissect`, and what findings make of them."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

import pytest

import needs
from segments import REQUEST, exchange
from synfin.capture.packet import Packet
from synfin.dissect.checksum import fold, verdict
from synfin.watch.engine.compiled import CompiledEngine
from synfin.watch.findings.bulk import found, undecided
from synfin.watch.follow.tracker import Tracker
from synfin.watch.story.stories import Heard
from synfin.wire.frame import dissect
from synfin.wire.tcp import Segment

RIGHT, PARTIAL, WRONG = 0, 1, 2


@pytest.fixture(autouse=True)
def kernels() -> None:
    needs.have("kernels")


def packet(one: Segment, kind: int = RIGHT, *, v6: bool = False) -> Packet:
    """An Ethernet frame whose TCP checksum is right, that of the pseudo-header alone, or wrong."""
    src, dst = (bytes(12) + one.src, bytes(12) + one.dst) if v6 else (one.src, one.dst)
    tcp = struct.pack(
        ">HHIIHHHH", one.src_port, one.dst_port, one.seq, one.ack, one.hdr_len // 4 << 12 | one.flags, one.window, 0, 0
    )
    segment = tcp + one.options + one.payload
    pseudo = fold(src + dst + struct.pack(">II", len(segment), 6))
    right = 0xFFFF ^ fold(segment, pseudo)
    told = {RIGHT: right, PARTIAL: pseudo, WRONG: right ^ 0x0101}[kind]
    segment = segment[:16] + struct.pack(">H", told) + segment[18:]
    if v6:
        network = struct.pack(">IHBB", 6 << 28, len(segment), 6, one.ttl) + src + dst
    else:
        network = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), one.frame, 0x4000, one.ttl, 6, 0) + src + dst
    data = bytes(12) + (b"\x86\xdd" if v6 else b"\x08\x00") + network + segment
    return Packet(one.frame, one.time_ns, 1, data, len(data))


def packets(text: str, kinds: dict[int, int]) -> list[Packet]:
    """A written connection; the kind of each frame's checksum, right unless said."""
    return [packet(one, kinds.get(one.frame, RIGHT)) for one in exchange(text).segments]


def ids(of: Sequence[Packet]) -> tuple[set[str], set[str], set[str]]:
    """What the readable rules find; what is found in bulk, and what is left open."""
    engine, heard = CompiledEngine(records_only=True, findings=True, sums=True), Heard(Tracker())
    for one in of:
        engine._follow_packet(one)
        heard.take(one)
    (story,) = heard.stories()
    (raw,) = engine.connections()
    key = raw.signs << 64 | raw.marks
    return set(story.connection.findings), set(found(key)), set(undecided(key))


AGAIN = f"{REQUEST}C PSH,ACK seq=15 ack=1 len=30\n+0.3\nC PSH,ACK seq=15 ack=1 len=30\nS ACK seq=1 ack=45"


def test_sums_that_are_left_to_the_card() -> None:
    readable, bulk, unsure = ids(packets(REQUEST, {1: PARTIAL, 3: PARTIAL, 4: PARTIAL}))
    assert readable == bulk == {"capture.checksum_offload"}
    assert not unsure


def test_a_segment_that_was_damaged_and_sent_again() -> None:
    readable, _, unsure = ids(packets(AGAIN, {6: WRONG}))
    assert "capture.bad_checksum" in readable
    assert "capture.bad_checksum" in unsure


def test_a_wrong_sum_that_nobody_minded_is_the_captures_fault() -> None:
    readable, bulk, _ = ids(packets(AGAIN, {4: WRONG}))
    assert "capture.bad_checksum" not in readable | bulk


def test_a_capture_whose_sums_are_all_wrong_was_altered() -> None:
    readable, bulk, _ = ids(packets(AGAIN, dict.fromkeys(range(1, 9), WRONG)))
    assert not {one for one in readable | bulk if "checksum" in one}


def test_right_sums_say_nothing() -> None:
    readable, bulk, unsure = ids(packets(REQUEST, {}))
    assert not readable | bulk | unsure


def test_the_kernels_verdict_is_that_of_dissect() -> None:
    from synfin._kernels import scan, sums

    dice = random.Random(1)
    kind_at = struct.calcsize("<qQQ16s16sIIIIiIIHHHHHBB")
    assert scan.ROW_FIELDS[19] == "kind"
    for _ in range(400):
        base = exchange("C PSH,ACK seq=1 ack=1").segments[0]
        payload = dice.randbytes(dice.choice((0, 1, 2, 3, 7, 1459, 1460)))
        one = Segment(**{name: getattr(base, name) for name in Segment.__dataclass_fields__} | {
            "payload": payload, "len_bytes": len(payload), "seq": dice.getrandbits(32),
        })  # fmt: skip
        made = packet(one, dice.randrange(3), v6=dice.random() < 0.5)
        if dice.random() < 0.2:
            made = made._replace(data=made.data[: -dice.randrange(1, 30)])
        rows = bytearray(scan.row_size())
        scan.scan_frame(made.data, 0, made.wire_len, 1, 0, 0, rows, 0, 1)
        sums.judge(rows, 1, made.data, 0)
        frame = dissect(made)
        wanted = "unknown" if frame.tcp is None else verdict(frame, frame.tcp).value
        told = {0: ("good", "unknown"), sums.BAD: ("bad",), sums.PARTIAL: ("partial",)}[rows[kind_at] & 0xC0]
        assert wanted in told, made.data.hex()
