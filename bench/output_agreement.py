"""Agreement with tshark on what is printed and written: lines, cells, JSON, bytes, statistics and files, by option.

Every capture is given to both with one case of every group of outputs/cases.py, in turn, or with all of them. What
differs must stand in output_differences.tsv beside this file, with its reason; what stands there and is not found is
reported too. Exit 1 where either happens.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import fnmatch
import io
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fields_agreement import captures, folder
from outputs import files
from outputs.cases import Case, cases
from outputs.compare import RULES, Difference
from synfin.dissect.fields_frame import protocols
from synfin.errors import SynfinError
from synfin.faces.cli import main as synfin
from synfin.watch.packets.annotate import annotated
from told_apart import ASKED, SO

TABLE = Path(__file__).with_name("output_differences.tsv")
ALWAYS = frozenset({"always"})
MAX_EXAMPLES = 3  #: of each thing that differs
PATIENCE_S = 20  #: how long an answer of tshark is waited for: its table of intervals takes hours over days


@dataclass(frozen=True, slots=True)
class Rule:
    """A difference that is meant; case, what and capture may hold *."""

    case: str
    what: str
    capture: str
    so: str  #: what must be so in the frame, a name of SO
    reason: str

    def covers(self, case: str, what: str, capture: str) -> bool:
        return all(map(fnmatch.fnmatchcase, (case, what, capture), (self.case, self.what, self.capture)))


@dataclass(slots=True)
class Report:
    """What a comparison found."""

    rules: list[Rule]
    answers: int = 0
    equal: int = 0  #: to the last byte, or by every packet of a file
    refused: Counter[str] = field(default_factory=Counter)  #: captures that one of both does not read
    unanswered: list[str] = field(default_factory=list)  #: what tshark takes too long for
    meant: Counter[str] = field(default_factory=Counter)
    used: set[Rule] = field(default_factory=set)
    differing: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def note(self, case: str, capture: str, one: Difference, so: frozenset[str]) -> None:
        """One difference: meant, or not."""
        for rule in self.rules:
            if rule.so in so and rule.covers(case, one.what, capture):
                self.meant[rule.reason] += 1
                self.used.add(rule)
                return
        self.counts[case, one.what] += 1
        examples = self.differing.setdefault((case, one.what), [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(f"{capture}: {one.told}")
            print(f"{case} | {one.what} | {examples[-1]}", file=sys.stderr, flush=True)


class Capture:
    """One capture and what is so in its frames."""

    def __init__(self, path: Path, packets: int, environment: dict[str, str]) -> None:
        self.path, self.environment = path, environment
        self.streams = 0
        self._so = dict(self._conditions(packets))

    def so(self, frame: int | None) -> frozenset[str]:
        """What is so in a frame; without one, in any of them."""
        if frame is not None:
            return self._so.get(frame, ALWAYS)
        return ALWAYS.union(*self._so.values())

    def tshark(self, *options: str) -> str:
        command = ["tshark", "-n", "-2", "-r", str(self.path), *options]
        done = subprocess.run(command, capture_output=True, env=self.environment, check=False, timeout=PATIENCE_S)
        return done.stdout.decode("utf-8", "replace")

    def _conditions(self, packets: int) -> Iterator[tuple[int, frozenset[str]]]:
        words = [word for name in (*ASKED, "tcp.stream") for word in ("-e", name)]
        rows = [line.split("\t") for line in self.tshark("-c", str(packets), "-T", "fields", *words).split("\n")[:-1]]
        self.streams = 1 + max((int(one) for row in rows for one in row[-1].split(",") if one), default=-1)
        for row, (frame, _) in zip(rows, annotated([str(self.path)]), strict=False):
            told, ours = dict(zip(ASKED, row, strict=False)), protocols(frame)
            yield frame.packet.number, frozenset(name for name, holds in SO.items() if holds(told, ours))


def ours(*arguments: str) -> str:
    """What `synfin` prints, in this process."""
    out, said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        synfin(["packets", *arguments])
    out.flush()
    buffer = out.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8", "replace")


def differences(case: Case, capture: Capture, home: Path, packets: int) -> tuple[bool, list[Difference]]:
    """Whether both answers are the same, and what differs by the case's rule."""
    options = case.options if "-c" in case.options else (*case.options, "-c", str(packets))
    if case.rule == "file":
        theirs, mine = home / "theirs.pcapng", home / "ours.pcapng"
        capture.tshark(*options, "-w", str(theirs))
        ours(str(capture.path), *options, "-w", str(mine), "--force")
        found = list(files.compare(theirs, mine, capture.environment))
        return not found, found
    left, right = capture.tshark(*options), ours(str(capture.path), *options)
    if left == right:
        return True, []
    return False, list(RULES[case.rule](left, right))


