"""The command line: what was asked, which command answers, and what exit status that gives.

Results go to standard output, everything else to standard error. 0 ok, 1 a check found problems, 2 usage or filter,
3 unreadable input, 4 capture not permitted, 130 interrupted.
"""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence
from importlib import import_module

from synfin.errors import FilterError, SynfinError, UsageError
from synfin.faces import streams
from synfin.faces.arguments import COMMANDS, parse

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    streams.prepare()
    gc.set_threshold(50_000)  # packets are many short-lived objects without cycles
    if argv is None:
        atexit.register(gc.freeze)  # the process ends with the command: nobody need look for cycles in what is left
    try:
        asked = parse(arguments)
        status = int(import_module(f"synfin.faces.commands.{asked.command}").run(asked))
        sys.stdout.flush()
        return status
    except FilterError as error:
        _complain(error.with_caret())
        return error.exit_code
    except SynfinError as error:
        _complain(str(error))
        if isinstance(error, UsageError):
            print(f"see `synfin {_command(arguments)}--help`", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        streams.silence()  # the reader has seen enough
        return 0
    except OSError as error:
        streams.silence()  # the disk is full, say: closing standard output would fail once more
        _complain(f"{error.filename or 'the output'}: {error.strerror or error}")
        return SynfinError.exit_code


def _complain(message: str) -> None:
    print(f"synfin: {message}", file=sys.stderr)


def _command(arguments: Sequence[str]) -> str:
    return f"{arguments[0]} " if arguments and arguments[0] in COMMANDS else ""
