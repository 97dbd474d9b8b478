"""Mutated captures: small seeds of every link type and tunnel, broken by what is known of them and blindly.

`Mutants(folders, seed).capture(number)` is a function of its arguments alone, so a finding is a seed and a number.
"""

from __future__ import annotations

import gzip
import random
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import fuzz_tunnels
from capture_samples import block, enhanced, interface, old_packet, option, section, simple
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput
from synfin.wire.frame import ETHERTYPES, PORTS, PROTOCOLS, SUPPORTED, dissect

LINKS = (*sorted(SUPPORTED), 147, 0xFFFF)
BYTES = (
    *(0, 1, 2, 3, 4, 5, 6, 0x0F, 0x11, 0x40, 0x45, 0x4F, 0x60, 0x7F, 0x80, 0xF0, 0xFF),
    *sorted(number for number in PROTOCOLS if number < 256),
)
WORDS = (0, 1, 4, 15, 16, 0x3FFFF, 0x40000, 0x40001, 0xFFFFFF, 0x1000000, 2**31 - 1, 2**31, 2**32 - 16, 2**32 - 1)
SHORTS = (0, 1, 7, 19, 20, 0x2000, 0x1FFF, 0x3FFF, 0x7FFF, 0xFFFF, *sorted({*ETHERTYPES, *PORTS}))
#: Where the fields lie that lengths, kinds and offsets are read from, by layer.
FIELDS = {
    "ip": (0, 2, 3, 6, 7, 9, 20, 21, 22), "ipv6": (0, 4, 5, 6), "ipv6.hopopts": (0, 1, 2, 3), "ipv6.routing": (0, 1, 3),
    "ipv6.fraghdr": (0, 2, 3), "ipv6.dstopts": (0, 1, 2, 3), "ah": (0, 1), "udp": (0, 1, 2, 3, 4, 5),
    "tcp": (4, 8, 12, 12, 13, 13, 14, 20, 21, 22, 23, 24, 25, 26), "eth": (12, 13, 14, 15), "gre": (0, 1, 2, 3),
}  # fmt: skip
MOST_BYTES, PIECES, PLACES = 400, 8, (0, 1, 2, 3, 4, 8, 12)

Spots = list[int]


@dataclass(frozen=True, slots=True)
class Seed:
    """A few packets, and where in each of them a field stands that decides something."""

    packets: tuple[Packet, ...]
    spots: tuple[tuple[int, ...], ...]


