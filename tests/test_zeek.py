"""Zeek's `conn_state` and `history`: one case a rule, expected results from Zeek's documentation and its own tests."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needs
from segments import HANDSHAKE, exchange
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.watch.connections.records import record
from synfin.watch.engine.engines import engine
from synfin.watch.engine.readable import ReadableEngine
from synfin.watch.follow.pieces import MAX_PIECES, Pieces
from synfin.watch.follow.raw import CONN_STATES
from synfin.watch.follow.zeek import LIKELY_SERVER_PORTS, MAX_HISTORY, ZeekView

EPHEMERAL = {"C": 57936, "S": 9501}  #: neither looks like a server's
WEB = {"C": 57936, "S": 80}


def zeek(text: str, ports: dict[str, int] = EPHEMERAL, *, cut: bool = False) -> tuple[str, str]:
    """(history, conn_state) of a written connection; `cut`: no payload was captured."""
    view = ZeekView()
    for segment in exchange(text).segments:
        side = int(segment.src_port == 9501)
        here, there = (ports["S"], ports["C"]) if side else (ports["C"], ports["S"])
        captured = 0 if cut else len(segment.payload)
        view.add(side, segment.flags, segment.seq, segment.ack, segment.length, captured, segment.window, (here, there))
    return view.history.decode(), CONN_STATES[view.conn_state()]


def cases() -> list[tuple[str, tuple[str, str], str]]:
    """(name, (history, conn_state), segments) of every case in data/zeek.txt."""
    found = []
    for block in (Path(__file__).parent / "data" / "zeek.txt").read_text(encoding="utf-8").split("\n== ")[1:]:
        name, expected, *lines = block.strip().splitlines()
        history, state = expected.split()
        found.append((name, (history, state), "\n".join(map(_spelled_out, lines))))
    return found


def _spelled_out(line: str) -> str:
    words, _, times = line.replace("HANDSHAKE", HANDSHAKE.strip()).partition(" x")
    return "\n".join([words] * int(times or 1))


CASES = cases()


@pytest.mark.parametrize(("name", "expected", "segments"), CASES, ids=[case[0] for case in CASES])
def test_history_and_state(name: str, expected: tuple[str, str], segments: str) -> None:
    assert zeek(segments, WEB if "[web]" in name else EPHEMERAL) == expected


def test_zeeks_own_captures(captures_dir: Path) -> None:
    """Zeek's test of RSTs expects these two lines of the two captures."""
    for name, expected in (("syn-then-ack-then-rst", ("SaR", "RSTOS0")), ("syn-then-stuff-then-rst", ("SaFR", "OTH"))):
        path = captures_dir / "zeek" / f"{name}.pcap"
        following = engine()
        with open_capture(path) as reader:
            following.feed(reader)
        (only,) = (record(raw) for raw in following.connections())
        assert (only.history, only.conn_state) == expected
        needs.captures_ran(path)


# --- roles ------------------------------------------------------------------------------------------------------------


def test_the_roles_of_a_connection_without_syn_follow_likely_server_ports() -> None:
    data = "S PSH,ACK seq=1 ack=1 len=9\nC ACK seq=1 ack=10"
    assert zeek(data, EPHEMERAL) == ("Da", "OTH")
    assert zeek(data, WEB) == ("^dA", "OTH")
    assert zeek(data, {"C": 443, "S": 80}) == ("^dA", "OTH")
    assert zeek(data, {"C": 80, "S": 443}) == ("Da", "OTH")


def test_two_likely_servers_and_a_syn_ack_keep_their_roles() -> None:
    assert zeek("S SYN,ACK seq=0 ack=1", {"C": 443, "S": 80}) == ("H", "OTH")


def test_states_of_reverse_scans() -> None:
    assert zeek("S SYN,ACK seq=0 ack=1\nC RST seq=1 bare", WEB) == ("^hR", "RSTO")
    assert zeek("S SYN,ACK seq=0 ack=1\nS RST seq=1 bare", WEB) == ("^hr", "RSTRH")
    assert zeek("S SYN,ACK seq=0 ack=1\nS FIN,ACK seq=1 ack=1", WEB) == ("^hf", "SHR")


def test_syn_and_syn_ack_in_the_wrong_order_turn_the_roles() -> None:
    assert zeek("S SYN,ACK seq=0 ack=1\nC SYN seq=0\nC ACK seq=1 ack=1") == ("Hs^A", "S1")


# --- limits -----------------------------------------------------------------------------------------------------------


