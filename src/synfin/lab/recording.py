"""Saving a run: a pcapng whose packets say which phase they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from synfin.capture.packet import Packet
from synfin.capture.pcapng import PcapngWriter
from synfin.lab.experiment import LabRun

APPLICATION = "synfin lab"


def commented(packets: Iterable[Packet], phases: Mapping[int, str]) -> Iterator[Packet]:
    """The packets, each with its phase as one more comment; `phases` is by frame number."""
    for packet in packets:
        phase = phases.get(packet.number)
        yield packet if phase is None else packet._replace(comments=(*packet.comments, phase))


def save(run: LabRun, output: BinaryIO, phases: Mapping[int, str]) -> None:
    """Write a run as pcapng: nanoseconds, a comment a packet, and the capture's own statistics at the end."""
    writer = PcapngWriter(output, interfaces=[run.interface], application=APPLICATION)
    for packet in commented(run.packets, phases):
        writer.write(packet)
    writer.write_statistics(0, len(run.packets) + run.drops, run.drops)
    writer.flush()
