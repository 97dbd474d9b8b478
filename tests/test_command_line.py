"""The command line at its edges: inputs that cannot be read, outputs that cannot be written, Ctrl-C, any locale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command import synfin
from synfin.errors import FilterError
from synfin.faces import cli
from synfin.faces.commands import packets
from synfin.watch.packets.annotate import annotated

DATA = Path(__file__).resolve().parent / "data"
TEXTBOOK = str(DATA / "textbook.pcapng")
COMMANDS = (("conns",), ("packets",), ("explain",), ("explain", "--packet", "1"))


def shell(line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of sh; `$S` is synfin, `$F` a capture."""
    names = {"S": f"{sys.executable} -m synfin", "F": TEXTBOOK}
    return subprocess.run(["sh", "-c", line], capture_output=True, timeout=60, env={**os.environ, **names, **env})


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_cannot_be_read_is_named(command: tuple[str, ...], tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path, "Is a directory"),
        (tmp_path / "none.pcap", "No such file"),
        ("/dev/null", "empty"),
    ):
        done = synfin(*command, str(path))
        assert done.status == 3 and done.out == ""
        assert done.err.startswith(f"synfin: {path}: ") and reason in done.err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_standard_input_is_called_standard_input(command: tuple[str, ...]) -> None:
    whole = Path(TEXTBOOK).read_bytes()
    done = synfin(*command, "-", stdin=whole[: len(whole) // 2])
    assert done.status == 0 and (not done.err or "standard input: cut short" in done.err)
    assert synfin(*command, "-", stdin=b"").err.startswith("synfin: standard input: the input is empty")
    closed = shell(f"$S {' '.join(command)} - <&-")
    assert closed.returncode == 3 and b"standard input: cannot be read: it is closed" in closed.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_output_that_takes_nothing_is_one_sentence_or_none(command: tuple[str, ...]) -> None:
    line = f"$S {' '.join(command)} $F"
    full = shell(f"{line} >/dev/full")
    assert full.returncode == 2 and full.stderr == b"synfin: the output: No space left on device\n"
    closed = shell(f"{line} >&-")
    assert (closed.returncode, closed.stderr) == (0, b"")


def test_a_drawing_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    for suffix in ("svg", "html"):
        done = synfin("explain", TEXTBOOK, "-o", str(tmp_path / "none" / f"x.{suffix}"))
        assert done.status == 2 and done.err.endswith(f"x.{suffix}: No such file or directory\n")
        assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk"])
@pytest.mark.parametrize("command", [*COMMANDS, ("explain", "--json"), ("explain", "--lang", "zh")], ids=" ".join)
def test_files_and_pipes_are_utf_8_whatever_the_locale(command: tuple[str, ...], encoding: str) -> None:
    plain = synfin(*command, TEXTBOOK)
    other = synfin(*command, TEXTBOOK, env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert (other.status, other.out) == (0, plain.out)


def test_a_file_name_that_is_no_utf_8_is_shown_escaped(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.pcapng"
    Path(os.fsdecode(path)).write_bytes(Path(TEXTBOOK).read_bytes())
    done = synfin("conns", "--json", os.fsdecode(path))
    assert done.status == 0 and json.loads(done.out)["file"].endswith("\udcff.pcapng")
    page = tmp_path / "page.html"
    assert synfin("explain", os.fsdecode(path), "-o", str(page)).status == 0 and page.stat().st_size


def interrupted(asked: Any, sources: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
    """The first three packets, then Ctrl-C."""
    for number, row in enumerate(annotated(sources)):
        if number == 3:
            raise KeyboardInterrupt
        yield row


def test_ctrl_c_leaves_whole_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("synfin.faces.compiled_packets.covers", lambda *_: False)
    monkeypatch.setattr(packets, "_rows", interrupted)
    assert cli.main(["packets", "-T", "json", TEXTBOOK]) == 130
    out, err = capsys.readouterr()
    assert len(json.loads(out)) == 3 and err.startswith("synfin: interrupted")


@pytest.mark.parametrize("command", ["conns", "check", "explain"])
def test_a_link_type_that_is_not_taken_apart_is_named(command: str, tmp_path: Path) -> None:
    other = tmp_path / "other.pcap"
    other.write_bytes(
        bytes.fromhex("d4c3b2a1020004000000000000000000ffff0000e9000000" + "00" * 8 + "04000000" * 2 + "ff" * 4)
    )
    done = synfin(command, str(other))
    assert done.status == 0 and "link type 233" in done.err and "no TCP in 1 frame" in done.err


def test_the_caret_stands_under_the_mistake_behind_chinese_and_tabs() -> None:
    shown = FilterError("wrong", '"你好"\t==\nx', 9).with_caret().splitlines()
    assert shown == ["wrong", '    "你好" == x', "    " + " " * 11 + "^"]


def test_the_version_is_told_even_from_the_sources() -> None:
    done = synfin("--version")
    assert done.status == 0 and done.out.startswith("synfin")


def test_a_misspelled_command_is_not_taken_for_a_file() -> None:
    done = synfin("explian")
    assert done.status == 2 and "did you mean explain?" in done.err
    assert synfin("nosuch.pcap").status == 3


def test_explain_shows_what_ended_worst_and_lists_that_first() -> None:
    done = synfin("explain", TEXTBOOK, str(DATA / "as-written.pcapng"), str(DATA / "half-close.pcapng"))
    listed = [line.split()[0] for line in done.err.splitlines() if line.startswith("  ")]
    assert listed == ["1", "2", "0"] and "showing 1" in done.err and "connection 1 · " in done.out


def test_files_may_stand_behind_options() -> None:
    textbook, refused = (str(Path(__file__).parent / "data" / f"{name}.pcapng") for name in ("textbook", "refused"))
    assert synfin("conns", textbook, "--tsv", refused).out == synfin("conns", textbook, refused, "--tsv").out


def test_a_filter_without_quotes_is_told_from_files() -> None:
    textbook = str(Path(__file__).parent / "data" / "textbook.pcapng")
    done = synfin("packets", textbook, "-Y", "tcp.port", "==", "9501")
    assert done.status == 2 and "-Y 'tcp.port == 9501'" in done.err
    assert "unrecognized arguments: --nosuch" in synfin("packets", textbook, "--nosuch").err


@pytest.mark.parametrize(
    ("text", "says"),
    [("ip.addr = 10.0.0.1", "write =="), ("tcp port 80", "tcp.port == 80"), ("src host 10.0.0.1", "tcp.port == 80"),
     ("tls.handshake.type == 1", "does not decode the protocol tls"), ("tcp.flags.syn == true", "or write a number")],
)  # fmt: skip
def test_habits_of_other_programs_are_answered_with_a_remedy(text: str, says: str) -> None:
    done = synfin("packets", str(Path(__file__).parent / "data" / "textbook.pcapng"), "-Y", text)
    assert done.status == 2 and says in done.err