def test_payload_that_the_capture_cut_short_is_missing() -> None:
    text = HANDSHAKE + "C PSH,ACK seq=1 ack=1 len=5\nS ACK seq=1 ack=6"
    assert zeek(text) == ("ShADa", "S1")
    assert zeek(text, cut=True) == ("ShADaG", "S1")


def test_a_history_without_end_ends_with_x() -> None:
    history, _ = zeek(HANDSHAKE + "".join(f"C RST seq={n} bare\n" for n in range(1, 99)))
    assert history == "ShA" + "R" * (MAX_HISTORY - 4) + "X"


def test_every_state_of_zeek_was_met() -> None:
    met = {state for _, (_, state), _ in CASES}
    assert met | {"RSTRH", "SHR"} == set(CONN_STATES)


def test_the_kernel_knows_the_same_ports() -> None:
    needs.have("kernels")
    from synfin._kernels import zeek as kernel

    assert frozenset(kernel.LIKELY_SERVER_PORTS) == LIKELY_SERVER_PORTS


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_the_kernel_agrees_on_cut_payloads_holes_and_server_ports(seed: int) -> None:
    needs.have("kernels")
    from synfin.watch.engine.compiled import CompiledEngine

    compiled, readable = CompiledEngine(), ReadableEngine()
    for packet in _conversation(random.Random(seed)):
        compiled.see(packet)
        readable.see(packet)
    assert list(compiled.connections()) == list(readable.connections())


def _conversation(dice: random.Random) -> Iterator[Packet]:
    """Segments of one connection whose data has holes, comes again, and is not always captured whole."""
    hosts = [(b"\x0a\x00\x00\x01", dice.choice((80, 443, 9999))), (b"\x0a\x00\x00\x02", dice.choice((80, 50000)))]
    bases = [dice.randrange(2**32), dice.choice((0, 2**32 - 200, 2**31))]
    for number in range(1, dice.randrange(2, 60)):
        side = dice.randrange(2)
        (src, sport), (dst, dport) = hosts[side], hosts[1 - side]
        flags = dice.choice((0x02, 0x12, 0x10, 0x10, 0x10, 0x18, 0x18, 0x18, 0x11, 0x19, 0x04, 0x14, 0x03, 0x06, 0x05))
        length = dice.choice((0, 0, 1, 10, 10, 40))
        seq, ack = bases[side] + 10 * dice.randrange(30), bases[1 - side] + 10 * dice.randrange(30)
        header = struct.pack(">HHIIHHHH", sport, dport, seq % 2**32, ack % 2**32, 0x5000 | flags, number % 3, 0, 0)
        total = 40 + length
        network = struct.pack(">BBHHHBBH", 0x45, 0, total, number, 0, 64, 6, 0) + src + dst
        frame = bytes(12) + b"\x08\x00" + network + header + bytes(length)
        cut = dice.choice((0, 0, 0, 1, 30))
        yield Packet(number, number * 1000, 1, frame[: max(len(frame) - cut, 54)], len(frame))


# --- pieces -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(itertools.permutations(range(MAX_PIECES))))
def test_pieces_in_any_order_leave_no_hole(order: tuple[int, ...]) -> None:
    pieces = Pieces()
    for place in order:
        pieces.sent(1 + 10 * place, 11 + 10 * place, 0)
    assert (pieces.whole, pieces.beyond) == (1 + 10 * MAX_PIECES, [])
    assert pieces.acknowledged(1 + 10 * MAX_PIECES, False) == 0


def test_holes_are_those_of_a_set_of_bytes() -> None:
    dice = random.Random(9)
    for _ in range(300):
        pieces, captured = Pieces(), set[int]()
        for _ in range(MAX_PIECES):
            at = dice.randrange(1, 90)
            end = at + dice.randrange(1, 12)
            pieces.sent(at, end, 2)
            captured |= set(range(max(at, 2), end))
        missing = [n for n in range(1, 95) if n not in captured and not (n == 1 and min(captured) == 1)]
        holes = sum(n == 1 or n - 1 not in missing for n in missing)
        assert pieces.acknowledged(95, False) == holes


def test_pieces_beyond_the_limit_become_one() -> None:
    pieces = Pieces()
    for place in range(MAX_PIECES + 3):
        pieces.sent(11 + 20 * place, 21 + 20 * place, 5)
    assert len(pieces.beyond) == MAX_PIECES
    assert pieces.acknowledged(21 + 20 * (MAX_PIECES + 2), False) == MAX_PIECES
