"""The programmable wire, without any I/O: packets and the time come in, what to deliver and when comes out."""

from __future__ import annotations

import heapq
import re
import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from synfin.errors import UsageError
from synfin.lab.rig import forge
from synfin.lab.rig.forge import Header
from synfin.lab.rig.rule import ENDS, Forged, Rule
from synfin.wire import seq

_NUMBER = re.compile(r"\s*(?:(client|server)\.(isn|nxt|ack))?\s*(?:([+-]?)\s*(\d+))?\s*")
#: who answers with ICMP: an address that neither end has
ROUTER = socket.inet_aton("10.9.0.254")
#: packets that wait in the wire at most; more is a loop of our own making
MAX_WAITING = 20_000
#: segments that its rules make at most; one that answers its own segments would never end
MAX_FORGED = 200


@dataclass(slots=True)
class Flow:
    """What the wire knows of one connection: numbers of each end as they left its machine."""

    port: int  #: the client's
    isn: dict[str, int] = field(default_factory=dict)
    nxt: dict[str, int] = field(default_factory=dict)
    ack: dict[str, int] = field(default_factory=dict)
    tsval: dict[str, int] = field(default_factory=dict)
    last_ns: int = 0

    def note(self, sender: str, header: Header, now_ns: int) -> None:
        if header.flags & forge.FLAGS["SYN"]:
            if self.isn.get(sender) != header.seq:
                self.nxt.pop(sender, None)
            self.isn[sender] = header.seq
        known = self.nxt.get(sender)
        if not header.flags & forge.FLAGS["RST"] and (known is None or seq.gt(header.end, known)):
            self.nxt[sender] = header.end
        if header.flags & forge.FLAGS["ACK"]:
            self.ack[sender] = header.ack
        if header.tsval is not None:
            self.tsval[sender] = header.tsval
        self.last_ns = now_ns

    def value(self, expression: str) -> int:
        """A number such as `client.nxt - 4`; a UsageError where the connection has not shown it yet."""
        found = _NUMBER.fullmatch(expression)
        if found is None:
            raise UsageError(f"{expression!r} is no number of the wire; write such as client.nxt + 100")
        end, name, sign, digits = found.groups()
        base = 0
        if end:
            known = {"isn": self.isn, "nxt": self.nxt, "ack": self.ack}[name]
            if end not in known:
                raise UsageError(f"{expression!r}: the {end} has not shown its {name} yet")
            base = known[end]
        offset = int(digits or 0)
        return (base - offset if sign == "-" else base + offset) & 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Delivery:
    """A packet that leaves the wire: at the end `to`, or, `via_host`, from that end's own machine."""

    to: str
    data: bytes
    via_host: bool = False


