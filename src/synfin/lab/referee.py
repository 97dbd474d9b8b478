"""The kernel as referee: what synfin infers from packets alone, beside what the kernel itself said while they went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from synfin.lab.check import Told, stories
from synfin.lab.kernel_states import LISTENER, Sample, States, from_samples, from_trace, samples_of, split
from synfin.lab.reset_reason import reasons
from synfin.lab.trace import KernelEvent, read_trace
from synfin.lab.trial import Trial
from synfin.watch.connections import paths
from synfin.watch.connections.record import Step
from synfin.watch.follow.collect import ConnectionFacts, end_facts
from synfin.watch.story.hindsight import note
from synfin.watch.story.scene import CLIENT, SERVER
from synfin.wire.tcp import FIN, RST, SYN

#: a snapshot so near to a segment may show the state before or after it
_APART_NS = 300_000
#: the kernel's event of a reset and its capture are no further apart
_SAME_NS = 5_000_000
#: states that an end enters by a call, and the segment that shows it
_SHOWN_BY = {
    "SYN-SENT": SYN, "FIN-WAIT-1": FIN, "FIN-WAIT-2": FIN, "CLOSING": FIN, "LAST-ACK": FIN, "TIME-WAIT": FIN,
}  # fmt: skip


#: what becomes of an end whose socket the kernel destroyed; a small entry may outlive it
_ENDED = ("CLOSED", "LISTEN", "TIME-WAIT", "FIN-WAIT-2")


@dataclass(frozen=True, slots=True)
class EndRuling:
    """One end of one connection."""

    end: str
    port: int  #: the client's
    kernel: tuple[str, ...]
    inferred: tuple[str, ...]  #: likely, from the capture at that end
    source: str  #: trace or sock_diag (which may miss short states)
    why: str = ""  #: where they differ: silent (no segment shows it), hidden (captured, not received), forged
    died: bool = False  #: the kernel told of its socket's end

    @property
    def explained(self) -> bool:
        """Equal, or no capture at that end can tell."""
        return self.agrees or bool(self.why)

    @property
    def buried(self) -> bool:
        """Where the kernel destroyed the socket: whether packets tell that it ended, or cannot."""
        return not self.died or self.inferred[-1] in _ENDED or bool(self.why)

    @property
    def agrees(self) -> bool:
        """Equal; what snapshots are too slow to see may be missing."""
        if self.source == "trace":
            return self.kernel == self.inferred
        left = iter(self.inferred)
        return all(state in left for state in self.kernel)


@dataclass(frozen=True, slots=True)
class ResetRuling:
    """One RST that a kernel sent: its reason, and those that the packets allow."""

    end: str
    time_ns: int
    kernel: str
    allowed: frozenset[str]

    @property
    def agrees(self) -> bool:
        return self.kernel in self.allowed

    @property
    def decided(self) -> bool:
        return len(self.allowed) == 1


@dataclass(slots=True)
class Ruling:
    """The comparison of one run."""

    ends: list[EndRuling] = field(default_factory=list)
    resets: list[ResetRuling] = field(default_factory=list)
    compared: int = 0  #: snapshots of an end that could be compared with `seen`
    outside: list[str] = field(default_factory=list)  #: those whose state was not in it
    no_trace: str = ""  #: why there is no trace

    @property
    def agrees(self) -> bool:
        ends = all(one.explained and one.buried for one in self.ends)
        return not self.outside and ends and all(one.agrees for one in self.resets)

    def complaints(self, *, undisturbed: bool) -> Iterator[str]:
        """Where kernel and packets disagree; in an undisturbed scenario nothing explains a difference."""
        yield from self.outside
        for one in self.resets:
            if not one.agrees:
                yield f"{one.end}: RST by {one.kernel}, the packets allow {sorted(one.allowed)}"
        for end in self.ends:
            if not (end.agrees if undisturbed else end.explained):
                yield f"{end.end}: kernel {' '.join(end.kernel)}; inferred {' '.join(end.inferred)}"
            if not end.buried:
                yield f"{end.end}: the kernel destroyed the socket; inferred {' '.join(end.inferred)}"


def judge(trial: Trial) -> Ruling:
    """Compare a run that was observed; connections on a pair of ports used twice are left out, and one socket alone.

    So are crowds of connections, and captures that lack segments.
    """
    trace = trial.observed.get("trace")
    ruling = Ruling(no_trace=str(trial.observed.get("no_trace", "")) if trace is None else "")
    if trial.script.crowd or trial.script.partial:
        return ruling
    events = _ours(trial, list(read_trace(trace or [], trial.observed.get("tai_offset_ns", 0))))
    states = split(events, (trial.addresses["server"], trial.port))
    captures = {at: stories(trial.capture(at)) for at in ("client", "server")}
    for port in _ports(trial, captures):
        told = {at: one for at, all_told in captures.items() for one in all_told if _client_port(trial, one) == port}
        if port == trial.port:
            continue  # a socket connected to itself: one end, told as two
        for end in ("client", "server"):
            _rule_end(trial, ruling, end, port, told, states if trace else None)
    ruling.resets += _rule_resets(trial, events, captures)
    return ruling


def _ours(trial: Trial, events: Sequence[KernelEvent]) -> list[KernelEvent]:
    """Those of this run: the trace knows no namespaces, but it knows addresses."""
    mine = set(trial.addresses.values())
    return [event for event in events if event.own[0] in mine or event.peer[0] in mine]


def _ports(trial: Trial, captures: dict[str, list[Told]]) -> list[int]:
    """The client's ports of connections that had their pair of ports for themselves."""
    found: dict[int, bool] = {}  # alone?
    for told in captures.values():
        ports = [_client_port(trial, one) for one in told]
        for port in ports:
            found[port] = found.get(port, True) and ports.count(port) == 1
    return [port for port, alone in found.items() if alone]


