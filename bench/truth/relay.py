"""Linux at both ends, and between them a relay that loses and delays packets and notes what it did.

Two network namespaces, a TUN device in each, this process between them: `converse` needs no root, only the right to
make user namespaces and /dev/net/tun.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import os
import random
import select
import signal
import socket
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

from synfin.capture.interfaces import bring_up
from synfin.lab.namespace import enter

_TUNSETIFF, _SIOCSIFADDR, _SIOCSIFNETMASK = 0x400454CA, 0x8916, 0x891C
_TUN_WITHOUT_HEADER = 0x1001
_CLONE_NEWNET = 0x40000000
CLIENT, SERVER, PORT = "10.78.0.1", "10.78.0.2", 9501
DELAY_S = 0.01  #: from an end to the middle
LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the relay does, and what the hosts speak."""

    name: str
    loss: float = 0.0
    reorder: float = 0.0
    ack_loss: float = 0.0
    sack: bool = True
    timestamps: bool = True
    pause_s: float = 0.0


@dataclass(slots=True)
class Carried:
    """One packet as its host sent it."""

    number: int
    data: bytes
    client: bool
    seq: int
    length: int
    arrived: bool = False


@dataclass(slots=True)
class Talk:
    """A conversation: every packet in the order of sending, what each tap saw, and the sender's own counters."""

    sent: list[Carried] = field(default_factory=list)
    taps: dict[str, list[tuple[int, Carried]]] = field(
        default_factory=lambda: {"sender": [], "middle": [], "receiver": []}
    )
    counters: dict[str, int] = field(default_factory=dict)


def converse(trouble: Trouble, seed: int) -> Talk:
    """One conversation over the relay; the process leaves its namespaces for good, so call it in one of its own."""
    enter("user")
    bring_up("lo")
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    ends = [_tun(CLIENT, trouble)]
    if libc.unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")
    bring_up("lo")
    ends.append(_tun(SERVER, trouble))
    ready, told = os.pipe()
    server = _child(lambda: _serve(told))
    os.read(ready, 1)
    if libc.setns(here, 0):
        raise OSError(ctypes.get_errno(), "setns")
    client = _child(lambda: _call(trouble.pause_s))
    try:
        talk = _Relay(trouble, random.Random(seed), (ends[0], ends[1])).run(client)
    finally:
        for child in (server, client):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    talk.counters = _counters()
    return talk


def _tun(address: str, trouble: Trouble) -> int:
    """A TUN device in the present namespace, with its address; the hosts' habits are set as well."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", b"t0", _TUN_WITHOUT_HEADER))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.255.255.0")):
            where = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(value))
            fcntl.ioctl(control, request, struct.pack("16s", b"t0") + where + bytes(8))
    bring_up("t0")
    for name, wanted in (("tcp_sack", trouble.sack), ("tcp_timestamps", trouble.timestamps)):
        Path(f"/proc/sys/net/ipv4/{name}").write_text(str(int(wanted)))
    return device


def _child(action: object) -> int:
    """A process that runs `action` and ends."""
    child = os.fork()
    if child:
        return child
    try:
        action()  # type: ignore[operator]
    finally:
        time.sleep(LONGEST_S)
        os._exit(0)


def _serve(told: int) -> None:
    with socket.create_server((SERVER, PORT)) as listening:
        os.write(told, b".")
        connection, _ = listening.accept()
        while connection.recv(1 << 16):
            pass
        connection.close()


def _call(pause_s: float) -> None:
    with socket.create_connection((SERVER, PORT)) as connection:
        for _ in range(30):
            connection.sendall(bytes(12_000))
            time.sleep(pause_s)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)


def _counters() -> dict[str, int]:
    found: dict[str, int] = {}
    for name in ("netstat", "snmp"):
        lines = Path(f"/proc/self/net/{name}").read_text().splitlines()
        for heads, values in zip(lines[::2], lines[1::2], strict=False):
            found |= {head: int(value) for head, value in zip(heads.split()[1:], values.split()[1:], strict=True)}
    return found


class _Relay:
    def __init__(self, trouble: Trouble, rng: random.Random, ends: tuple[int, int]) -> None:
        self.trouble, self.rng, self.ends = trouble, rng, ends
        self.talk = Talk()
        self.due: list[tuple[float, int, int, Carried, float, bool]] = []
        self.count = 0
        self.free: dict[tuple[bool, int], float] = {}
        self.idle_since = time.monotonic()

    def run(self, client: int) -> Talk:
        """Carry packets until nothing came for two seconds."""
        end = time.monotonic() + LONGEST_S
        while time.monotonic() < end and time.monotonic() - self.idle_since < 2:
            wait = self.due[0][0] - time.monotonic() if self.due else 0.05
            for device in select.select(self.ends, [], [], min(max(wait, 0), 0.05))[0]:
                self._take(device)
            while self.due and self.due[0][0] <= time.monotonic():
                self._move(*heapq.heappop(self.due)[2:])
        return self.talk

    def _take(self, device: int) -> None:
        data = os.read(device, 1 << 17)
        if len(data) < 40 or data[0] >> 4 != 4 or data[9] != socket.IPPROTO_TCP:
            return
        self.idle_since = time.monotonic()
        header = (data[0] & 15) * 4
        seq, _, offset = struct.unpack_from("!IIH", data, header + 4)
        length, syn = len(data) - header - (offset >> 12) * 4, offset & 2
        packet = Carried(len(self.talk.sent), data, device == self.ends[0], seq, length)
        self.talk.sent.append(packet)
        self._tap("sender" if packet.client else "receiver", packet)
        lost = not syn and self.rng.random() < (self.trouble.loss if length else self.trouble.ack_loss)
        first = self.rng.random() < 0.5  # before the tap in the middle, or behind it
        late = self.rng.uniform(0.001, 0.012) if length and self.rng.random() < self.trouble.reorder else 0.0
        if not (lost and first):
            self._later(packet, 0, late if first else 0.0, 0.0 if first else late, lost)

    def _later(self, packet: Carried, leg: int, late: float, then: float, lost: bool) -> None:
        at = time.monotonic() + DELAY_S + late
        if not late:
            at = self.free[packet.client, leg] = max(at, self.free.get((packet.client, leg), 0.0) + 2e-6)
        self.count += 1
        heapq.heappush(self.due, (at, self.count, leg, packet, then, lost))

    def _move(self, leg: int, packet: Carried, then: float, lost: bool) -> None:
        if leg == 0:
            self._tap("middle", packet)
            if not lost:
                self._later(packet, 1, then, 0.0, False)
            return
        packet.arrived = True
        self._tap("receiver" if packet.client else "sender", packet)
        os.write(self.ends[1] if packet.client else self.ends[0], packet.data)

    def _tap(self, name: str, packet: Carried) -> None:
        self.talk.taps[name].append((time.time_ns(), packet))
