"""`--help` in another language: the parser's English, exchanged for what the catalogue has beside it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from synfin.explain.words import Language, texts


def translate(parser: argparse.ArgumentParser, lang: Language) -> None:
    """Exchange every text of a parser that is about to print its help; one without translation stays English."""
    known = translations(lang)
    parser.description = known.get(parser.description or "", parser.description)
    for action in explained(parser):
        action.help = known.get(action.help or "", action.help)
    for group in (parser._positionals, parser._optionals):
        group.title = known.get(group.title or "", group.title)


def explained(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments, and the commands, of which the list of commands has a line each."""
    yield from parser._actions
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action._choices_actions


def translations(lang: Language) -> Mapping[str, str]:
    """By the English text. A command's line in the list of commands is its description without the full stop."""
    known = {entry["en"]: entry[lang] for key, entry in texts().items() if key.startswith("help.")}
    return known | {f"{en[0].lower()}{en[1:]}".removesuffix("."): told.removesuffix("。") for en, told in known.items()}
