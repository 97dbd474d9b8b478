"""What is gathered about one packet, and about those that its fields name, before it is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from synfin.dissect import tree
from synfin.dissect.context import Facts
from synfin.errors import UsageError
from synfin.explain.packet_words import named_frames
from synfin.faces import inputs
from synfin.watch.connections.record import Step
from synfin.watch.connections.records import record
from synfin.watch.engine.engines import compiled
from synfin.watch.follow.raw import earlier
from synfin.watch.packets.annotate import annotated
from synfin.watch.story.retell import retell
from synfin.wire.frame import Frame

_LAST_FRAME = 0xFFFFFFFF  #: that a filter can ask for
MAX_NAMED = 12  #: packets that a report shows because a field names them


@dataclass(slots=True)
class Told:
    """One packet with what is known of it."""

    frame: Frame
    facts: Facts
    step: Step | None = None  #: its part in its connection's story
    reason: str = "asked"  #: why it is in the report: asked, named, previous, next

    @property
    def number(self) -> int:
        return self.frame.packet.number

    @property
    def nodes(self) -> tuple[tree.Node, ...]:
        return tree.build(self.frame, self.facts)


@dataclass(slots=True)
class Report:
    """The packet that was asked for, and others by number."""

    asked: Told
    others: dict[int, Told] = field(default_factory=dict)

    @property
    def packets(self) -> list[Told]:
        """All of them in capture order."""
        return [one for _, one in sorted({self.asked.number: self.asked, **self.others}.items())]


def gather(sources: Sequence[str], number: int, *, neighbours: bool) -> Report:
    """The packet with this number, those that its fields name, and with `neighbours` those beside it in its connection.

    UsageError where there is no such packet.
    """
    warnings: list[str] = []
    found, last = _find(sources, (number,), warnings)
    if number not in found:
        for warning in warnings:
            inputs.note(warning)
        raise UsageError(f"there is no packet {number}; the last one is {last}")
    asked = found[number]
    steps = _steps(sources, asked.facts.conn)
    reasons = dict.fromkeys(list(named_frames(asked.nodes))[:MAX_NAMED], "named")
    if neighbours:
        for before, after in pairwise(steps):
            if after == number:
                reasons.setdefault(before, "previous")
            if before == number:
                reasons.setdefault(after, "next")
    reasons.pop(number, None)
    report = Report(asked, _collect(sources, reasons))
    for one in report.packets:
        _fill(one, steps.get(one.number))
    return report


def _collect(sources: Sequence[str], reasons: Mapping[int, str]) -> dict[int, Told]:
    found, _ = _find(sources, reasons, [])
    for number, one in found.items():
        one.reason = reasons[number]
    return found


def _frames(sources: Sequence[str]) -> int:
    from synfin.watch.packets.blocks import Blocks
    from synfin.watch.packets.column_fields import Needs

    blocks = Blocks(sources, Needs.BYTES)
    for _ in blocks:
        pass
    return blocks.frames


def _find(sources: Sequence[str], numbers: Collection[int], warnings: list[str]) -> tuple[dict[int, Told], int]:
    """The packets with these numbers as the second pass shows them, and the number of the last frame that was read."""
    if not numbers:
        return {}, 0
    if compiled():
        from synfin.filter import compile
        from synfin.filter.selection import Selection

        possible = sorted({min(number, _LAST_FRAME) for number in numbers})
        wanted = compile(f"frame.number in {{{', '.join(map(str, possible))}}}")
        selection = Selection(sources, wanted, None, warnings=warnings)
        found = {frame.packet.number: Told(frame, facts) for frame, facts in selection.rows()}
        return found, max(found) if max(numbers) in found else _frames(sources)
    found, last = {}, 0
    for frame, facts in annotated(sources, warnings=warnings):
        last = frame.packet.number
        if last in numbers:
            found[last] = Told(frame, facts)
        if last >= max(numbers):
            break
    return found, last


def _steps(sources: Sequence[str], conn: int | None) -> dict[int, Step]:
    """The story of a connection by frame number."""
    if conn is None:
        return {}
    engine, _ = inputs.follow(sources, [])
    chosen = engine.connection(conn)
    if chosen is None:
        return {}
    before = earlier(chosen, engine.connections())
    story, *_ = retell(sources, record(chosen), inputs.fresh_engine(), before)
    return {step.segment.frame: step for step in story.steps}


def _fill(one: Told, step: Step | None) -> None:
    if step is None:
        return
    one.step, one.facts.phase, one.facts.opinion = step, step.phase, step.opinion
    one.facts.client_state, one.facts.server_state = step.client_after.label, step.server_after.label
