"""Scripts that complete synfin's command line in a shell, made from the parser and the field table.

Field names are offered after -e, and within a display filter (-Y) for the word that is being typed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from synfin.dissect import fields
from synfin.faces.arguments import COMMANDS, parser

_INSTALL = {
    "bash": 'eval "$(synfin completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(synfin completion zsh)" in ~/.zshrc, after compinit',
    "fish": "synfin completion fish > ~/.config/fish/completions/synfin.fish",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One option of one command; `value` is flag, field, filter, file, choice or word."""

    names: tuple[str, ...]
    meaning: str
    value: str
    choices: tuple[str, ...] = ()


def script(shell: str) -> str:
    """The script for bash, zsh or fish."""
    head = (f"# Completion of synfin for {shell}: {_INSTALL[shell]}",)
    return "\n".join((*head, *_SHELLS[shell](_commands()))) + "\n"


def _commands() -> dict[str, list[Option]]:
    subparsers = next(one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    return {
        name: [_option(action) for action in command._actions if action.option_strings]
        for name, command in subparsers.choices.items()
    }


def _option(action: argparse.Action) -> Option:
    names, meaning = tuple(action.option_strings), (action.help or "").replace("%%", "%")
    if action.nargs == 0:
        return Option(names, meaning, "flag")
    if action.choices:
        return Option(names, meaning, "choice", tuple(map(str, action.choices)))
    known = {"FIELD": "field", "PATTERN": "field", "FILTER": "filter", "FILE": "file"}
    return Option(names, meaning, known.get(str(action.metavar), "word"))


def _names() -> str:
    return " ".join(sorted(fields.all_fields()))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# --- bash ---

_BASH = """
_synfin_within_filter() {
  local last=${1##*[!A-Za-z0-9_.]} name
  local head=${1%"$last"}
  for name in $_synfin_fields; do
    [[ $name == "$last"* ]] && COMPREPLY+=("$head$name")
  done
  compopt -o nospace
}

_synfin() {
  local current=$2 before=$3 command=${COMP_WORDS[1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "$_synfin_commands" -- "$current"))
    return
  fi
  case $command:$before in"""

_BASH_END = """  esac
  [[ $current == -* ]] || return
  case $command in"""


def _bash(commands: Mapping[str, list[Option]]) -> Iterator[str]:
    yield f"_synfin_commands={_quoted(' '.join(commands))}"
    yield f"_synfin_fields={_quoted(_names())}"
    yield _BASH
    for command, options in commands.items():
        for option in options:
            if answer := _bash_answer(option):
                yield f"    {'|'.join(f'{command}:{name}' for name in option.names)}) {answer} ;;"
    yield _BASH_END
    for command, options in commands.items():
        words = " ".join(name for option in options for name in option.names)
        yield f'    {command}) COMPREPLY=($(compgen -W {_quoted(words)} -- "$current")) ;;'
    yield "  esac"
    yield "}"
    yield ""
    yield "complete -o bashdefault -o default -F _synfin synfin"


def _bash_answer(option: Option) -> str:
    if option.value == "field":
        return 'COMPREPLY=($(compgen -W "$_synfin_fields" -- "$current")); return'
    if option.value == "filter":
        return '_synfin_within_filter "$current"; return'
    if option.value == "choice":
        return f'COMPREPLY=($(compgen -W {_quoted(" ".join(option.choices))} -- "$current")); return'
    return "" if option.value == "flag" else "return"


# --- zsh ---

_ZSH = """
_synfin_within_filter() {
  [[ -n $compstate[quote] ]] && compset -q
  compset -P '*[^A-Za-z0-9_.]'
  compadd -S '' -a _synfin_fields
}

_synfin() {
  local command=$words[2] before=$words[CURRENT-1]
  if ((CURRENT == 2)); then
    _describe command _synfin_commands
    _files
    return
  fi
  case $command:$before in"""

_ZSH_END = """  esac
  if [[ $PREFIX != -* ]]; then
    _files
    return
  fi
  local -a found
  case $command in"""


def _zsh(commands: Mapping[str, list[Option]]) -> Iterator[str]:
    described = " ".join(_quoted(f"{name}:{COMMANDS[name]}") for name in commands)
    yield f"typeset -ga _synfin_commands=({described})"
    yield f"typeset -ga _synfin_fields=({_names()})"
    yield _ZSH
    for command, options in commands.items():
        for option in options:
            if answer := _zsh_answer(option):
                yield f"    {'|'.join(f'{command}:{name}' for name in option.names)}) {answer}; return ;;"
    yield _ZSH_END
    for command, options in commands.items():
        words = " ".join(_quoted(f"{name}:{option.meaning}") for option in options for name in option.names)
        yield f"    {command}) found=({words}) ;;"
    yield "  esac"
    yield "  _describe -o option found"
    yield "}"
    yield ""
    yield "compdef _synfin synfin"


def _zsh_answer(option: Option) -> str:
    if option.value == "choice":
        return f"compadd -- {' '.join(option.choices)}"
    return {
        "field": "compadd -a _synfin_fields",
        "filter": "_synfin_within_filter",
        "file": "_files",
        "word": "_message value",
    }.get(option.value, "")


# --- fish ---

_FISH = """
function __synfin_within_filter
  set -l token (commandline -ct | string replace -r '^["\\']' '')
  set -l head (string replace -r '[A-Za-z0-9_.]*$' '' -- $token)
  for name in $__synfin_fields
    echo -- $head$name
  end
end
"""


def _fish(commands: Mapping[str, list[Option]]) -> Iterator[str]:
    yield f"set -g __synfin_fields {_names()}"
    yield _FISH
    for name in commands:
        yield f"complete -c synfin -n __fish_use_subcommand -a {name} -d {_fish_quoted(COMMANDS[name])}"
    for name, options in commands.items():
        for option in options:
            yield f"complete -c synfin -n '__fish_seen_subcommand_from {name}' {_fish_option(option)}"


def _fish_option(option: Option) -> str:
    names = [
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" if len(name) == 2 else f"-o {name[1:]}"
        for name in option.names
    ]
    values = {
        "flag": "", "file": "-r -F", "word": "-x", "field": "-x -a '$__synfin_fields'",
        "filter": "-x -a '(__synfin_within_filter)'", "choice": f"-x -a '{' '.join(option.choices)}'",
    }  # fmt: skip
    return " ".join(filter(None, (*names, values[option.value], f"-d {_fish_quoted(option.meaning)}")))


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SHELLS: Mapping[str, Callable[[Mapping[str, list[Option]]], Iterator[str]]] = {
    "bash": _bash, "zsh": _zsh, "fish": _fish,
}  # fmt: skip
