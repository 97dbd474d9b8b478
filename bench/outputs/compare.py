"""How two answers are compared, and what is said to differ."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

_COLUMNS = ("number", "time", "source", "arrow", "destination", "protocol", "length", "info")
_MESSAGES = ("_ws.expert.message", "_ws_expert__ws_expert_message")
_SECTION = re.compile(
    r"(?m)^(?=={80}\n(?:\S+) (?:Conversations|Endpoints)\n)|^(?=\n={67}\nFollow: )|^(?=peers:\n)|"
    r"^(?=\n={67}\nProtocol Hierarchy)"
)
_NOTE = re.compile(r" *(\d+) +(\S+) +(\S+)  .*")


class Difference(NamedTuple):
    """One thing that differs."""

    what: str
    told: str
    frame: int | None = None  #: where it stands in one


Comparison = Iterator[Difference]


def same(theirs: str, ours: str) -> Comparison:
    """Lines, byte for byte."""
    for number, (one, other) in enumerate(zip_longest(theirs.split("\n"), ours.split("\n")), 1):
        if one != other:
            yield Difference("line", _told(one, other, f"line {number}"))


def columns(theirs: str, ours: str) -> Comparison:
    """Lines apart by tabs, column by column."""
    for one, other in zip_longest(theirs.split("\n"), ours.split("\n"), fillvalue=""):
        left, right = one.split("\t"), other.split("\t")
        frame = _number(left[0])
        for name, mine, yours in zip_longest(_COLUMNS, left[:8], right[:8], fillvalue=""):
            if mine != yours:
                yield Difference(name, _told(mine, yours, f"frame {frame}"), frame)


def lines(theirs: str, ours: str) -> Comparison:
    """Summary lines as a whole."""
    for one, other in zip_longest(theirs.split("\n"), ours.split("\n"), fillvalue=""):
        if one != other:
            frame = _number(one.split(" ", 1)[0] or one.split()[0] if one else "")
            yield Difference("summary", _told(one, other, f"frame {frame}"), frame)


def blocks(theirs: str, ours: str) -> Comparison:
    """A summary line and bytes of each packet."""
    for one, other in zip_longest(_blocks(theirs), _blocks(ours), fillvalue=""):
        if one != other:
            first = one.split("\n", 1)[0].split()
            yield Difference("block", _told(one, other, "a packet"), _number(first[0] if first else ""))


def bytes_only(theirs: str, ours: str) -> Comparison:
    """Dumps, the packets in order."""
    for number, (one, other) in enumerate(zip_longest(_blocks(theirs), _blocks(ours), fillvalue=""), 1):
        if one != other:
            yield Difference("dump", _told(one, other, f"frame {number}"), number)


def _blocks(text: str) -> list[str]:
    """Parts between empty lines; a summary line and the bytes below it are one."""
    found: list[str] = []
    for part in text.split("\n\n"):
        if (
            found
            and re.match(r"(?:[0-9a-f]{4,8}  |Frame \()", part)
            and re.match(r" *\d+ ", found[-1])
            and "→" in found[-1]
        ):
            found[-1] += f"\n\n{part}"
        else:
            found.append(part)
    return found


def documents(theirs: str, ours: str) -> Comparison:
    """JSON, name by name and value by value in their order."""
    yield from _objects(_packets(theirs), _packets(ours))


def bulk(theirs: str, ours: str) -> Comparison:
    """Lines of JSON, two a packet."""
    rows = [[json.loads(line, object_pairs_hook=list) for line in text.splitlines()[1::2]] for text in (theirs, ours)]
    yield from _objects(*rows)
    if theirs.splitlines()[0::2] != ours.splitlines()[0::2]:
        yield Difference("index", "lines that say where a packet goes")


def _packets(text: str) -> list[Any]:
    found = json.loads(text, object_pairs_hook=list) if text.strip() else []
    return list(found)


def _objects(theirs: list[Any], ours: list[Any]) -> Comparison:
    for number, (one, other) in enumerate(zip_longest(theirs, ours), 1):
        left, right = dict(_flat(one)), dict(_flat(other))
        for path in [*left, *(path for path in right if path not in left)]:
            if left.get(path) != right.get(path):
                name = path.rsplit("/", 1)[-1].split("#")[0]
                if name == "filtered":
                    name += f" {left.get(path) or right.get(path)}"
                told = _told(str(left.get(path)), str(right.get(path)), f"frame {number} {path}")
                yield Difference(name, told, number)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Values by their paths; a name that repeats is numbered. What an expert note says is not compared."""
    if not isinstance(value, list) or not all(isinstance(one, tuple) for one in value):
        if path.rsplit("/", 1)[-1].split("#")[0] not in _MESSAGES:
            yield path, value
        return
    seen: Counter[str] = Counter()
    for name, inside in value:
        yield from _flat(inside, f"{path}/{name}#{seen[name]}")
        seen[name] += 1


