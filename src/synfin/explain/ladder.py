"""The geometry of a ladder diagram, whatever draws it: rows, bands of phases, and the lanes of both ends' states.

The unit of length is the height of one segment's row. Long connections collapse runs of data into one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from synfin.tcp.state import State
    from synfin.watch.connections.record import Connection, Step, Story

#: how many segments a ladder shows before it collapses runs of data
DEFAULT_MAX_SEGMENTS = 60

#: where in its row a segment leaves its sender and reaches its receiver
DEPARTS, ARRIVES = 0.36, 0.62

_WAIT_HEIGHT, _RUN_HEIGHT = 0.42, 0.9
_LEAD_IN = 0.2
_FEWEST = 6

Kind = Literal["segment", "wait", "run"]

_DATA_PHASES = frozenset({"data", "half-close-data", "keep-alive", "window", "unknown"})
_NEVER_OPENED = frozenset(
    {"open.refused", "open.icmp_rejected", "open.rejected_by_client", "open.unsolicited_synack", "open.no_answer",
     "open.half_open", "open.pending"}
)  # fmt: skip

_CLOSED_IN_ORDER = frozenset({"close.fin_4seg", "close.fin_3seg", "close.half_close_data"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the ladder: a segment, a pause, or a run of segments that is not shown one by one."""

    kind: Kind
    top: float
    height: float
    first: int  #: index of its first step (of a pause: the step that ends it)
    last: int  #: index of its last step
    wait_ns: int = 0  #: length of a pause, or of a run from its first to its last segment
    client_bytes: int = 0  #: of a run: payload sent by each end
    server_bytes: int = 0

    @property
    def segments(self) -> int:
        return self.last - self.first + 1

    @property
    def departs(self) -> float:
        return self.top + DEPARTS

    @property
    def arrives(self) -> float:
        return self.top + ARRIVES


@dataclass(frozen=True, slots=True)
class Band:
    """Consecutive rows of one phase of the connection's life."""

    kind: str  #: open, data, close-4 …: `band.<kind>` is its title
    first: int  #: index of its first row
    last: int
    top: float
    bottom: float

    @property
    def tone(self) -> str:
        """What its colour says: open, data, close, reset or other."""
        tone = self.kind.split("-")[0]
        return {"half": "data"}.get(tone, tone) if tone in {"open", "data", "half", "close", "reset"} else "other"


@dataclass(frozen=True, slots=True)
class Span:
    """One end's stay in a state."""

    state: State
    top: float
    bottom: float


@dataclass(slots=True)
class Ladder:
    """Everything a face needs to draw a story."""

    rows: list[Row] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    client: list[Span] = field(default_factory=list)
    server: list[Span] = field(default_factory=list)
    height: float = 0.0
    hidden: int = 0  #: segments inside collapsed runs


def layout(story: Story, max_segments: int | None = DEFAULT_MAX_SEGMENTS) -> Ladder:
    """The ladder of a story; None as `max_segments` shows every segment."""
    steps = story.steps
    ladder = Ladder()
    if not steps:
        return ladder
    threshold = _pause_threshold(steps)
    shown = _chosen(story, max_segments, threshold)
    index, top = 0, 0.0
    while index < len(steps):
        pause = steps[index].time_ns - steps[index - 1].time_ns if index else 0
        if pause >= threshold:
            ladder.rows.append(Row("wait", top, _WAIT_HEIGHT, index, index, pause))
            top += _WAIT_HEIGHT
        at = index
        while index < len(steps) and not shown[index]:
            index += 1
        row = _run(steps, at, index - 1, top) if index > at else Row("segment", top, 1.0, index, index)
        index = row.last + 1
        ladder.rows.append(row)
        top += row.height
        ladder.hidden += row.segments if row.kind == "run" else 0
    ladder.height = top
    ladder.bands = _bands(story, ladder.rows)
    ladder.client = _lane(steps, ladder.rows, top, client=True)
    ladder.server = _lane(steps, ladder.rows, top, client=False)
    return ladder


