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

    def __bool__(self) -> bool:
        return not self.failure and not any(row.differences for row in self.rows)


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
            rows, ruling, undisturbed = _tutorial(chosen), None, False
        else:
            report = attempt(chosen, observe=observe)
            trial = report.trial
            lost = (Row("both", None, None, (f"the capture lost {trial.drops} frames",)),) if trial.drops else ()
            rows, ruling = (*report.rows, *lost), judge(trial) if observe else None
            undisturbed = chosen.undisturbed
    except NotPermitted:
        raise
    except SynfinError as error:
        return Result(name, (), time.monotonic() - began, failure=str(error))
    return Result(name, tuple(rows), time.monotonic() - began, ruling, undisturbed=undisturbed)


def _tutorial(chosen: Scenario) -> tuple[Row, ...]:
    """A scenario of the tutorial: every segment must be as one of its outcomes says."""
    done = experiment.run(chosen)
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
