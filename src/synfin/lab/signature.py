"""A connection as a few lines that do not change from run to run, and their comparison with what a scenario expects."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from synfin.lab.scenario import Outcome
from synfin.wire import seq
from synfin.wire.tcp import ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG, Segment

_FLAG_NAMES = (
    (FIN, "FIN"), (SYN, "SYN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"), (URG, "URG"), (ECE, "ECE"), (CWR, "CWR"),
    (AE, "AE"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome that was seen, or None and how the segments differ from the nearest one."""

    outcome: Outcome | None
    difference: str = ""

    def __bool__(self) -> bool:
        return self.outcome is not None


def signature(segments: Sequence[Segment]) -> tuple[str, ...]:
    """One line a segment of one connection: `> FIN,ACK 15/1`, `< PSH,ACK 1/16 len 22`; `>` is from the client."""
    if not segments:
        return ()
    client = _client(segments)
    first: dict[bool, int] = {}
    for segment in segments:
        first.setdefault(_end(segment) == client, segment.seq)
    return tuple(_line(segment, _end(segment) == client, first) for segment in segments)


def compare(lines: Sequence[str], outcomes: Sequence[Outcome]) -> Match:
    """Find the outcome that `lines` show exactly."""
    for outcome in outcomes:
        if _shows(lines, outcome):
            return Match(outcome)
    nearest = max(outcomes, key=lambda outcome: difflib.SequenceMatcher(a=_flat(outcome), b=lines).ratio())
    difference = difflib.unified_diff(
        _flat(nearest), list(lines), f"expected ({nearest.name})", "seen", lineterm="", n=20
    )
    return Match(None, "\n".join(difference))


def _shows(lines: Sequence[str], outcome: Outcome) -> bool:
    at = 0
    for group in outcome.segments:
        if sorted(lines[at : at + len(group)]) != sorted(group):
            return False
        at += len(group)
    return at == len(lines)


def _flat(outcome: Outcome) -> list[str]:
    return [line for group in outcome.segments for line in group]


def is_over(segments: Sequence[Segment]) -> bool:
    """Whether nothing more has to come: a RST, or both FINs and the acknowledgements of both."""
    fins: dict[tuple[bytes, int], int] = {}
    answered: set[tuple[bytes, int]] = set()
    for segment in segments:
        if segment.has(RST):
            return True
        if segment.has(FIN):
            fins[_end(segment)] = segment.end & seq.MASK
        peer = (segment.dst, segment.dst_port)
        if segment.has(ACK) and peer in fins and seq.ge(segment.ack, fins[peer]):
            answered.add(peer)
    return len(answered) == 2


def flag_names(flags: int) -> str:
    """Flags in Wireshark's order: `FIN,ACK`."""
    return ",".join(name for bit, name in _FLAG_NAMES if flags & bit)


def _client(segments: Sequence[Segment]) -> tuple[bytes, int]:
    """Who sent the first SYN without ACK, or the first segment at all."""
    for segment in segments:
        if segment.has(SYN) and not segment.has(ACK):
            return _end(segment)
    return _end(segments[0])


def _end(segment: Segment) -> tuple[bytes, int]:
    return segment.src, segment.src_port


def _line(segment: Segment, from_client: bool, first: dict[bool, int]) -> str:
    relative = seq.diff(segment.seq, first[from_client])
    line = f"{'>' if from_client else '<'} {flag_names(segment.flags) or 'none'} {relative}"
    if segment.has(ACK):
        # before the other side has shown a number of its own, an acknowledgement counts from what it acknowledges
        line += f"/{seq.diff(segment.ack, first.get(not from_client, segment.ack))}"
    return f"{line} len {segment.length}" if segment.length else line
