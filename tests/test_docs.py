"""What the documentation shows is what the program says now; every command of the README runs."""

from __future__ import annotations

import doctest
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


def test_the_chinese_readme_has_every_command_of_the_english_one() -> None:
    lines = make_readme.READMES[1].read_text(encoding="utf-8").splitlines()
    said = {line.partition("#")[0].replace("--lang zh", "").strip() for line in lines if line.startswith("synfin ")}
    assert not set(commands()) - said


def commands() -> list[str]:
    """The `synfin` lines of the README's section of commands that need neither privilege nor a network."""
    section = README[README.index("## Commands") : README.index("## Library")]
    lines = [line.partition("#")[0].strip() for line in section.splitlines() if line.startswith("synfin ")]
    return [line for line in lines if not line.startswith(("synfin capture", "synfin lab", "synfin doctor"))]


@pytest.mark.parametrize("line", commands())
def test_every_reading_command_of_the_readme_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lab.pcapng", "big.pcap.gz", "client.pcap", "server.pcap"):
        shutil.copy(ROOT / "tests" / "data" / "textbook.pcapng", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    done = synfin(*shlex.split(line.partition("|")[0])[1:])
    assert done.status == 0, done.err
    assert done.out or "-o" in line


def test_every_example_of_the_library_gives_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for recorded in (ROOT / "tests" / "data").glob("*.pcapng"):
        shutil.copy(recorded, tmp_path)
    (tmp_path / "textbook.pcapng").rename(tmp_path / "lab.pcapng")
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / "library.md"
    text = page.read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"^```pycon\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    parsed = doctest.DocTestParser().get_doctest(examples, {}, page.name, str(page), 0)
    told: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(parsed, out=told.append)
    assert result.attempted > 20 and not result.failed, "".join(told)


def test_reading_a_capture_as_the_readme_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "tests" / "data" / "textbook.pcapng", tmp_path / "lab.pcapng")
    monkeypatch.chdir(tmp_path)
    (example,) = (code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "synfin.read" in code)
    exec(compile(example, "README.md", "exec"), {})
    assert "127.0.0.1:55556 close.fin_4seg TIME-WAIT" in capsys.readouterr().out
