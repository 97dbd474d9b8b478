"""The cases of fuzz_kernels.py: each a seed, each an AssertionError where the kernels and the readable core differ."""

from __future__ import annotations

import random
import struct
import sys
import tempfile
import time
from pathlib import Path

import capture_samples as samples
import test_engine
import test_kernels
from synfin._kernels import follow, scan
from synfin.capture.packet import Packet
from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput
from synfin.tcp.state import matrix
from synfin.watch.engine import compiled, described, pipeline, ranges, shards
from synfin.watch.engine.engine import KEEP_ALL, Limits
from synfin.wire.frame import SUPPORTED, dissect

LINKS = (*sorted(SUPPORTED), 9, 147)
WIRE_LENGTHS = (0, 1, 2**31 - 1, 2**31, 2**32 - 1)
TIMES = (0, 1, -1, 2**63 - 1, -(2**63), 10**18)
WORDS = (0, 1, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1)


def main() -> None:
    seed, seconds, started = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    end = time.monotonic() + seconds
    while True:
        case = CASES[seed % len(CASES)]
        started.write_text(f"{seed} ({case.__name__})")
        case(random.Random(seed))
        seed += 1
        if time.monotonic() >= end:
            return


# --- frames -----------------------------------------------------------------------------------------------------------


def frames(dice: random.Random) -> None:
    """A frame of any link type, perhaps broken, cut at every byte."""
    link = dice.choice(LINKS)
    data = bytearray(_framed(dice, link))
    for _ in range(dice.choice((0, 0, 1, 2, 5))):
        data[dice.randrange(len(data))] = dice.choice((0, 1, 4, 0x45, 0x4F, 0x60, 255, dice.randrange(256)))
    wire_len = dice.choice((len(data), len(data) + 99, *WIRE_LENGTHS))
    for cut in range(len(data) + 1):
        packet = Packet(1, 0, link, bytes(data[:cut]), wire_len)
        assert test_kernels.told_by_kernel(test_kernels.row_of(packet)) == test_kernels.told(dissect(packet)), packet


def _framed(dice: random.Random, link: int) -> bytes:
    v6 = dice.random() < 0.5
    packet = test_kernels.frame(dice, v6=v6)
    network = _ipv6(dice, packet[14:]) if v6 else dice.choice((packet, test_kernels.quoting(dice, packet)))[14:]
    kind = b"\x86\xdd" if v6 else b"\x08\x00"
    if link == 1:
        return bytes(12) + _tags(dice, kind, len(network)) + network
    family = struct.pack(dice.choice("<>") + "I", dice.choice((24, 28, 30)) if v6 else 2)
    return {113: bytes(14) + kind, 276: kind + bytes(18), 0: family, 108: family}.get(link, b"") + network


def _tags(dice: random.Random, kind: bytes, length: int) -> bytes:
    """What stands between the addresses and the network layer: VLAN tags, MPLS labels, IEEE 802.3, or nothing."""
    count = dice.choice((1, 2, 15, 16, 17))
    labels = b"".join(bytes((0, 0, at == count - 1, 9)) for at in range(count))
    size = struct.pack(">H", dice.choice((length + 8, 20, 1500, 0)))
    vlans = b"".join(dice.choice((b"\x81\x00", b"\x88\xa8", b"\x91\x00")) + b"\x00\x07" for _ in range(count))
    return dice.choice((kind, vlans + kind, b"\x88\x47" + labels, size + b"\xaa\xaa\x03\x00\x00\x00" + kind))


def _ipv6(dice: random.Random, packet: bytes) -> bytes:
    """An IPv6 packet with extension headers, or inside an ICMPv6 error."""
    if dice.random() < 0.3:
        message = bytes((dice.choice((1, 2, 3, 4, 128)), dice.randrange(8))) + bytes(6) + packet
        return struct.pack(">IHBB", 6 << 28, len(message), 58, 64) + bytes(32) + message
    kinds = [dice.choice((0, 43, 44, 60)) for _ in range(dice.choice((0, 1, 2, 15, 16, 17)))]
    extensions = b""
    for kind, following in zip(kinds, (*kinds, 6)[1:], strict=True):
        more = dice.choice((0, 0, 1, 31)) if kind != 44 else 0
        extensions += bytes((following, more, 0, dice.choice((0, 0, 0, 8)))) + bytes(4 + 8 * more)
    length = struct.pack(">H", len(extensions) + len(packet) - 40)
    return packet[:4] + length + bytes(((*kinds, 6)[0],)) + packet[7:40] + extensions + packet[40:]


# --- rows and conversations -------------------------------------------------------------------------------------------


