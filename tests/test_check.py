"""`synfin check` on several captures: what it found, in which file, on which connection."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import synfin
from synfin.faces import cli
from synfin.faces.places import Place, Places

DATA = Path(__file__).parent / "data"
QUIET = str(DATA / "textbook.pcapng")  # nine packets, nothing wrong
LOUD = str(DATA / "as-written.pcapng")


def test_a_frame_stands_in_one_of_the_files() -> None:
    places = Places(["a", "empty", "b"], [1, 4, 4])
    assert [places.of(frame) for frame in (1, 3, 4, 9)] == [("a", 1), ("a", 3), ("b", 1), ("b", 6)]
    assert places.of(0) == Place("a, empty, b", 0)


def test_a_line_names_the_file_that_holds_the_frame_and_its_number_there() -> None:
    alone, among = synfin("check", LOUD), synfin("check", QUIET, LOUD)
    assert alone.out and alone.status == among.status == 1
    assert among.out.replace("conn 1:", "conn 0:") == alone.out


def test_json_has_the_frames_of_the_whole_input_and_the_place_of_the_first() -> None:
    (found, *_) = json.loads(synfin("check", "--json", QUIET, LOUD).out)["findings"]
    assert found["file"] == LOUD and found["frames"][0] == found["frame_in_file"] + 9


def test_people_are_told_the_ends_of_the_connection(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["check", "--grouped", "--lang", "en", QUIET, LOUD])
    shown = " ".join(capsys.readouterr().out.split())
    assert "connection 1: 127.0.0.1:" in shown and "→ 127.0.0.1:9501, frame 1" in shown
    assert "as-written.pcapng frame 6" in shown and "textbook.pcapng" not in shown