def sections(theirs: str, ours: str) -> Comparison:
    """Tables and streams, one after the other."""
    for one, other in zip_longest(_SECTION.split(theirs), _SECTION.split(ours), fillvalue=""):
        if one != other:
            title = re.search(r"Follow: \S+|peers|\S+ (?:Conversations|Endpoints)|Protocol Hierarchy", one or other)
            yield Difference(title[0] if title else "section", next(same(one, other)).told)


def hierarchy(theirs: str, ours: str) -> Comparison:
    """Protocols and how much they carry, each once by its path."""
    left, right = _tree(theirs), _tree(ours)
    for path in [*left, *(path for path in right if path not in left)]:
        if left.get(path) != right.get(path):
            yield Difference(path.rsplit("/", 1)[-1], _told(left.get(path), right.get(path), path))
    if list(left) != list(right) and left == right:
        yield Difference("order", "the same protocols in another order")


def _tree(text: str) -> dict[str, str]:
    found, above, others = {}, [""], 0
    for line in text.split("\n"):
        row = re.fullmatch(r"((?:  )*)(\S+) +(frames:\d+ bytes:\d+)", line)
        if row is None:
            others += 1
            found[f"/line {others}"] = line
            continue
        depth = len(row[1]) // 2
        del above[depth + 1 :]
        above.append(row[2])
        filters = sum(line.startswith("===") for line in found.values())
        found[f"{filters}{'/'.join(above)}"] = row[3]
    return found


def intervals(theirs: str, ours: str) -> Comparison:
    """A table of intervals: its cells, without the width of the frame around it."""
    left, right = ([_cells(line) for line in text.split("\n")] for text in (theirs, ours))
    none: list[str] = []
    for number, (one, other) in enumerate(zip_longest(left, right, fillvalue=none)):
        if one != other:
            said = (one or other or [""])[0].split(":")[0]
            what = said if said in ("Duration", "Interval", "Date and time", "Time") else "row"
            yield Difference(what, _told(str(one), str(other), f"line {number}"))


def _cells(line: str) -> list[str]:
    return [" ".join(part.split()) for part in line.strip("|=- ").split("|") if part.strip()]


def notes(theirs: str, ours: str) -> Comparison:
    """Counts of expert notes by severity, group and protocol; the sentences are each program's own."""
    left, right = _counts(theirs), _counts(ours)
    for kind in sorted(left.keys() | right.keys()):
        if left[kind] != right[kind]:
            yield Difference(" ".join(kind), f"tshark {left[kind]}, here {right[kind]}")


def _counts(text: str) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    severity = ""
    for line in text.split("\n"):
        if head := re.fullmatch(r"(Errors|Warns|Notes|Chats|Comments) \(\d+\)", line):
            severity = head[1]
        elif note := _NOTE.fullmatch(line):
            found[severity, note[2], note[3]] += int(note[1])
    return found


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None


def _told(theirs: str | None, ours: str | None, where: str) -> str:
    return f"{where}: tshark {(theirs or '')[:110]!r}, here {(ours or '')[:110]!r}"


RULES: Mapping[str, Callable[[str, str], Comparison]] = {
    "same": same, "columns": columns, "lines": lines, "blocks": blocks, "bytes": bytes_only, "json": documents,
    "ek": bulk, "sections": sections, "hierarchy": hierarchy, "intervals": intervals, "notes": notes,
}  # fmt: skip
