"""The command line: what was asked, which command answers, and what exit status that gives.

Results go to standard output, everything else to standard error. 0 ok, 1 a check found problems, 2 usage or filter,
3 unreadable input, 4 capture not permitted, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from synfin.errors import FilterError, SynfinError, UsageError
from synfin.faces.arguments import COMMANDS, parse

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        asked = parse(arguments)
        return int(import_module(f"synfin.faces.commands.{asked.command}").run(asked))
    except FilterError as error:
        _complain(error.with_caret())
        return error.exit_code
    except SynfinError as error:
        _complain(str(error))
        if isinstance(error, UsageError):
            print(f"see `synfin {_command(arguments)}--help`", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # the reader has seen enough; Python would complain once more when it closes standard output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _complain(message: str) -> None:
    print(f"synfin: {message}", file=sys.stderr)


def _command(arguments: Sequence[str]) -> str:
    return f"{arguments[0]} " if arguments and arguments[0] in COMMANDS else ""
