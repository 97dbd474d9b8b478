"""The results as a page: the table, and everything that a figure depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import measure
from measure import Spread
from shapes import Captures

_PAGE = """# Benchmarks

Made by `make bench` (`bench/suite.py --write`), which generates its captures, runs the commands of a row in turn, each
a whole process with its output into a pipe, and counts CPU time, user and system (time where it says so). A ratio is
theirs / ours for each turn, per packet where the captures differ: the median, lowest and highest in brackets.
Printed on {date}; absolute times are this machine's.{scale}

```
{machine}
```

| what | against | data | Mpkt/s | ours | theirs | ratio | wanted | | peak MB |
|---|---|---|---:|---:|---:|---:|---:|---|---:|
{table}

{missing}The facts of the connection table are all on wherever it is printed: states, opening and ending, completeness,
retransmissions by tshark's rules, both legs of the handshake, history, as NDJSON; findings have rows of their own.
tshark's `conv` counts frames and
bytes, tcptrace prints a line for each connection, argus writes flow records, tcpdump copies packets. Every run of ours
includes the start of Python (`a tiny capture`); its modules are compiled before. `--jobs 1` is one core: what is
counted is work, not waiting. Beside tshark's fields the capture of ours is larger, since tshark takes up to 50 µs a
packet.

## Data

{data}

## Commands

{commands}
"""


_SCALED = """
The captures are {:g} times as large as usual: the smaller, the more of every figure is the start of a process."""


@dataclass(frozen=True)
class Result:
    """One row of the table."""

    what: str
    against: str
    data: str
    wanted: float
    ours: Spread | None = None
    theirs: Spread | None = None
    ratio: Spread | None = None
    peak_mb: tuple[float, float | None] | None = None
    commands: tuple[Sequence[str], Sequence[str]] = ((), ())
    turns: int = 0
    packets: int = 0
    unit: str = "s CPU"
    at_most: bool = False  #: the figure may be at most what is wanted; else at least
    missing: str = ""  #: what was not there to measure with

    @property
    def met(self) -> bool | None:
        if self.ratio is None:
            return None
        return self.ratio.median <= self.wanted if self.at_most else self.ratio.median >= self.wanted


def line(result: Result) -> str:
    """A row as Markdown."""
    wanted = f"{'≤' if result.at_most else '≥'} {result.wanted:g}"
    if result.ratio is None:
        why = f"not measured: no {result.missing}"
        return f"| {result.what} | {result.against} | {result.data} | | | | {why} | {wanted} | | |"
    assert result.ours is not None and result.peak_mb is not None
    ratio = f"{_short(result.ratio.median)} ({_short(result.ratio.lowest)}–{_short(result.ratio.highest)})"
    theirs = "" if result.theirs is None else f"{result.theirs.median:.3f}"
    peak = " / ".join(f"{mb:.0f}" for mb in result.peak_mb if mb is not None)
    rate = f"{result.packets / result.ours.median / 1e6:.2f}"
    unit = " wall" if result.unit == "s wall" else ""
    return (
        f"| {result.what} | {result.against} | {result.data} | {rate} | {result.ours.median:.3f}{unit} | {theirs} "
        f"| {ratio} | {wanted} | {'yes' if result.met else '**no**'} | {peak} |"
    )


def _short(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def page(results: Sequence[Result], captures: Captures) -> str:
    """The whole page."""
    absent = sorted({result.missing for result in results if result.missing})
    return _PAGE.format(
        date=date.today().isoformat(),
        scale="" if captures.scale == 1 else _SCALED.format(captures.scale),
        machine="\n".join([*measure.machine(), *_tools()]),
        table="\n".join(map(line, results)),
        missing=f"Not there, so not measured: {', '.join(absent)}.\n\n" if absent else "",
        data="\n".join(_data(captures)),
        commands="\n".join(dict.fromkeys(_commands(results))),
    )


def _tools() -> list[str]:
    asked = {"tshark": "--version", "tcptrace": "-v", "argus": "-h", "tcpdump": "--version", "gzip": "--version"}
    told = [measure.first_line(tool, option) for tool, option in asked.items() if measure.is_there(tool)]
    return [f"tools:   {measure.first_line(*measure.synfin(), '--version')}", *(f"         {one}" for one in told)]


def _data(captures: Captures) -> list[str]:
    return [
        f"* `{name}`: {captures.packets(name):,} packets, {(captures.folder / name).stat().st_size:,} bytes; {how}"
        for name, how in captures.made.items()
    ]


def _commands(results: Sequence[Result]) -> list[str]:
    return [
        f"* `{shown}`" for result in results for command in result.commands if command and (shown := _shown(command))
    ]


def _shown(command: Sequence[str]) -> str:
    """A command without the folders of this machine."""
    words = [Path(word).name if word.startswith("/") and word != "/dev/null" else word for word in command]
    if words[1:2] == ["-c"] and "faces.cli" in words[2]:
        words[:3] = ["synfin"]
    elif words[1:2] == ["-c"]:
        words[2] = "'" + "; ".join(words[2].split("\n")).removesuffix("; ") + "'"
    words = [word if not word.startswith("if=/") else f"if={Path(word).name}" for word in words]
    return " ".join(words)
