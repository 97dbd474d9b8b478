"""Agreement of display filters with tshark: filters drawn at random, the frames that each passes compared.

Every capture gets its share; one run of tshark answers all filters of a capture. A difference that comes from a field's
value (tshark shows another one, or none) is told apart from one of the language: in each frame on which the two
disagree, a field of the filter must have another value in tshark. Such values are explained frame by frame, by
filters_differences.tsv beside this file: a capture, a field, what is so in the frame, and why. Exit 1 where a frame is
not explained. `--seed` draws other filters.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import tshark
from filter_draws import Draw
from synfin.dissect.context import Facts
from synfin.dissect.field import Field
from synfin.dissect.fields import all_fields
from synfin.errors import FilterError, UnreadableInput
from synfin.filter import Filter, compile
from synfin.watch.packets.annotate import annotated
from synfin.wire.frame import Frame
from told_apart import ASKED, SO, Told

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_name("filters_differences.tsv")
MAX_FRAMES = 2_000  #: of a capture
UNREADABLE = 12  #: captures that have no share, about: too large, unreadable, or not seen whole by tshark's tap
SAMPLE = 40  #: frames whose values are drawn from
#: What a tap of tshark cannot tell, or what stands for nothing in a file.
LEFT_OUT = ("conn", "synfin", "frame.time_delta_displayed")

Rows = Sequence[tuple[Frame, Facts]]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why tshark shows another value of a field in frames where something is so."""

    capture: str  #: may hold *
    field: str  #: may hold *
    so: str  #: a name of SO; refused: by tshark; language: whatever the values; layers: the same, of `field#…`
    reason: str


@dataclass(slots=True)
class Difference:
    """One filter with two answers; None is refused."""

    capture: str
    filter: str
    ours: list[int] | None
    theirs: list[int] | None
    #: frames of the disagreement: the fields of it whose values differ there, and why, "" where nobody knows
    values: dict[int, dict[str, str]] = field(default_factory=dict)

    @property
    def frames(self) -> list[int]:
        """On which the two disagree."""
        return sorted(set(self.ours or ()) ^ set(self.theirs or ()))

    @property
    def of_values(self) -> bool:
        """Whether values differ wherever the answers do."""
        return None not in (self.ours, self.theirs) and all(self.values.get(frame) for frame in self.frames)

    def told(self) -> str:
        names = sorted({name for frame in self.values.values() for name in frame})
        where = f" (values differ: {', '.join(names)})" if names else ""
        open_ones = [frame for frame in self.frames if not any(self.values.get(frame, {}).values())]
        where += f" (not explained: {open_ones[:8]})" if open_ones else ""
        return f"{self.capture}: {self.filter}\n    tshark {_frames(self.theirs)}, here {_frames(self.ours)}{where}"


@dataclass(slots=True)
class Report:
    """What a comparison found."""

    captures: int = 0
    filters: int = 0
    matching: int = 0  #: filters that pass some frames, but not all
    refused: int = 0  #: by both
    answers: int = 0  #: frames times filters
    untapped: list[str] = field(default_factory=list)  #: captures of which tshark's tap sees other frames
    differences: list[Difference] = field(default_factory=list)

    def language(self) -> list[Difference]:
        """Those that no field's value explains."""
        return [one for one in self.differences if not one.of_values]


def usable_fields() -> dict[str, Field]:
    """The fields that tshark knows too."""
    return {name: one for name, one in all_fields().items() if not name.startswith(LEFT_OUT) and name not in OURS}


#: Fields of Wireshark 4.4's, and ours.
OURS = frozenset({
    "tcp.analysis.partial_ack", "tcp.completeness.ack", "tcp.completeness.data", "tcp.completeness.fin",
    "tcp.completeness.rst", "tcp.completeness.str", "tcp.completeness.syn", "tcp.completeness.syn-ack",
    "tcp.options.sack_perm.absent", "tcp.options.sack_perm.present", "tcp.stream.pnum",
})  # fmt: skip


