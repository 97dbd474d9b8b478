"""CPU time and memory of whole processes, and the machine they ran on: what every figure of bench/ is made with."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One run of one process: user and system CPU seconds, peak memory in KiB."""

    cpu_s: float
    peak_kib: int


class CommandFailed(Exception):
    """A measured command ended with an error; its figure would mean nothing."""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run `command` with its output into a pipe that is read to the end, as `| cat` would."""
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment
        ) as process:
            assert process.stdout is not None
            while process.stdout.read(1 << 20):
                pass
            # Not wait(): only wait4 tells the usage of this one child.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            said = errors.read(1 << 14).decode(errors="replace")
            raise CommandFailed(f"{' '.join(command)}: exit {process.returncode}\n{said}")
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def in_turn(commands: Mapping[str, Sequence[str]], repeats: int) -> dict[str, list[Run]]:
    """Run all commands once, uncounted (the file is then in the page cache), then `repeats` times A B C A B C ..."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(repeats + 1):
        for name, command in commands.items():
            measured = run(command)
            if turn:
                runs[name].append(measured)
    return runs


def median_cpu_s(runs: Sequence[Run]) -> float:
    return statistics.median(run.cpu_s for run in runs)


def ratios(slower: Sequence[Run], faster: Sequence[Run]) -> tuple[float, float, float]:
    """(median, lowest, highest) of slower / faster, turn by turn."""
    each = [a.cpu_s / b.cpu_s for a, b in zip(slower, faster, strict=True)]
    return statistics.median(each), min(each), max(each)


def refuse_uncompiled() -> None:
    """End the program where the kernels are not compiled: figures of the readable core would be taken for synfin's."""
    suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
    package = importlib.util.find_spec("synfin")
    if package is None or not package.submodule_search_locations:
        sys.exit("no synfin here: make build, then run with .venv/bin/python")
    folder = Path(package.submodule_search_locations[0]) / "_kernels"
    for source in sorted(folder.glob("*.py")):
        spec = importlib.util.find_spec(f"synfin._kernels.{source.stem}")
        if source.stem != "__init__" and (spec is None or not (spec.origin or "").endswith(suffixes)):
            sys.exit(
                f"refused: the kernel {source.stem} is not compiled, a figure would say nothing "
                "(Debian: apt-get install gcc python3-dev, then make build)"
            )


def synfin() -> str:
    """The `synfin` command of the environment this runs in."""
    beside = Path(sys.executable).parent / "synfin"
    found = str(beside) if beside.exists() else shutil.which("synfin")
    if not found:
        sys.exit("no synfin command: make build, then run with .venv/bin/python")
    return found


def machine() -> list[str]:
    """Lines on what a figure of this run depends on."""
    return [
        f"machine: {_cpu_model()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}",
        f"kernel:  {platform.system()} {platform.release()} {platform.machine()}",
        f"python:  {platform.python_implementation()} {platform.python_version()}",
    ]


def first_line(*command: str) -> str:
    """The first line a tool prints of itself, on whichever stream."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines[0].strip() if lines else "version not told"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown CPU"