class Wire:
    """Carries packets between two ends as its rules say; `fired` counts the matches of each rule by name."""

    def __init__(
        self,
        rules: Sequence[Rule],
        addresses: dict[str, bytes],
        port: int,
        delay_ns: int,
        idle: Collection[str] = (),
    ) -> None:
        """`idle` names the rules that do nothing before `start`."""
        self.rules = list(rules)
        self.fired: dict[str, int] = {rule.name: 0 for rule in rules}
        self.flows: dict[int, Flow] = {}
        self.forged: list[tuple[int, str]] = []  #: when the wire made a segment, and in whose name
        self.lost: list[tuple[int, str, bytes]] = []  #: when it swallowed a packet, of whom
        self._addresses, self._port, self._delay_ns = addresses, port, delay_ns
        self._fitted: dict[str, int] = {rule.name: 0 for rule in rules}
        self._latched: set[str] = set()
        self._due: list[tuple[int, int, Delivery]] = []
        self._count = 0
        self._made = 0
        self._held: list[tuple[Rule, str, bytes, list[int]]] = []  # rule, sender, data, packets to wait for
        self._busy_until = dict.fromkeys(ENDS, 0)
        self._idle = set(idle)

    @property
    def waiting(self) -> int:
        """Packets that are on their way and will arrive (held ones may never)."""
        return len(self._due)

    def next_due_ns(self) -> int | None:
        return self._due[0][0] if self._due else None

    def due(self, now_ns: int) -> list[Delivery]:
        """What arrives until now, in order."""
        found = []
        while self._due and self._due[0][0] <= now_ns:
            found.append(heapq.heappop(self._due)[2])
        return found

    def carry(self, sender: str, data: bytes, now_ns: int) -> None:
        """A packet has left the machine of `sender`."""
        header = forge.read(data)
        if header is None:
            self._later(sender, data, now_ns)
            return
        flow = self._flow(header.src_port if sender == "client" else header.dst_port)
        idle_ns = now_ns - flow.last_ns if flow.last_ns else 0
        flow.note(sender, header, now_ns)
        acting = [rule for rule in self.rules if self._means(rule, header, sender, flow, idle_ns)]
        for rule in acting:
            self.fired[rule.name] += 1
        self._pass(sender, header, flow, acting, now_ns)
        self._release(sender, {rule.name for rule in acting}, now_ns)

    def start(self, name: str, now_ns: int) -> None:
        """From now on the rule called `name` acts; its segments are made now, and what waited for it goes on."""
        rule = next((rule for rule in self.rules if rule.name == name), None)
        if rule is None:
            raise UsageError(f"the wire has no rule {name!r}; there are {', '.join(self.fired) or 'none'}")
        self._idle.discard(name)
        if not rule.forged and rule.do != "note":
            return
        self.fired[name] += 1
        newest = max(self.flows.values(), key=lambda flow: flow.last_ns, default=Flow(0))
        for one in rule.forged:
            self._forge(one, self.flows.get(one.port, Flow(one.port)) if one.port else newest, now_ns)
        self._release("", {name}, now_ns)

    def _flow(self, port: int) -> Flow:
        if port not in self.flows:
            if len(self.flows) > 1000:
                self.flows.pop(next(iter(self.flows)))
            self.flows[port] = Flow(port)
        return self.flows[port]

    def _means(self, rule: Rule, header: Header, sender: str, flow: Flow, idle_ns: int) -> bool:
        if rule.name in self._latched:
            return True
        if rule.name in self._idle or (not rule.match and rule.do in ("inject", "note")):
            return False  # without a word on packets these act by `start` alone
        after, before = rule.match.get("after"), rule.match.get("before")
        if (after and not self.fired.get(after)) or (before and self.fired.get(before)):
            return False
        if not rule.fits(header, sender, flow.port, idle_ns):
            return False
        self._fitted[rule.name] += 1
        if not rule.counts(self._fitted[rule.name]):
            return False
        if rule.latch:
            self._latched.add(rule.name)
        return True

    def _pass(self, sender: str, header: Header, flow: Flow, acting: Sequence[Rule], now_ns: int) -> None:
        """What becomes of the packet: the first rule that takes it off the way ends the list."""
        data = header.data
        for rule in acting:
            if rule.do in ("drop", "icmp"):
                self.lost.append((now_ns, sender, data))
                if rule.do == "icmp":
                    self._later_to(sender, forge.icmp_error(header, ROUTER, 3, rule.code, rule.mtu), now_ns)
                return
            if rule.do == "hold" and not self.fired.get(rule.until):
                self._held.append((rule, sender, data, [rule.packets]))
                return
            if rule.do in ("delay", "stall"):
                self._later(sender, data, now_ns, rule.ms * 1_000_000, stalls=rule.do == "stall")
                return
            if rule.do == "copy":
                for _ in range(rule.times - 1):
                    self._later(sender, data, now_ns)
            elif rule.do == "rewrite":
                data = forge.rewritten(header, rule.values, rule.strip)
            elif rule.do == "inject":
                for one in rule.forged:
                    self._forge(one, flow, now_ns)
        self._later(sender, data, now_ns)

    def _release(self, sender: str, names: set[str], now_ns: int) -> None:
        """Let go what was held until one of these rules matched, or until enough packets of its end went by."""
        kept = []
        for entry in self._held:
            rule, held_sender, data, left = entry
            if rule.packets and held_sender == sender and rule.name not in names:
                left[0] -= 1
            if (rule.until and rule.until in names) or (rule.packets and left[0] <= 0):
                self._later(held_sender, data, now_ns)
            else:
                kept.append(entry)
        self._held = kept

    def _forge(self, one: Forged, flow: Flow, now_ns: int) -> None:
        self._made += 1
        if self._made > MAX_FORGED:
            raise UsageError(f"the wire's rules make more than {MAX_FORGED} segments")
        own, peer = one.sender, _other(one.sender)
        ports = {"client": flow.port, "server": self._port}
        data = forge.segment(
            (self._addresses[own], ports[own]),
            (self._addresses[peer], ports[peer]),
            seq=flow.value(one.seq),
            ack=flow.value(one.ack),
            flags=one.flags,
            window=one.window,
            ttl=one.ttl,
            payload=one.payload.encode(),
            options=_options(one, flow),
        )
        self.forged.append((now_ns, own))
        if one.via == "host":
            self._push(now_ns, Delivery(own, data, via_host=True))
            return
        self._push(now_ns, Delivery(peer, data))

    def _later(self, sender: str, data: bytes, now_ns: int, extra_ns: int = 0, *, stalls: bool = False) -> None:
        """Deliver at the other end after the wire's delay; only `delay` lets later packets overtake."""
        at = now_ns + self._delay_ns + extra_ns
        if not extra_ns or stalls:
            at = self._busy_until[sender] = max(at, self._busy_until[sender])
        self._push(at, Delivery(_other(sender), data))

    def _later_to(self, end: str, data: bytes, now_ns: int) -> None:
        self._push(now_ns + self._delay_ns, Delivery(end, data))

    def _push(self, at_ns: int, delivery: Delivery) -> None:
        if len(self._due) >= MAX_WAITING:
            raise UsageError(f"more than {MAX_WAITING} packets wait in the wire")
        self._count += 1
        heapq.heappush(self._due, (at_ns, self._count, delivery))


def _other(end: str) -> str:
    return "server" if end == "client" else "client"


def _options(one: Forged, flow: Flow) -> bytes:
    makers: dict[str, Callable[[], bytes]] = {
        "none": lambda: b"",
        "syn": lambda: forge.mss_option(1460),
        "timestamps": lambda: forge.timestamps_option(
            flow.tsval.get(one.sender, 0) - one.age, flow.tsval.get(_other(one.sender), 0)
        ),
    }
    if one.options not in makers:
        raise UsageError(f"a segment's options are one of {', '.join(makers)}, not {one.options!r}")
    return makers[one.options]()
