"""Captures as the command line names them."""

from __future__ import annotations

import argparse
import contextlib
import os
import stat
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import BinaryIO

from synfin.capture.cores import cores
from synfin.capture.reader import CaptureReader, open_capture
from synfin.capture.source import GZIP_MAGIC, ZSTD_MAGIC, open_source, standard_input
from synfin.capture.unseen import unseen
from synfin.errors import UnreadableInput, UsageError
from synfin.faces import progress
from synfin.watch.engine.engine import KEEP_ALL, Engine, Limits
from synfin.watch.engine.engines import compiled, engine, missing_kernels

_LARGE = 1 << 25  # bytes of an input that is worth a second core
_DIVIDED = 1 << 22  # bytes of a file that several read
_MOST_JOBS = 4  # unless more are asked for: what more bring was not measured


def named(asked: argparse.Namespace) -> list[str]:
    """The captures that were named, in order; UsageError where there is none."""
    paths = [*asked.read, *asked.files]
    if not paths:
        raise UsageError("which capture? Name a file, or - for standard input")
    if paths.count("-") > 1:
        raise UsageError("standard input can be read only once")
    return paths


def note(message: str) -> None:
    """A line on standard error."""
    print(f"synfin: {message}", file=sys.stderr)


def follow(paths: Sequence[str], warnings: list[str], *, records_only: bool = False) -> tuple[Engine, bool]:
    """Follow the captures as one input; (the engine, whether it was interrupted). What was read is never lost."""
    following = fresh_engine(records_only=records_only)
    try:
        for _ in steps(following, paths, warnings):
            pass
    except KeyboardInterrupt:
        return following, True
    return following, False


def steps(
    following: Engine, paths: Sequence[str], warnings: list[str], *, shown: bool = True, jobs: int | None = None
) -> Generator[None]:
    """Follow the captures as one input, with pauses; `shown`: how far it has come, on a terminal.

    What is compressed is decompressed beside, unless only one of `jobs` was asked for.
    """
    for path in paths:
        with open_capture(path, first_number=following.frames + 1) as reader:
            if (jobs or cores()) > 1:
                reader.source.read_ahead()
            with watched(reader, lambda: following.frames, warnings, shown=shown):
                yield from following.steps(reader)


@contextlib.contextmanager
def watched(
    reader: CaptureReader, frames: Callable[[], int], warnings: list[str], *, shown: bool = True
) -> Generator[None]:
    """While a capture is read: how far it has come; behind it what is to be warned of."""
    try:
        with progress.shown(reader, frames) if shown else contextlib.nullcontext():
            yield
    finally:
        warnings.extend(reader.warnings)
        warnings.extend(unseen(reader))


def note_no_tcp(paths: Sequence[str], frames: int) -> None:
    """Say that a whole input held no TCP, and where it was not looked for."""
    count = f"{frames:,} frame{'' if frames == 1 else 's'}"
    note(f"{', '.join(paths)}: no TCP in {count}")


def jobs_for(paths: Sequence[str], asked: int | None, *, apart: bool = False) -> int:
    """On how many cores to follow captures: as many as were asked for or are at hand, one where they are small.

    One input is divided where its files are large and not compressed; several that stand `apart` are, whatever they
    are.
    """
    if apart and asked is not None:
        return asked
    most = min(cores(), _MOST_JOBS) if asked is None else asked
    if most == 1:
        return 1
    sizes = (size for path in paths if (size := _size(path)) >= _DIVIDED and (apart or not _is_compressed(path)))
    return most if sum(sizes) >= (_LARGE if asked is None else _DIVIDED) else 1


def are_small(paths: Sequence[str]) -> bool:
    """Whether the captures can hold no more connections than memory does: files, together below `_LARGE` unpacked."""
    return all_regular(paths) and sum(map(_size, paths)) < _LARGE and _unpacked_bytes(paths) < _LARGE