def compare(
    name: str, chosen: str, turn: int | None, packets: int, report: Report, home: Path, environment: dict[str, str]
) -> None:
    """The cases of one capture."""
    try:
        capture = Capture(folder() / name, packets, environment)
    except SynfinError as refused:
        report.refused[str(refused)] += 1
        return
    for case in _chosen(capture.streams, chosen, turn):
        try:
            equal, found = differences(case, capture, home, packets)
        except subprocess.TimeoutExpired:
            report.unanswered.append(f"{name}: {case.name}")
            continue
        report.answers += 1
        report.equal += equal
        for one in found:
            report.note(case.name, name, one, capture.so(one.frame))


def _chosen(streams: int, chosen: str, turn: int | None) -> Iterator[Case]:
    """Of every group the case whose turn it is, or all of them; of these those with a name that was asked for."""
    for group in cases(streams):
        for case in group if turn is None else [group[turn % len(group)]]:
            if fnmatch.fnmatchcase(case.name, chosen):
                yield case


def rules() -> list[Rule]:
    with TABLE.open(encoding="utf-8") as file:
        return [Rule(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare what is printed and written with tshark.")
    parser.add_argument("names", nargs="*", help="captures to compare (all)")
    parser.add_argument("--every", action="store_true", help="every case for every capture, not each in turn; hours")
    parser.add_argument("--packets", type=int, default=300, help="packets of each capture (300)")
    parser.add_argument("--cases", default="*", help="only cases with such a name, as in the shell")
    arguments = parser.parse_args()
    os.environ["TZ"] = "UTC"
    time.tzset()
    report = Report(rules())
    with tempfile.TemporaryDirectory() as place:
        environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "HOME": place, "XDG_CONFIG_HOME": place}
        os.environ["XDG_CONFIG_HOME"] = place
        for turn, name in enumerate(captures(folder())):
            if arguments.names and name not in arguments.names:
                continue
            at = None if arguments.every else turn
            try:
                compare(name, arguments.cases, at, arguments.packets, report, Path(place), environment)
            except KeyboardInterrupt:
                print(f"interrupted at {name}", file=sys.stderr)
                break
    whole = not arguments.names and arguments.cases == "*"
    unused = [rule for rule in report.rules if rule not in report.used] if whole else []
    _print(report, unused)
    return 1 if report.counts or unused else 0


def _print(report: Report, unused: list[Rule]) -> None:
    print(f"answers compared              {report.answers:>10,}")
    print(f"  the same to the last byte   {report.equal:>10,}")
    print(f"differences that are meant    {report.meant.total():>10,}")
    for reason, count in report.meant.most_common():
        print(f"  {count:>10,}  {reason}")
    print(f"differences that are not      {report.counts.total():>10,}")
    for (case, what), count in report.counts.most_common():
        print(f"  {count:>10,}  {case} | {what}")
    for asked in report.unanswered:
        print(f"tshark gave no answer within {PATIENCE_S} s: {asked}")
    for refusal in report.refused:
        print(f"not read: {refusal}")
    for rule in unused:
        print(f"not found any more: {rule}")


if __name__ == "__main__":
    sys.exit(main())
