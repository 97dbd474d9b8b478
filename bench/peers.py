"""Agreement with tcptrace, Arkime, tcpdump's text and Suricata on every capture at hand.

Compares what they say with what we say, value by value: tcptrace by running it and by its own expected results, the
others by theirs. Every difference stands, with the reason, in peers_differences.tsv beside this file. Exit 1 where one
has no reason or the table is not exact; `--write` makes the table anew.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import peer_arkime
import peer_suricata
import peer_tcpdump
import peer_tcptrace
from agreement import captures, captures_folder
from connections import Library
from peer_difference import Comparison, table

TABLE = Path(__file__).with_name("peers_differences.tsv")
PAGE = Path(__file__).resolve().parent.parent / "docs" / "peers.md"
BEGIN, END = "<!-- printed by bench/peers.py -->\n", "<!-- end -->"


def compare(folder: Path, *, run: bool = True) -> list[Comparison]:
    """Compare with every peer; `run`: with tcptrace itself as well, which must be installed."""
    library = Library(folder)
    found = []
    if run:
        found.append(peer_tcptrace.compare_run(folder, library, [name for name, _ in captures(folder)]))
    found.append(peer_tcptrace.compare_expected(folder, library))
    found += [module.compare(folder, library) for module in (peer_arkime, peer_tcpdump, peer_suricata)]
    return found


def printed(comparisons: Sequence[Comparison]) -> list[str]:
    """The table of the documentation."""
    lines = [
        "| peer | captures | compared | values | equal | different | not here |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for one in comparisons:
        lines.append(
            f"| {one.peer} | {len(one.captures)} | {one.things:,} {one.of_what} | {one.values:,} | "
            f"{one.values - one.differing:,} | {one.differing:,} | {sum(one.missing.values()):,} {one.of_what} |"
        )
    return lines


def page(text: str, comparisons: Sequence[Comparison]) -> str:
    """The documentation's page with its table made anew."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + "\n".join(printed(comparisons)) + "\n\n" + END + rest.partition(END)[2]


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare with tcptrace, Arkime, tcpdump and Suricata.")
    parser.add_argument("--write", action="store_true", help="write peers_differences.tsv and the page's table")
    arguments = parser.parse_args()
    folder = captures_folder()
    if not folder.is_dir():
        sys.exit(f"no captures in {folder}; set CAPTURES to the folder that holds them")
    comparisons = compare(folder)
    lines = table(comparisons)
    if arguments.write:
        TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), comparisons), encoding="utf-8")
    print("\n".join(printed(comparisons)))
    unexplained = [one for comparison in comparisons for one in comparison.differences if not one.why]
    for one in unexplained[:50]:
        print("no reason:", *one, file=sys.stderr)
    exact = TABLE.exists() and TABLE.read_text(encoding="utf-8").splitlines() == lines
    if not exact:
        print(f"bench/{TABLE.name} is not what was found: look at the difference, then run with --write")
    return 0 if exact and not unexplained else 1


if __name__ == "__main__":
    sys.exit(main())
