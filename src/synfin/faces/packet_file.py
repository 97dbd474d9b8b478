"""`synfin packets -w`: the chosen packets as a capture of their own."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from synfin.capture.keep import keep_pcap, keep_pcapng
from synfin.capture.reader import open_capture
from synfin.errors import UsageError
from synfin.faces import inputs


def check(asked: argparse.Namespace, paths: Sequence[str]) -> None:
    """UsageError where -w would destroy something, or flood a terminal."""
    inputs.refuse_overwrite(asked.write, force=asked.force, inputs=paths)
    if asked.write == "-" and sys.stdout.isatty():
        raise UsageError("-w - writes a capture to standard output, which is a terminal here: give it a file or a pipe")
    if asked.write == "-" and asked.print_lines:
        raise UsageError("-w - takes standard output for the capture; -P has no place left, give -w a file")


def write(asked: argparse.Namespace, sources: Sequence[str], numbers: Iterator[int]) -> None:
    """Write the frames with these ascending numbers, every one of which is taken: others look on."""
    form = asked.file_form or ("pcap" if asked.write.endswith(".pcap") else "pcapng")
    lost = 0
    with _opened(asked.write) as output:
        if form == "pcapng":
            keep_pcapng(sources, numbers, output)
        else:
            _, lost = keep_pcap(sources, numbers, output, nanoseconds=True if form == "nsecpcap" else None)
    deque(numbers, maxlen=0)
    if lost:
        inputs.note(f"{asked.write}: pcap has no place for comments, {lost} left out; pcapng keeps them")


def every_number(sources: Sequence[str], warnings: list[str]) -> Iterator[int]:
    """The numbers of all frames, none of which is taken apart."""
    number = 0
    for source in sources:
        with open_capture(source, first_number=number + 1) as reader:
            for packet in reader:
                number = packet.number
                yield number
            warnings.extend(reader.warnings)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with open(path, "wb") as output:
            yield output
