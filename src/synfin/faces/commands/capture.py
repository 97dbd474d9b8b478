"""`synfin capture`: packets of an interface as they come, as lines and as pcapng."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType
from typing import BinaryIO

from synfin.capture.interfaces import network_interfaces
from synfin.capture.live import DEFAULT_SNAP_LEN, Sniffer
from synfin.capture.pcapng import PcapngWriter
from synfin.dissect.summary import summarize
from synfin.faces import inputs
from synfin.watch.packets.annotate import Annotator


def run(asked: argparse.Namespace) -> int:
    """Capture until -c packets have come, or until interrupted."""
    if asked.list_interfaces:
        return _list()
    if asked.write:
        inputs.refuse_overwrite(asked.write, force=asked.force)
    with Sniffer(asked.interface, snap_len=asked.snap_len or DEFAULT_SNAP_LEN) as sniffer:
        interrupted: list[int] = []

        def stop(number: int, frame: FrameType | None) -> None:
            interrupted.append(number)
            sniffer.stop()

        before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            if not asked.write:
                _follow(sniffer, asked, None)
            elif asked.write == "-":
                _follow(sniffer, asked, sys.stdout.buffer)
            else:
                with open(asked.write, "wb") as output:
                    _follow(sniffer, asked, output)
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
        _summarize(sniffer)
    return 130 if interrupted else 0


def _follow(sniffer: Sniffer, asked: argparse.Namespace, output: BinaryIO | None) -> None:
    """Print and write packets; each is written, and flushed, before the next is waited for."""
    annotator = Annotator(messages=None)
    writer = None if output is None else PcapngWriter(output, interfaces=sniffer.interfaces, application="synfin")
    lines = None if asked.quiet else (sys.stderr if asked.write == "-" else sys.stdout)
    inputs.note(f"capturing on {asked.interface or 'all interfaces'}; Ctrl-C ends it")
    for packet in sniffer.packets(count=asked.count):
        if writer is not None:
            writer.write(packet)
            writer.flush()
        if lines is not None:
            print(summarize(*annotator.see(packet)).line(), file=lines, flush=True)
    if writer is not None:
        statistics = sniffer.statistics()
        for index in range(len(sniffer.interfaces)):
            # the kernel counts drops for the socket, not for an interface
            received = statistics.received + statistics.dropped if index == 0 else 0
            writer.write_statistics(index, received, statistics.dropped if index == 0 else 0)
        writer.flush()


def _summarize(sniffer: Sniffer) -> None:
    statistics = sniffer.statistics()
    for warning in sniffer.warnings:
        inputs.note(warning)
    packets = "packet" if statistics.received == 1 else "packets"
    inputs.note(f"{statistics.received} {packets} captured, {statistics.dropped} dropped by the kernel")
    if statistics.skipped:
        inputs.note(f"{statistics.skipped} frames of interfaces whose link type cannot be captured here were left out")


def _list() -> int:
    for interface in network_interfaces():
        marks = [
            word
            for word, holds in (
                ("up", interface.up),
                ("running", interface.running),
                ("loopback", interface.loopback),
                ("cannot be captured", interface.link_type is None),
            )
            if holds
        ]
        print(f"{interface.index}. {interface.name} [{', '.join(marks)}]")
    return 0
