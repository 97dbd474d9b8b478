"""Fields that need other frames: fragments put together, echoes with their replies, addresses claimed twice.

What is expected is what tshark 4.0 shows of the same packets in two passes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

import needs
from command import synfin as run
from synfin.dissect import format
from synfin.dissect.checksum import fold
from synfin.dissect.context import Facts
from synfin.dissect.fields import lookup
from synfin.watch.packets.annotate import annotated
from synfin.watch.recall import echoes, memory, recent
from synfin.wire.fragments import Reassembler
from synfin.wire.frame import Frame, dissect
from wire_bytes import RAW, ethernet, packets, write_pcap

A, B, C = b"\xc0\0\2\1", b"\xc0\0\2\2", b"\xc0\0\2\3"
A6, B6 = bytes.fromhex("20010db8000000000000000000000001"), bytes.fromhex("20010db8000000000000000000000002")
DATAGRAM = struct.pack(">HHHH", 4000, 5000, 56, 0) + bytes(range(48))
SPOILT = bytes(octet ^ (place == 25) * 0xFF for place, octet in enumerate(DATAGRAM))
FRAGMENTS = ("fragment", "fragment.error", "fragment.count", "fragment.overlap", "fragment.overlap.conflict",
             "fragment.multipletails", "fragment.toolongfragment", "reassembled.length")  # fmt: skip
Rows = list[tuple[str, ...]]


def ipv4(payload: bytes, protocol: int = 17, ident: int = 1, place: int = 0, src: bytes = A, dst: bytes = B) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, place, 64, protocol, 0)
    return head + src + dst + payload


def part4(start: int, stop: int, more: bool = True, data: bytes = DATAGRAM) -> bytes:
    return ipv4(data[start:stop], place=start // 8 | more << 13)


def part6(start: int, stop: int, more: bool = True, data: bytes = DATAGRAM) -> bytes:
    head = struct.pack(">BBHI", 17, 0, start | more, 7)
    return ipv6(head + data[start:stop], 44)


def ipv6(payload: bytes, following: int, src: bytes = A6, dst: bytes = B6) -> bytes:
    return struct.pack(">IHBB", 0x60000000, len(payload), following, 64) + src + dst + payload


def shown(path: Path, names: Sequence[str]) -> Rows:
    """What both engines show, which is the same."""
    chosen = [lookup(name) for name in names]

    def texts(rows: Iterable[tuple[Frame, Facts]]) -> Rows:
        return [tuple(format.cell(field, *row, format.Layout()) for field in chosen) for row in rows]

    readable = texts(annotated([str(path)]))
    if needs.is_there("kernels"):
        from synfin.filter.selection import Selection

        assert texts(Selection([str(path)], None, names).rows()) == readable
    return readable


# --- fragments --------------------------------------------------------------------------------------------------------

OVER = part4(48, 56, False)
SETS: dict[str, tuple[list[bytes], tuple[str, ...]]] = {
    "in order": ([part4(0, 24), part4(24, 48), OVER], ("1,2,3", "", "3", "", "", "", "", "56")),
    "the last first": ([OVER, part4(0, 24), part4(24, 48)], ("2,3,1", "", "3", "", "", "", "", "56")),
    "overlapping": ([part4(0, 32), part4(24, 48), OVER], ("1,2,3", "", "3", "1", "", "", "", "56")),
    "in conflict": (
        [part4(0, 32), part4(24, 48, data=SPOILT), OVER], ("1,3", "2", "3", "1", "1", "", "", "56"),
    ),
    "of two ends": (
        [part4(0, 24), OVER, part4(24, 40, False), part4(24, 48)], ("1,4,2", "3", "4", "1", "", "1", "", "56"),
    ),
    "too long": (
        [OVER, part4(48, 72, data=DATAGRAM + b"x" * 16), part4(0, 48)], ("3,1", "2", "3", "1", "", "", "1", "56"),
    ),
    "beyond the end": (
        [OVER, part4(64, 72, data=bytes(72)), part4(0, 48)], ("3,1", "2", "3", "", "", "", "1", "56"),
    ),
    "twice": ([part4(0, 24), part4(0, 24), part4(24, 56, False)], ("1,2,3", "", "3", "1", "", "", "", "56")),
    "contained and in conflict": (
        [part4(0, 48), part4(0, 24, data=bytes(24)), OVER], ("1,3", "2", "3", "1", "1", "", "", "56"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_a_datagram_tells_its_fragments(name: str, tmp_path: Path) -> None:
    frames, expected = SETS[name]
    path = write_pcap(tmp_path / "a.pcap", frames, RAW)
    *before, last = shown(path, [*(f"ip.{name}" for name in FRAGMENTS), "ip.reassembled_in"])
    assert last == (*expected, "")
    assert before == [("",) * 8 + (str(len(frames)),)] * (len(frames) - 1), "each names the frame that completes it"
    assert shown(path, ["ip.fragments", "ip.reassembled.data"])[-1] == (DATAGRAM.hex(), DATAGRAM.hex())


def test_fragments_of_ipv6(tmp_path: Path) -> None:
    frames = [part6(0, 32), part6(24, 48), part6(48, 56, False), ipv6(struct.pack(">BBHI", 17, 0, 0, 8) + DATAGRAM, 44)]
    path = write_pcap(tmp_path / "a.pcap", frames, RAW)
    names = ["ipv6.fragments", *(f"ipv6.{name}" for name in FRAGMENTS), "ipv6.reassembled.in"]
    assert shown(path, names) == [
        ("",) * 9 + ("3",), ("",) * 9 + ("3",), ("1", "1,2,3", "", "3", "1", "", "", "", "56", ""), ("",) * 10,
    ]  # fmt: skip


def test_what_is_never_whole_names_nothing(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "a.pcap", [part4(0, 24), part4(24, 48)], RAW)
    assert shown(path, ["ip.reassembled_in", "ip.fragment.count"]) == [("", "")] * 2


def test_a_filter_finds_the_fragments_of_a_datagram(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "a.pcap", SETS["of two ends"][0], RAW)
    for wanted, frames in (("ip.reassembled_in == 4", "1 2 3"), ("ip.fragment == 2", "4"), ("ip.fragment.error", "4")):
        done = run("packets", str(path), "-Y", wanted, "-T", "fields", "-e", "frame.number")
        assert done.out.split() == frames.split()


def test_one_pass_does_not_know_what_comes(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "a.pcap", SETS["in order"][0], RAW)
    done = run("packets", "-", "-T", "fields", "-e", "ip.reassembled_in", "-e", "ip.fragment", stdin=path.read_bytes())
    assert done.out.splitlines() == ["\t", "\t", "\t1,2,3"]


# --- echoes -----------------------------------------------------------------------------------------------------------


def summed(message: bytes, head: bytes = b"", spoilt: int = 0) -> bytes:
    total = 0xFFFF - fold(message, fold(head)) if head else 0xFFFF - fold(message)
    return message[:2] + (total ^ spoilt).to_bytes(2, "big") + message[4:]


def echo(kind: int, number: int, data: bytes = b"abcdefgh", src: bytes = A, dst: bytes = B, spoilt: int = 0) -> bytes:
    if kind == 0:
        src, dst = dst, src
    message = summed(struct.pack(">BBHHH", kind, 0, 0, 1, number) + data, spoilt=spoilt)
    return ipv4(message, 1, src=src, dst=dst)


def echo6(kind: int, number: int, data: bytes = b"abcdefgh") -> bytes:
    src, dst = (A6, B6) if kind == 128 else (B6, A6)
    message = struct.pack(">BBHHH", kind, 0, 0, 1, number) + data
    return ipv6(summed(message, src + dst + struct.pack(">II", len(message), 58)), 58, src, dst)


PAIRING = ("resp_in", "resp_to", "resptime", "no_resp", "resp_not_found")
ASKED, TOLD, ALONE, NONE = ("{}", "", "", "", ""), ("", "{}", "1000", "", ""), ("", "", "", "1", "1"), ("",) * 5


def pair(template: tuple[str, ...], frame: int) -> tuple[str, ...]:
    return tuple(text.format(frame) for text in template)


TALKS: dict[str, tuple[list[bytes], Rows]] = {
    "a reply": ([echo(8, 1), echo(0, 1)], [pair(ASKED, 2), pair(TOLD, 1)]),
    "no reply": ([echo(8, 1), echo(0, 2)], [ALONE, NONE]),
    "other data": ([echo(8, 1), echo(0, 1, b"other!!!")], [ALONE, NONE]),
    "a spoilt reply": ([echo(8, 1), echo(0, 1, spoilt=0x10)], [ALONE, NONE]),
    "two replies": ([echo(8, 1), echo(0, 1), echo(0, 1)], [pair(ASKED, 2), pair(TOLD, 1), NONE]),
    "two requests": ([echo(8, 1), echo(8, 1), echo(0, 1)], [ALONE, pair(ASKED, 3), pair(TOLD, 2)]),
    "a number again": (
        [echo(8, 1), echo(0, 1), echo(8, 1), echo(0, 1)], [pair(ASKED, 2), pair(TOLD, 1), pair(ASKED, 4), pair(TOLD, 3)]
    ),
    "a stranger replies": ([echo(8, 1), echo(0, 1, dst=C)], [ALONE, NONE]),
    "a reply too early": ([echo(0, 1), echo(8, 1), echo(0, 1)], [NONE, pair(ASKED, 3), pair(TOLD, 2)]),
    "no data": ([echo(8, 1, b""), echo(0, 1, b"")], [pair(ASKED, 2), pair(TOLD, 1)]),
    "an error about it": (
        [echo(8, 1), ipv4(summed(b"\x0b" + bytes(7) + echo(8, 1)), 1, src=C, dst=A)], [ALONE, NONE]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TALKS)
def test_an_echo_tells_its_other_half(name: str, tmp_path: Path) -> None:
    frames, expected = TALKS[name]
    assert shown(write_pcap(tmp_path / "a.pcap", frames, RAW), [f"icmp.{name}" for name in PAIRING]) == expected


def test_echoes_of_ipv6(tmp_path: Path) -> None:
    frames = [echo6(128, 1), echo6(129, 1), echo6(128, 2), echo6(129, 3), echo6(129, 1)]
    found = shown(write_pcap(tmp_path / "a.pcap", frames, RAW), [f"icmpv6.{name}" for name in PAIRING])
    assert found == [pair(ASKED, 2), pair(TOLD, 1), ALONE, NONE, NONE]


def test_one_pass_does_not_say_that_no_reply_comes(tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "a.pcap", [echo(8, 1), echo(8, 2), echo(0, 2)], RAW)
    options = [word for name in PAIRING for word in ("-e", f"icmp.{name}")]
    done = run("packets", "-", "-T", "fields", *options, stdin=path.read_bytes())
    assert [tuple(line.split("\t")) for line in done.out.splitlines()] == [NONE, NONE, pair(TOLD, 2)]


@pytest.mark.parametrize(
    ("wanted", "frames"),
    [
        ("icmp.resptime == 1000", "2"), ("icmp.resptime > 999.5", "2"), ("icmp.resptime in {1 .. 2e3}", "2"),
        ("{icmp.resptime * 2} > 1999.5", "2"), ("-icmp.resptime < 0", "2"), ('string(icmp.resptime) == "1000"', "2"),
        ("icmp.resptime < 1e-3", ""), ("icmp.no_resp", "3"), ("icmp.resp_in == 2", "1"),
    ],
)  # fmt: skip
def test_filters_compare_times_with_fractions(wanted: str, frames: str, tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "a.pcap", [echo(8, 1), echo(0, 1), echo(8, 2)], RAW)
    done = run("packets", str(path), "-Y", wanted, "-T", "fields", "-e", "frame.number")
    assert (done.out.split(), done.status) == (frames.split(), 0)


@pytest.mark.parametrize(
    "wanted", ['icmp.resptime > "1"', "icmp.resptime == 1e400", "icmp.resptime < 1e-400", "icmp.resptime > 1.5.2",
               "icmp.resptime & 1", "icmp.resptime % 2 == 0", "icmp.resptime[0] == 1", "icmp.resptime contains 1",
               "icmp.resptime == frame.number", "icmp.resptime > 0b1", "icmp.resptime > True"],
)  # fmt: skip
def test_filters_that_tshark_refuses(wanted: str, tmp_path: Path) -> None:
    path = write_pcap(tmp_path / "a.pcap", [echo(8, 1)], RAW)
    assert run("packets", str(path), "-Y", wanted).status == 2


# --- neighbours -------------------------------------------------------------------------------------------------------


def arp(operation: int, sender: int, sender_ip: int, target: int, target_ip: int) -> bytes:
    def claim(mac: int, ip: int) -> bytes:
        hardware = b"\xff" * 6 if mac == 255 else bytes([2, 0, 0, 0, 0, mac]) if mac else bytes(6)
        return hardware + (bytes([192, 0, 2, ip]) if ip else bytes(4))

    head = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation)
    return ethernet(0x0806, head + claim(sender, sender_ip) + claim(target, target_ip))


def test_an_address_claimed_twice_names_the_first_claim(tmp_path: Path) -> None:
    frames = [
        arp(1, 1, 1, 0, 2), arp(2, 2, 2, 1, 1),  # 1, 2
        arp(1, 3, 1, 0, 2), arp(1, 3, 1, 0, 2),  # another one, again and again
        arp(1, 1, 1, 0, 2),  # the first one: it keeps the address
        arp(2, 2, 2, 9, 1),  # a reply tells of its target, too
        arp(1, 4, 0, 0, 2), arp(1, 5, 0, 0, 2),  # probes claim nothing
        arp(1, 5, 7, 0, 7), arp(2, 6, 7, 0, 7),  # gratuitous
        arp(2, 6, 8, 255, 9), arp(1, 7, 9, 0, 8),  # nobody's address
        arp(3, 9, 8, 0, 8),  # no ARP for IPv4 addresses
        arp(2, 20, 20, 21, 21), arp(2, 22, 20, 23, 21),  # both of them
    ]  # fmt: skip
    names = ["arp.duplicate-address-frame", "arp.seconds-since-duplicate-address-frame",
             "arp.duplicate-address-detected"]  # fmt: skip
    found = shown(write_pcap(tmp_path / "a.pcap", frames), names)
    assert {number: row for number, row in enumerate(found, 1) if any(row)} == {
        3: ("2", "1", "1"), 4: ("2", "2", "1"), 6: ("5", "1", "1"), 10: ("9", "1", "1"),
        15: ("14,14", "1,1", "1,1"),
    }  # fmt: skip


def test_ports_of_traceroute(tmp_path: Path) -> None:
    ports = [(40000, 33434), (40000, 33435), (40000, 33464), (40000, 33465), (33440, 33441), (33450, 53)]
    frames = [ipv4(struct.pack(">HHHH", *pair, 9, 0) + b"x") for pair in ports]
    found = shown(write_pcap(tmp_path / "a.pcap", frames, RAW), ["udp.possible_traceroute"])
    assert found == [("",), ("1",), ("1",), ("",), ("1,1",), ("1",)]


# --- the tree ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "number", "link", "lines"),
    [
        (SETS["in order"][0], 1, RAW, {"[Put together in frame: 3]", "[在此帧中重组：3]"}),
        (SETS["in conflict"][0], 3, RAW, {"[Illegal fragment in frame: 2]", "[非法分片所在的帧：2]"}),
        (TALKS["a reply"][0], 1, RAW, {"[Reply in frame: 2]", "[应答所在的帧：2]"}),
        (TALKS["no reply"][0], 1, RAW, {"[No reply was captured]", "[没有捕获到应答]"}),
        ([arp(1, 1, 1, 0, 2), arp(1, 3, 1, 0, 2)], 2, 1, {"[Earlier claim in frame: 1]", "[先前声明所在的帧：1]"}),
    ],
)
def test_the_tree_links_to_the_frames(
    frames: list[bytes], number: int, link: int, lines: set[str], tmp_path: Path
) -> None:
    path = write_pcap(tmp_path / "a.pcap", frames, link)
    told = [run("explain", str(path), "--packet", str(number), "--lang", lang).out for lang in ("en", "zh")]
    assert all(any(line in text for text in told) for line in lines)


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_what_was_put_in_longest_ago_leaves() -> None:
    kept: recent.Recent[int, int] = recent.Recent(3)
    for number in (1, 2, 3, 1, 4):
        kept.put(number, number)
    assert [kept.get(number) for number in (1, 2, 3, 4)] == [1, None, 3, 4] and len(kept) == 3 and kept.forgot


def test_a_memory_that_had_to_forget_does_not_say_that_no_reply_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echoes, "MAX_PAIRS", 1)
    talk = packets([echo(8, 1), echo(0, 1), echo(8, 2), echo(0, 2), echo(8, 3)], RAW)
    past = memory.Memory()
    frames = [dissect(packet, Reassembler()) for packet in talk]
    for frame in frames:
        past.see(frame)
    now = memory.Memory(past)
    found = [now.see(frame).echoes[20] for frame in frames]
    assert [(one.answer, one.unanswered) for one in (found[0], found[2], found[4])] == [
        (None, False), (4, False), (None, False),
    ]  # fmt: skip
