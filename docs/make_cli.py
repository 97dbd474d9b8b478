"""Writes docs/cli.md: every command with its arguments, from the parser itself. A test holds it current."""

from __future__ import annotations

import argparse
from pathlib import Path

from synfin.faces.arguments import COMMANDS, parser

OUTPUT = Path(__file__).with_name("cli.md")

HEAD = """# Command line

Every command and argument, as `synfin COMMAND --help` has them; written by `make docs`.

Results go to standard output, everything else to standard error. Colour is for terminals only; `NO_COLOR` is respected.
`-o` writes what can be made again, and replaces a file that is there; `-w` writes packets, and replaces one only
with `--force`. Neither ever replaces its own input.
`synfin FILE` means `synfin conns FILE`. Habits of tcpdump and tshark are taken as they are: `-r`, `-w`, `-c`, `-n`,
`-q`, `-i`, `-D`, `-s`, `-Y`, `-T`, `-e`, `-E`, `-2`.

Help, explanations and tables are Chinese where the locale is (`LANG=zh_CN.UTF-8`); `--lang` chooses the language of
explanations. Records for programs (JSON, TSV, CSV, columns) differ in their sentences only.

Exit status: 0 ok · 1 a check found problems · 2 usage or filter · 3 unreadable input · 4 capture not permitted ·
130 interrupted.
"""


def page() -> str:
    """The whole page."""
    commands = next(action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return "\n".join([HEAD, *(_section(name, command) for name, command in commands.choices.items())])


def _section(name: str, command: argparse.ArgumentParser) -> str:
    summary = COMMANDS[name]
    lines = [f"## synfin {name}", "", f"{summary[0].upper()}{summary[1:]}.", "", "| argument | meaning |", "|---|---|"]
    lines += [f"| {_names(action)} | {_meaning(action)} |" for action in command._actions if action.dest != "help"]
    return "\n".join(lines) + "\n"


def _names(action: argparse.Action) -> str:
    value = ""
    if action.nargs != 0:
        value = action.metavar if isinstance(action.metavar, str) else "\\|".join(map(str, action.choices or ()))
    if not action.option_strings:
        return f"`{value}`" + (" …" if action.nargs == "*" else "")
    optional = f" [`{value}`]" if value and action.nargs == "?" else f" `{value}`" if value else ""
    return ", ".join(f"`{name}`" for name in action.option_strings) + optional


def _meaning(action: argparse.Action) -> str:
    return (action.help or "").replace("|", "\\|")


if __name__ == "__main__":
    OUTPUT.write_text(page(), encoding="utf-8")
