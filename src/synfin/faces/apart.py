"""Captures that are followed each for itself, several at once: a process for each, the results in order."""

from __future__ import annotations

import marshal
import os
import signal
import traceback
from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from synfin.errors import UnreadableInput
from synfin.faces import inputs
from synfin.watch.engine.engine import Limits

if TYPE_CHECKING:
    from synfin.watch.connections.record_block import RecordBlock

_AT_ONCE = 4096  # records


class Ended(NamedTuple):
    """What there is to say of an input once it was followed."""

    frames: int
    interrupted: bool
    warnings: list[str]
    unreadable: str  #: why nothing of it could be, or no more of it


class Process(NamedTuple):
    number: int
    result: int  #: descriptor from which `Ended` comes
    records: BinaryIO


def followed(
    paths: Sequence[str], limits: Limits, jobs: int, findings: bool = False
) -> Iterator[tuple[Ended, Iterator[RecordBlock]]]:
    """For each capture, in order: how it ended, and its connections. Ctrl-C ends them all with what was read."""
    running: list[Process] = []
    waiting = list(paths)
    each = max(jobs // len(paths), 1)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(_start(waiting.pop(0), limits, each, findings))
            ended = _ended(running)
            process = running.pop(0)
            yield ended, _blocks(process.records)
            if ended.interrupted:
                return
    finally:
        for process in running:
            os.kill(process.number, signal.SIGKILL)
            os.waitpid(process.number, 0)
            os.close(process.result)


def _start(path: str, limits: Limits, jobs: int, findings: bool) -> Process:
    records = TemporaryFile(prefix="synfin-")
    ours, theirs = os.pipe()
    number = os.fork()
    if number:
        os.close(theirs)
        return Process(number, ours, records)
    try:
        os.close(ours)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that started us says when to stop
        asked: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
        ended = _follow(path, limits, jobs, findings, records, asked)
        with os.fdopen(theirs, "wb") as result:
            marshal.dump(tuple(ended), result)
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(0)


def _follow(
    path: str, limits: Limits, jobs: int, findings: bool, records: BinaryIO, asked_to_stop: Sequence[int]
) -> Ended:
    """In the process of its own."""
    from synfin.watch.engine.compiled import CompiledEngine

    engine = inputs.fresh_engine(records_only=True, limits=limits, jobs=jobs, findings=findings)
    assert isinstance(engine, CompiledEngine)
    warnings: list[str] = []
    unreadable = ""
    steps = inputs.steps(engine, [path], warnings, shown=False, jobs=jobs)
    try:
        while not asked_to_stop and next(steps, steps) is None:
            records.writelines(engine.drain())
        steps.close()
    except UnreadableInput as error:
        unreadable = str(error)
    records.writelines(engine.drain(everything=True))
    records.flush()
    return Ended(engine.frames, bool(asked_to_stop), warnings, unreadable)


def _ended(running: Sequence[Process]) -> Ended:
    """How the first of them ends; an interrupt is handed on to all."""
    told = bytearray()
    while True:
        try:
            piece = os.read(running[0].result, 1 << 16)
            if not piece:
                break
            told += piece
        except KeyboardInterrupt:
            for process in running:
                os.kill(process.number, signal.SIGTERM)
    os.close(running[0].result)
    os.waitpid(running[0].number, 0)
    if not told:
        raise RuntimeError("a process that followed a capture ended without a result")
    return Ended(*marshal.loads(told))


def _blocks(records: BinaryIO) -> Iterator[RecordBlock]:
    from synfin._kernels.follow import record_size
    from synfin.watch.connections.compiled_block import CompiledBlock

    with records:
        records.seek(0)
        while data := records.read(_AT_ONCE * record_size()):
            yield CompiledBlock(data)
