"""IP fragments put together, headers cut and headers quoted: as tshark has them, in bounded memory."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import compared
import needs
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.watch.engine.readable import ReadableEngine
from synfin.wire import fragments
from synfin.wire.fragments import PART_COST, Part, Reassembler, Whole
from synfin.wire.frame import dissect
from wire_bytes import ethernet, ipv4, ipv6, tcp

SEGMENT = tcp(b"", 0x18, bytes(range(100)), seq=101, ack=501)
OTHER = bytes(255 for _ in SEGMENT)
END = len(SEGMENT)
OPTIONS = bytes.fromhex("020405b4030307010402080a0000000100000000")
A, B = b"\x0a\0\0\1", b"\x0a\0\0\2"

Piece = tuple[bytes, int, int]  # of which payload, from where to where


def in_ipv4(piece: Piece, ident: int = 7, more: bool | None = None) -> bytes:
    payload, start, stop = piece
    place = start // 8 | (0x2000 if (stop < END if more is None else more) else 0)
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + stop - start, ident, place, 64, 6, 0)
    return ethernet(0x0800, head + b"\x0a\0\0\1\x0a\0\0\2" + payload[start:stop])


def in_ipv6(piece: Piece, ident: int = 7, more: bool | None = None) -> bytes:
    payload, start, stop = piece
    place = start | (stop < END if more is None else more)
    return ethernet(0x86DD, ipv6(struct.pack(">BBHI", 6, 0, place, ident) + payload[start:stop], 44))


SETS: dict[str, list[Piece]] = {
    "in order": [(SEGMENT, 0, 40), (SEGMENT, 40, 80), (SEGMENT, 80, END)],
    "backwards": [(SEGMENT, 80, END), (SEGMENT, 40, 80), (SEGMENT, 0, 40)],
    "repeated": [(SEGMENT, 0, 40), (SEGMENT, 0, 40), (SEGMENT, 40, END), (SEGMENT, 40, END), (SEGMENT, 0, 40)],
    "overlapping": [(SEGMENT, 0, 48), (OTHER, 24, 64), (SEGMENT, 40, END)],
    "overlapping before": [(OTHER, 24, 64), (SEGMENT, 0, 48), (SEGMENT, 40, END)],
    "same start": [(OTHER, 16, 40), (SEGMENT, 16, 48), (SEGMENT, 0, 16), (SEGMENT, 48, END)],
    "a gap": [(SEGMENT, 0, 40), (SEGMENT, 48, END)],
    "tiny": [(SEGMENT, 0, 8), (SEGMENT, 8, 16), (SEGMENT, 16, 24), (SEGMENT, 24, END)],
}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("wrap", [in_ipv4, in_ipv6], ids=["IPv4", "IPv6"])
def test_fragments_are_as_tshark_has_them(name: str, wrap: Callable[[Piece], bytes], tmp_path: Path) -> None:
    needs.have("tshark")
    assert compared.differences(tmp_path, compared.write(tmp_path / "a.pcap", [wrap(one) for one in SETS[name]])) == []


def test_the_completing_frame_has_the_segment() -> None:
    reassembler = Reassembler()
    found = [dissect(Packet(number, 0, 1, in_ipv4(piece), 200), reassembler)
             for number, piece in enumerate(SETS["backwards"], 1)]  # fmt: skip
    assert [frame.reason for frame in found] == ["fragment", "fragment", ""]
    segment = found[-1].segment
    assert segment is not None and segment.frame == 3 and segment.payload == bytes(range(100))
    assert found[-1].packet.data == in_ipv4(SETS["backwards"][-1]), "the packet stays what was captured"


def test_a_second_last_fragment_does_not_change_the_length(tmp_path: Path) -> None:
    needs.have("tshark")
    frames = [in_ipv4((SEGMENT, 40, 64), more=False), in_ipv4((SEGMENT, 64, END)), in_ipv4((SEGMENT, 0, 40))]
    frames += [in_ipv4((SEGMENT, 80, 112), 8), in_ipv4((SEGMENT, 0, 40), 8), in_ipv4((SEGMENT, 40, 96), 8, False)]
    assert compared.differences(tmp_path, compared.write(tmp_path / "a.pcap", frames)) == []


def test_private_addresses_are_kept_apart_by_vlan(tmp_path: Path) -> None:
    needs.have("tshark")
    one, other = in_ipv4((SEGMENT, 0, 40)), in_ipv4((SEGMENT, 40, END))
    tagged = other[:12] + b"\x81\0\0\5" + other[12:]
    assert compared.differences(tmp_path, compared.write(tmp_path / "a.pcap", [one, tagged, other])) == []


def test_fragments_that_the_capture_cut(tmp_path: Path) -> None:
    needs.have("tshark")
    for wrap in (in_ipv4, in_ipv6):
        first, last = wrap((SEGMENT, 0, 40)), wrap((SEGMENT, 40, END))
        items: list[compared.Item] = [(first[:-1], len(first)), last, (first[:60], len(first)), first]
        assert compared.differences(tmp_path, compared.write(tmp_path / "a.pcap", items)) == []


def test_random_overlaps(tmp_path: Path) -> None:
    needs.have("tshark")
    dice = random.Random(20260103)
    frames = []
    for ident in range(40):
        pieces = [(dice.choice([SEGMENT, SEGMENT, OTHER]), at, min(END, at + 8 * dice.randrange(1, 8)))
                  for at in (8 * dice.randrange(14) for _ in range(dice.randrange(2, 8)))]  # fmt: skip
        frames += [in_ipv4(piece, ident) for piece in [*pieces, (SEGMENT, 0, 48), (SEGMENT, 48, END)]]
    assert compared.differences(tmp_path, compared.write(tmp_path / "a.pcap", frames)) == []


def test_both_engines_put_together_alike(tmp_path: Path) -> None:
    needs.have("kernels")
    from synfin.watch.engine.compiled import CompiledEngine

    frames = [wrap(piece) for pieces in SETS.values() for wrap in (in_ipv4, in_ipv6) for piece in pieces]
    path = compared.write(tmp_path / "a.pcap", frames)
    with open_capture(path) as one, open_capture(path) as other:
        compiled, readable = CompiledEngine(), ReadableEngine()
        compiled.feed(one)
        readable.feed(other)
    assert list(compiled.connections()) == list(readable.connections())
    assert compiled.segments == readable.segments > 10


# --- bounds -----------------------------------------------------------------------------------------------------------


def key(ident: int) -> fragments.Key:
    return b"\x0a\0\0\1", b"\x0a\0\0\2", 6, ident, 0


PARTS = (Part(0, bytes(8)), Part(8, bytes(8)))


def test_what_never_completes_is_forgotten() -> None:
    reassembler = Reassembler()
    for ident in range(3 * fragments.MAX_WAITING):
        assert reassembler.add(key(ident), Part(0, bytes(8)), last=False, time_ns=0) is None
    assert reassembler.add(key(0), Part(8, bytes(8)), last=True, time_ns=0) is None, "its first part is forgotten"
    last = 3 * fragments.MAX_WAITING - 1
    assert reassembler.add(key(last), Part(8, bytes(8)), last=True, time_ns=0) == Whole(bytes(16), PARTS)


def test_all_that_waits_is_bounded_in_bytes() -> None:
    reassembler = Reassembler()
    for ident in range(300):
        reassembler.add(key(ident), Part(8, bytes(60_000)), last=False, time_ns=0)
    assert reassembler.held <= fragments.MAX_BYTES


def test_parts_wait_only_for_a_time() -> None:
    reassembler = Reassembler()
    reassembler.add(key(1), Part(0, bytes(8)), last=False, time_ns=0)
    late = fragments.MAX_AGE_NS + 1
    assert reassembler.add(key(1), Part(8, bytes(8)), last=True, time_ns=late) is None
    assert reassembler.add(key(1), Part(0, bytes(8)), last=False, time_ns=late) == Whole(bytes(16), PARTS)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9000), st.binary(max_size=40), st.booleans(), st.integers(-9, 9)), max_size=40)
)
def test_nothing_is_raised_and_bytes_are_counted(parts: list[tuple[int, bytes, bool, int]]) -> None:
    reassembler = Reassembler()
    for place, data, last, seconds in parts:
        found = reassembler.add(key(1), Part(place % 64 * 8, data), last=last, time_ns=seconds * 10**11)
        assert found is None or len(found.data) <= 64 * 8 + 40
        assert 0 <= reassembler.held <= sum(len(one[1]) + PART_COST for one in parts)


# --- cut and quoted headers -------------------------------------------------------------------------------------------


def test_headers_cut_at_every_byte(tmp_path: Path) -> None:
    needs.have("tshark")
    syn = ethernet(0x0800, ipv4(tcp(OPTIONS, 2, seq=100, ack=0)))
    answer = ethernet(0x0800, ipv4(tcp(OPTIONS, 0x12, seq=500, ack=101, ports=(9501, 1234)), src=B, dst=A))
    data = ethernet(0x0800, ipv4(tcp(b"", 0x18, b"x" * 50, seq=101, ack=501)))
    for size in range(34, len(syn) + 1, 3):
        items: list[compared.Item] = [
            (syn[:size], len(syn)),
            (answer[:size], len(answer)),
            data,
            (data[:size], 104),
            syn,
        ]
        assert compared.differences(tmp_path, compared.write(tmp_path / "a.pcap", items)) == [], size


def test_headers_quoted_at_every_length(tmp_path: Path) -> None:
    needs.have("tshark")
    syn, syn6 = ipv4(tcp(OPTIONS, 2, seq=100, ack=0)), ipv6(tcp(OPTIONS, 2, seq=9, ack=0))
    error = bytes([3, 1, 0, 0, 0, 0, 0, 0])
    frames: list[compared.Item] = [ethernet(0x0800, ipv4(error + syn[:size], 1)) for size in range(20, len(syn) + 1)]
    frames += [ethernet(0x86DD, ipv6(b"\1" + error[1:] + syn6[:size], 58)) for size in range(40, len(syn6) + 1)]
    assert compared.differences(tmp_path, compared.write(tmp_path / "a.pcap", frames)) == []


def test_a_quoted_header_moves_the_stream_and_opens_no_connection(tmp_path: Path) -> None:
    needs.have("tshark")
    syn = ipv4(tcp(OPTIONS, 2, seq=100, ack=0))
    error = ethernet(0x0800, ipv4(bytes([3, 1, 0, 0, 0, 0, 0, 0]) + syn, 1, src=B, dst=A))
    data = ethernet(0x0800, ipv4(tcp(b"", 0x18, b"x" * 50, seq=101, ack=501)))
    path = compared.write(tmp_path / "a.pcap", [error, data])
    assert compared.differences(tmp_path, path) == []
    engine = ReadableEngine()
    with open_capture(path) as reader:
        assert [place.conn for packet in reader if (place := engine.see(packet))] == [None, 0]


def test_lengths_of_ip_that_lie(tmp_path: Path) -> None:
    needs.have("tshark")
    data = ethernet(0x0800, ipv4(tcp(b"", 0x18, b"x" * 50, seq=101, ack=501)))
    for total in (20, 23, 24, 35, 36, 38, 39, 40, 50, 59, 60, 200):
        syn = ethernet(0x0800, ipv4(tcp(OPTIONS, 2, seq=100, ack=0), total=total))
        assert compared.differences(tmp_path, compared.write(tmp_path / "a.pcap", [syn, data])) == [], total
