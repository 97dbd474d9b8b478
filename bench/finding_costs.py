"""What findings cost: the whole catalogue beside the plain connection table, and `check`, which opens some."""

from __future__ import annotations

from collections.abc import Callable

import measure
from measure import Spread
from report import Result
from shapes import Captures

Measured = tuple[str, Callable[[Captures], Result]]


def finding_costs() -> list[Measured]:
    """Rows by name."""
    rows = [
        (f"findings of every connection, {mix}", _catalogue(f"{mix}.pcap")) for mix in ("small", "mixed", "alive-1k")
    ]
    return [*rows, *((f"check, {mix}", _check(f"{mix}.pcap")) for mix in ("small", "mixed"))]


def _catalogue(name: str) -> Callable[[Captures], Result]:
    """How much more CPU it takes to look for all findings."""

    def compared(captures: Captures) -> Result:
        table = [*measure.synfin(), "conns", "--ndjson", "--jobs", "1", str(captures.path(name))]
        return _share(captures, name, "findings of every connection, conns --ndjson", "--no-findings: share more",
                      table, [*table, "--no-findings"], 0.4)  # fmt: skip

    return compared


def _check(name: str) -> Callable[[Captures], Result]:
    """`check` beside the connection table: it follows twice, and opens some connections."""

    def compared(captures: Captures) -> Result:
        file = str(captures.path(name))
        ours = [*measure.synfin(), "check", "--fail-on", "never", "--lines", file]
        theirs = [*measure.synfin(), "conns", "--ndjson", "--jobs", "1", file]
        return _share(captures, name, "check", "conns --ndjson: times its CPU more", ours, theirs, 20.0)

    return compared


def _share(
    captures: Captures, name: str, what: str, against: str, ours: list[str], theirs: list[str], wanted: float
) -> Result:
    measure.warm(captures.path(name))
    runs, others = measure.in_turn([ours, theirs], 5)
    share = [(one.cpu_s - other.cpu_s) / other.cpu_s for one, other in zip(runs, others, strict=True)]
    return Result(
        what, against, name, wanted, ratio=Spread.of(share), at_most=True, ours=Spread.of([one.cpu_s for one in runs]),
        theirs=Spread.of([one.cpu_s for one in others]), commands=(ours, theirs), turns=5,
        peak_mb=(measure.peak_mb(runs), measure.peak_mb(others)), packets=captures.packets(name),
    )  # fmt: skip
