"""Every link type: the same segment found below each, as tshark finds it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import compared
import needs
from nested_frames import CLOSED, LINKS, OURS_ALONE, SHORTENED, SYN
from synfin.capture.packet import Packet
from synfin.wire.frame import MAX_HEADERS, SUPPORTED, dissect


@pytest.mark.parametrize("name", LINKS)
def test_the_segment_is_found(name: str) -> None:
    link_type, data = LINKS[name]
    frame = dissect(Packet(1, 0, link_type, data, len(data)))
    if name in CLOSED:
        assert frame.segment is None
        return
    assert frame.segment is not None and frame.tcp is not None and not frame.reason
    assert frame.data[frame.tcp.start : frame.tcp.end] == SYN
    assert (frame.segment.src_port, frame.segment.length, frame.segment.seq) == (1234, 0, 100)


@pytest.mark.parametrize("name", sorted(set(LINKS) - OURS_ALONE - SHORTENED))
def test_tshark_sees_the_same(name: str, tmp_path: Path) -> None:
    needs.have("tshark")
    link_type, data = LINKS[name]
    assert compared.differences(tmp_path, compared.write(tmp_path / "a.pcap", [data], link_type)) == []


def test_every_supported_link_type_has_a_frame_here() -> None:
    others = {12, 14, 127, 129, 228, 229, 241, 276, 281, 282, 284, 285}  # in the captures, below, or bare IP
    assert others | {link_type for link_type, _ in LINKS.values()} >= SUPPORTED


@pytest.mark.parametrize("name", LINKS)
def test_a_frame_may_be_cut_anywhere(name: str) -> None:
    link_type, data = LINKS[name]
    for size in range(len(data)):
        frame = dissect(Packet(1, 0, link_type, data[:size], len(data)))
        assert all(0 <= layer.start <= size and layer.start + layer.header_len <= size for layer in frame.layers)


@pytest.mark.parametrize(
    ("link_type", "before", "after"),
    [(281, 12, "00000000"), (282, 0, "00000000"), (284, 12, "c0010000"), (285, 12, "dada0000c0010000")],
)
def test_tags_of_switches_are_skipped(link_type: int, before: int, after: str) -> None:
    from nested_frames import ETH

    data = ETH[:before] + bytes.fromhex(after) + ETH[before:]
    frame = dissect(Packet(1, 0, link_type, data, len(data)))
    assert frame.segment is not None and frame.segment.seq == 100


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(SUPPORTED)), st.binary(max_size=200), st.integers(0, 400))
def test_nothing_is_raised_whatever_the_bytes(link_type: int, data: bytes, wire_len: int) -> None:
    frame = dissect(Packet(1, 0, link_type, data, wire_len))
    assert len(frame.layers) <= 3 * MAX_HEADERS
    assert all(layer.start <= len(frame.data) and layer.header_len >= 0 for layer in frame.layers)
