"""One run of a bench scenario: the captures of both ends, what the programs did, and what the kernel said."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synfin.capture.packet import Packet
from synfin.errors import SynfinError, UsageError
from synfin.explain.quantity import Language
from synfin.explain.words import text
from synfin.lab.experiment import Event, LabForbidden, Place, fresh_process
from synfin.lab.namespace import PlaceRefused
from synfin.lab.script import Script
from synfin.wire.frame import dissect
from synfin.wire.tcp import FIN

PORT = 9501
#: where the bench may run: both are private; the machine's own network is never touched
PLACES = ("user", "net")
MAX_REPEATS = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """What one run showed."""

    script: Script
    captures: Mapping[str, Sequence[Packet]]  #: by end; one, `lo`, on loopback
    events: Sequence[Event]  #: what the programs did, by time
    drops: int  #: frames that the captures lost; anything but 0 makes the run worthless
    place: Place
    port: int
    addresses: Mapping[str, str]
    fired: Mapping[str, int] = field(default_factory=dict)  #: how often each rule of the wire acted
    forged: Sequence[str] = ()  #: in whose name the wire made segments
    observed: Mapping[str, Any] = field(default_factory=dict)  #: the kernel's word, for `referee`
    repeated: int = 0
    late_ns: int = 0  #: the longest that the bench had to wait for the machine

    def capture(self, at: str) -> Sequence[Packet]:
        """The packets at a vantage point; on loopback there is one for both."""
        return self.captures[at] if at in self.captures else self.captures["lo"]

    @property
    def too_slow(self) -> bool:
        """Whether the machine was too busy for the scenario's condition on time."""
        within_ms = self.script.stage.fin_within_ms
        if not within_ms:
            return False
        frames = (dissect(packet) for packet in self.capture("server"))
        fins_ns = [frame.packet.time_ns for frame in frames if frame.segment is not None and frame.segment.has(FIN)]
        return len(fins_ns) > 1 and fins_ns[1] - fins_ns[0] >= within_ms * 1_000_000


def perform(script: Script, *, place: str | None = None, observe: bool = False, port: int = PORT) -> Trial:
    """Run a scenario, with `observe` also recording what the kernel says of it.

    A run for which the machine was too busy is repeated, at most MAX_REPEATS times. Raises LabForbidden where no place
    is allowed.
    """
    if place is not None and place not in PLACES:
        raise UsageError(f"the bench runs in a private place: {' or '.join(PLACES)}, not {place!r}")
    places = PLACES if place is None else (place,)
    done = _perform_once(script, places, observe, port, 0)
    for repeated in range(1, MAX_REPEATS + 1):
        if not done.too_slow:
            break
        done = _perform_once(script, places, observe, port, repeated)
    return done


def try_wire() -> PlaceRefused | None:
    """Make one end of the wire in a process of its own; what was refused, or None when all worked."""
    refused = None
    for place in PLACES:
        answer = fresh_process("synfin.lab.rig.perform", {"place": place, "only_try": True})
        if "entered" in answer:
            return None
        reason = answer.get("refused") or {"operation": "the wire", "reason": answer.get("failed", "it failed")}
        refused = refused or PlaceRefused(place, reason["operation"], reason["reason"])
    return refused


def _perform_once(script: Script, places: Sequence[str], observe: bool, port: int, repeated: int) -> Trial:
    addresses = _addresses(script)
    order = {"name": script.name, "script": script.data, "observe": observe, "port": port, "addresses": addresses}
    refusals: list[PlaceRefused] = []
    for candidate in places:
        answer = fresh_process("synfin.lab.rig.perform", {**order, "place": candidate})
        if "refused" in answer:
            refusals.append(PlaceRefused(candidate, answer["refused"]["operation"], answer["refused"]["reason"]))
        elif "failed" in answer:
            raise SynfinError(str(answer["failed"]))
        else:
            found = Place(candidate, tuple(refusals))
            return _collect(script, answer["result"], found, port, addresses, repeated)
    raise LabForbidden(refusals)


def _addresses(script: Script) -> dict[str, str]:
    """Of both ends. They differ from run to run: the kernel's trace knows no namespaces, but it knows addresses."""
    number = secrets.randbits(21)
    if script.stage.on == "loopback":
        address = f"127.{number >> 14 | 128}.{number >> 7 & 127}.{number & 127 | 1}"
        return {"client": address, "server": address}
    net = f"10.{number >> 14}.{number >> 7 & 127}"
    return {"client": f"{net}.{(number & 127) | 1}", "server": f"{net}.{(number & 127) + 128}"}


def _collect(
    script: Script, result: Mapping[str, Any], place: Place, port: int, addresses: Mapping[str, str], repeated: int
) -> Trial:
    captures = {
        name: [
            Packet(number, time_ns, link, data := base64.b64decode(text), len(data))
            for number, (time_ns, link, text) in enumerate(entries, 1)
        ]
        for name, entries in result["captures"].items()
    }
    events = [Event(entry["time_ns"], entry["who"], entry["name"], entry["detail"]) for entry in result["events"]]
    events.sort(key=lambda event: event.time_ns)
    observed = {key: result[key] for key in ("trace", "no_trace", "samples", "deaths", "tai_offset_ns")}
    drops = sum(int(count) for count in result["drops"].values())
    return Trial(
        script,
        captures,
        events,
        drops,
        place,
        port,
        addresses,
        result["fired"],
        result["forged"],
        observed,
        repeated,
        int(result["late_ns"]),
    )


#: steps that say nothing of the network
_SILENT_STEPS = frozenset({"tell", "stay", "repeat"})


def step_sentence(event: Event, lang: Language) -> str:
    """What a program of the bench did, in words; empty for what only keeps the programs together."""
    if "error" in event.detail:
        return text("lab.step.failed", lang, step=event.name, error=event.detail["error"])
    if event.name in _SILENT_STEPS or event.name.startswith("await"):
        return ""
    return text(f"lab.step.{event.name}", lang, **event.detail)
