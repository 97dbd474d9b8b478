"""Fuzzes the compiled kernels under gcc's address and undefined-behaviour sanitisers, beside the readable core.

    python bench/fuzz_kernels.py --seconds 60 [--seed N]

Copies the package to a temporary folder, compiles the kernels there (cython and gcc with libasan and libubsan) and
feeds them cases for so many seconds: frames of every link type cut at every byte, rows that `scan` never writes,
conversations with hostile numbers and times, broken capture files in small drops and on several cores (see
fuzz_cases.py). A case is its seed: the seeds that ran are printed, and `--seed N --seconds 0` runs case N alone. Exits
1 on a finding: a report of a sanitiser, an exception, or an answer that differs from the readable core's.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNELS = (
    "carrier", "scan", "judge", "collect", "step", "flight", "zeek", "stream", "fact", "clock", "calm", "table",
    "leave", "record", "birth", "deal", "signs", "options", "follow", "boundary", "stretch",
)  # fmt: skip
SANITISE = (
    "-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined",
    "-shared", "-fPIC",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31), help="of the first case")
    asked = parser.parse_args()
    if not shutil.which("gcc"):
        print("fuzz_kernels: gcc is needed", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        return fuzz(Path(folder), asked.seed, asked.seconds)


def build(folder: Path, *, small_pages: bool = False) -> None:
    """A copy of the package under `folder` whose kernels are sanitised; small pages make engines cheap."""
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("*.so", "__pycache__", "*.egg-info"))
    kernels = folder / "src" / "synfin" / "_kernels"
    if small_pages:
        _shrink(kernels / "table.pxd")
    include, suffix = sysconfig.get_paths()["include"], sysconfig.get_config_var("EXT_SUFFIX")
    for name in KERNELS:
        source = folder / f"{name}.c"
        cython = [sys.executable, "-m", "cython", "-3", "-I", "src", "--module-name", f"synfin._kernels.{name}"]
        subprocess.run([*cython, "-o", source, kernels / f"{name}.py"], cwd=folder, check=True)
        subprocess.run(["gcc", *SANITISE, f"-I{include}", source, "-o", kernels / f"{name}{suffix}"], check=True)


def _shrink(source: Path) -> None:
    text = source.read_text()
    for wide, narrow in (
        ("PAGE_BITS = 10\n", "PAGE_BITS = 2\n"),
        ("PAGE_SIZE = 1024\n", "PAGE_SIZE = 4\n"),
        ("FIRST_MASK = 0xFFF\n", "FIRST_MASK = 7\n"),
    ):
        assert text.count(wide) == 1, wide
        text = text.replace(wide, narrow)
    source.write_text(text)


def environment(folder: Path) -> dict[str, str]:
    """Of a process that runs the kernels in `folder`."""
    libasan = subprocess.run(["gcc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True)
    paths = (folder / "src", ROOT / "tests", ROOT / "bench")
    return os.environ | {
        "LD_PRELOAD": libasan.stdout.strip(),
        # the interpreter never frees all; no traces of allocations, for speed
        "ASAN_OPTIONS": "detect_leaks=0:malloc_context_size=1:max_allocation_size_mb=200:quarantine_size_mb=32",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",  # so that each object has its own red zones
        "PYTHONPATH": os.pathsep.join(str(path) for path in paths),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def fuzz(folder: Path, seed: int, seconds: float) -> int:
    """Run the cases in a process of their own, which a sanitiser may end."""
    started = folder / "started"
    command = [sys.executable, "-m", "fuzz_cases", str(seed), str(seconds), str(started)]
    done = subprocess.run(command, env=environment(folder), cwd=folder)
    last = started.read_text() if started.exists() else "none"
    if done.returncode:
        print(f"fuzz_kernels: a finding in case {last}: run it alone with --seconds 0 --seed {last.split()[0]}")
        return 1
    print(f"fuzz_kernels: seeds {seed} to {last}: nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
