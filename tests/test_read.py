"""`synfin.read`: connections as objects with the record's names, told, drawn for notebooks, and cheap to import."""

from __future__ import annotations

import gc
import gzip
import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import needs
import synfin
from command import synfin as run
from synfin.errors import UnreadableInput
from synfin.watch.engine.engine import Engine
from synfin.watch.engine.engines import engine
from synfin.watch.engine.readable import ReadableEngine
from synfin.watch.story.retell import retell
from synfin.wire.tcp import FIN, SYN

DATA = Path(__file__).parent / "data"
TEXTBOOK = DATA / "textbook.pcapng"
RECORDED = sorted(DATA.glob("*.pcapng"))


def test_connections_have_the_names_of_the_record() -> None:
    (one,) = synfin.read(TEXTBOOK)
    assert (one.conn, one.stream, one.open, one.close, one.closed_by) == (
        0, 0, "open.normal", "close.fin_4seg", "client",
    )  # fmt: skip
    assert (one.client.port, one.server.port, one.client.payload_bytes) == (55556, 9501, 14)
    assert (one.client.state, one.client.states_seen) == ("TIME-WAIT", ("TIME-WAIT",))
    assert one.handshake_rtt_ns == sum(leg or 0 for leg in one.handshake_legs_ns)


def test_connections_are_those_of_conns() -> None:
    wanted = json.loads(run("conns", "--json", *map(str, RECORDED)).out)["connections"]
    capture = synfin.read(*RECORDED)
    assert [one.to_dict() for one in capture] == wanted
    assert [capture[number].to_dict() for number in range(len(capture))] == wanted
    assert [one.conn for one in capture[-2:]] == [len(wanted) - 2, len(wanted) - 1]
    assert capture[-1].conn == len(wanted) - 1
    for beyond in (len(wanted), -len(wanted) - 1):
        with pytest.raises(IndexError, match="there is no connection"):
            capture[beyond]


def test_the_readable_core_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("kernels")
    compiled = synfin.read(*RECORDED)
    monkeypatch.setenv("SYNFIN_READABLE", "1")
    readable = synfin.read(*RECORDED)
    assert isinstance(engine_of(readable), ReadableEngine) and not isinstance(engine_of(compiled), ReadableEngine)
    assert [one.to_dict() for one in readable] == [one.to_dict() for one in compiled]
    assert [readable[number].close for number in range(len(readable))] == [one.close for one in compiled]
    assert list(readable.packets.rows()) == list(compiled.packets.rows())


def engine_of(capture: synfin.Capture) -> Engine:
    return capture._engine


def test_every_connection_is_found_by_its_number_on_every_capture(captures_dir: Path) -> None:
    for path in sorted((captures_dir / "expected" / "tshark").glob("*/*.tsv.xz")):
        name = path.relative_to(captures_dir / "expected" / "tshark").with_suffix("").with_suffix("")
        try:
            capture = synfin.read(captures_dir / name)
        except UnreadableInput:
            continue
        listed = list(capture)
        assert len(listed) == len(capture) and [one.conn for one in listed] == list(range(len(capture)))
        for one in listed[:50] + listed[-50:]:
            assert capture[one.conn].to_dict() == one.to_dict()
        needs.captures_ran(captures_dir / name)


def test_a_connection_tells_its_story_and_has_its_segments() -> None:
    one = synfin.read(TEXTBOOK)[0]
    story = one.story()
    assert story is one.story()
    assert [step.phase for step in story.steps][:3] == ["handshake-1/3", "handshake-2/3", "handshake-3/3"]
    assert [finding.id for finding in story.findings][:2] == ["open.normal", "close.fin_4seg"]
    assert len(one.segments) == one.client.packets + one.server.packets == 9
    assert one.segments[0].flags == SYN and one.segments[5].flags & FIN
    assert [segment.frame for segment in one.segments] == list(range(1, 10))


def test_a_picked_story_is_the_one_that_reading_everything_tells(captures_dir: Path) -> None:
    needs.have("kernels")
    picked = 0
    for path in sorted((captures_dir / "expected" / "tshark").glob("*/*.tsv.xz")):
        name = captures_dir / path.relative_to(captures_dir / "expected" / "tshark").with_suffix("").with_suffix("")
        try:
            capture = synfin.read(name)
        except UnreadableInput:
            continue
        for one in [*capture][:2]:
            story = capture._picked(one._known)
            if story is None or one.start_ns < 0:  # a clock beyond 64 bits
                continue
            told = retell([str(name)], one._known, engine(), capture._earlier(one._known)).story
            assert (story.steps, story.findings) == (told.steps, told.findings), name
            picked += 1
        needs.captures_ran(name)
    assert picked > 50


def test_a_connection_shows_as_text() -> None:
    one = synfin.read(TEXTBOOK, lang="en")[0]
    assert repr(one) == ("<connection 0: 127.0.0.1:55556 → 127.0.0.1:9501, open.normal, close.fin_4seg, 14 / 0 bytes>")
    assert "ESTABLISHED" in str(one) and "four segments ended it" in str(one) and "\x1b" not in str(one)
    assert "四个报文段" in str(synfin.read(TEXTBOOK, lang="zh")[0])


