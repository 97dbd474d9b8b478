"""What synfin says of each capture of a run, compared with what the scenario expects at that vantage point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from synfin.capture.packet import Packet
from synfin.lab.script import VANTAGES, Expect, Script
from synfin.lab.trial import Trial
from synfin.watch.analysis import flag_names
from synfin.watch.engines import engine
from synfin.watch.findings import KNOWN
from synfin.watch.record import Story
from synfin.watch.records import record
from synfin.watch.story import tell
from synfin.wire.frame import Frame, dissect
from synfin.wire.tcp import Segment

#: a finding of this severity that nobody expects is a false alarm
_ALARMS = frozenset({"warn", "error"})


@dataclass(frozen=True, slots=True)
class Told:
    """One connection as synfin tells it."""

    story: Story
    frames: dict[int, Frame]  #: by number

    @property
    def port(self) -> int:
        return self.story.connection.client.port


@dataclass(frozen=True, slots=True)
class Row:
    """One connection at one vantage point: what was expected, what was found, and how they differ."""

    at: str
    expect: Expect | None
    told: Told | None
    differences: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()  #: expected findings that no rule of this program makes yet


@dataclass(frozen=True, slots=True)
class Report:
    """The comparison of one run."""

    script: Script
    trial: Trial
    rows: list[Row] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not self.trial.drops and not any(row.differences for row in self.rows)


def known_findings() -> frozenset[str]:
    """The ids that the rules of this program can make; others are expected as soon as a rule makes them."""
    return frozenset(KNOWN)


def stories(packets: Sequence[Packet]) -> list[Told]:
    """Every connection of a capture, told."""
    watcher = engine()
    frames: dict[int, dict[int, Frame]] = {}
    segments: dict[int, list[Segment]] = {}
    flags: dict[int, list[tuple[str, ...]]] = {}
    for packet in packets:
        place, frame = watcher.see(packet), dissect(packet)
        if place is None or place.conn is None or frame.segment is None:
            continue
        frames.setdefault(place.conn, {})[packet.number] = frame
        segments.setdefault(place.conn, []).append(frame.segment)
        flags.setdefault(place.conn, []).append(flag_names(place.bits))
    end_ns = packets[-1].time_ns if packets else None
    return [
        Told(tell(segments[raw.conn], record(raw), flags[raw.conn], capture_end_ns=end_ns), frames[raw.conn])
        for raw in watcher.connections()
        if raw.conn in segments
    ]


def check(trial: Trial) -> Report:
    """Compare a run with its scenario, at each vantage point."""
    report = Report(trial.script, trial)
    points = VANTAGES if trial.script.stage.on == "wire" else ("both",)
    for at in points:
        found = stories(trial.capture(at))
        for expect in trial.script.expected(at if at != "both" else "client"):
            # several incarnations of one tuple: expected in the order in which they are written
            mine = next((told for told in found if not expect.port or told.port == expect.port), None)
            if mine is not None:
                found.remove(mine)
            report.rows.append(_compare(at, expect, mine))
        for told in found:
            report.rows.append(Row(at, None, told, ("not expected: a connection",)))
    return report


def _compare(at: str, expect: Expect, told: Told | None) -> Row:
    if told is None:
        return Row(at, expect, None, ("the connection was not seen",))
    connection, known = told.story.connection, known_findings()
    differences = [
        f"{word}: expected {wanted}, found {seen}"
        for word, wanted, seen in (
            ("open", expect.open, connection.open),
            ("close", expect.close, connection.close),
            ("closed by", expect.closed_by or connection.closed_by, connection.closed_by),
        )
        if wanted != seen
    ]
    beside = {one.id: one.severity for one in told.story.findings if one.id not in (connection.open, connection.close)}
    differences += [f"missing: {name}" for name in sorted((expect.findings & known) - set(beside))]
    alarms = {name for name, severity in beside.items() if severity in _ALARMS}
    differences += [f"not expected: {name}" for name in sorted(alarms - expect.findings - expect.may)]
    awaited = tuple(sorted(expect.findings - known))
    if expect.awaited:
        awaited += tuple(differences)
        differences = [] if differences else ["as expected: take the mark `awaited` away"]
    return Row(at, expect, told, tuple(differences), awaited)
