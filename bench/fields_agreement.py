"""Agreement with tshark on every field: `-T fields` of the whole field table, and `-T json` of eight layers.

Every capture is read by both. A value, a place or an order that differs must stand in field_differences.tsv beside this
file, with its reason; what stands there and is not found is reported too. Exit 1 where either happens.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import fnmatch
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synfin.dissect import fields, format, jsonshape
from synfin.dissect.context import Facts
from synfin.dissect.field import PSEUDO, Field
from synfin.dissect.fields_frame import protocols
from synfin.dissect.show import escape
from synfin.errors import SynfinError
from synfin.watch.packets.annotate import annotated
from synfin.wire.frame import Frame
from told_apart import ASKED, SO, Told

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_name("field_differences.tsv")
LAYERS = "frame eth ip ipv6 tcp udp icmp arp"
OURS = ("conn", "synfin")  #: layers that tshark does not have
ALWAYS = frozenset({"always"})
MAX_EXAMPLES = 60
Pairs = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A difference that is meant."""

    form: str  #: fields, json or *
    name: str  #: of the field, may hold *
    capture: str  #: may hold *
    so: str  #: what must be so in the frame, a name of SO
    reason: str

    def covers(self, form: str, name: str, capture: str) -> bool:
        return (
            self.form in ("*", form) and fnmatch.fnmatchcase(name, self.name) and fnmatch.fnmatch(capture, self.capture)
        )


@dataclass(slots=True)
class Report:
    """What a comparison found."""

    rules: list[Rule]
    captures: int = 0
    packets: int = 0
    cells: int = 0  #: values of `-T fields` compared, empty ones included
    filled: int = 0  #: of them those that are not empty
    nodes: int = 0  #: names and values of JSON compared
    layers: int = 0  #: JSON layers compared
    equal_layers: int = 0
    used: Counter[Rule] = field(default_factory=Counter)  #: the differences that each rule excuses
    places: dict[Rule, Counter[str]] = field(default_factory=dict)  #: of them, by capture
    differing: Counter[tuple[str, str]] = field(default_factory=Counter)  #: (form, name) that no rule covers
    examples: list[str] = field(default_factory=list)
    known: dict[tuple[str, str, str], list[Rule]] = field(default_factory=dict)

    def note(self, form: str, name: str, capture: str, told: str, so: frozenset[str] = ALWAYS) -> None:
        """A difference in a frame of which things are `so`: meant, or not."""
        key = form, name, capture
        if key not in self.known:
            self.known[key] = [rule for rule in self.rules if rule.covers(*key)]
        rule = next((rule for rule in self.known[key] if rule.so in so), None)
        if rule is not None:
            self.used[rule] += 1
            self.places.setdefault(rule, Counter())[capture] += 1
            return
        self.differing[form, name] += 1
        if self.differing[form, name] <= 2 and len(self.examples) < MAX_EXAMPLES:
            self.examples.append(f"{form} {name} {capture} {told}")