def values_of(rows: Rows, fields: Mapping[str, Field], random: Random) -> dict[str, list[Any]]:
    """Values of each field in some of the frames."""
    chosen = random.sample(list(rows), min(SAMPLE, len(rows)))
    return {name: [value for row in chosen for value in one.load(*row)][:200] for name, one in fields.items()}


def compare(home: Path, path: Path, name: str, filters: Sequence[str], rows: Rows, report: Report) -> None:
    """Ask both about every filter."""
    every, *answers = tshark.chosen(home, path, ["frame", *filters])
    if every is None or len(every) != len(rows):
        report.untapped.append(name)  # what tshark's tap does not see of the capture, it cannot answer for
        return
    report.captures += 1
    for text, theirs in zip(filters, answers, strict=True):
        ours = passed(text, rows)
        report.filters += 1
        report.answers += len(rows)
        report.refused += ours is None and theirs is None
        report.matching += bool(ours) and len(ours or ()) < len(rows)
        if ours != theirs:
            report.differences.append(Difference(name, text, ours, theirs))


def passed(text: str, rows: Rows) -> list[int] | None:
    """The frames that a filter passes here, None where it is refused."""
    try:
        wanted = compile(text)
        return [frame.packet.number for frame, facts in rows if wanted.matches(frame, facts)]
    except FilterError:
        return None


def explain(home: Path, path: Path, rows: Rows, differences: Sequence[Difference], known: Sequence[Reason]) -> None:
    """Find in each frame of a disagreement the fields whose values tshark tells otherwise, and why."""
    from synfin.dissect.format import texts_of

    wanted = {one.filter: _compiled(one.filter) for one in differences if one.frames}
    names = sorted({name for found in wanted.values() if found for name in found.fields} | set(ASKED))
    if not wanted:
        return
    fields = all_fields()
    table = [dict(zip(names, row, strict=True)) for row in tshark.rows(home, path, names)]
    for one in differences:
        found = wanted.get(one.filter)
        for frame in one.frames if found else ():
            told, row = table[frame - 1], rows[frame - 1]
            protocols = ",".join(texts_of(fields["frame.protocols"], *row))
            for name in sorted(_names(one)):
                if told[name] != ",".join(texts_of(fields[name], *row)):
                    reason = _reason(known, one.capture, name, told, protocols)
                    one.values.setdefault(frame, {})[name] = reason


def _reason(known: Sequence[Reason], capture: str, name: str, told: Told, protocols: str) -> str:
    for one in known:
        fits = fnmatch.fnmatchcase(capture, one.capture) and fnmatch.fnmatchcase(name, one.field)
        if fits and one.so in SO and SO[one.so](told, protocols):
            return f"{one.reason} ({'' if one.so == 'always' else one.so + ': '}{one.field})"
    return ""


def _names(one: Difference) -> Collection[str]:
    found = _compiled(one.filter)
    return found.fields if found else ()


def _compiled(text: str) -> Filter | None:
    try:
        return compile(text)
    except FilterError:
        return None