def _client_port(trial: Trial, told: Told) -> int:
    """The port of the scenario's client, whoever sent the first SYN."""
    connection = told.story.connection
    return connection.server.port if _flipped(trial, told) else connection.client.port


def _flipped(trial: Trial, told: Told) -> bool:
    """Whether the story's client is the scenario's server, as one capture of a simultaneous open shows it."""
    client = told.story.connection.client
    return (
        (client.ip, client.port)
        == (trial.addresses["server"], trial.port)
        != (
            told.story.connection.server.ip,
            told.story.connection.server.port,
        )
    )


def _rule_end(trial: Trial, ruling: Ruling, end: str, port: int, told: dict[str, Told], states: States | None) -> None:
    """`states` are the events of the trace, None without one."""
    events = (states or {}).get((end, port), [])
    at = ("lo",) if trial.script.stage.on == "loopback" else (end,)
    own, peer = (port, trial.port) if end == "client" else (trial.port, port)
    samples = samples_of(trial.observed["samples"], at, own, peer, end == "server")
    listened = end == "server" and (LISTENER in (states or {}) or any(sample.state == "LISTEN" for sample in samples))
    if end in told:
        steps = told[end].story.steps
        is_client = (end == "client") != _flipped(trial, told[end])
        fin_ns = next((s.segment.time_ns for s in steps if s.segment.has(FIN) and s.from_client != is_client), None)
        kernel = (
            from_trace(events, samples, listened, fin_ns) if states is not None else from_samples(samples, listened)
        )
        source, inferred = "trace" if events else "sock_diag", _inferred(steps, is_client)
        died = any(one["at"] in at and one["ports"] == [own, peer] for one in trial.observed["deaths"])
        found = EndRuling(end, port, tuple(kernel), inferred, source, died=died)
        ruling.ends.append(found if found.agrees else replace(found, why=_why(trial, found)))
    for vantage, seen_from in told.items():
        if not trial.forged:
            _rule_samples(trial, ruling, end, vantage, seen_from, told.get(end), samples)


def _why(trial: Trial, one: EndRuling) -> str:
    """Why packets at an end do not show what its kernel did; empty where they should."""
    if trial.forged:
        return "forged"
    if one.end in trial.script.kernel.hidden:
        return "hidden"
    gave_up = one.kernel[:-1] == one.inferred and one.kernel[-1] in ("CLOSED", "LISTEN")
    return "silent" if gave_up and not trial.script.undisturbed else ""