def band_kind(step: Step, record: Connection) -> str:
    """The band that a segment's phase belongs to; only a close that came to its end is counted in segments."""
    phase = step.phase
    if phase.startswith("handshake"):
        return "open-unfinished" if record.open in _NEVER_OPENED else "open"
    if phase == "simultaneous-open":
        return "open-simultaneous"
    if phase.startswith("close-"):
        return f"close-{phase[-1]}" if record.close in _CLOSED_IN_ORDER else "close"
    named = {"simultaneous-close": "close-simultaneous", "half-close-data": "half-close", "window": "data"}
    return named.get(phase, phase if phase in {"data", "reset", "keep-alive"} else "unknown")


def changes_state(step: Step) -> bool:
    """Whether the segment changes the state of either end."""
    return step.client_before != step.client_after or step.server_before != step.server_after


def _chosen(story: Story, limit: int | None, pause_ns: float) -> list[bool]:
    """Which steps are shown one by one: what matters first, then the edges of the data, then the remarkable."""
    steps = story.steps
    if limit is None or len(steps) <= max(limit, _FEWEST):
        return [True] * len(steps)
    budget = max(limit, _FEWEST)
    evidence = {frame for finding in story.findings for frame in finding.frames}
    vital = [i for i, step in enumerate(steps) if step.phase not in _DATA_PHASES or changes_state(step)]
    edges = _edges(steps, vital)
    remarkable = [
        i for i, step in enumerate(steps)
        if step.flags or step.segment.frame in evidence or (i and step.time_ns - steps[i - 1].time_ns >= pause_ns)
    ]  # fmt: skip
    shown = [False] * len(steps)
    for group in (_both_ends(vital, budget), edges, _both_ends(remarkable, budget)):
        for i in group:
            if budget and not shown[i]:
                shown[i] = True
                budget -= 1
    for i in range(1, len(steps) - 1):  # a run of one takes as much room as the segment
        if shown[i - 1] and shown[i + 1]:
            shown[i] = True
    return shown


def _both_ends(indexes: list[int], budget: int) -> list[int]:
    if len(indexes) <= budget:
        return indexes
    head = budget - budget // 3
    return indexes[:head] + indexes[len(indexes) - budget // 3 :]


def _edges(steps: Sequence[Step], vital: list[int]) -> list[int]:
    """The first three and the last two segments of each stretch between vital ones."""
    edges: list[int] = []
    before = -1
    for mark in [*vital, len(steps)]:
        edges += [i for i in range(before + 1, mark) if i < before + 4 or i > mark - 3]
        before = mark
    return edges


def _run(steps: Sequence[Step], first: int, last: int, top: float) -> Row:
    sent = [0, 0]
    for step in steps[first : last + 1]:
        sent[step.from_client] += step.segment.length
    return Row("run", top, _RUN_HEIGHT, first, last, steps[last].time_ns - steps[first].time_ns, sent[1], sent[0])


def _pause_threshold(steps: Sequence[Step]) -> float:
    """A pause is worth a row of its own when it stands out from the others and takes a part of the whole."""
    gaps = [later.time_ns - earlier.time_ns for earlier, later in pairwise(steps)]
    if len(gaps) < 2:
        return 1_000_000_000.0
    return max(8 * median(gaps), steps[-1].time_ns / 20, 1.0)


def _bands(story: Story, rows: Sequence[Row]) -> list[Band]:
    bands: list[Band] = []
    for index, row in enumerate(rows):
        kind = band_kind(story.steps[row.first], story.connection)
        before = bands[-1] if bands else None
        # the pause before a new band belongs to the one that it ends
        if before and (row.kind == "wait" or kind == before.kind):
            bands[-1] = Band(before.kind, before.first, index, before.top, row.top + row.height)
        else:
            bands.append(Band(kind, index, index, row.top, row.top + row.height))
    return bands


def _lane(steps: Sequence[Step], rows: Sequence[Row], end: float, *, client: bool) -> list[Span]:
    spans: list[Span] = []
    state = steps[0].client_before if client else steps[0].server_before
    since = -_LEAD_IN
    for row in rows:
        if row.kind == "wait":
            continue
        first, last = steps[row.first], steps[row.last]
        before = first.client_before if client else first.server_before
        after = last.client_after if client else last.server_after
        sends = last.from_client == client
        moment = row.top + row.height / 2 if row.kind == "run" else row.departs if sends else row.arrives
        for new, at in ((before, row.top), (after, moment)):
            if new != state:
                spans.append(Span(state, since, at))
                state, since = new, at
    spans.append(Span(state, since, end))
    return spans