def rules() -> list[Rule]:
    with TABLE.open(encoding="utf-8") as file:
        return [Rule(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def folder() -> Path:
    """The folder with captures: CAPTURES, else one beside the project."""
    return Path(os.environ.get("CAPTURES") or ROOT.parent / "shared" / "captures")


def captures(where: Path) -> list[str]:
    with (where / "INDEX.tsv").open(encoding="utf-8") as file:
        return [row["file"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def asked() -> list[Field]:
    """Every field that tshark 4.0 has too."""
    known = tshark_names()
    return [one for name, one in fields.all_fields().items() if one.layer not in OURS and name in known]


def tshark_names() -> set[str]:
    text = subprocess.run(["tshark", "-G", "fields"], capture_output=True, check=True).stdout.decode("utf-8", "replace")
    return {line.split("\t")[2] for line in text.splitlines() if line[:2] in ("F\t", "P\t")}


def run_tshark(home: str, capture: Path, *arguments: str) -> Iterator[str]:
    """The lines of one run in two passes, without names, in UTC."""
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "HOME": home, "XDG_CONFIG_HOME": home}
    command = ["tshark", "-n", "-2", "-r", str(capture), *arguments]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    return iter(done.stdout.decode("utf-8", "replace").split("\n"))


def documents(home: str, capture: Path) -> list[dict[str, Any]]:
    """The layers of every packet in tshark's JSON; objects are lists of pairs, since names repeat."""
    text = "\n".join(run_tshark(home, capture, "-T", "json", "-J", LAYERS)).strip()
    if not text:
        return []
    found = json.loads(text if text.endswith("]") else text + "]", object_pairs_hook=list)
    return [dict(dict(one)["_source"]) for one in found]


def compare(home: str, where: Path, name: str, chosen: list[Field], report: Report, limit: int) -> None:
    """Both forms of one capture."""
    asked_for = list(dict.fromkeys([*(one.name for one in chosen), *ASKED]))
    words = [word for each in asked_for for word in ("-e", each)]
    capture = where / name
    rows = [line.split("\t") for line in run_tshark(home, capture, "-T", "fields", *words) if line]
    told = documents(home, capture)
    report.captures += bool(rows)
    by_layer: dict[str, list[int]] = {}
    for place, one in enumerate(chosen):
        for layer in one.layers:
            by_layer.setdefault(layer, []).append(place)
    try:
        for place, (frame, facts) in enumerate(displayed(annotated([str(capture)]))):
            if place >= min(len(rows), limit):
                break
            report.packets += 1
            so = _what_is_so(frame, dict(zip(asked_for, rows[place], strict=False)))
            _compare_row(name, frame, facts, chosen, by_layer, rows[place], so, report)
            if place < len(told):
                _compare_document(name, frame, facts, told[place]["layers"], so, report)
    except SynfinError as refused:
        report.note("file", "*", name, str(refused))


def displayed(rows: Iterable[tuple[Frame, Facts]]) -> Iterator[tuple[Frame, Facts]]:
    """All packets are shown: the time since the one shown before is that since the one before."""
    for frame, facts in rows:
        facts.frame_time_delta_displayed_ns = facts.frame_time_delta_ns
        yield frame, facts


def _compare_row(
    name: str,
    frame: Frame,
    facts: Facts,
    chosen: list[Field],
    by_layer: dict[str, list[int]],
    theirs: list[str],
    so: frozenset[str],
    report: Report,
) -> None:
    present = {*PSEUDO, *(layer.name for layer in frame.layers)}
    possible = {place for layer in present for place in by_layer.get(layer, ())}
    report.cells += len(chosen)
    for place, one in enumerate(chosen):
        wanted = theirs[place] if place < len(theirs) else ""
        if place not in possible and not wanted:
            continue
        ours = format.cell(one, frame, facts, format.Layout()) if place in possible else ""
        report.filled += bool(wanted)
        if ours not in (wanted, escape(wanted)):
            told = f"frame {frame.packet.number}: tshark {wanted[:90]!r}, here {ours[:90]!r}"
            report.note("fields", one.name, name, told, so)


def _what_is_so(frame: Frame, told: Told) -> frozenset[str]:
    """The names of SO that hold for a frame."""
    ours = protocols(frame)
    return frozenset(name for name, holds in SO.items() if holds(told, ours))


def _compare_document(name: str, frame: Frame, facts: Facts, told: Pairs, so: frozenset[str], report: Report) -> None:
    wanted = LAYERS.split()
    source = jsonshape.document(frame, facts, wanted)["_source"]["layers"]
    ours = _as_lists(source)
    for layer in wanted:
        mine = [value for key, value in ours if key == layer]
        others = [value for key, value in told if key == layer]
        if len(mine) != len(others):
            counted = f"frame {frame.packet.number}: {len(others)}, here {len(mine)}"
            report.note("json", f"{layer} layers", name, counted, so)
        for theirs, here in zip(others, mine, strict=False):
            report.layers += 1
            left, right = list(_flat(theirs)), list(_flat(here))
            report.nodes += len(left)
            if left == right:
                report.equal_layers += 1
            else:
                _compare_layer(name, frame, left, right, so, report)


def _compare_layer(name: str, frame: Frame, left: Pairs, right: Pairs, so: frozenset[str], report: Report) -> None:
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        for which, part in (("only tshark", left[a:b]), ("only here", right[c:d])):
            for path, value in part:
                told = f"frame {frame.packet.number} {path}: {which} {str(value)[:90]!r}"
                report.note("json", _spoken_of(path), name, told, so)


def _spoken_of(path: str) -> str:
    """The last name of a path; of an expert note, and of the mark that one leaves, what it stands below."""
    names = path.removesuffix("/_ws.malformed").split("/")
    if names[-1] != "_ws.expert.message" and "_ws.expert" in names:
        return names[names.index("_ws.expert") - 1] or "expert of the layer"
    return names[-1]


def _as_lists(value: Any) -> Any:
    return [(key, _as_lists(inner)) for key, inner in value.items()] if isinstance(value, dict) else value


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every name with its path; of an object only that it begins."""
    if not isinstance(value, list):
        yield path, value
        return
    for key, inner in value:
        if isinstance(inner, list):
            yield f"{path}/{key}", "{"
            yield from _flat(inner, f"{path}/{key}")
        else:
            yield f"{path}/{key}", inner


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare every field with tshark on every capture at hand.")
    parser.add_argument("names", nargs="*", help="captures to compare (all)")
    parser.add_argument("--places", action="store_true", help="tell the captures of each row of the table")
    parser.add_argument("--limit", type=int, default=1 << 30, help="packets of each capture")
    arguments = parser.parse_args()
    os.environ["TZ"] = "UTC"
    time.tzset()
    report, chosen = Report(rules()), asked()
    with tempfile.TemporaryDirectory() as home:
        for name in arguments.names or captures(folder()):
            compare(home, folder(), name, chosen, report, arguments.limit)
    part = bool(arguments.names) or arguments.limit < 1 << 30
    unused = [] if part else [rule for rule in report.rules if not report.used[rule]]
    _print(report, len(chosen))
    _print_rules(report, unused, arguments.places)
    return 1 if report.differing or unused else 0


def _print(report: Report, asked_for: int) -> None:
    for example in report.examples:
        print(example, file=sys.stderr)
    print(f"captures                      {report.captures:>12,}")
    print(f"packets                       {report.packets:>12,}")
    print(f"fields asked for              {asked_for:>12,}")
    print(f"cells of -T fields compared   {report.cells:>12,}")
    print(f"  of them not empty           {report.filled:>12,}")
    print(f"JSON layers compared          {report.layers:>12,}")
    print(f"  equal to the last byte      {report.equal_layers:>12,}")
    print(f"JSON names compared           {report.nodes:>12,}")
    for form in ("fields", "json", "file"):
        found = {name: count for (one, name), count in report.differing.items() if one == form}
        print(f"{form}: differ                {sum(found.values()):>12,}")
        for name, count in sorted(found.items(), key=lambda item: -item[1])[:200]:
            print(f"  {name:<50} {count:>9,}")


def _print_rules(report: Report, unused: list[Rule], places: bool) -> None:
    """How much each row of the table excuses; a row that excuses nothing is refused."""
    print(f"differences that are meant    {report.used.total():>12,}")
    for rule, count in report.used.most_common():
        print(f"  {count:>9,}  {_row(rule)}: {rule.reason}")
        for capture, of_it in report.places[rule].most_common() if places and "*" in rule.capture else ():
            print(f"             {of_it:>9,}  {capture}")
    for rule in unused:
        print(f"excuses nothing any more: {_row(rule)}")


def _row(rule: Rule) -> str:
    return " ".join((rule.form, rule.name, rule.capture, rule.so))


if __name__ == "__main__":
    sys.exit(main())