class Mutants:
    """Mutated captures by number: every fourth is a seed cut short, at another byte each time."""

    def __init__(self, folders: Iterable[Path], seed: int) -> None:
        self._seed = seed
        files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
        self._seeds = [one for path in files for one in _pieces(path)] + _generated()
        self._files = [start for path in files if (start := _start(path))]
        self.seeds = len(self._seeds) + len(self._files)

    def capture(self, number: int) -> bytes:
        dice = random.Random(self._seed << 40 | number)
        if number % 4 == 0:
            return self._cut(dice, number // 4)
        if number % 16 == 9:
            return self._half(dice)
        if self._files and number % 16 == 1:
            return _blindly(dice, bytearray(dice.choice(self._files)), ())
        return self._mutated(dice)

    def _cut(self, dice: random.Random, turn: int) -> bytes:
        """The last packet cut at a byte that moves on with every round through the seeds."""
        cut, which = divmod(turn, len(self._seeds))
        *before, last = self._seeds[which].packets
        return _encoded(dice, [*before, _with(last, last.data[: cut % (len(last.data) + 1)])])[0]

    def _half(self, dice: random.Random) -> bytes:
        """A file cut anywhere."""
        data, _ = _encoded(dice, dice.choice(self._seeds).packets)
        return data[: dice.randrange(4, len(data))]

    def _mutated(self, dice: random.Random) -> bytes:
        seed = dice.choice(self._seeds)
        packets = list(seed.packets)
        if dice.random() < 0.85:
            for _ in range(dice.choice((1, 1, 2, 3))):
                at = dice.randrange(len(packets))
                packets[at] = _packet(dice, packets[at], seed.spots[at] if at < len(seed.spots) else ())
        if dice.random() < 0.15:
            packets.append(dice.choice(dice.choice(self._seeds).packets))
        if dice.random() < 0.2:
            packets[dice.randrange(len(packets))] = dice.choice(packets)
        data, spots = _encoded(dice, packets)
        if dice.random() < 0.35:
            data = _blindly(dice, bytearray(data), spots)
        return gzip.compress(data, 1) if dice.random() < 0.01 else data


# --- seeds ------------------------------------------------------------------------------------------------------------


def _pieces(path: Path) -> list[Seed]:
    """Up to PIECES pieces of 1 to 4 packets, spread over the first packets of a capture."""
    packets = _packets(path)
    dice, step = random.Random(path.name), max(len(packets) // PIECES, 1)
    return [_seed(packets[at : at + dice.randrange(1, 5)]) for at in range(0, len(packets), step)][:PIECES]


def _packets(path: Path, most: int = 120) -> list[Packet]:
    found: list[Packet] = []
    try:
        with open_capture(path) as reader:
            for packet in reader:
                found.append(packet)
                if len(found) == most:
                    break
    except UnreadableInput:
        pass
    return found


def _start(path: Path) -> bytes:
    """The beginning of a file that is no plain pcap or pcapng: what it is made of is mutated as it stands."""
    with path.open("rb") as file:
        start = file.read(1500)
    known = start[:4] in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"M<\xb2\xa1", b"\xa1\xb2<M", b"\n\r\r\n")
    try:
        open_capture(path).close()
    except UnreadableInput:
        return b""
    return b"" if known and len(start) == 1500 else start


def _generated() -> list[Seed]:
    dice = random.Random(1)
    made = []
    for _ in range(200):
        frames = [fuzz_tunnels.frame(dice) for _ in range(dice.randrange(1, 4))]
        made.append(_seed([Packet(1, n * 10**6, link, data, len(data)) for n, (link, data) in enumerate(frames)]))
    return made


def _seed(packets: Sequence[Packet]) -> Seed:
    short = tuple(_with(packet, packet.data[:MOST_BYTES]) for packet in packets)
    return Seed(short, tuple(_spots(packet) for packet in short))


def _spots(packet: Packet) -> tuple[int, ...]:
    layers = dissect(packet).layers
    spots = {layer.start + at for layer in layers for at in FIELDS.get(layer.name, PLACES)}
    return tuple(sorted(at for at in spots if at < len(packet.data)))


def _with(packet: Packet, data: bytes) -> Packet:
    return Packet(packet.number, packet.time_ns, packet.link_type, data, packet.wire_len)


# --- packets ----------------------------------------------------------------------------------------------------------


def _packet(dice: random.Random, packet: Packet, spots: tuple[int, ...]) -> Packet:
    data = _blindly(dice, bytearray(packet.data), spots)
    link, wire, time_ns = packet.link_type, packet.wire_len, packet.time_ns
    what = dice.random()
    if what < 0.04:
        link = dice.choice(LINKS)
    elif what < 0.10:
        wire = dice.choice((len(data), 0, *WORDS))
    elif what < 0.13:
        time_ns = dice.choice((0, 1, 2**32 * 10**9 - 1, time_ns + 10**9, max(time_ns - 10**9, 0)))
    return Packet(1, time_ns, link, data, wire)


def _blindly(dice: random.Random, data: bytearray, spots: Sequence[int]) -> bytes:
    """One to four mutations; two in three of them at one of `spots`, where there are any."""
    for _ in range(dice.choice((1, 1, 2, 4))):
        if not data:
            break
        at = dice.choice(spots) if spots and dice.random() < 0.66 else dice.randrange(len(data))
        dice.choice(MUTATIONS)(dice, data, min(at, len(data) - 1))
    return bytes(data)


def _byte(dice: random.Random, data: bytearray, at: int) -> None:
    data[at] = dice.choice(BYTES) if dice.random() < 0.7 else dice.randrange(256)


def _bit(dice: random.Random, data: bytearray, at: int) -> None:
    data[at] ^= 1 << dice.randrange(8)


def _near(dice: random.Random, data: bytearray, at: int) -> None:
    data[at] = (data[at] + dice.choice((-4, -1, 1, 4))) & 0xFF


def _number(dice: random.Random, data: bytearray, at: int) -> None:
    form, values = dice.choice((("<I", WORDS), (">I", WORDS), (">H", SHORTS), ("<H", SHORTS)))
    written = struct.pack(form, dice.choice(values))[: len(data) - at]
    data[at : at + len(written)] = written


def _less(dice: random.Random, data: bytearray, at: int) -> None:
    del data[at : at + dice.choice((1, 2, 4, 8, 20))]


def _cut_here(dice: random.Random, data: bytearray, at: int) -> None:
    del data[at:]


def _more(dice: random.Random, data: bytearray, at: int) -> None:
    data[at:at] = dice.choice((bytes(4), b"\xff" * 4, dice.randbytes(dice.randrange(1, 24))))


def _again(dice: random.Random, data: bytearray, at: int) -> None:
    """The same bytes several times over: headers that nest, options without end."""
    data[at:at] = bytes(data[at : at + dice.choice((1, 2, 4, 8, 20, 40))]) * dice.choice((1, 2, 20))


MUTATIONS: tuple[Callable[[random.Random, bytearray, int], None], ...] = (
    _byte, _byte, _byte, _bit, _near, _number, _number, _less, _cut_here, _more, _again,
)  # fmt: skip

# --- files ------------------------------------------------------------------------------------------------------------


def _encoded(dice: random.Random, packets: Sequence[Packet]) -> tuple[bytes, Spots]:
    """A capture file of some format, and the offsets of the fields that frame its records."""
    return (_pcap if dice.random() < 0.55 else _pcapng)(dice, packets)


def _pcap(dice: random.Random, packets: Sequence[Packet]) -> tuple[bytes, Spots]:
    order, (magic, unit) = dice.choice("<<>"), dice.choice(((0xA1B2C3D4, 1000), (0xA1B23C4D, 1)))
    minor = 4 if dice.random() < 0.95 else dice.choice((0, 2, 3))
    data = bytearray(struct.pack(order + "IHHiIII", magic, 2, minor, 0, 0, 65535, packets[0].link_type))
    spots = [20, 21, 4, 6]
    for packet in packets:
        seconds, rest = divmod(packet.time_ns, 10**9)
        spots += [len(data) + at for at in (0, 4, 8, 9, 10, 11, 12, 15)]
        head = seconds & 0xFFFFFFFF, rest // unit, len(packet.data), packet.wire_len & 0xFFFFFFFF
        data += struct.pack(order + "IIII", *head) + packet.data
    return bytes(data), spots


def _pcapng(dice: random.Random, packets: Sequence[Packet]) -> tuple[bytes, Spots]:
    order = dice.choice("<<>")
    data, spots = bytearray(section(order)), [4, 8, 12, 16]
    links = list(dict.fromkeys(packet.link_type for packet in packets))
    for link in links:
        spots += [len(data) + at for at in (0, 4, 8, 12, 16, 18, 20)]
        resolution = option(order, 9, bytes((dice.choice((6, 9, 0, 0x80, 0x94, 12)),)))
        data += interface(order, link, 0, dice.choice((b"", resolution)), dice.choice((b"", bytes(4))))
    for packet in packets:
        spots += [len(data) + at for at in (0, 4, 7, 8, 12, 20, 21, 24)]
        data += _packet_block(dice, order, packet, links.index(packet.link_type))
        spots += [len(data) - 4, len(data) - 1]
        if dice.random() < 0.05:
            data += block(order, dice.choice((3, 4, 5, 1, 0x0A0D0D0A, 0xBAD)), bytes(4 * dice.randrange(9)))
    return bytes(data), spots


def _packet_block(dice: random.Random, order: str, packet: Packet, which: int) -> bytes:
    ticks, data, wire = packet.time_ns // 1000 & 2**64 - 1, packet.data, packet.wire_len & 0xFFFFFFFF
    kind = dice.random()
    if kind < 0.05:
        return simple(order, data, wire)
    if kind < 0.10:
        return old_packet(order, which, 0, ticks, data, wire)
    comment = (option(order, 1, b"comment"), bytes(4)) if kind < 0.2 else ()
    return enhanced(order, which, ticks, data, wire, *comment)
