"""All findings of one connection: the two ids first, then what weakens the rest, then by severity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synfin.watch.connections.record import Finding, Step
from synfin.watch.findings.closing import beside_closing, closing
from synfin.watch.findings.known import unexplained
from synfin.watch.findings.latency import latencies
from synfin.watch.findings.loss import losses
from synfin.watch.findings.opening import beside_opening, opening
from synfin.watch.findings.path import paths
from synfin.watch.findings.resets import resets
from synfin.watch.findings.seen import Seen
from synfin.watch.findings.silence import silences
from synfin.watch.findings.weaken import weakened
from synfin.watch.findings.window import windows
from synfin.watch.findings.witness import witness

_WITNESS = ("capture.", "path.asymmetric")  #: they are about the capture, and come first
_ORDER = ("error", "warn", "note", "info", "ok")


def judge(known: Seen, steps: Sequence[Step]) -> list[Finding]:
    """The findings of a connection: its open and close ids first."""
    if not steps:
        return []
    verdict = [opening(known, steps), closing(known, steps)]
    beside = unexplained([*_beside(known)], verdict)
    if not beside and known.connection.close in ("close.rst_after_own_fin", "close.rst_reply"):
        verdict[1].numbers.setdefault("case", "alone")  # nothing stands beside it to refer to
    return weakened(known, [*verdict, *sorted(beside, key=_rank)])


def _beside(known: Seen) -> Iterator[Finding]:
    yield from witness(known)
    yield from beside_opening(known)
    yield from beside_closing(known)
    yield from resets(known)
    yield from silences(known)
    yield from losses(known)
    yield from paths(known)
    yield from windows(known)
    yield from latencies(known)


def _rank(finding: Finding) -> tuple[bool, int]:
    return not finding.id.startswith(_WITNESS), _ORDER.index(finding.severity)
