"""Captures with truth: each scenario is a handful of connections under the same conditions, seen from a tap."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field, replace

from synfin.wire.tcp import Segment
from truth.clock import Clock
from truth.hosts import SHIFT, SYN, Habits, Host, Receiver, Sender, talk_until
from truth.labels import Labels, labels
from truth.wire import MS, Conditions, Packet, Path, S, Shot

CLIENT, SERVER = bytes([10, 0, 0, 1]), bytes([10, 9, 0, 2])
PORT = 9501
TAPS = {"sender": 0.0, "middle": 0.5, "receiver": 1.0}
START_NS = 1_700_000_000 * S


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of trouble."""

    name: str
    conditions: Conditions = field(default_factory=Conditions)
    habits: Habits = field(default_factory=Habits)


_LOSSY = Conditions(loss=0.02)
SCENARIOS = (
    Scenario("loss", _LOSSY),
    Scenario("loss, no timestamps", _LOSSY, Habits(timestamps=False)),
    Scenario("loss, no SACK", _LOSSY, Habits(sack=False)),
    Scenario("loss, IP ID 0", _LOSSY, Habits(ip_ids="zero")),
    Scenario("loss, random IP ID", _LOSSY, Habits(ip_ids="random")),
    Scenario("loss, no IP ID, no timestamps", _LOSSY, Habits(ip_ids="zero", timestamps=False)),
    Scenario("bursts", Conditions(loss=0.006, burst=0.75)),
    Scenario("outages (timeouts)", Conditions(outage_every=70)),
    Scenario("lost ACKs", Conditions(loss=0.01, ack_loss=0.2)),
    Scenario("reordering", Conditions(reorder=0.03)),
    Scenario("reordering, no timestamps", Conditions(reorder=0.03), Habits(timestamps=False)),
    Scenario(
        "reordering and loss, no IP ID, no timestamps", Conditions(reorder=0.02, loss=0.015),
        Habits(ip_ids="zero", timestamps=False),
    ),
    Scenario("far reordering", Conditions(reorder=0.02, late_ns=(20 * MS, 90 * MS))),
    Scenario("reordering and loss", Conditions(reorder=0.02, loss=0.015)),
    Scenario("duplication by the network", Conditions(duplicate=0.05)),
    Scenario("SPAN, all twice", Conditions(loss=0.01, span=1.0)),
    Scenario("SPAN, some twice", Conditions(loss=0.01, reorder=0.01, span=0.3)),
    Scenario("SPAN, before and after a router", Conditions(loss=0.01, span=1.0, span_ttl=True)),
    Scenario("ACKs held up", Conditions(loss=0.003, ack_stall=0.012), Habits(tlp=False)),
    Scenario("capture drops", Conditions(capture_loss=0.02)),
    Scenario("capture drops and loss", Conditions(capture_loss=0.015, loss=0.015)),
    Scenario("long way", Conditions(rtt_ns=180 * MS, loss=0.02)),
    Scenario("short way", Conditions(rtt_ns=1 * MS, loss=0.02, late_ns=(50_000, 300_000), jitter_ns=5_000)),
    Scenario("pauses", Conditions(loss=0.05), Habits(pause_every=6, pause_ns=300 * MS, segments=150)),
    Scenario(
        "keep-alives", Conditions(loss=0.02),
        Habits(pause_every=12, pause_ns=5 * S, keep_alive_ns=3 * S, segments=150),
    ),
    Scenario("closed windows", Conditions(loss=0.01), Habits(closed_every=45, closed_ns=900 * MS)),
    Scenario("all of it", Conditions(
        loss=0.015, burst=0.3, reorder=0.015, duplicate=0.01, ack_loss=0.03, capture_loss=0.005, span=0.1)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """One packet of a capture: its bytes, and what it truly is."""

    time_ns: int
    data: bytes
    truth: Labels
    connection: int


def capture(scenario: Scenario, tap: str, *, connections: int = 4, seed: int = 1) -> list[Frame]:
    """The packets that the tap captured, in order."""
    frames: list[Frame] = []
    for number in range(connections):
        rng = random.Random(f"{scenario.name} {tap} {number} {seed}")
        shots, sent = _converse(scenario, TAPS[tap], rng)
        truth = labels(shots, sent)
        isns = rng.randrange(2**32), rng.randrange(2**32)
        frames += [
            Frame(
                START_NS + number * 1000 * S + shot.time_ns, encode(shot, number, isns, scenario.habits), told, number
            )
            for shot, told in zip(shots, truth, strict=True)
        ]
    return frames


def _converse(scenario: Scenario, tap: float, rng: random.Random) -> tuple[list[Shot], list[Packet]]:
    """One connection: what was captured, and everything that was sent."""
    clock, sent, hosts = Clock(), list[Packet](), dict[bool, Sender | Receiver]()
    path = Path(
        clock, rng, replace(scenario.conditions, tap=tap), lambda packet: hosts[not packet.client].receive(packet)
    )

    def send(packet: Packet) -> None:
        sent.append(packet)
        path.send(packet)

    hosts[True] = sender = Sender(clock, rng, scenario.habits, send, True)
    hosts[False] = Receiver(clock, rng, scenario.habits, send, False)
    for host in hosts.values():
        _begin(host, rng)
    sender.start()
    clock.run(talk_until(scenario.habits))
    return sorted(path.shots, key=lambda shot: shot.time_ns), sent


def _begin(host: Host, rng: random.Random) -> None:
    host.ip_id, host.epoch = rng.randrange(65536), rng.randrange(1, 2**32)


def encode(shot: Shot, number: int, isns: tuple[int, int], habits: Habits) -> bytes:
    """The frame, from its Ethernet header on."""
    packet = shot.packet
    mine, theirs = isns if packet.client else isns[::-1]
    options = _options(packet, theirs, habits)
    ports = 40000 + number, PORT
    source, destination = ports if packet.client else ports[::-1]
    payload = bytes([packet.seq * 7 & 0xFF]) * packet.length
    ack = (theirs + packet.ack) % 2**32 if packet.flags & 16 else 0
    tcp = struct.pack(
        "!HHIIHHHH", source, destination, (mine + packet.seq) % 2**32, ack,
        (20 + len(options)) // 4 << 12 | packet.flags, packet.window, 0, 0,
    )  # fmt: skip
    addresses = (CLIENT, SERVER) if packet.client else (SERVER, CLIENT)
    total = 20 + len(tcp) + len(options) + len(payload)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, packet.ip_id, 0x4000, shot.ttl, 6, 0, *addresses)
    return bytes(12) + b"\x08\x00" + ip + tcp + options + payload


def _options(packet: Packet, theirs: int, habits: Habits) -> bytes:
    found = b""
    if packet.flags & SYN:
        found += b"\x02\x04\x05\xb4\x01\x03\x03" + bytes([SHIFT]) + (b"\x01\x01\x04\x02" if habits.sack else b"")
    if habits.timestamps:
        found += b"\x01\x01\x08\x0a" + struct.pack("!II", packet.tsval, packet.tsecr)
    if packet.sacks:
        edges = [(theirs + edge) % 2**32 for block in packet.sacks for edge in block]
        found += b"\x01\x01\x05" + bytes([2 + 4 * len(edges)]) + struct.pack(f"!{len(edges)}I", *edges)
    return found


def segments(frames: list[Frame]) -> list[Segment]:
    """The frames taken apart; frame numbers count from 1."""
    from synfin.capture.packet import Packet as Captured
    from synfin.wire.frame import dissect

    found = []
    for number, frame in enumerate(frames, 1):
        segment = dissect(Captured(number, frame.time_ns, 1, frame.data, len(frame.data))).segment
        assert segment is not None
        found.append(segment)
    return found