def _unpacked_bytes(paths: Sequence[str]) -> int:
    """Bytes of the captures without compression; `_LARGE` or more, and not counted on, where it is so many.

    What is compressed is unpacked to know it: what it says of itself may be wrong, or of its last part only.
    """
    total = 0
    for path in paths:
        if not _is_compressed(path):
            total += _size(path)
            continue
        try:
            with contextlib.closing(open_source(path)) as source:
                while total < _LARGE and (piece := source.read_some(_LARGE - total)):
                    total += len(piece)
        except UnreadableInput:
            continue  # opening it again will say what is wrong
    return total


def _is_compressed(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(4).startswith((GZIP_MAGIC, ZSTD_MAGIC))
    except OSError:
        return False  # opening it again will say what is wrong


def can_fork(groups: Sequence[Sequence[str]]) -> bool:
    """Whether several inputs can be followed at once, each in a process: all from files, by compiled code."""
    return hasattr(os, "fork") and compiled() and all(map(all_regular, groups))


def _size(path: str) -> int:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return 0  # standard input, or opening it will say what is wrong
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def fresh_engine(
    *, records_only: bool = False, limits: Limits = KEEP_ALL, jobs: int = 1, findings: bool = False
) -> Engine:
    """An engine (see `engines.engine`); says once when the kernels are missing."""
    if not compiled() and os.environ.get("SYNFIN_READABLE") != "1" and not _told:
        _told.append(True)
        missing = missing_kernels()
        which = f" ({', '.join(missing)})" if 0 < len(missing) <= 3 else ""
        note(
            f"compiled kernels are missing{which}; the readable core runs, slower "
            "(install gcc and python3-dev, then again)"
        )
    return engine(records_only=records_only, limits=limits, jobs=jobs, findings=findings)


_told: list[bool] = []


@contextlib.contextmanager
def rereadable(paths: Sequence[str]) -> Iterator[list[str]]:
    """The same captures, each of which can be read more than once: what is no regular file is copied to one."""
    with contextlib.ExitStack() as stack:
        yield [path if _is_regular(path) else stack.enter_context(_spooled(path)) for path in paths]


def all_regular(paths: Sequence[str]) -> bool:
    """Whether every input can be read twice."""
    return all(_is_regular(path) for path in paths)


def _is_regular(path: str) -> bool:
    try:
        return path != "-" and stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return path != "-"  # opening it will say what is wrong


class _Copy(str):
    """The path of a copy, which `str` and so every message calls by the name of what it is a copy of."""

    shown: str

    def __str__(self) -> str:
        return self.shown


@contextlib.contextmanager
def _spooled(path: str) -> Iterator[str]:
    with _opened(path) as stream, spooled(stream, "standard input" if path == "-" else path) as place:
        yield place


@contextlib.contextmanager
def spooled(stream: BinaryIO, shown: str) -> Iterator[str]:
    """A copy of what is left of a stream, for as long as it is needed; messages call it `shown`."""
    import shutil
    import tempfile

    with tempfile.NamedTemporaryFile(prefix="synfin-", suffix=".capture") as copy:
        shutil.copyfileobj(stream, copy)
        copy.flush()
        place = _Copy(copy.name)
        place.shown = shown
        yield place


def _opened(path: str) -> contextlib.AbstractContextManager[BinaryIO]:
    if path == "-":
        return contextlib.nullcontext(standard_input())
    try:
        return open(path, "rb")
    except OSError as error:
        raise UnreadableInput(f"{path}: cannot be opened: {error.strerror or error}") from error


def can_be_rewritten(path: str) -> bool:
    """Whether what was written to a path can be changed again: it is a regular file, or will be one."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False  # opening it will say what is wrong


def refuse_overwrite(path: str, *, force: bool, inputs: Sequence[str] = ()) -> None:
    """UsageError where writing `path` would destroy an input, or another file without --force."""
    if path == "-" or not os.path.exists(path):
        return
    for source in inputs:
        if source != "-" and os.path.exists(source) and os.path.samefile(source, path):
            raise UsageError(f"{path} is the input itself; choose another file to write")
    if not force and stat.S_ISREG(os.stat(path).st_mode):
        raise UsageError(f"{path} exists; --force replaces it")
