"""The stand: two furnished namespaces (or one), the wire between them, the programs, and everything that is seen."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from synfin.errors import SynfinError
from synfin.lab import lifeline
from synfin.lab.rig.forge import read
from synfin.lab.rig.ground import Ground, another_namespace, go_to, settle
from synfin.lab.rig.line import Line, Message
from synfin.lab.rig.program import Failed, Program
from synfin.lab.rig.steps import started_by
from synfin.lab.rig.wire import Wire
from synfin.lab.script import Part, Script

_TICK_S = 0.02
_MAX_SAMPLES = 4000
_WITH_DATA_BYTES = 200  #: longer packets carry data, not headers alone
#: states in which a kernel still has to send something by itself
_BUSY = frozenset({"SYN_SENT", "SYN_RECV", "FIN_WAIT1", "CLOSING", "LAST_ACK"})
#: what keeps quiet conditions alike on every machine: no tail loss probe of a slow relay, no BBR, no early repeats
_HABITS: dict[str, int | str] = {
    "tcp_congestion_control": "reno",
    "tcp_early_retrans": 0,
    "tcp_rto_min_us": 400_000,
    "tcp_no_metrics_save": 1,
    "tcp_slow_start_after_idle": 0,
}


class StandFailed(SynfinError):
    """The experiment could not be run as the scenario says."""


class Running:
    """One program that was started."""

    def __init__(self, part: Part, line: Line, child: int) -> None:
        self.part, self.line, self.child = part, line, child
        self.done = False  #: ended, or stays until the end
        self.listening = False
        self.ended = False
        self.waits: Message | None = None


class Stand:
    """Runs one scenario once; `result` is what was seen."""

    def __init__(self, script: Script, addresses: dict[str, str], port: int, observe: bool) -> None:
        self.script, self.addresses, self.port = script, addresses, port
        self.observe = observe and script.crowd is None  # snapshots of hundreds of sockets would only slow it
        self.grounds: dict[str, Ground] = {}
        self.packets: dict[str, list[tuple[int, bytes, int]]] = {}
        self.events: list[Message] = []
        self.samples: list[Message] = []
        self.deaths: list[Message] = []
        self.programs: list[Running] = []
        self.told: set[str] = set()
        self.last_packet_ns = 0
        self.with_data: dict[str, int] = {}  #: packets with data that each capture met
        self.late_ns = 0  #: the longest that this process had to wait for the machine
        self.failure = ""
        self.wire: Wire | None = None

    # --- furnishing ---

    def furnish(self) -> None:
        """Make the namespaces; the process stands in the last of them afterwards."""
        stage = self.script.stage
        if stage.on == "loopback":
            sysctls = {**_HABITS, **stage.sysctl, **stage.sysctl_client, **stage.sysctl_server}
            firewall = (*stage.firewall_client, *stage.firewall_server)
            ground = settle("lo", self.addresses["client"], None, sysctls, firewall)
            self.grounds = {"client": ground, "server": ground}
            self.packets = {"lo": []}
            return
        packed = {end: socket.inet_aton(address) for end, address in self.addresses.items()}
        for number, end in enumerate(("client", "server")):
            if number:
                another_namespace()
            sysctls = {**_HABITS, **stage.sysctl, **getattr(stage, f"sysctl_{end}")}
            firewall = getattr(stage, f"firewall_{end}")
            self.grounds[end] = settle(end, self.addresses[end], stage.mtu, sysctls, firewall)
            self.packets[end] = []
        idle = set().union(*(started_by(part.steps) for part in self.script.parts))
        self.wire = Wire(self.script.rules, packed, self.port, stage.delay_ms * 1_000_000, idle)

    def _places(self) -> Iterator[Ground]:
        seen: set[int] = set()
        for ground in self.grounds.values():
            if id(ground) not in seen:
                seen.add(id(ground))
                yield ground

    # --- running ---

    def run(self) -> None:
        """Programs that listen go first; ends when all is done and quiet, or at the scenario's limit."""
        limit = time.monotonic() + self.script.stage.limit_s
        try:
            first = [part for part in self.script.parts if any(step.do == "listen" for step in part.steps)]
            self._start(first)
            self._until(lambda: all(one.listening or one.done for one in self.programs), limit, "the listeners")
            self._start([part for part in self.script.parts if part not in first])
            self._until(lambda: all(one.done for one in self.programs), limit, "the programs to finish")
            self._until(self._is_settled, limit, "")
            self._turn(0)
        finally:
            if self.observe:
                self._sample()

    def clear_up(self) -> None:
        """End what still runs, by its id."""
        for one in self.programs:
            if not one.ended:
                os.kill(one.child, signal.SIGKILL)
            os.waitpid(one.child, 0)

    def _start(self, parts: list[Part]) -> None:
        for part in parts:
            ours, theirs = socket.socketpair()
            bench = os.getpid()
            child = os.fork()
            if child == 0:
                ours.close()
                lifeline.hold()
                if os.getppid() != bench:
                    os._exit(1)  # the bench ended before it could be held to
                self._be(part, Line(theirs))
            theirs.close()
            self.programs.append(Running(part, Line(ours), child))

    def _be(self, part: Part, line: Line) -> None:
        """What the program's process does."""
        try:
            go_to(self.grounds[part.at].namespace)
            peer = "server" if part.at == "client" else "client"
            addresses = {**self.addresses, "own": self.addresses[part.at], "peer": self.addresses[peer]}
            Program(line, addresses, self.port).run(part.steps)
        except (Failed, OSError, SynfinError) as error:
            line.say(failed=f"{part.name}: {error}")
        finally:
            os._exit(0)

    def _until(self, condition: Callable[[], bool], limit: float, what: str) -> None:
        while not condition():
            if self.failure:
                raise StandFailed(f"{self.script.name}: {self.failure}")
            if time.monotonic() > limit:
                if what:
                    raise StandFailed(f"{self.script.name}: waited {self.script.stage.limit_s} s for {what}")
                return
            self._turn(_TICK_S)

    def _is_settled(self) -> bool:
        quiet_ns = self.script.stage.quiet_ms * 1_000_000
        if (self.wire and self.wire.waiting) or time.time_ns() - self.last_packet_ns < quiet_ns:
            return False
        if self.script.stage.until == "programs":
            return True
        return not any(
            self._has_to_send(sock.state, sock.unacked_bytes) for g in self._places() for sock in g.diag.sockets()
        )

    @staticmethod
    def _has_to_send(state: str, unacked: int) -> bool:
        return state in _BUSY or (state in ("ESTABLISHED", "CLOSE_WAIT") and unacked > 0)

    # --- one turn of the loop ---

    def _turn(self, wait_s: float) -> None:
        now_ns = time.monotonic_ns()
        due = self.wire.next_due_ns() if self.wire else None
        if due is not None:
            wait_s = min(wait_s, max(due - now_ns, 0) / 1e9)
        files: dict[int, Callable[[], None]] = {}
        for ground in self._places():
            files[ground.sniffer.fileno()] = lambda ground=ground: self._capture(ground)  # type: ignore[misc]
            files[ground.obituaries.fileno()] = lambda ground=ground: self._bury(ground)  # type: ignore[misc]
            if ground.tun is not None:
                files[ground.tun] = lambda ground=ground: self._take(ground)  # type: ignore[misc]
        for one in self.programs:
            if not one.ended:
                files[one.line.fileno()] = lambda one=one: self._listen(one)  # type: ignore[misc]
        came = select.select(list(files), [], [], wait_s)[0]
        if not came:
            self.late_ns = max(self.late_ns, time.monotonic_ns() - now_ns - round(wait_s * 1e9))
        for ready in came:
            files[ready]()
        self._deliver()
        self._answer()

    def _take(self, ground: Ground) -> None:
        """Packets that left an end's machine enter the wire."""
        assert ground.tun is not None and self.wire is not None
        for _ in range(64):
            try:
                data = os.read(ground.tun, 1 << 17)
            except BlockingIOError:
                return
            self.wire.carry(ground.name, data, time.monotonic_ns())

    def _deliver(self) -> None:
        if self.wire is None:
            if self.observe:
                self._sample()
            return
        now_ns = time.monotonic_ns()
        due_ns = self.wire.next_due_ns()
        if due_ns is not None:
            self.late_ns = max(self.late_ns, now_ns - due_ns)
        for delivery in self.wire.due(now_ns):
            ground = self.grounds[delivery.to]
            if self.observe:
                self._sample()
            if delivery.via_host:
                header = read(delivery.data)
                assert header is not None
                ground.raw.sendto(delivery.data, (socket.inet_ntoa(header.dst), 0))
            else:
                assert ground.tun is not None
                os.write(ground.tun, delivery.data)

    def _capture(self, ground: Ground) -> None:
        for _ in range(512):
            packet = ground.sniffer.read()
            if packet is None:
                return
            self.last_packet_ns = time.time_ns()
            if self._overlooked(ground.name, packet.data):
                continue
            self.packets[ground.name].append((packet.time_ns, packet.data, packet.link_type))
            if self.script.stage.copies:
                self.packets[ground.name].append((packet.time_ns + 9_000, packet.data, packet.link_type))

    def _overlooked(self, at: str, data: bytes) -> bool:
        """Whether this capture lacks the packet, because the scenario wants it so."""
        stage = self.script.stage
        if stage.mirror and data[12:16] != socket.inet_aton(self.addresses[stage.mirror]):
            return True
        if not stage.misses or len(data) <= _WITH_DATA_BYTES:
            return False
        self.with_data[at] = self.with_data.get(at, 0) + 1
        return self.with_data[at] % stage.misses == 0

    def _bury(self, ground: Ground) -> None:
        for sock in ground.obituaries.read():
            self.deaths.append(
                {
                    "time_ns": time.time_ns(),
                    "at": ground.name,
                    "state": sock.state,
                    "ports": [sock.local[1], sock.remote[1]],
                }
            )

    def _sample(self) -> None:
        """What every socket's state is now: the truth that packets are compared with."""
        if len(self.samples) >= _MAX_SAMPLES:
            return
        for ground in self._places():
            began_ns = time.time_ns()
            socks = [[s.state, s.local[1], s.remote[1]] for s in ground.diag.sockets()]
            self.samples.append({"from_ns": began_ns, "to_ns": time.time_ns(), "at": ground.name, "sockets": socks})

    def _listen(self, one: Running) -> None:
        messages, gone = one.line.heard()
        for message in messages:
            self._heard(one, message)
        if gone:
            one.ended = one.done = True
            self.last_packet_ns = time.time_ns()

    def _heard(self, one: Running, message: Message) -> None:
        if "event" in message:
            self.events.append({**message["event"], "who": one.part.name})
        elif "listening" in message:
            one.listening = True
        elif "tell" in message:
            self.told.add(str(message["tell"]))
        elif "stays" in message:
            one.done = True
        elif "failed" in message:
            self.failure = str(message["failed"])
        elif "wire" in message and self.wire is not None:
            for ground in self._places():
                self._take(ground)
            self.wire.start(str(message["wire"]), time.monotonic_ns())
            one.line.say(go=True)
        else:
            one.waits = message

    def _answer(self) -> None:
        """Let programs go on whose event has come."""
        for one in self.programs:
            wanted: dict[str, Any] | None = one.waits
            if wanted is None:
                continue
            fired = self.wire.fired if self.wire else {}
            if wanted.get("await") in self.told or (
                "await_rule" in wanted and fired.get(wanted["await_rule"], 0) >= wanted["times"]
            ):
                one.waits = None
                one.line.say(go=True)
