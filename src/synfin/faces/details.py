"""What a page shows about one segment when it is chosen, as plain data: every text in every language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synfin.dissect import tree
from synfin.dissect.context import Facts
from synfin.explain import facts, labels, models, narrative, opinions, possible
from synfin.explain.escape import visible
from synfin.explain.header import FLAGS, Cell, flag_names, header_cells, is_partial_checksum, segment_name
from synfin.explain.ladder import Row
from synfin.explain.packet_words import meaning_key, repeats
from synfin.explain.quantity import Language, duration
from synfin.explain.words import LANGUAGES, Value, text
from synfin.wire.frame import Frame

if TYPE_CHECKING:
    from synfin.tcp.state import State
    from synfin.watch.connections.claims import Claim
    from synfin.watch.connections.record import Derivation, Step, Story

#: bytes of a frame that a page shows
SHOWN_BYTES = 1024
#: segments of a collapsed run that its table lists
LISTED_SEGMENTS = 200
#: index of the lowest layer of the five
_PHYSICAL = 4

Texts = str | Mapping[Language, str]


def both(make: Callable[[Language], str]) -> Texts:
    """A text in every language, or one string where all are the same."""
    made = {lang: make(lang) for lang in LANGUAGES}
    return next(iter(made.values())) if len(set(made.values())) == 1 else made


def words(key: str, **numbers: Value) -> Texts:
    """A catalogue text in every language."""
    return both(lambda lang: text(key, lang, **numbers))


def segment_details(story: Story, index: int, frame: Frame | None) -> dict[str, Any]:
    """Everything about one segment of the story."""
    step = story.steps[index]
    end = facts.sender(step)
    known: dict[str, Any] = {
        "frame": step.segment.frame,
        "name": segment_name(step.segment.flags),
        "phase": both(lambda lang: narrative.phase_name(step.phase, lang)),
        "tone": step.phase.split("-")[0],
        "time": duration(step.time_ns),
        "way": words("ui.sends", A=end, B=facts.other(end)),
        "says": both(lambda lang: narrative.phase_sentence(story, index, lang)),
        "states": [
            [step.client_before.label, step.client_after.label], [step.server_before.label, step.server_after.label],
        ],
        "possible": _possible(step),
        "why": _derivations(step),
        "rules": _rules(step),
        "analysis": [flag.replace("_", " ") for flag in step.flags],
        "opinion": both(lambda lang: opinions.judgement(step, lang)),
        "flags": flag_names(step.segment.flags),
    }  # fmt: skip
    if frame is not None:
        known |= _packet(step, frame)
    return known


def run_details(story: Story, row: Row) -> dict[str, Any]:
    """A collapsed run as a table, its beginning only when it is long."""
    listed = story.steps[row.first : row.last + 1][:LISTED_SEGMENTS]
    return {
        "title": words("ui.run", segments=row.segments),
        "says": words(
            "story.run",
            segments=row.segments,
            client_bytes=row.client_bytes,
            server_bytes=row.server_bytes,
            dt=row.wait_ns,
        ),
        "rows": [_listed(step) for step in listed],
        "more": words("ui.run-more", segments=row.segments - len(listed)) if row.segments > len(listed) else None,
    }


def meanings(segments: Iterable[Mapping[str, Any]]) -> dict[str, Texts]:
    """What every field of the segments' trees means, each once."""
    keys = {key for segment in segments for node in segment.get("tree", ()) for key in _keys(node)}
    return {key: words(key) for key in sorted(keys)}


def _keys(node: Mapping[str, Any]) -> Iterator[str]:
    if "key" in node:
        yield node["key"]
    for child in node.get("children", ()):
        yield from _keys(child)


def flag_meanings() -> dict[str, Texts]:
    """Every control bit with its one-line meaning."""
    return {name: words(f"flag.{name}") for name, _ in FLAGS}


def _possible(step: Step) -> list[list[Texts]]:
    """Of each end what else it can be, and what it cannot be."""
    if step.claims is None:
        return []
    ends = zip(step.claims, (step.client_after, step.server_after), strict=True)
    return [_claimed(claim, likely) for claim, likely in ends]


def _claimed(claim: Claim, likely: State) -> list[Texts]:
    return [
        both(lambda lang: possible.also(claim, likely, lang)), both(lambda lang: possible.excluded(claim, lang))
    ]  # fmt: skip


def _listed(step: Step) -> list[Any]:
    segment = step.segment
    return [
        duration(step.time_ns),
        words(f"name.{facts.sender(step)}"),
        segment_name(segment.flags),
        step.seq,
        step.ack,
        segment.length,
    ]


def _why(derivation: Derivation) -> Texts:
    return both(lambda lang: narrative.why(derivation, lang))


