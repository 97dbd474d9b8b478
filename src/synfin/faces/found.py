"""Findings of captures as `synfin check` shows them: a line each, a JSON document, or grouped by kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from synfin.explain.escape import visible
from synfin.explain.words import Language, text
from synfin.faces.places import Places
from synfin.faces.terminal import SEVERITY_STYLES, Paint
from synfin.faces.width import wrap
from synfin.watch.connections.record import Connection, Finding
from synfin.watch.findings.known import SEVERITIES

_SHOWN = 8  #: connections and frames named of each kind


class Found(NamedTuple):
    """A finding in words, and the connection that it is about; None for one over many."""

    finding: Finding
    connection: Connection | None
    sentence: str
    todo: str
    times: int = 1  #: how often; more than once where connections were not opened

    @property
    def rank(self) -> int:
        return SEVERITIES.index(self.finding.severity)

    @property
    def conns(self) -> tuple[int, ...]:
        return self.finding.connections if self.connection is None else (self.connection.conn,)

    @property
    def first_frame(self) -> int:
        """0 where no frame bears witness."""
        return self.finding.frames[0] if self.finding.frames else 0

    @property
    def order(self) -> tuple[int, bool, str, tuple[int, ...]]:
        """The worst first; among equals the capture's own faults, since they weaken the rest."""
        return -self.rank, not self.finding.id.startswith(("capture.", "path.asymmetric")), self.finding.id, self.conns


def line(one: Found, places: Places) -> str:
    """`file:frame: severity: id: conn 3: sentence`, as compilers write, so that other tools can read it.

    The frame is counted in its file, as Wireshark shows it.
    """
    file, frame = places.of(one.first_frame)
    conns = f"{'conn' if one.connection is not None else 'conns'} {_some(one.conns, ',')}"
    return f"{file}:{frame}: {one.finding.severity}: {one.finding.id}: {conns}: {one.sentence}"


def document(one: Found, places: Places) -> dict[str, Any]:
    finding, place = one.finding, places.of(one.first_frame)
    return {
        "id": finding.id,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "who": finding.who,
        "connections": list(one.conns),
        **({"more_connections": finding.unnamed} if finding.unnamed else {}),
        "frames": list(finding.frames),
        "file": place.file,
        "frame_in_file": place.frame or None,
        "numbers": finding.numbers,
        "reference": finding.reference,
        "text": one.sentence,
        "next": one.todo,
    }


def print_groups(shown: Sequence[Found], places: Places, paint: Paint, width: int, lang: Language) -> None:
    """Each kind once: how often, the first of them in words, where, and what to do."""
    groups: dict[str, list[Found]] = {}
    for one in shown:
        groups.setdefault(one.finding.id, []).append(one)
    for name, of in groups.items():
        finding, _, sentence, todo, _ = of[0]
        times = sum(one.times for one in of)
        print(paint(f"{finding.severity:<5} {name}", SEVERITY_STYLES[finding.severity]), f" × {times}")
        for line in (*wrap(sentence, width - 2), *wrap(_where(of, places, lang), width - 2)):
            print(f"  {line}")
        for line in wrap(f"→ {todo}", width - 2, "  ") if todo else ():
            print(paint(f"  {line}", "dim"))
        print()


def _where(of: Sequence[Found], places: Places, lang: Language) -> str:
    """The first one's connection, ends, file and frames; the numbers of the other connections."""
    first = of[0]
    conns = tuple(dict.fromkeys(conn for one in of for conn in one.conns))
    frames = _some(first.finding.frames, ", ")
    if first.connection is None:
        return text("check.where", lang, conns=_some(conns, ", "), frames=frames)
    ends = f"{first.connection.client.endpoint} → {first.connection.server.endpoint}"
    said = [text("check.where-one", lang, conn=str(first.connection.conn), ends=ends, frames=frames)]
    if len(places.files) > 1:
        file, frame = places.of(first.first_frame)
        said.append(text("check.where-file", lang, file=visible(file), frame=str(frame)))
    if len(conns) > 1:
        said.append(text("check.where-others", lang, conns=_some(conns[1:], ", ")))
    return "".join(said)


def _some(numbers: Sequence[int], between: str) -> str:
    return between.join(map(str, numbers[:_SHOWN])) + (" …" if len(numbers) > _SHOWN else "")
