"""Tunnels: what they carry is found, to a bounded depth, as tshark finds it; both engines agree."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import compared
import needs
from nested_frames import CLOSED, ETH, IP, IP6, TUNNELS, deflated, over_ip, over_udp
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.watch.engine.readable import ReadableEngine
from synfin.wire import frame as frames
from synfin.wire.frame import MAX_HEADERS, Frame, dissect
from synfin.wire.tunnel import MAX_INFLATED
from wire_bytes import ethernet, ipv4


def taken_apart(data: bytes) -> Frame:
    return dissect(Packet(1, 0, 1, data, len(data)))


@pytest.mark.parametrize("name", TUNNELS)
def test_the_innermost_segment_counts(name: str) -> None:
    segment = taken_apart(TUNNELS[name]).segment
    assert (segment is None) == (name in CLOSED)
    assert segment is None or (segment.src_port, segment.seq, len(segment.options)) == (1234, 100, 4)


def test_layers_are_named_as_wireshark_names_them() -> None:
    names = {name: ":".join(layer.name for layer in taken_apart(data).layers) for name, data in TUNNELS.items()}
    assert names["erspan2"] == "eth:ip:gre:erspan:eth:ip:tcp"
    assert names["gtpext"] == "eth:ip:udp:gtp:ip:tcp"
    assert names["l2tplen"] == "eth:ip:udp:l2tp:ppp:ip:tcp"
    assert names["ipcomp"] == "eth:ip:ipcomp:data:tcp"
    assert names["pppoempls"] == "eth:pppoes:ppp:mpls:ip:tcp"
    assert names["teredoboth"] == "eth:ip:udp:teredo:ipv6:tcp"
    assert names["mplspw"] == "eth:mpls:pwethcw:eth:ip:tcp"


def test_tshark_sees_the_same(tmp_path: Path) -> None:
    needs.have("tshark")
    path = compared.write(tmp_path / "a.pcap", list(TUNNELS.values()))
    assert compared.differences(tmp_path, path) == []


def test_nesting_is_bounded() -> None:
    data = IP
    for _ in range(3 * MAX_HEADERS):
        data = ipv4(data, 4)
    frame = taken_apart(ethernet(0x0800, data))
    assert (frame.reason, frame.segment) == ("nested", None)
    assert len(frame.layers) <= MAX_HEADERS


def test_what_inflates_without_end_is_cut() -> None:
    bomb = taken_apart(over_ip(108, bytes.fromhex("06000002") + deflated(bytes(50 << 20))))
    assert len(bomb.data) <= len(bomb.packet.data) + MAX_INFLATED
    broken = taken_apart(over_ip(108, bytes.fromhex("06000002") + b"\xff" * 40))
    assert broken.segment is None and not broken.reason


def test_the_kernel_leaves_exactly_those_to_the_readable_code() -> None:
    needs.have("kernels")
    from synfin._kernels import carrier, scan
    from synfin.wire import link, transport

    fast = {*link.LINKS, 1, 113, 276}
    assert set(carrier.SLOW_LINKS) == frames.SUPPORTED - fast
    assert set(carrier.SLOW_ETHERTYPES) == set(frames.ETHERTYPES) - set(transport.ETHERTYPES)
    assert set(carrier.SLOW_PROTOCOLS) == set(frames.PROTOCOLS) - set(transport.PROTOCOLS)
    assert set(carrier.SLOW_PORTS) == set(frames.PORTS)
    assert scan.REASONS == frames.REASONS


def test_both_engines_agree_on_tunnels(tmp_path: Path) -> None:
    needs.have("kernels")
    from synfin.watch.engine.compiled import CompiledEngine

    path = compared.write(tmp_path / "a.pcap", [*TUNNELS.values(), ETH, *reversed(TUNNELS.values())])
    with open_capture(path) as one, open_capture(path) as other:
        compiled, readable = CompiledEngine(), ReadableEngine()
        compiled.feed(one)
        readable.feed(other)
    assert list(compiled.connections()) == list(readable.connections())
    assert compiled.segments == readable.segments > len(TUNNELS)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(TUNNELS)), st.randoms(use_true_random=False), st.integers(1, 6))
def test_broken_tunnels_never_raise(name: str, dice: random.Random, broken: int) -> None:
    data = bytearray(TUNNELS[name])
    for _ in range(broken):
        data[dice.randrange(12, len(data))] = dice.randrange(256)
    cut = dice.randrange(len(data) + 1) if dice.random() < 0.5 else len(data)
    frame = dissect(Packet(1, 0, 1, bytes(data[:cut]), len(data)))
    assert len(frame.layers) <= 3 * MAX_HEADERS


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(frames.PORTS)), st.binary(max_size=80))
def test_random_bytes_behind_a_tunnels_port_never_raise(port: int, data: bytes) -> None:
    taken_apart(over_udp(port, data))
    taken_apart(over_udp(port, data + IP6))
