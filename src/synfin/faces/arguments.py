"""Every command's arguments; habits of tcpdump and tshark (-r, -w, -c, -n, -q) are taken as they are."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from synfin.errors import UsageError

COMMANDS = {
    "lab": "run a scenario for real: server, client, capture, explanation",
    "conns": "the connections of captures, a row each",
    "explain": "one connection segment by segment, or one packet byte by byte",
    "packets": "the packets of captures, a line each",
    "check": "what is wrong in captures, ranked; exit 1 where it is bad",
    "compare": "two captures of the same traffic, from two places",
    "capture": "capture packets from an interface",
    "doctor": "what this machine allows",
    "completion": "a script that teaches a shell synfin's commands, options and field names",
}


class _Help(argparse.HelpFormatter):
    """argparse's, which is made for every argument: without the modules that it would load to know the width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())


def _width() -> int:
    """Columns for help, as shutil tells them."""
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdigit() and int(given):
        return int(given) - 2
    try:
        return (os.get_terminal_size(sys.__stdout__.fileno()).columns or 80) - 2  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return 78


class _WideHelp(_Help):
    """The same for a language whose words are wide, and have no spaces between them."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._width -= 3  # argparse takes the word for usage to be as wide as it is long

    def _split_lines(self, text: str, width: int) -> list[str]:
        from synfin.faces.width import wrap

        return wrap(text, width)

    def add_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None) -> None:
        from synfin.explain.words import text

        super().add_usage(usage, actions, groups, f"{text('help.usage', 'zh')}：" if prefix is None else prefix)


class _Parser(argparse.ArgumentParser):
    """argparse whose complaints are UsageErrors, and whose help is in the reader's language."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Help, **options)

    def format_help(self) -> str:
        from synfin.explain.words import detect_language

        if (lang := detect_language()) != "en":
            from synfin.faces.translated_help import translate

            translate(self, lang)
            self.formatter_class = _WideHelp
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The namespace of one command line; `command` names the command. `synfin FILE` means `synfin conns FILE`."""
    given = list(arguments)
    if given and given[0] not in COMMANDS and given[0] not in ("-h", "--help", "--version"):
        _refuse_misspelling(given[0])
        given.insert(0, "conns")
    only = given[0] if given and given[0] in COMMANDS else None
    asked, rest = parser(only).parse_known_args(given)
    if rest:
        _take(rest, asked)
    if getattr(asked, "shorthands", False):
        _combine(asked)
    return asked


def _take(rest: Sequence[str], asked: argparse.Namespace) -> None:
    """Files that stand behind options; UsageError where something is none."""
    if hasattr(asked, "files") and not any(word.startswith("-") and word != "-" for word in rest):
        if all(word == "-" or os.path.exists(word) for word in rest):
            asked.files += rest
            return
        if getattr(asked, "filter", None) is not None:
            whole = " ".join([asked.filter, *rest])
            raise UsageError(f"{' '.join(rest)}: no file; is it part of the filter? In quotes it is one: -Y '{whole}'")
    raise UsageError(f"unrecognized arguments: {' '.join(rest)}")


def _refuse_misspelling(word: str) -> None:
    """UsageError where what stands for a file is none, but nearly a command."""
    if word.isalpha() and not os.path.exists(word):
        from difflib import get_close_matches

        if meant := get_close_matches(word, COMMANDS, 1):
            raise UsageError(f"there is neither a command nor a file {word!r}; did you mean {meant[0]}?")


def _combine(asked: argparse.Namespace) -> None:
    """Put the shorthands into the filter."""
    if asked.port or asked.host or asked.between or asked.follow is not None:
        from synfin.filter.shorthand import joined

        asked.filter = joined(asked.filter, port=asked.port, hosts=asked.host, ends=asked.between, follow=asked.follow)


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole command line, or as much of it as one command needs."""
    top = _Parser(prog="synfin", description="From SYN to FIN: see, explain and speak TCP.", allow_abbrev=False)
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, summary in COMMANDS.items() if only is None else [(only, COMMANDS[only])]:
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        command.allow_abbrev = False
        globals()[f"_{name}"](command)
    return top


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"synfin {version('synfin')}")
        except PackageNotFoundError:
            print("synfin, run from its sources: the version is in pyproject.toml")
        parser.exit()


def _inputs(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="captures (pcap, pcapng, snoop, ERF, EtherPeek; plain, gzip or zstd), - for stdin",
    )
    command.add_argument("-r", dest="read", action="append", default=[], metavar="FILE", help="another way to name one")
    command.add_argument("-n", action="store_true", help="accepted: names are never looked up")
    command.add_argument("-q", dest="quiet", action="store_true", help="no notes on standard error")


