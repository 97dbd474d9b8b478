"""Made captures show what tshark showed of them when it was asked, with preferences too."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorded import ANSWERS, CASES, Case, chosen
from synfin.dissect import fields, format, jsonshape
from synfin.dissect.context import Facts
from synfin.dissect.preferences import parse
from synfin.dissect.tree import build
from synfin.faces.commands.packets import displayed
from synfin.watch.packets.annotate import annotated
from synfin.wire.frame import Frame
from wire_bytes import write_pcap

NAMES = [case.name for case in CASES]
OF_FRAMES = [case for case in CASES if case.file is None]


def rows(case: Case, where: Path) -> Iterator[tuple[Frame, Facts]]:
    return displayed(annotated([str(case.write(where))], preferences=parse(case.preferences)))


def cells(case: Case) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(case.answers.read_text())["fields"]
    return found


def objects(case: Case) -> list[list[list[str]]]:
    found: list[list[list[str]]] = json.loads(case.answers.read_text())["json"]
    return found


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_every_field(case: Case, tmp_path: Path, utc: None) -> None:
    table, wanted = fields.all_fields(), cells(case)
    known = {name for row in wanted for name in row}
    count = 0
    for (frame, facts), row in zip(rows(case, tmp_path), wanted, strict=True):
        for name in sorted(known):
            if name.startswith(case.apart) or frame.packet.number in case.odd:
                continue
            assert name in table, f"frame {frame.packet.number} has {name}: {row[name]}"
            cell = format.cell(table[name], frame, facts, format.Layout())
            assert cell == row.get(name, ""), f"frame {frame.packet.number} {name}"
            count += bool(cell)
    assert count


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_every_object(case: Case, tmp_path: Path, utc: None) -> None:
    for (frame, facts), row in zip(rows(case, tmp_path), objects(case), strict=True):
        layers = jsonshape.document(frame, facts, None)["_source"]["layers"]
        if frame.packet.number not in case.odd:
            assert chosen(layers, case) == row, f"frame {frame.packet.number}"


@pytest.mark.parametrize("case", OF_FRAMES, ids=[case.name for case in OF_FRAMES])
def test_nothing_raises_however_bytes_are_changed(case: Case, tmp_path: Path) -> None:
    chance = random.Random(case.name)
    frames = [bytes(_changed(bytearray(frame), chance)) for frame in case.make() * 3]
    path = write_pcap(tmp_path / "changed.pcap", frames, case.link_type)
    table = [field for field in fields.all_fields().values() if field.layer != "conn"]
    seen = 0
    for frame, facts in annotated([str(path)], preferences=parse(case.preferences)):
        assert build(frame, facts)
        seen += sum(len(field.load(frame, facts)) for field in table)
    assert seen


def _changed(frame: bytearray, chance: random.Random) -> bytearray:
    """Some bytes changed behind the addresses, perhaps the end cut off."""
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(min(14, len(frame) - 1), len(frame))
        frame[place] = chance.choice((0, 1, 4, 0x45, 0xFF, chance.randrange(256)))
    return frame[: chance.randrange(14, len(frame) + 1)] if chance.random() < 0.3 and len(frame) > 14 else frame


def test_every_answer_belongs_to_a_case() -> None:
    assert {path.stem for path in ANSWERS.iterdir()} == set(NAMES)
