"""Benchmarks that are no ratio of two commands: starting, printing beside analysing, memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import measure
from finding_costs import finding_costs
from measure import Spread
from report import Result
from shapes import Captures

#: what `conns` does with one core, without a word of what it found
_ANALYSE = """import sys
from synfin.faces import inputs
for _ in inputs.steps(inputs.fresh_engine(records_only=True, jobs=1), sys.argv[1:], []): pass
"""


@dataclass(frozen=True)
class Special:
    """One more row."""

    what: str
    measure: Callable[[Captures], Result]


def specials(*, big: bool) -> list[Special]:
    """Every such row."""
    found = [Special("a tiny capture", _tiny)]
    found += [Special(f"printing 200,000 connections as {form}", _printing(form)) for form in _FORMS]
    found += [
        Special("memory, 200,000 alive", lambda captures: _memory(captures, "alive-200k.pcap", 200_000)),
        Special(
            "memory, 200,000 alive, findings",
            lambda captures: _memory(captures, "alive-200k.pcap", 200_000, ", findings"),
        ),
    ]
    found += [Special(what, made) for what, made in finding_costs()]
    if big:
        found.append(Special("memory, 4 GB", lambda captures: _memory(captures, "big.pcap", 20_000)))
    return found


def _tiny(captures: Captures) -> Result:
    file = captures.path("tiny.pcap")
    ours, theirs = [*measure.synfin(), "conns", str(file)], [sys.executable, "-c", "pass"]
    measure.in_turn([ours, theirs], 1)  # modules are compiled once
    runs, others = measure.in_turn([ours, theirs], 25)
    more = Spread.of([(one.cpu_s - other.cpu_s) * 1000 for one, other in zip(runs, others, strict=True)])
    return Result(
        "a tiny capture, conns into a pipe", "python -c pass: ms CPU more", "tiny.pcap", 60, ratio=more,
        ours=Spread.of([run.cpu_s for run in runs]), theirs=Spread.of([run.cpu_s for run in others]), at_most=True,
        peak_mb=(measure.peak_mb(runs), measure.peak_mb(others)), commands=(ours, theirs), turns=25,
        packets=captures.packets("tiny.pcap"),
    )  # fmt: skip


_FORMS = ("ndjson", "tsv", "json", "arrow")


def _printing(form: str) -> Callable[[Captures], Result]:
    """What it costs to print, per cent of what it costs to analyse."""

    def compared(captures: Captures) -> Result:
        file = captures.path("alive-200k.pcap")
        how = ["-o", str(captures.folder / f"conns.{form}")] if form == "arrow" else [f"--{form}"]
        ours = [*measure.synfin(), "conns", str(file), "--no-findings", "--jobs", "1", *how]
        theirs = [sys.executable, "-c", _ANALYSE, str(file)]
        measure.warm(file)
        runs, others = measure.in_turn([ours, theirs], 5)
        share = [(one.cpu_s - other.cpu_s) / other.cpu_s for one, other in zip(runs, others, strict=True)]
        return Result(
            f"printing 200,000 connections, {form}", "analysing them: share", "alive-200k.pcap", 1.0,
            ratio=Spread.of(share), ours=Spread.of([run.cpu_s for run in runs]), at_most=True,
            theirs=Spread.of([run.cpu_s for run in others]), commands=(ours, theirs), turns=5,
            peak_mb=(measure.peak_mb(runs), measure.peak_mb(others)), packets=captures.packets("alive-200k.pcap"),
        )  # fmt: skip

    return compared


def _memory(captures: Captures, name: str, alive: int, also: str = "") -> Result:
    """Peak memory beside 40 MB and half a kilobyte for every connection that is alive at once."""
    file = captures.path(name)
    plain = [] if also else ["--no-findings"]
    ours: Sequence[str] = [*measure.synfin(), "conns", "--ndjson", *plain, "--jobs", "1", str(file)]
    measure.warm(file)
    (runs,) = measure.in_turn([ours], 1)
    alive = max(int(alive * min(captures.scale, 1)), 1)
    limit_mb = 40 + alive * 0.5 / 1024
    peak = measure.peak_mb(runs)
    return Result(
        f"peak memory, {file.stat().st_size / 1e9:.1f} GB, {alive:,} connections alive{also}: MB",
        "40 MB + 0.5 KB for each", name, round(limit_mb, 1), ratio=Spread(peak, peak, peak), at_most=True,
        ours=Spread.of([run.cpu_s for run in runs]), peak_mb=(peak, None), commands=(ours, ()), turns=1,
        packets=captures.packets(name),
    )  # fmt: skip