def run(folder: Path, count: int, seed: int, names: Sequence[str] = ()) -> Report:
    """Draw about `count` filters over the captures of a folder and compare them."""
    report, fields, known = Report(), usable_fields(), reasons()
    every = sorted(path for path in folder.glob("*/*") if "expected" not in path.parts)
    paths = [folder / name for name in names] or every
    share = max(-(-count // max(len(paths) - UNREADABLE, 1)), 1)
    with tempfile.TemporaryDirectory() as place:
        for path in paths:
            if report.filters >= count:
                break
            rows = read(path)
            if not rows:
                continue
            name = str(path.relative_to(folder))
            random = Random(f"{seed} {name}")
            draw = Draw(random, values_of(rows, fields, random), fields)
            before = len(report.differences)
            compare(Path(place), path, name, [draw.filter() for _ in range(share)], rows, report)
            explain(Path(place), path, rows, report.differences[before:], known)
    return report


def read(path: Path) -> Rows:
    """The frames of a capture; none where it is too large or unreadable."""
    try:
        rows = list(annotated([str(path)]))
    except UnreadableInput:
        return []
    return rows if len(rows) <= MAX_FRAMES else []


def reasons() -> list[Reason]:
    """The known differences of values."""
    lines = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines()[1:]]
    return [Reason(*line) for line in lines]


def why(one: Difference, known: Sequence[Reason]) -> str:
    """The reason of a difference, "" where a frame of it is not explained."""
    if one.ours is None and _is_not_decoded(one.filter):
        return NOT_DECODED
    if one.theirs is None:
        if _names_a_value(one):
            return NAMED
        return next(
            (f"{row.reason} ({row.field})" for row in known if row.so == "refused" and row.field in _names(one)), ""
        )
    if one.of_values:
        found = [next((why for why in one.values[frame].values() if why), "") for frame in one.frames]
        return Counter(found).most_common(1)[0][0] if all(found) else ""
    for row in known:
        if row.so == "layers" and f"{row.field}#" in one.filter:
            return f"{row.reason} ({row.field}#)"
        if row.so == "language" and fnmatch.fnmatchcase(one.capture, row.capture) and row.field in _names(one):
            return f"{row.reason} ({row.field})"
    return SHARED if _shares_a_field(one.filter) else ""


#: tshark refuses such a name, if it is not the same there.
NAMED = "what numbers mean is said in words of ours"


def _names_a_value(one: Difference) -> bool:
    """Whether a string of the filter is the name of a value of one of its fields, and none that tshark has for it."""
    written = {text.casefold() for text in _STRING.findall(one.filter)}
    for name in _names(one):
        named = {text.casefold() for text in (all_fields()[name].values or {}).values()}
        if (written & named) - tshark.value_names().get(name, set()):
            return True
    return False


_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
NOT_DECODED = "a protocol that is not decoded here: refused, where tshark finds nothing"


def _is_not_decoded(text: str) -> bool:
    try:
        compile(text)
    except FilterError as error:
        return "does not decode" in str(error)
    return False


#: A filter asks for a field once with layers and once without, or with others.
SHARED = "tshark loads a field once for a filter, by whatever layers are asked for first"
_NAME = re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)(#\[[^]]*\]|#[0-9]+)?")


def _shares_a_field(text: str) -> bool:
    asked: dict[str, set[str]] = {}
    for name, layers in _NAME.findall(text):
        asked.setdefault(name, set()).add(layers)
    return any(len(layers) > 1 for layers in asked.values())


def _frames(found: list[int] | None) -> str:
    if found is None:
        return "refuses"
    return f"{len(found)} frames {found[:6]}{'…' if len(found) > 6 else ''}"


def told(report: Report, unknown: int) -> None:
    """Print what was compared."""
    by_field = Counter(name for one in report.differences for name in {n for at in one.values.values() for n in at})
    language, values = len(report.language()), len(report.differences) - len(report.language())
    print(f"captures {report.captures}, filters {report.filters:,}, answers {report.answers:,}")
    print(f"filters that pass some frames but not all {report.matching:,}, refused by both {report.refused:,}")
    print(f"differences {len(report.differences)}: {language} of the language, {values} of values")
    print(f"differences not in {TABLE.name}: {unknown}")
    print("captures that the tap of tshark does not see whole:", ", ".join(report.untapped) or "none")
    print("fields whose values differ:", ", ".join(f"{name} {n}" for name, n in by_field.most_common()) or "none")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filters", type=int, default=5_000, metavar="N", help="how many (default: 5,000)")
    parser.add_argument("--seed", type=int, default=1, help="draws other filters (default: 1)")
    parser.add_argument("captures", nargs="*", metavar="CAPTURE", help="only these, named within CAPTURES")
    asked = parser.parse_args()
    os.environ["TZ"] = "UTC"
    folder = Path(os.environ.get("CAPTURES") or ROOT.parent / "shared" / "captures")
    report = run(folder, asked.filters, asked.seed, asked.captures)
    known = reasons()
    unknown = [one for one in report.differences if not why(one, known)]
    for one in unknown:
        print(one.told())
    told(report, len(unknown))
    for reason, count in Counter(why(one, known) for one in report.differences).most_common():
        print(f"  {count}  {reason or 'no reason is known'}")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
