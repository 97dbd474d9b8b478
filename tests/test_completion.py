"""Completion in real shells, and the list of fields that it offers."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import needs
from command import synfin
from shells import typed
from synfin.dissect import fields
from synfin.faces.arguments import COMMANDS

#: what is typed before the tab, what stands in the line behind it
LINES = [
    ("synfin packets -e tcp.analysis.fast_r", "tcp.analysis.fast_retransmission"),
    ("synfin packets -Y tcp.analysis.fast_r", "tcp.analysis.fast_retransmission"),
    ("synfin packets -Y 'ip.addr == 10.0.0.1 and tcp.analysis.fast_r", "10.0.0.1 and tcp.analysis.fast_retransmission"),
    ("synfin conns -Y 'tcp.flags.syn == 1 or !tcp.analysis.fast_r", "or !tcp.analysis.fast_retransmission"),
    ("synfin packets --prof", "--profile"),
    ("synfin comple", "completion"),
    ("synfin packets -F nsec", "nsecpcap"),
]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script of each shell."""
    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh", "fish"):
        done = synfin("completion", shell)
        assert done.status == 0 and not done.err
        (folder / f"synfin.{shell}").write_text(done.out, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("line", "result"), LINES)
def test_bash(scripts: Path, line: str, result: str) -> None:
    start = f"bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; . {scripts}/synfin.bash"
    assert result in typed(["bash", "--norc", "--noprofile", "-i"], start, f"{line}\t", result)


@pytest.mark.parametrize(("line", "result"), LINES)
def test_zsh(scripts: Path, line: str, result: str) -> None:
    needs.have("zsh")
    start = f"unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; . {scripts}/synfin.zsh"
    assert result in typed(["zsh", "-f", "-i"], start, f"{line}\t", result)


@pytest.mark.parametrize(("line", "result"), LINES)
def test_fish(scripts: Path, line: str, result: str, tmp_path: Path) -> None:
    needs.have("fish")
    asked = f"source {scripts}/synfin.fish; complete -C {_fish(line)}"
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["fish", "-N", "-c", asked], capture_output=True, text=True, timeout=60, env=environment)
    offered = [row.partition("\t")[0] for row in done.stdout.splitlines()]
    assert any(row.endswith(result) for row in offered), done.stderr


def _fish(line: str) -> str:
    return "'" + line.replace("'", "\\'") + "'"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_and_field_is_in_the_script(scripts: Path, shell: str) -> None:
    words = set((scripts / f"synfin.{shell}").read_text().replace("'", " ").replace(":", " ").replace("(", " ").split())
    assert set(COMMANDS) <= words
    assert set(fields.all_fields()) <= {word.strip("()") for word in words}


def test_the_list_of_fields() -> None:
    rows = [line.split("\t") for line in synfin("packets", "--fields").out.splitlines()]
    assert [name for name, _, _ in rows] == sorted(fields.all_fields())
    assert ["tcp.window_size_value", "u16", fields.lookup("tcp.window_size_value").title_en] in rows


def test_the_list_takes_a_pattern_of_names_or_titles_and_a_language() -> None:
    named = [line.split("\t")[0] for line in synfin("packets", "--fields", "MSS").out.splitlines()]
    assert "tcp.options.mss_val" in named and all("mss" in name for name in named)
    chinese = synfin("packets", "--fields", "校验和", "--lang", "zh").out
    assert "tcp.checksum\t" in chinese
    done = synfin("packets", "--fields", "tcp.windw")
    assert done.status == 2 and "near: tcp.window" in done.err


def test_on_a_terminal_the_list_is_a_table() -> None:
    shown = typed(
        ["sh"], "stty cols 100", f"{shlex.quote(sys.executable)} -m synfin packets --fields mss_val --lang en\n", "u16"
    )
    assert "tcp.options.mss_val  u16   " in shown.replace("\x1b[94m", "").replace("\x1b[0m", "").replace("\x1b[2m", "")
