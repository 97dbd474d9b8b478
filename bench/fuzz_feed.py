"""Feeds mutated captures to the compiled engine, one after the other; the process of fuzz_captures.py that may die.

What ends it tells of a finding: a sanitiser's report, an exception, SIGPROF (with a traceback) after too many seconds
of CPU, memory that one capture made grow. The number of the capture that runs stands in a file mapped into memory.
"""

from __future__ import annotations

import faulthandler
import io
import mmap
import resource
import signal
import struct
import sys
import tempfile
from pathlib import Path

from fuzz_mutants import Mutants
from synfin.capture.reader import open_capture
from synfin.errors import UnreadableInput
from synfin.watch.engine import compiled, ranges, shards
from synfin.watch.engine.engine import KEEP_ALL, Limits

CPU_SECONDS = 5.0  #: for one capture
MAX_GROWTH_KB = 200 << 10  #: of the highest memory, by one capture


def main() -> None:
    """Arguments: seed, first number, step, count, the mapped file, folders of seeds."""
    seed, first, step, count = (int(word) for word in sys.argv[1:5])
    mutants = Mutants([Path(folder) for folder in sys.argv[6:]], seed)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is for the one that started this, to tell
    faulthandler.register(signal.SIGPROF, chain=True)  # then the signal ends the process
    with open(sys.argv[5], "r+b") as file, mmap.mmap(file.fileno(), 16) as board:
        highest = _highest_kb()
        for done in range(count):
            number = first + done * step
            struct.pack_into("<QQ", board, 0, done, number)
            data = mutants.capture(number)
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
            feed(data, number)
            signal.setitimer(signal.ITIMER_PROF, 0)
            before, highest = highest, _highest_kb()
            if highest - before > MAX_GROWTH_KB:
                sys.exit(f"memory grew by {highest - before} KiB")
        struct.pack_into("<QQ", board, 0, count, number)
    print(f"{count} captures of {mutants.seeds} seeds; at most {highest >> 10} MiB")


def _highest_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def feed(data: bytes, variant: int = 0) -> int:
    """One capture through the compiled path, twice where `variant` says so; how many frames it had."""
    # a buffer as large as the capture ends where it ends, so that nobody reads on unseen; a small one is moved often
    compiled.CHUNK = max(len(data) - 24, 64) if variant % 8 else 64 + variant % 61
    compiled.BLOCK = 4
    compiled.SLOWLY = 2 if variant % 4 else 64
    engine = _fed(data, None)
    if engine is None:
        return 0
    for _ in engine.connections():
        pass
    if variant % 16 == 3:
        _fed(data, engine)
    if variant % 8 == 5:
        _fed_by_ranges(data, variant)
    return engine.frames


def _fed_by_ranges(data: bytes, variant: int) -> None:
    """The capture on two cores, in ranges so short that they begin anywhere; AssertionError where records differ."""
    shards.ENOUGH, ranges.SHORTEST = 1, 64 + variant % 509
    limits = Limits(4, 30) if variant % 16 == 5 else KEEP_ALL
    with tempfile.NamedTemporaryFile(suffix=".capture") as file:
        file.write(data)
        file.flush()
        found = []
        for jobs in (1, 2):
            engine = (
                shards.ShardedEngine(jobs, limits)
                if jobs > 1
                else compiled.CompiledEngine(records_only=True, limits=limits)
            )
            with open_capture(file.name) as reader:
                engine.feed(reader)
                found.append((b"".join(engine.drain(everything=True)), engine.frames, reader.warnings))
    assert found[0] == found[1], "two cores give something else"


def _fed(data: bytes, finished: compiled.CompiledEngine | None) -> compiled.CompiledEngine | None:
    try:
        with open_capture(io.BytesIO(data)) as reader:
            engine = compiled.CompiledEngine(finished)
            engine.feed(reader)
            return engine
    except UnreadableInput:
        return None


if __name__ == "__main__":
    main()