def _inferred(steps: Sequence[Step], is_client: bool) -> tuple[str, ...]:
    """The likely states of one end, without repetitions."""
    found: list[str] = []
    for step in steps:
        pair = (step.client_before, step.client_after) if is_client else (step.server_before, step.server_after)
        for state in pair:
            if not found or found[-1] != state.label:
                found.append(state.label)
    return tuple(found)


def _rule_samples(
    trial: Trial, ruling: Ruling, end: str, vantage: str, told: Told, own: Told | None, samples: Sequence[Sample]
) -> None:
    """Whether each snapshot's state is in `seen`, wherever the condition of `seen` holds."""
    steps = told.story.steps
    is_client = (end == "client") != _flipped(trial, told)
    side = CLIENT if is_client else SERVER
    facts, at = ConnectionFacts(), 0
    for sample in samples:
        while at < len(steps) and steps[at].segment.time_ns <= sample.from_ns:
            note(facts, CLIENT if steps[at].from_client else SERVER, steps[at].segment)
            at += 1
        if not at or not _clear(steps, at, sample) or not _holds(trial, end, told, own, steps[:at], sample):
            continue
        seen = {state.label for state in paths.seen(end_facts(facts, side, CLIENT))}
        alike = {"LISTEN", "CLOSED"} if sample.state in ("LISTEN", "CLOSED") else {sample.state}
        ruling.compared += 1
        if not alike & seen:
            ruling.outside.append(
                f"{end} seen from {vantage} after frame {steps[at - 1].segment.frame}: "
                f"{sample.state} not in {sorted(seen)}"
            )


def _clear(steps: Sequence[Step], at: int, sample: Sample) -> bool:
    """Whether no segment went by so near to the snapshot that their order is in doubt."""
    if sample.from_ns - steps[at - 1].segment.time_ns < _APART_NS:
        return False
    return at == len(steps) or steps[at].segment.time_ns > sample.to_ns + _APART_NS


def _holds(trial: Trial, end: str, told: Told, own: Told | None, passed: Sequence[Step], sample: Sample) -> bool:
    """The condition of `seen`: every change of the end's state was caused by a segment of this capture."""
    if end in trial.script.kernel.silent and sample.state in ("CLOSED", "LISTEN"):
        return False
    if own is None:
        return False
    sent = _controls(trial, end, own, own.story.steps, sample.to_ns)
    shown = _SHOWN_BY.get(sample.state)
    if shown and not any(flags & shown for flags, _ in sent):
        return False  # a call whose segment has not left yet
    return sent <= _controls(trial, end, told, passed, sample.to_ns)


def _controls(trial: Trial, end: str, told: Told, steps: Sequence[Step], until_ns: int) -> set[tuple[int, int]]:
    """The SYN, FIN and RST segments that the end sent until then."""
    is_client = (end == "client") != _flipped(trial, told)
    return {
        (step.segment.flags & (SYN | FIN | RST), step.segment.seq)
        for step in steps
        if step.from_client == is_client and step.segment.flags & (SYN | FIN | RST) and step.segment.time_ns <= until_ns
    }


def _rule_resets(trial: Trial, events: Sequence[KernelEvent], captures: dict[str, list[Told]]) -> Iterator[ResetRuling]:
    """Each reset that a kernel says it sent, with the RST of the capture at that end."""
    loopback = trial.script.stage.on == "loopback"
    for event in events:
        if event.kind != "reset-sent":
            continue
        from_server = event.own == (trial.addresses["server"], trial.port)
        end = "server" if from_server else "client"
        for told in captures["client" if loopback else end]:
            found = _nearest(trial, end, told, event.time_ns)
            if found is not None:
                yield ResetRuling(end, event.time_ns, event.reason, reasons(told.story.steps, found))
                break


def _nearest(trial: Trial, end: str, told: Told, time_ns: int) -> int | None:
    is_client = (end == "client") != _flipped(trial, told)
    steps = told.story.steps
    near = [
        (abs(step.segment.time_ns - time_ns), at)
        for at, step in enumerate(steps)
        if step.segment.has(RST) and step.from_client == is_client and abs(step.segment.time_ns - time_ns) < _SAME_NS
    ]
    return min(near)[1] if near else None
