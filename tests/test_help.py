"""`--help` in the reader's language."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from command import synfin
from synfin.explain.words import texts
from synfin.faces.arguments import COMMANDS, parser
from synfin.faces.translated_help import explained, translations
from synfin.faces.width import display_width

FRAME = {"usage", "positional arguments", "options"}  # words of argparse


def shown(of: argparse.ArgumentParser) -> Iterator[str]:
    """Every text that a parser's help shows, and that of its commands."""
    yield of.description or ""
    for action in explained(of):
        if action.help and action.help != argparse.SUPPRESS:
            yield action.help
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from shown(command)


def test_every_text_of_help_is_in_the_catalogue_and_no_other() -> None:
    said = set(shown(parser()))
    known = translations("zh")
    assert not said - known.keys()
    english = {entry["en"] for key, entry in texts().items() if key.startswith("help.")}
    assert english - said == FRAME


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_chinese_where_the_locale_is_and_fits_the_terminal(command: str) -> None:
    arguments = [command, "--help"] if command else ["--help"]
    done = synfin(*arguments, env={"LC_ALL": "zh_CN.UTF-8", "COLUMNS": "80"})
    assert done.status == 0 and done.out.startswith("用法：synfin") and "显示本帮助并退出" in done.out
    assert max(map(display_width, done.out.splitlines())) <= 80
    assert "usage: synfin" in synfin(*arguments).out
