"""What synfin says of each capture of a run, compared with what the scenario expects at that vantage point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from synfin.capture.packet import Packet
from synfin.lab.script import VANTAGES, Crowd, Expect, Script
from synfin.lab.trial import MAX_REPEATS, Trial, perform
from synfin.watch.connections.record import Story
from synfin.watch.findings.fleet import fleet
from synfin.watch.findings.known import KNOWN
from synfin.watch.follow.tracker import Tracker
from synfin.watch.story.stories import Heard
from synfin.wire.frame import Frame

#: a bench that had to wait so long for the processor cannot tell a slow network from a slow machine
TOO_LATE_NS = 80_000_000
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
    awaited: tuple[str, ...] = ()  #: expected, but not said yet
    over: tuple[str, ...] = ()  #: said of many connections together
    wanted: tuple[str, ...] = ()


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
    heard = Heard(Tracker())
    frames: dict[int, dict[int, Frame]] = {}
    for packet in packets:
        frame, conn = heard.take(packet)
        if conn is not None:
            frames.setdefault(conn, {})[packet.number] = frame
    return [Told(story, frames[story.connection.conn]) for story in heard.stories()]


def attempt(script: Script, *, place: str | None = None, observe: bool = False) -> Report:
    """Run a scenario and check it; once more where it is not as expected and the machine was too busy for it."""
    report = check(perform(script, place=place, observe=observe))
    for _ in range(MAX_REPEATS):
        if report or report.trial.late_ns < TOO_LATE_NS:
            break
        before = report.trial.repeated + 1
        trial = perform(script, place=place, observe=observe)
        report = check(replace(trial, repeated=trial.repeated + before))
    return report


def check(trial: Trial) -> Report:
    """Compare a run with its scenario, at each vantage point."""
    report = Report(trial.script, trial)
    points = VANTAGES if trial.script.stage.on == "wire" else ("both",)
    for at in points:
        found = stories(trial.capture(at))
        known = list(found)
        for expect in trial.script.expected(at if at != "both" else "client"):
            # several incarnations of one tuple: expected in the order in which they are written
            mine = next((told for told in found if not expect.port or told.port == expect.port), None)
            if mine is not None:
                found.remove(mine)
            report.rows.append(_compare(at, expect, mine))
        crowd = trial.script.crowd
        if crowd is not None:
            report.rows.append(_crowd(at, crowd, found, known))
            continue
        over = sorted(one.id for one in fleet(told.story.connection for told in known))
        report.rows.extend(Row(at, None, None, (f"not expected: {name}",)) for name in over)
        for told in found:
            report.rows.append(Row(at, None, told, ("not expected: a connection",)))
    return report


def _crowd(at: str, crowd: Crowd, rest: Sequence[Told], known: Sequence[Told]) -> Row:
    """Many connections at once: how many, how each went, and what they say together."""
    verdicts = {f"{one.story.connection.open} {one.story.connection.close}" for one in rest}
    over = {one.id for one in fleet(told.story.connection for told in known)}
    wanted = crowd.fleet["client" if at == "both" else at]
    differences = [] if len(known) == crowd.count else [f"connections: expected {crowd.count}, found {len(known)}"]
    differences += [f"not expected: {one}" for one in sorted(verdicts - crowd.verdicts)]
    differences += [f"missing: {one}" for one in sorted(wanted - over)]
    differences += [f"not expected: {one}" for one in sorted(over - wanted)]
    return Row(at, None, None, tuple(differences), over=tuple(sorted(over)), wanted=tuple(sorted(wanted)))


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
    # a strong finding speaks for the weak ones that it explains
    spoken = {name for one in told.story.findings for name in KNOWN[one.id].explains}
    differences += [f"missing: {name}" for name in sorted((expect.findings & known) - set(beside) - spoken)]
    alarms = {name for name, severity in beside.items() if severity in _ALARMS}
    differences += [f"not expected: {name}" for name in sorted(alarms - expect.findings - expect.may)]
    differences = _but_known(differences, expect.known_wrong)
    return Row(at, expect, told, tuple(differences), tuple(sorted(expect.findings - known)) + expect.known_wrong)


def _but_known(differences: list[str], known_wrong: Sequence[str]) -> list[str]:
    """Without what the scenario knows to be said wrongly; that which is said rightly by now is a difference."""
    healed = [f"right now, take it out of known_wrong: {one}" for one in known_wrong if one not in differences]
    return [one for one in differences if one not in known_wrong] + healed
