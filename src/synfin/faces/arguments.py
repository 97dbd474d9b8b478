"""Every command's arguments; habits of tcpdump and tshark (-r, -w, -c, -n, -q) are taken as they are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from synfin.errors import UsageError

COMMANDS = {
    "lab": "run a scenario for real: server, client, capture, explanation",
    "conns": "the connections of captures, a row each",
    "explain": "one connection segment by segment, or one packet byte by byte",
    "packets": "the packets of captures, a line each",
    "capture": "capture packets from an interface",
    "doctor": "what this machine allows",
}


class _Parser(argparse.ArgumentParser):
    """argparse whose complaints are UsageErrors."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The namespace of one command line; `command` names the command. `synfin FILE` means `synfin conns FILE`."""
    given = list(arguments)
    if given and given[0] not in COMMANDS and given[0] not in ("-h", "--help", "--version"):
        given.insert(0, "conns")
    return parser().parse_args(given)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(prog="synfin", description="From SYN to FIN: see, explain and speak TCP.", allow_abbrev=False)
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, summary in COMMANDS.items():
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
    command.add_argument("files", nargs="*", metavar="FILE", help="captures (pcap, pcapng, gzip of both), - for stdin")
    command.add_argument("-r", dest="read", action="append", default=[], metavar="FILE", help="another way to name one")
    command.add_argument("-n", action="store_true", help="accepted: names are never looked up")
    command.add_argument("-q", dest="quiet", action="store_true", help="no notes on standard error")


def _language(command: argparse.ArgumentParser) -> None:
    command.add_argument("--lang", choices=("en", "zh"), help="language of the explanation (default: the locale's)")


def _filter(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("-Y", dest="filter", metavar="FILTER", help=f"display filter, as Wireshark's: {what}")


def _conns(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    _filter(command, "only connections with a packet that matches")
    command.add_argument("--separate", action="store_true", help="count frames and connections anew in each file")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_const", dest="form", const="json", help="one JSON document")
    form.add_argument("--ndjson", action="store_const", dest="form", const="ndjson", help="a JSON record a line")
    form.add_argument("--tsv", action="store_const", dest="form", const="tsv", help="tab-separated (default in a pipe)")
    form.add_argument("--csv", action="store_const", dest="form", const="csv", help="comma-separated")
    form.add_argument(
        "-o", dest="output", metavar="FILE", help="write .arrow, .arrows, .parquet, .csv, .tsv, .json or .ndjson"
    )
    _language(command)


def _packets(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    _filter(command, "only packets that match")
    command.add_argument(
        "-T", dest="form", choices=("text", "fields", "json"), default="text", help="form of the output (default: text)"
    )
    command.add_argument("-e", dest="fields", action="append", default=[], metavar="FIELD", help="a field to print")
    command.add_argument(
        "-E", dest="layout", action="append", default=[], metavar="KEY=VALUE", help="layout of -T fields, as tshark's"
    )
    command.add_argument("-c", dest="count", type=_positive, metavar="N", help="stop after N packets have been read")
    command.add_argument("-2", dest="two_passes", action="store_true", help="two passes also over standard input")
    command.add_argument(
        "-o", dest="output", metavar="FILE", help="write the table of packets: .arrow, .arrows, .parquet or .csv"
    )
    command.add_argument(
        "--profile",
        default="tshark-4.0",
        metavar="NAME",
        help="whose rules of analysis: tshark-4.0 (default), tshark-4.4",
    )
    command.add_argument("--fields", dest="list_fields", nargs="?", const="", metavar="PATTERN", help="list the fields")
    command.add_argument("--json", action="store_const", dest="form", const="json", help="same as -T json")


def _explain(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    which = command.add_mutually_exclusive_group()
    which.add_argument("--conn", type=_natural, metavar="N", help="the connection with this number (see conns)")
    which.add_argument("--stream", type=_natural, metavar="N", help="the connection with this tcp.stream")
    which.add_argument("--packet", type=_positive, metavar="N", help="one packet: every field with its bytes")
    command.add_argument("-o", dest="output", metavar="FILE", help="write a drawing (.svg) or a page (.html)")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_const", dest="form", const="json", help="story and measurements as JSON")
    form.add_argument("--measure", action="store_true", help="what is measured of it, as a table")
    _ladder(command)
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


def _doctor(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_const", dest="form", const="json", help="as JSON")
    _language(command)


def _positive(text: str) -> int:
    number = _natural(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _natural(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return int(text)
