"""What the documentation shows is what the program says now; every command of the README runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

import make_cli
import make_readme
from command import synfin

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_command_reference_is_current() -> None:
    assert make_cli.OUTPUT.read_text(encoding="utf-8") == make_cli.page(), "run `make docs`"


@pytest.mark.parametrize("path", make_readme.READMES, ids=lambda path: path.name)
def test_what_a_readme_shows_is_printed_now(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert make_readme.filled(text) == text, "run `make docs`"


def test_every_file_that_the_documentation_links_is_there() -> None:
    for page in [*make_readme.READMES, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links {target}"


def commands() -> list[str]:
    """The `synfin` lines of the README's section of commands that need neither privilege nor a network."""
    section = README[README.index("## Commands") : README.index("## Library")]
    lines = [line.partition("#")[0].strip() for line in section.splitlines() if line.startswith("synfin ")]
    return [line for line in lines if not line.startswith(("synfin capture", "synfin lab", "synfin doctor"))]


@pytest.mark.parametrize("line", commands())
def test_every_reading_command_of_the_readme_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "tests" / "data" / "textbook.pcapng", tmp_path / "lab.pcapng")
    shutil.copy(ROOT / "tests" / "data" / "textbook.pcapng", tmp_path / "big.pcap.gz")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    done = synfin(*shlex.split(line.partition("|")[0])[1:])
    assert done.status == 0, done.err
    assert done.out or "-o" in line