def rows(dice: random.Random) -> None:
    """Rows that `scan` never writes, and second passes with the wrong tracker: nothing but survival is asked."""
    count = dice.randrange(1, 300)
    written = bytearray().join(_row(dice) for _ in range(count))
    facts = bytearray(count * follow.fact_size())
    whole, half, again = (follow.Tracker(matrix()) for _ in range(3))
    whole.follow(written, count, facts)
    half.follow(written, count // 2, facts)
    again.follow(written, count, facts, dice.choice((whole, half)))
    whole.follow(written, count, facts, whole)
    for tracker in (whole, half, again):
        tracker.records(dice.randrange(50), dice.randrange(50))
        list(compiled.raw_connections(tracker))


def leaving(dice: random.Random) -> None:
    """The same rows for records alone, of which connections leave memory meanwhile: each of them is given once."""
    count = dice.randrange(1, 300)
    written, size = bytearray().join(_row(dice) for _ in range(count)), scan.row_size()
    closed_after_s = dice.choice((0, 4, 5, 240))
    tracker = follow.Tracker(
        matrix(), facts=False, closed_after_s=closed_after_s, idle_after_s=dice.choice((0, closed_after_s + 4, 3600))
    )
    records, at = 0, 0
    while at < count:
        some = dice.randrange(1, count - at + 1)
        tracker.follow(written[at * size :], some)
        at += some
        while dice.random() < 0.8 and (block := tracker.drain(False, dice.choice((1, 2, 4096)))):
            records += len(block) // follow.record_size()
    while block := tracker.drain(True, dice.choice((1, 7, 4096))):
        records += len(block) // follow.record_size()
    assert records == tracker.connection_count(), (records, tracker.connection_count())


def _row(dice: random.Random) -> bytes:
    key = dice.randrange(4)
    values = {name: dice.choice((*WORDS, 5000, dice.getrandbits(32))) for name in scan.ROW_FIELDS}
    flags = (0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, dice.getrandbits(16))
    values |= {
        "hash": dice.choice((7, key + 1)) << 32,
        "window": dice.choice((0, 1, 500, 65535)),
        "low_port": key,
        "high_port": 80,
        "flags": dice.choice(flags),
        "len_bytes": dice.choice((0, 0, 1, -1, 2**31 - 1, -(2**31))),
        "time_ns": dice.choice(TIMES),
        "kind": dice.choice((1, 9, 1, 9, dice.getrandbits(8))),
        "ordinary": dice.randrange(3),
        "hdr_len": dice.choice((20, 20, 24, 0, 255)),
        "wscale": dice.randrange(-128, 128),
    }
    values |= {name: dice.getrandbits(8) for name in ("ttl", "reason", "options", "operations")}
    values |= {name: dice.getrandbits(16) for name in ("ip_id", "link_type", "icmp", "mss")}
    ends = {"low": bytes(16), "high": b"\x01" * 16}
    return struct.pack(scan.ROW_FORMAT, *(ends.get(name, values[name]) for name in scan.ROW_FIELDS))


def conversations(dice: random.Random) -> None:
    """Segments of a few connections with numbers and times from anywhere, in one pass and in two."""
    packets = test_kernels.conversation(dice.getrandbits(32), dice.randrange(1, 80))
    wild_numbers, wild_times = dice.random() < 0.5, dice.random() < 0.3
    for at, packet in enumerate(packets):
        data = bytearray(packet.data)
        if wild_numbers and data[12:14] == b"\x08\x00" and data[23] == 6:
            data[38:46] = struct.pack(">II", dice.choice(WORDS), dice.choice(WORDS))
        time_ns = dice.choice((-(2**62), 2**62 - 1, 0, -1)) if wild_times else packet.time_ns
        wire_len = dice.choice((packet.wire_len, packet.wire_len, *WIRE_LENGTHS))
        packets[at] = packet._replace(data=bytes(data), time_ns=time_ns, wire_len=wire_len)
    assert test_kernels.kernel_rows(packets) == test_kernels.readable_rows(packets)


# --- files ------------------------------------------------------------------------------------------------------------


def files(dice: random.Random) -> None:
    """A broken capture file, in drops and through a small buffer."""
    compiled.CHUNK, compiled.SLOWLY = dice.choice((16, 40, 57, 300, 4096)), dice.choice((1, 2, 64))
    data = bytearray(dice.choice((_pcap, _pcapng))(dice))
    for _ in range(dice.choice((0, 1, 2, 5))):
        data[dice.randrange(4, len(data))] = dice.choice((0, 1, 2, 3, 5, 6, 128, 255, dice.randrange(256)))
    broken = bytes(data[: dice.choice((len(data), dice.randrange(4, len(data))))])
    try:
        wanted = test_engine.readable_sees(broken)
    except UnreadableInput:
        return
    seen = test_engine.compiled_sees(broken, dice.choice((1, 7, 100, 1 << 20)))
    # legs that are longer than 64 bits of nanoseconds wrap
    assert seen[:3] == wanted[:3], (seen, wanted)
    for one, other in zip(seen[3], wanted[3], strict=True):
        legs = described.int64(other.legs_ns[0]), described.int64(other.legs_ns[1])
        assert one == other._replace(legs_ns=legs), (one, other)


def _pcap(dice: random.Random) -> bytes:
    packets = [packet.data for packet in test_kernels.conversation(dice.getrandbits(32), 30)]
    written = [samples.Raw(dice.choice(WORDS), dice.choice(WORDS), data, len(data)) for data in packets]
    return samples.pcap_bytes(written, dice.choice("<>"), dice.choice((0xA1B2C3D4, 0xA1B23C4D)))


def _pcapng(dice: random.Random) -> bytes:
    parts = []
    for _ in range(dice.randrange(1, 4)):
        order, count = dice.choice("<>"), dice.randrange(1, 4)
        parts.append(samples.section(order))
        for _ in range(count):
            resolution = samples.option(order, 9, bytes((dice.choice((0, 6, 9, 0x80, 0x94, 12)),)))
            offset = samples.option(order, 14, struct.pack(order + "q", dice.choice((0, 0, -5, *TIMES))))
            parts.append(samples.interface(order, dice.choice((1, 1, 101)), 0, resolution, offset, bytes(4)))
        for packet in test_kernels.conversation(dice.getrandbits(32), dice.randrange(20)):
            ticks = dice.choice((packet.time_ns, dice.getrandbits(64)))
            parts.append(samples.enhanced(order, dice.randrange(count), ticks, packet.data, packet.wire_len))
            if dice.random() < 0.2:
                parts.append(samples.block(order, dice.choice((3, 5, 0xBAD)), bytes(4 * dice.randrange(9))))
    return b"".join(parts)


# --- several cores ----------------------------------------------------------------------------------------------------


def cores(dice: random.Random) -> None:
    """A capture, whole or broken, in ranges that begin anywhere and are dealt to shards: the records of one core."""
    shards.ENOUGH, pipeline.TURN, pipeline.AHEAD = 1, dice.randrange(1, 5), dice.randrange(1, 4)
    ranges.ROWS, span = dice.choice((3, 17, 4096)), dice.randrange(8, 3000)
    limits = dice.choice((KEEP_ALL, Limits(4, 30), Limits(8, 8)))
    data = bytearray(_steady(dice) if dice.random() < 0.6 else dice.choice((_pcap, _pcapng))(dice))
    for _ in range(dice.choice((0, 0, 1, 3))):
        data[dice.randrange(24, len(data))] = dice.choice((0, 6, 255, dice.randrange(256)))
    with tempfile.NamedTemporaryFile(suffix=".capture") as file:
        file.write(data[: dice.choice((len(data), dice.randrange(24, len(data))))])
        file.flush()
        found = [_followed(file.name, jobs, limits, span) for jobs in (1, dice.randrange(2, 5))]
    assert found[0] == found[1]


def _followed(path: str, jobs: int, limits: Limits, span: int) -> tuple[object, ...] | None:
    if jobs == 1:
        engine = compiled.CompiledEngine(records_only=True, limits=limits)
    else:
        engine = shards.ShardedEngine(jobs, limits)
        ranges.SHORTEST = engine._span.len_bytes = span
    drained: list[bytes] = []
    try:
        with open_capture(path) as reader:
            for _ in engine.steps(reader):
                drained += engine.drain()
    except UnreadableInput:
        return None
    return b"".join([*drained, *engine.drain(everything=True)]), engine.frames, engine.segments, reader.warnings


def _steady(dice: random.Random) -> bytes:
    """Packets whose times and lengths look like those of a capture, so that ranges find records."""
    packets = [packet for _ in range(3) for packet in test_kernels.conversation(dice.getrandbits(32), 120)]
    dice.shuffle(packets)
    gap_us = dice.choice((0, 900, 300_000, 2_000_000))
    written = [
        samples.Raw(1_700_000_000 + at * gap_us // 1_000_000, at * gap_us % 1_000_000, packet.data, len(packet.data))
        for at, packet in enumerate(packets)
    ]
    return samples.pcap_bytes(written, dice.choice("<>"), 0xA1B2C3D4)


CASES = (frames, rows, leaving, conversations, files, cores)

if __name__ == "__main__":
    main()
