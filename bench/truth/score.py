"""Precision and recall, of the second opinion and of tshark's flags, on the same packets."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synfin.capture.packet import Packet
from synfin.capture.pcap import PcapWriter
from synfin.watch.opinion import Hole, Kind, Opinion, judge
from truth.labels import CLASSES, Labels
from truth.scenarios import Frame, segments

_FLAGS = (
    "retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "lost_segment",
    "duplicate_ack", "keep_alive", "zero_window_probe",
)  # fmt: skip
_KINDS = {
    Kind.RETRANSMISSION: "retransmission", Kind.SPURIOUS: "spurious", Kind.REORDERED: "reordered",
    Kind.CAPTURE_DUPLICATE: "capture duplicate", Kind.NETWORK_DUPLICATE: "network duplicate",
    Kind.DUPLICATE_ACK: "duplicate ack", Kind.KEEP_ALIVE: "keep-alive", Kind.ZERO_WINDOW_PROBE: "zero-window probe",
}  # fmt: skip


@dataclass(slots=True)
class Score:
    """How often a class was told where it is, told where it is not, and not told where it is."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, other: Score) -> None:
        self.right, self.wrong, self.missed = (
            self.right + other.right, self.wrong + other.wrong, self.missed + other.missed,
        )  # fmt: skip

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        told = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / told if told else 0.0


def write(frames: Sequence[Frame], path: Path) -> None:
    """The capture as a pcap file."""
    with path.open("wb") as file:
        writer = PcapWriter(file, link_type=1)
        for number, frame in enumerate(frames, 1):
            writer.write(Packet(number, frame.time_ns, 1, frame.data, len(frame.data)))


def ours(frames: Sequence[Frame]) -> list[Labels]:
    """What the second opinion says of every packet."""
    read = segments(list(frames))
    found: list[Labels] = [frozenset()] * len(read)
    for number in {frame.connection for frame in frames}:
        mine = [k for k, frame in enumerate(frames) if frame.connection == number]
        for k, opinion in zip(mine, judge([read[k] for k in mine]), strict=True):
            found[k] = _classes(opinion)
    return found


def _classes(opinion: Opinion) -> Labels:
    told = {_KINDS[opinion.kind]} if opinion.kind in _KINDS else set()
    if opinion.kind is Kind.SPURIOUS:
        told.add("retransmission")
    if opinion.cause in ("fast", "rto"):
        told.add(opinion.cause)
    if opinion.hole in (Hole.CAPTURE_GAP, Hole.NETWORK_LOSS):
        told.add("capture gap" if opinion.hole is Hole.CAPTURE_GAP else "network loss")
    return frozenset(told)


def tsharks(path: Path) -> list[Labels]:
    """What tshark's flags say of every packet; "previous segment not captured" claims both kinds of hole."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "separator=,", "-E", "occurrence=f"]
    for flag in _FLAGS:
        command += ["-e", f"tcp.analysis.{flag}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [_of_flags(dict(zip(_FLAGS, line.split(","), strict=True))) for line in printed.splitlines()]


def _of_flags(flags: dict[str, str]) -> Labels:
    again = any(flags[name] for name in _FLAGS[:3])
    plain = again and not flags["fast_retransmission"] and not flags["spurious_retransmission"]
    told = {
        "retransmission": again, "fast": flags["fast_retransmission"], "rto": plain,
        "spurious": flags["spurious_retransmission"], "reordered": flags["out_of_order"],
        "capture gap": flags["lost_segment"], "network loss": flags["lost_segment"],
        "duplicate ack": flags["duplicate_ack"], "keep-alive": flags["keep_alive"],
        "zero-window probe": flags["zero_window_probe"],
    }  # fmt: skip
    return frozenset(name for name, told_so in told.items() if told_so)


def compare(truth: Sequence[Labels], told: Sequence[Labels]) -> dict[str, Score]:
    """A score for each class; packets whose truth in a class is not decided ("?") are left out of it."""
    scores = {name: Score() for name in CLASSES}
    for true, said in zip(truth, told, strict=True):
        for name in true | said:
            if name.startswith("?") or f"?{name}" in true:
                continue
            score = scores[name]
            score.right += name in true and name in said
            score.wrong += name not in true
            score.missed += name not in said
    return scores