def _language(command: argparse.ArgumentParser) -> None:
    command.add_argument("--lang", choices=("en", "zh"), help="language of the explanation (default: the locale's)")


def _filter(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("-Y", dest="filter", metavar="FILTER", help=f"display filter, as Wireshark's: {what}")
    command.set_defaults(shorthands=True)
    command.add_argument(
        "--port", action="append", default=[], metavar="PORTS", help="short for a filter: TCP ports (80,443,8000-8080)"
    )
    command.add_argument(
        "--host", action="append", default=[], metavar="ADDRESS", help="short for a filter: from or to (10.0.0.0/8)"
    )
    command.add_argument(
        "--between", action="append", default=[], metavar="A,B", help="short for a filter: ends (10.0.0.1,10.0.0.2:80)"
    )
    command.add_argument("--follow", type=_natural, metavar="N", help="short for a filter: connection N (see conns)")


def _conns(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    _filter(command, "only connections with a packet that matches")
    command.add_argument(
        "--separate",
        action="store_true",
        help="count frames and connections anew in each file, and name it with each connection",
    )
    _following(command)
    _choice(command)
    _record_forms(command)
    _language(command)


def _following(command: argparse.ArgumentParser) -> None:
    """How connections are followed, and for how long remembered."""
    command.add_argument(
        "--closed-after",
        type=_silence,
        metavar="SECONDS",
        help="forget a connection that has ended when it was silent for so long (default: 240; below 32 MB none)",
    )
    command.add_argument(
        "--idle-after", type=_silence, metavar="SECONDS", help="the same of any other (default: 3600; below 32 MB none)"
    )
    command.add_argument(
        "--jobs", type=_positive, metavar="N", help="cores to use (default: up to 4 for large input, else 1)"
    )
    command.add_argument(
        "--summary", action="store_true", help="instead of the connections how many ended at which stage, and how"
    )
    command.add_argument("--no-findings", action="store_true", help="do not look for findings, which is quicker")
    command.add_argument("--keep-all", action="store_true", help="forget none, whatever memory it takes")


def _choice(command: argparse.ArgumentParser) -> None:
    """Which connections, in what order."""
    command.add_argument(
        "--since", metavar="TIME", help="only connections whose last packet is not earlier: RFC 3339, or seconds"
    )
    command.add_argument("--until", metavar="TIME", help="only connections whose first packet is not later")
    command.add_argument(
        "--sort",
        metavar="FIELD",
        help="in order of a field (see --columns), unknown last; --sort=-FIELD: largest first",
    )
    command.add_argument("--reverse", action="store_true", help="turn the order of --sort round")
    command.add_argument("--limit", type=_positive, metavar="N", help="only the first N")


def _record_forms(command: argparse.ArgumentParser) -> None:
    """How a connection's record is written."""
    command.add_argument(
        "--columns",
        metavar="A,B,…",
        help="fields of the record to print as TSV or CSV, in this order; also metrics.… (see explain --json), which "
        "cost a slow second reading",
    )
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_const", dest="form", const="json", help="one JSON document")
    form.add_argument("--ndjson", action="store_const", dest="form", const="ndjson", help="a JSON record a line")
    form.add_argument("--tsv", action="store_const", dest="form", const="tsv", help="tab-separated (default in a pipe)")
    form.add_argument("--csv", action="store_const", dest="form", const="csv", help="comma-separated")
    form.add_argument(
        "-o", dest="output", metavar="FILE",
        help="write .arrow, .arrows, .parquet, .csv, .tsv, .json or .ndjson; - is Arrow into a pipe",
    )  # fmt: skip


def _packets(command: argparse.ArgumentParser) -> None:
    from synfin.faces.packet_arguments import (
        add_output_arguments,
        add_preference_arguments,
    )  # other commands need not load it

    _inputs(command)
    _filter(command, "only packets that match")
    command.add_argument(
        "--explain-filter", action="store_true", help="say how -Y will be decided, and print no packets"
    )
    add_output_arguments(command)
    command.add_argument("-c", dest="count", type=_positive, metavar="N", help="stop after N packets have been read")
    command.add_argument("-2", dest="two_passes", action="store_true", help="two passes also over standard input")
    add_preference_arguments(command)
    command.add_argument(
        "--profile",
        default="tshark-4.0",
        metavar="NAME",
        help="whose rules of analysis: tshark-4.0 (default), tshark-4.4",
    )
    command.add_argument("--fields", dest="list_fields", nargs="?", const="", metavar="PATTERN", help="list the fields")
    _language(command)


def _explain(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    which = command.add_mutually_exclusive_group()
    which.add_argument("--conn", type=_natural, metavar="N", help="the connection with this number (see conns)")
    which.add_argument("--stream", type=_natural, metavar="N", help="the connection with this tcp.stream")
    which.add_argument("--packet", type=_positive, metavar="N", help="one packet: every field with its bytes")
    command.add_argument(
        "--header", action="store_true", help="of --packet only the drawing of its TCP header, and its control bits"
    )
    command.add_argument(
        "-o", dest="output", metavar="FILE",
        help="write a drawing (.svg: the ladder, with --packet the TCP header) or a page (.html)",
    )  # fmt: skip
    form = command.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_const", dest="form", const="json",
        help="story and measurements as JSON; with --packet every field",
    )  # fmt: skip
    form.add_argument("--measure", action="store_true", help="what is measured of it, as a table")
    form.add_argument(
        "--states", action="store_true", help="what the capture allows of both ends: certain, possible, excluded"
    )
    _ladder(command)
    _language(command)


def _check(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    command.add_argument(
        "--fail-on",
        choices=("info", "note", "warn", "error", "never"),
        default="error",
        help="exit 1 when a finding is at least as bad (default: error)",
    )
    command.add_argument(
        "--min",
        dest="least",
        choices=("ok", "info", "note", "warn", "error"),
        default="note",
        help="show findings that are at least as bad (default: note)",
    )
    command.add_argument(
        "--rfc",
        action="store_true",
        help="also what RFC 9293 does not allow, by its numbers, (info) what a Linux host would drop, and counts",
    )
    command.add_argument(
        "--open", type=_count, default=20, metavar="N",
        help="connections of each kind of finding to go through segment by segment, at most (default: 20; all)",
    )  # fmt: skip
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_const", dest="form", const="json", help="one JSON document")
    form.add_argument(
        "--lines", action="store_const", dest="form", const="lines", help="a finding a line (default in a pipe)"
    )
    form.add_argument("--grouped", action="store_const", dest="form", const="grouped", help="by kind, worst first")
    _language(command)


def _compare(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    command.add_argument("--full", action="store_true", help="also connections to which nothing happened")
    command.add_argument("--json", action="store_const", dest="form", const="json", help="one JSON document")
    _language(command)


def _ladder(command: argparse.ArgumentParser) -> None:
    size = command.add_mutually_exclusive_group()
    size.add_argument("--max-segments", type=_positive, metavar="N", help="rows before runs of data are collapsed")
    size.add_argument("--full", action="store_true", help="collapse nothing")


def _lab(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "scenario", nargs="?", metavar="SCENARIO", help="its name, or a file NAME.toml (default: textbook)"
    )
    command.add_argument("--list", action="store_true", dest="list_scenarios", help="list the scenarios")
    command.add_argument("--all", action="store_true", help="run every scenario: expected beside found")
    command.add_argument("--kernel", action="store_true", help="what the kernel says beside what packets tell")
    command.add_argument("--at", choices=("client", "server"), help="the end whose capture is shown and saved")
    command.add_argument("-w", dest="write", metavar="FILE", help="save the capture as pcapng")
    command.add_argument("--force", action="store_true", help="let -w replace a file")
    command.add_argument("-o", dest="output", metavar="FILE", help="write a drawing (.svg) or a page (.html)")
    command.add_argument("--json", action="store_const", dest="form", const="json", help="the run as JSON")
    command.add_argument(
        "--place", choices=("user", "net", "host"), help="user: private, no root; net: private; host: the real loopback"
    )
    _ladder(command)
    _language(command)


def _capture(command: argparse.ArgumentParser) -> None:
    command.add_argument("-i", dest="interface", metavar="IF", help="interface (default: all)")
    command.add_argument("-D", dest="list_interfaces", action="store_true", help="list the interfaces")
    command.add_argument("-w", dest="write", metavar="FILE", help="write pcapng, packet by packet; - for stdout")
    command.add_argument("--force", action="store_true", help="let -w replace a file")
    command.add_argument("-c", dest="count", type=_positive, metavar="N", help="stop after N packets")
    command.add_argument("-s", dest="snap_len", type=_positive, metavar="BYTES", help="keep at most so much of each")
    command.add_argument("-n", action="store_true", help="accepted: names are never looked up")
    command.add_argument("-q", dest="quiet", action="store_true", help="do not print the packets")


def _completion(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish")


def _doctor(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_const", dest="form", const="json", help="as JSON")
    _language(command)


def _silence(text: str) -> int:
    seconds = _natural(text)
    if not 4 <= seconds < 1 << 31:
        raise argparse.ArgumentTypeError("must be at least 4 seconds (--keep-all: for ever)")
    return seconds


def _positive(text: str) -> int:
    number = _natural(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _count(text: str) -> int | None:
    return None if text == "all" else _natural(text)


def _natural(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return int(text)
