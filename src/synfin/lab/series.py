"""Running many scenarios side by side: most of their time is waiting for timers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from synfin.errors import NotPermitted, SynfinError
from synfin.lab import experiment, shelf
from synfin.lab.check import Row, attempt, stories
from synfin.lab.referee import Ruling, judge
from synfin.lab.scenario import Scenario
from synfin.lab.script import Expect


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one scenario."""

    name: str
    rows: tuple[Row, ...]
    seconds: float
    ruling: Ruling | None = None  #: where the kernel was asked
    failure: str = ""  #: why it could not be run
    undisturbed: bool = False
    repeated: int = 0  #: runs before this one for which the machine was too busy

    def __bool__(self) -> bool:
        return not any(self.complaints())

    def complaints(self) -> Iterator[str]:
        """What is not as the scenario expects, and where the kernel disagrees."""
        if self.failure:
            yield self.failure
        for row in self.rows:
            yield from (f"{row.at}: {difference}" for difference in row.differences)
        if self.ruling is not None:
            yield from self.ruling.complaints(undisturbed=self.undisturbed)


def workers_here() -> int:
    """So many at a time: twice the cores, and some that only wait."""
    return 2 * len(os.sched_getaffinity(0)) + 2


def run_all(names: Sequence[str], *, observe: bool = False, workers: int | None = None) -> Iterator[Result]:
    """The results as they come. Where the lab may not run at all, that is raised once."""
    with ThreadPoolExecutor(workers or workers_here()) as pool:
        waiting = [pool.submit(run_one, name, observe=observe) for name in names]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            for one in waiting:
                one.cancel()


def run_one(name: str, *, observe: bool = False) -> Result:
    """Run and check one scenario; its failure is a result."""
    began = time.monotonic()
    try:
        chosen = shelf.take(name)
        if isinstance(chosen, Scenario):
            done = experiment.run(chosen)
            rows, ruling, undisturbed, repeated = _tutorial(done), None, False, done.repeated
        else:
            report = attempt(chosen, observe=observe)
            trial = report.trial
            lost = (Row("both", None, None, (f"the capture lost {trial.drops} frames",)),) if trial.drops else ()
            rows, ruling = (*report.rows, *lost), judge(trial) if observe else None
            undisturbed, repeated = chosen.undisturbed, trial.repeated
    except NotPermitted:
        raise
    except SynfinError as error:
        return Result(name, (), time.monotonic() - began, failure=str(error))
    seconds = time.monotonic() - began
    return Result(name, tuple(rows), seconds, ruling, undisturbed=undisturbed, repeated=repeated)


def _tutorial(done: experiment.LabRun) -> tuple[Row, ...]:
    """A scenario of the tutorial: every segment must be as one of its outcomes says."""
    match, told = done.check(), stories(done.packets)
    if match.outcome is None or done.drops or len(told) != 1:
        why = match.difference or f"{len(told)} connections; the capture lost {done.drops} frames"
        return (Row("both", None, told[0] if told else None, (why,)),)
    outcome, connection = match.outcome, told[0].story.connection
    expect = Expect("both", 0, 1, outcome.open, outcome.close, outcome.closed_by, frozenset(), frozenset())
    wanted = (outcome.open, outcome.close, outcome.closed_by)
    seen = (connection.open, connection.close, connection.closed_by)
    differences = () if wanted == seen else (f"expected {wanted}, found {seen}",)
    return (Row("both", expect, told[0], differences),)