def _derivations(step: Step) -> list[dict[str, Any]]:
    return [
        {"formula": labels.derived(d), "text": _why(d), "holds": d.holds, "section": d.section}
        for d in step.derivations
    ]


def _rules(step: Step) -> list[dict[str, Any]]:
    by_language = {lang: narrative.rule_sentences(step, lang) for lang in LANGUAGES}
    return [
        {"id": rule, "section": section, "text": {lang: by_language[lang][at][1] for lang in LANGUAGES}}
        for at, (rule, _, section) in enumerate(by_language["en"])
    ]


def _packet(step: Step, frame: Frame) -> dict[str, Any]:
    data = frame.data
    known: dict[str, Any] = {
        "bytes": data[:SHOWN_BYTES].hex(),
        "tree": [_node(node) for node in tree.build(frame, step_facts(step))],
    }
    known["models"] = _models(frame)
    known["four"] = both(lambda lang: models.why_four(frame, lang))
    if len(data) > SHOWN_BYTES:
        known["cut"] = words("ui.bytes-cut", n=len(data) - SHOWN_BYTES)
    if frame.tcp is not None:
        known |= _header(step, frame, frame.tcp.start, frame.tcp.header_len)
    return known


def step_facts(step: Step) -> Facts:
    """What the story knows of the packet beyond its bytes."""
    return Facts(
        seq=step.seq, ack=step.ack, phase=step.phase, analysis=step.flags, analysed=bool(step.flags),
        client_state=step.client_after.label, server_state=step.server_after.label,
    )  # fmt: skip


def _models(frame: Frame) -> list[dict[str, Any]]:
    """The table of the three models as cells of a grid: OSI, five layers, four layers, this packet."""
    heads = ("model.osi", "model.five", "model.four", "model.here")
    cells = [_box(column, 1, 1, "head", words(key)) for column, key in enumerate(heads, 1)]
    placed = {lang: models.places(frame, lang) for lang in LANGUAGES}
    row = 2
    for at, place in enumerate(placed["en"]):
        kind, high = ("hit" if place.five == "transport" else "") if place.present else "none", len(place.osi)
        names = {lang: placed[lang][at].osi for lang in LANGUAGES}
        cells += [_box(1, row + index, 1, kind, _nth(names, index)) for index in range(high)]
        cells.append(_box(2, row, high, kind, _each(placed, at, lambda p: p.five)))
        if at != _PHYSICAL:  # the four-layer model joins it to the link
            cells.append(_box(3, row, 2 if at == _PHYSICAL - 1 else high, kind, _each(placed, at, lambda p: p.four)))
        cells.append(_box(4, row, high, kind, _each(placed, at, lambda p: visible(p.here))))
        row += high
    return cells


def _each(placed: Mapping[Language, Sequence[models.Place]], at: int, part: Callable[[models.Place], str]) -> Texts:
    return both(lambda lang: part(placed[lang][at]))


def _nth(names: Mapping[Language, Sequence[str]], index: int) -> Texts:
    return both(lambda lang: names[lang][index])


def _box(column: int, row: int, rows: int, kind: str, shown: Texts) -> dict[str, Any]:
    return {"column": column, "row": row, "rows": rows, "kind": kind, "text": shown}


def _node(node: tree.Node) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "label": both(lambda lang: visible(node.text(lang))),
        "name": node.name,
        "at": node.start,
        "size": node.length,
    }
    if key := meaning_key(node):
        drawn["key"] = key
    if children := [_node(child) for child in node.children if not repeats(child)]:
        drawn["children"] = children
    return drawn


def _header(step: Step, frame: Frame, start: int, length: int) -> dict[str, Any]:
    header = frame.data[start : start + length]
    segment = step.segment
    partial = is_partial_checksum(segment, header, segment.hdr_len + segment.length)
    drawn = {lang: header_cells(header, lang, step, partial) for lang in LANGUAGES}
    return {
        "title": words("header.title", bytes=length),
        "cells": [_cell(cell, start, (drawn["zh"][at],)) for at, cell in enumerate(drawn["en"])],
    }


def _cell(cell: Cell, start: int, others: Iterable[Cell]) -> dict[str, Any]:
    (chinese,) = others
    is_flag = cell.bits == 1
    title: Texts = cell.name if is_flag else words(f"header.{cell.name}", bytes=cell.length)
    meaning = words(f"flag.{cell.name}" if is_flag else f"header.{cell.name}.meaning")
    value: Texts = cell.value if cell.value == chinese.value else {"en": cell.value, "zh": chinese.value}
    return {
        "title": title, "meaning": meaning, "value": value, "row": cell.row, "bit": cell.bit, "bits": cell.bits,
        "at": start + cell.offset, "size": cell.length, "on": cell.on,
    }  # fmt: skip
