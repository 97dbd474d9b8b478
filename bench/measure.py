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
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


@dataclass(frozen=True)
class Run:
    """One run of one process, with the children that it waited for: CPU (user and system), time, memory, output."""

    cpu_s: float
    wall_s: float
    peak_kib: int
    output_bytes: int


class CommandFailed(Exception):
    """A measured command ended with an error; its figure would mean nothing."""


#: what makes Python slower than it is for its users: without compiled files of its modules, without buffers
_UNUSUAL = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")


# Runs a command and tells how it ended and what it took. A process of its own, because a child's peak memory begins
# with what its parent had.
_STARTER = """
import os, sys
told, command = int(sys.argv[1]), sys.argv[2:]
process = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(process, 0)
os.write(told, b"%d %r %d" % (os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss))
"""


def run(command: Sequence[str]) -> Run:
    """Run `command` with its output into a pipe that is read to the end, as `| cat` would."""
    environment = {name: value for name, value in os.environ.items() if name not in _UNUSUAL}
    told, tell = os.pipe()
    started, output_bytes = time.perf_counter(), 0
    with tempfile.TemporaryFile() as errors, open(told, "rb") as answer:
        with subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _STARTER, str(tell), *command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=errors, env=environment, pass_fds=[tell],
        ) as process:  # fmt: skip
            os.close(tell)
            assert process.stdout is not None
            while read := len(os.read(process.stdout.fileno(), 1 << 20)):
                output_bytes += read
        wall_s = time.perf_counter() - started
        exit_code, cpu_s, peak_kib = [*answer.read().split(), b"127", b"0", b"0"][:3]
        if int(exit_code):
            errors.seek(0)
            said = errors.read(1 << 14).decode(errors="replace")
            raise CommandFailed(f"{' '.join(command)}: exit {int(exit_code)}\n{said}")
    return Run(float(cpu_s), wall_s, int(peak_kib), output_bytes)


def warm(*files: Path) -> None:
    """Bring files into the page cache."""
    for file in files:
        with file.open("rb") as stream:
            while stream.read(1 << 22):
                pass


def in_turn(commands: Sequence[Sequence[str]], turns: int) -> list[list[Run]]:
    """Run the commands A B C A B C ..., so that what disturbs one disturbs the others; the runs of each."""
    runs: list[list[Run]] = [[] for _ in commands]
    for _ in range(turns):
        for measured, command in zip(runs, commands, strict=True):
            measured.append(run(command))
    return runs


def peak_mb(runs: Sequence[Run]) -> float:
    """The most memory that any run took."""
    return max(run.peak_kib for run in runs) / 1024


def is_there(tool: str) -> bool:
    """Whether a program can be run."""
    return shutil.which(tool, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin") is not None


class Spread(NamedTuple):
    """A figure of several turns."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


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


def synfin() -> list[str]:
    """The `synfin` command of the environment this runs in, which must be the one whose kernels were looked at."""
    beside = Path(sys.executable).parent / "synfin"
    found = str(beside) if beside.exists() else shutil.which("synfin")
    return [found] if found else [sys.executable, "-c", "from synfin.faces.cli import main; raise SystemExit(main())"]


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
