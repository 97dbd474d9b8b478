"""Every warn and error that `synfin check` reports on the reference captures, against what the packets say.

    CAPTURES=folder python bench/findings_precision.py          what is new, and what is gone
    CAPTURES=folder python bench/findings_precision.py --write  also docs/findings-precision.md, from the reviewed list

Each finding of findings_reviewed.tsv was checked by hand: right, wrong, or undecided where the packets do not tell.
Exit status 1 when a finding is not in the list, or one of the list is gone.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
REVIEWED = HERE / "findings_reviewed.tsv"
MENDED = HERE / "findings_mended.tsv"
PAGE = HERE.parent / "docs" / "findings-precision.md"
MARK = "<!-- written by bench/findings_precision.py --write -->"
SEVERE = ("warn", "error")
VERDICTS = ("right", "wrong", "undecided")


class Key(NamedTuple):
    """What makes a finding the same in two runs."""

    file: str
    finding: str
    severity: str
    conn: str  #: empty for one over many connections
    frame: str  #: the first of its evidence


class Reviewed(NamedTuple):
    """A finding, and what the packets say of it."""

    key: Key
    verdict: str
    reason: str


def main() -> int:
    """Compare, and tell what is new or gone."""
    parser = argparse.ArgumentParser(description="findings at warn and above, against the reviewed list")
    parser.add_argument("--captures", type=Path, default=Path(os.environ.get("CAPTURES", "captures")), metavar="DIR")
    parser.add_argument("--write", action="store_true", help="write docs/findings-precision.md")
    arguments = parser.parse_args()
    files = capture_files(arguments.captures)
    if not files:
        parser.error(f"no INDEX.tsv with captures in {arguments.captures}: name the folder with --captures or CAPTURES")
    known = {one.key: one for one in reviewed()}
    found = [key for file in files for key in severe(arguments.captures, file)]
    new, gone = [key for key in found if key not in known], [key for key in known if key not in found]
    for word, keys in (("new", new), ("gone", gone)):
        for key in keys:
            print(word, *key, sep="\t")
    counts = Counter(known[key].verdict for key in found if key in known)
    print(f"{len(files)} captures, {len(found)} findings: " + ", ".join(f"{counts[one]} {one}" for one in VERDICTS))
    print(f"new: {len(new)}, gone: {len(gone)}")
    if arguments.write:
        quiet = sorted(set(files) - {key.file for key in found})
        head = PAGE.read_text(encoding="utf-8").partition(MARK)[0] if PAGE.exists() else ""
        PAGE.write_text(f"{head}{MARK}\n\n" + "\n".join(_page(list(known.values()), quiet)) + "\n", encoding="utf-8")
    return int(bool(new or gone))


def capture_files(folder: Path) -> list[str]:
    """The captures that the folder's index names."""
    index = folder / "INDEX.tsv"
    if not index.exists():
        return []
    with index.open(encoding="utf-8", newline="") as lines:
        return [row["file"] for row in csv.DictReader(lines, delimiter="\t")]


def reviewed() -> Iterator[Reviewed]:
    """The list that a person made."""
    with REVIEWED.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            key = Key(row["file"], row["finding"], row["severity"], row["conn"], row["frame"])
            yield Reviewed(key, row["verdict"], row["reason"])


def severe(folder: Path, file: str) -> Iterator[Key]:
    """What `synfin check` finds at warn or above; a file that cannot be read has no findings."""
    command = [sys.executable, "-m", "synfin", "check", "--json", "--min", "warn", "--fail-on", "never", "--lang", "en"]
    done = subprocess.run([*command, str(folder / file)], capture_output=True, text=True, check=False)
    for one in json.loads(done.stdout)["findings"] if done.returncode == 0 else ():
        conns = one["connections"]
        conn = str(conns[0]) if len(conns) == 1 else ""
        yield Key(file, one["id"], one["severity"], conn, str(one["frames"][0]))


# --- the page ---


def _page(known: Sequence[Reviewed], quiet: Sequence[str]) -> Iterator[str]:
    counts = Counter(one.verdict for one in known)
    decided = counts["right"] + counts["wrong"]
    yield (
        f"**{len(known)} findings at warn or above: {counts['right']} right, {counts['wrong']} wrong, "
        f"{counts['undecided']} that packets cannot decide. Precision: {100 * counts['right'] / decided:.0f} % of the "
        f"decided ones, {100 * counts['right'] / len(known):.0f} % of all.**"
    )
    yield ""
    yield "| capture | connection, frame | finding | verdict | what the packets say |"
    yield "|---|---|---|---|---|"
    for one in known:
        key = one.key
        where = f"{key.conn}, {key.frame}" if key.conn else f"all, {key.frame}"
        yield f"| {key.file} | {where} | `{key.finding}` {key.severity} | {one.verdict} | {one.reason} |"
    yield ""
    yield "## False alarms that were mended"
    yield ""
    with MENDED.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    total = sum(int(row["count"]) for row in rows)
    yield f"The first reading of the same captures had {total} more, each wrong or more than the packets carry:"
    yield ""
    yield "| finding | how many | in | what was wrong | what the rule asks now |"
    yield "|---|---|---|---|---|"
    for row in rows:
        yield f"| `{row['finding']}` | {row['count']} | {row['captures']} | {row['wrong']} | {row['now']} |"
    yield ""
    yield "## Captures without any finding at warn or above"
    yield ""
    yield f"{len(quiet)} captures: " + ", ".join(f"`{file}`" for file in quiet) + "."


if __name__ == "__main__":
    sys.exit(main())
