"""What `synfin packets` takes for its output: tshark's habits, as they are."""

from __future__ import annotations

import argparse
import re
from typing import Any

from synfin.faces.packet_times import KINDS

FORMS = ("text", "tabs", "fields", "json", "ek")

FILE_FORMS = ("pcapng", "pcap", "nsecpcap")

#: What tells a preference from a file: two words with a dot between them, and a colon behind them.
PREFERENCE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\.[A-Za-z0-9_.-]+:", re.ASCII)


class FileOrPreference(argparse.Action):
    """`-o` has two meanings in the programs that this one is like: a file to write, a preference to set."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:
        if PREFERENCE.match(values):
            namespace.preferences = [*namespace.preferences, values]
        else:
            namespace.output = values


def add_preference_arguments(command: argparse.ArgumentParser) -> None:
    """Preferences, and the table as a file, which share a letter."""
    command.add_argument(
        "-o", dest="output", action=FileOrPreference, metavar="FILE|NAME:VALUE",
        help="write the table of packets: .arrow, .arrows, .parquet or .csv; - is Arrow into a pipe. With a dot and a "
        "colon, as in tcp.check_checksum:TRUE, set a preference as tshark does",
    )  # fmt: skip
    command.add_argument("--output", dest="output", metavar="FILE", help="the same, always a file")
    command.add_argument(
        "--preference", dest="preferences", action="append", default=[], metavar="NAME:VALUE",
        help="the same, always a preference (see docs/filters.md)",
    )  # fmt: skip


def add_output_arguments(command: argparse.ArgumentParser) -> None:
    """Form, columns, details, files and statistics."""
    command.add_argument(
        "-T", dest="form", choices=FORMS, default="text",
        help="form of the output: lines, lines with tabs, cells of -e, JSON, JSON for Elasticsearch (default: text)",
    )  # fmt: skip
    command.add_argument(
        "-e",
        dest="fields",
        action="append",
        default=[],
        metavar="FIELD",
        help="a field to print, or a column of the lines (_ws.col.Info)",
    )
    command.add_argument(
        "-E", dest="layout", action="append", default=[], metavar="KEY=VALUE",
        help="layout of -T fields: header=y|n, separator=/t|/s|C, occurrence=f|l|a, aggregator=,|/s|C, quote=d|s|n, "
        "bom=y|n, escape=y",
    )  # fmt: skip
    command.add_argument(
        "-t", dest="times", choices=tuple(KINDS), default="r", metavar="KIND",
        help="time in the lines: " + ", ".join(f"{name} ({meaning})" for name, meaning in KINDS.items()),
    )  # fmt: skip
    command.add_argument("-V", dest="tree", action="store_true", help="print every field of every layer")
    command.add_argument("-O", dest="opened", metavar="NAMES", help="as -V, with the fields of these protocols only")
    command.add_argument("-x", dest="bytes", action="store_true", help="print the bytes")
    command.add_argument(
        "-l", dest="at_once", action="store_true", help="write each line at once, for whom a pipe feeds"
    )
    command.add_argument("-P", dest="print_lines", action="store_true", help="print the lines even with -V, -x or -w")
    command.add_argument("-J", dest="layers", metavar="NAMES", help="protocols that -T json and -T ek show")
    command.add_argument(
        "-j", dest="nodes", metavar="NAMES",
        help="the same, and of what stands within them only what is named too: -j 'tcp tcp.flags'",
    )  # fmt: skip
    command.add_argument("--json", action="store_const", dest="form", const="json", help="same as -T json")
    command.add_argument(
        "-w", dest="write", metavar="FILE",
        help="write the packets: pcapng, or pcap by the suffix; - for stdout. Prints none but with -P",
    )  # fmt: skip
    command.add_argument("-F", dest="file_form", choices=FILE_FORMS, help="form of -w, whatever its suffix")
    command.add_argument("--force", action="store_true", help="let -w replace a file")
    command.add_argument(
        "-z", dest="statistics", action="append", default=[], metavar="WHAT",
        help="statistics behind the packets: conv,PROTOCOL or endpoints,PROTOCOL (eth, ip, ipv6, tcp, udp), "
        "follow,tcp|udp,FORM,STREAM (ascii, ebcdic, hex, raw, utf-8, yaml), io,phs, io,stat,SECONDS or expert; "
        "most with a FILTER behind; with -q alone",
    )  # fmt: skip
