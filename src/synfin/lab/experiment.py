"""Running a scenario: finds a place where it is allowed, has the bench perform it, and hands over what was seen."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synfin.capture.packet import Interface, Packet
from synfin.errors import NotPermitted, SynfinError, UsageError
from synfin.explain.quantity import Language
from synfin.explain.words import text
from synfin.lab.control import Message, decode, encode
from synfin.lab.namespace import PLACES, PlaceRefused
from synfin.lab.scenario import DEFAULT, Scenario, find, scenarios
from synfin.lab.signature import Match, compare, signature
from synfin.serve.loop import LOOPS
from synfin.wire.frame import dissect
from synfin.wire.tcp import FIN, Segment

HOST, PORT = "127.0.0.1", 9501
MAX_REPEATS = 5
REMEDIES = ("lab.remedy.userns", "lab.remedy.apparmor", "lab.remedy.root", "lab.remedy.container")


@dataclass(frozen=True, slots=True)
class Event:
    """What a side's program saw or did: the server's callbacks, the client's calls."""

    time_ns: int  #: since the epoch, the same clock as the packets'
    who: str  #: server or client
    name: str  #: connect, receive, eof, close; for the client its steps
    detail: Mapping[str, str | int]

    def sentence(self, lang: Language) -> str:
        """The event in words."""
        key = f"lab.{self.who}.{self.name}"
        if self.name == "close" and self.who == "server":
            key += f".{self.detail['how']}"
        return text(key, lang, **self.detail)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run took place, and which more private places were refused."""

    name: str  #: user, net or host
    refusals: tuple[PlaceRefused, ...] = ()

    def sentence(self, lang: Language) -> str:
        return text(f"lab.place.{self.name}", lang)


@dataclass(frozen=True, slots=True)
class LabRun:
    """One run of a scenario."""

    scenario: Scenario
    packets: list[Packet]  #: the TCP frames of the lab's port, in capture order, each once
    events: list[Event]  #: by time
    drops: int  #: frames that the capture lost; anything but 0 makes the run worthless
    place: Place
    host: str
    port: int
    repeated: int = 0  #: runs before this one that were thrown away because the machine was too busy

    @property
    def interface(self) -> Interface:
        """Where the packets were captured, as a file's writer wants it."""
        return Interface(self.packets[0].link_type if self.packets else 1, 0, 1_000_000_000, "lo", self.drops)

    def segments(self) -> list[Segment]:
        """The TCP segments of the packets."""
        found = (dissect(packet).segment for packet in self.packets)
        return [segment for segment in found if segment is not None]

    def signature(self) -> tuple[str, ...]:
        return signature(self.segments())

    def check(self) -> Match:
        """Compare with what the scenario expects."""
        return compare(self.signature(), self.scenario.outcomes)

    @property
    def too_slow(self) -> bool:
        """Whether the scenario's condition on time was not met, and other segments came because of that."""
        limit_ns = self.scenario.fin_within_ns
        if limit_ns is None or self.check():
            return False
        fins_ns = [segment.time_ns for segment in self.segments() if segment.has(FIN)]
        return len(fins_ns) > 1 and fins_ns[1] - fins_ns[0] >= limit_ns


class LabForbidden(NotPermitted):
    """No place allows the lab; `sentences` tells why and what can be done."""

    def __init__(self, refusals: Sequence[PlaceRefused]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("\n".join(self.sentences("en")))

    def sentences(self, lang: Language) -> list[str]:
        why = [
            text(f"lab.refused.{refusal.place}", lang, operation=refusal.operation, reason=refusal.reason)
            for refusal in self.refusals
        ]
        device = any("/dev/net/tun" in refusal.operation for refusal in self.refusals)
        remedies = ("lab.doctor.wire.remedy",) if device else REMEDIES
        return [text("lab.forbidden", lang), *why, *(text(key, lang) for key in remedies)]


def list_scenarios() -> list[Scenario]:
    """Every scenario, the default one first."""
    return list(scenarios().values())


def run(
    scenario: str | Scenario = DEFAULT, *, port: int = PORT, loop: str = "auto", place: str | None = None
) -> LabRun:
    """Run a scenario in `place` (user, net or host), by default in the most private one that the machine allows.

    `loop` is the server's event loop. A run for which the machine was too busy is repeated, at most MAX_REPEATS times.
    Raises LabForbidden where no place is allowed.
    """
    if loop not in LOOPS:
        raise UsageError(f"unknown event loop {loop!r}; choose one of {', '.join(LOOPS)}")
    if place is not None and place not in PLACES:
        raise UsageError(f"unknown place {place!r}; choose one of {', '.join(PLACES)}")
    if not 1 <= port <= 65535:
        raise UsageError(f"port {port} is no TCP port; give 1 to 65535")
    chosen = find(scenario) if isinstance(scenario, str) else scenario
    order = {"name": chosen.name, "scenario": chosen.data, "host": HOST, "port": port, "loop": loop}
    places = PLACES if place is None else (place,)
    for repeated in range(MAX_REPEATS):
        done = _run_once(chosen, order, places, repeated)
        if not done.too_slow:
            return done
    return _run_once(chosen, order, places, MAX_REPEATS)


def _run_once(scenario: Scenario, order: Message, places: Sequence[str], repeated: int) -> LabRun:
    refusals: list[PlaceRefused] = []
    for candidate in places:
        answer = _bench({**order, "place": candidate})
        if "refused" in answer:
            refusals.append(PlaceRefused(candidate, answer["refused"]["operation"], answer["refused"]["reason"]))
        elif "failed" in answer:
            raise SynfinError(str(answer["failed"]))
        else:
            place = Place(candidate, tuple(refusals))
            return _collect(answer["result"], scenario=scenario, place=place, port=order["port"], repeated=repeated)
    raise LabForbidden(refusals)


def try_place(place: str) -> PlaceRefused | None:
    """Enter `place` in a process of its own and leave again; what was refused, or None when all worked."""
    answer = _bench({"place": place, "only_try": True})
    refused = answer.get("refused")
    return PlaceRefused(place, refused["operation"], refused["reason"]) if refused else None


def _bench(order: Message) -> Message:
    return fresh_process("synfin.lab.bench", order)


def fresh_process(module: str, order: Message) -> Message:
    """Give an order to `python -m module`, and take its answer: only a process without threads may change its user
    namespace.

    Its session is its own, so that Ctrl-C in a terminal reaches this process alone; the bench ends with it.
    """
    answer = subprocess.run(
        [sys.executable, "-m", module],
        input=encode(order),
        stdout=subprocess.PIPE,
        env=_environment(),
        start_new_session=True,
        check=False,
    )
    if not answer.stdout:
        raise SynfinError(f"the lab's process ended without a result (exit status {answer.returncode})")
    return decode(answer.stdout)


def _environment() -> dict[str, str]:
    """This process's, with the package importable however it became so here."""
    source = str(Path(__file__).resolve().parents[2])
    others = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{others}" if others else source}


def _collect(result: Mapping[str, Any], *, scenario: Scenario, place: Place, port: int, repeated: int) -> LabRun:
    packets = [
        Packet(number, entry["time_ns"], entry["link_type"], base64.b64decode(entry["data"]), entry["wire_len"])
        for number, entry in enumerate(result["packets"], 1)
    ]
    events = [Event(entry["time_ns"], entry["who"], entry["name"], entry["detail"]) for entry in result["events"]]
    events.sort(key=lambda event: event.time_ns)
    return LabRun(scenario, packets, events, int(result["drops"]), place, HOST, port, repeated)