class Elements(HTMLParser):
    """Checks that every element is closed; collects names and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self._open.append(tag)
        assert not any(name.startswith("on") or (value or "").startswith("javascript") for name, value in attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text.append(data)


def test_a_connection_in_a_notebook_is_its_verdict_and_ladder_for_light_and_dark() -> None:
    one = synfin.read(TEXTBOOK, lang="en")[0]
    html = one._repr_html_()
    elements = Elements(html)
    assert "svg" in elements.names and "script" not in elements.names
    text = " ".join(elements.text)
    for word in ("four segments ended it", "close.fin_4seg", "FIN-WAIT-1", "Three-way handshake"):
        assert word in text
    assert "prefers-color-scheme:dark" in html and "[data-jp-theme-light=false]" in html
    assert "四个报文段" in synfin.read(TEXTBOOK, lang="zh")[0]._repr_html_()


def test_a_capture_in_a_notebook_is_a_table() -> None:
    capture = synfin.read(*RECORDED, lang="en")
    elements = Elements(capture._repr_html_())
    assert elements.names.count("tr") == len(capture) + 1
    assert repr(capture).endswith(f"{len(capture)} connections, {len(capture.packets)} packets>")
    assert "refused" in " ".join(elements.text)


def test_what_was_asked_wrongly_is_said_at_once() -> None:
    with pytest.raises(ValueError, match="lang is 'en' or 'zh', not 'fr'"):
        synfin.read(TEXTBOOK, lang="fr")  # type: ignore[arg-type]
    capture = synfin.read(TEXTBOOK)
    assert repr(capture) == "<capture textbook.pcapng: 1 connection, 9 packets>"
    with pytest.raises(TypeError, match="'0' is no number"):
        capture["0"]  # type: ignore[call-overload]


def test_what_a_name_brings_is_escaped(tmp_path: Path) -> None:
    copy = tmp_path / "<b>&\x1b.pcapng"
    copy.write_bytes(TEXTBOOK.read_bytes())
    html = synfin.read(copy)._repr_html_()
    assert "<b>" not in html and "\x1b" not in html and "&lt;b&gt;&amp;" in html


def test_streams_and_packed_files_are_read_too(tmp_path: Path) -> None:
    packed = tmp_path / "textbook.pcapng.gz"
    packed.write_bytes(gzip.compress(TEXTBOOK.read_bytes()))
    wanted = [one.to_dict() for one in synfin.read(TEXTBOOK)]
    with open(packed, "rb") as stream:
        capture = synfin.read(stream)
    assert [one.to_dict() for one in capture] == [one.to_dict() for one in synfin.read(str(packed))] == wanted
    assert len(list(capture.packets.rows())) == 9 and str(packed) not in repr(capture)
    assert packed.name in repr(capture)


def test_a_copy_goes_when_its_capture_goes() -> None:
    with open(TEXTBOOK, "rb") as stream:
        capture = synfin.read(stream)
    copies = [os.path.abspath(path) for path in capture._paths]
    assert all(map(os.path.exists, copies)) and str(TEXTBOOK) not in copies
    del capture
    gc.collect()
    assert not any(map(os.path.exists, copies))


def test_damage_is_a_warning_and_what_is_no_capture_an_error(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcapng"
    whole = TEXTBOOK.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    capture = synfin.read(cut)
    assert capture[0].open == "open.normal" and len(capture.packets) == len(list(capture.packets.rows()))
    assert len(capture.warnings) == 1 and "cut.pcapng" in capture.warnings[0] and "1 warning" in repr(capture)
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir or Madam")
    for wrong in (letter, tmp_path / "missing.pcap", tmp_path):
        with pytest.raises(UnreadableInput, match=wrong.name):
            synfin.read(wrong)


def loaded_by(program: str) -> set[str]:
    """Top-level modules that a program of its own has loaded, and the whole names of ours."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    names = done.stdout.split()
    return {name if name.startswith("synfin") else name.partition(".")[0] for name in names}


def test_importing_and_reading_load_nothing_that_is_not_needed() -> None:
    heavy = {"asyncio", "numpy", "nanoarrow", "pandas", "polars", "pyarrow", "duckdb", "rich", "uvloop"}
    assert not loaded_by("import synfin") & (heavy | {"dataclasses", "synfin.capture", "synfin.faces"})
    program = f"import synfin\nfor one in synfin.read({str(TEXTBOOK)!r}): one.to_dict()"
    assert not loaded_by(program) & heavy
    assert loaded_by(f"{program}\nsynfin.read({str(TEXTBOOK)!r}).packets.schema()") & heavy == {"nanoarrow"}


def test_the_public_names_are_there() -> None:
    for name in synfin.__all__:
        assert getattr(synfin, name).__name__ == name
    assert set(synfin.__all__) <= set(dir(synfin))
