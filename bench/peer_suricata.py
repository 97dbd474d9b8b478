"""What suricata-verify expects of TCP flows: how many there are with a state, in captures at hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from connections import Followed, Library
from peer_difference import Comparison

OUT_OF_REACH = "no connection here: link type, tunnel or file format that is not read"


def compare(folder: Path, library: Library) -> Comparison:
    """Compare every expectation that speaks of TCP flows."""
    found = Comparison("Suricata", "expectations")
    path = folder / "expected" / "suricata" / "suricata.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            wanted = json.loads(row["match_json"])
            if wanted.get("event_type") != "flow" or wanted.get("proto", "TCP") != "TCP":
                continue
            if not library.connections(row["file"]):
                found.lacks(row["file"], row["test"], OUT_OF_REACH)
                continue
            ours = [one for one in library.connections(row["file"]) if _fits(one, wanted)]
            name = "flows" + "".join(f" {key}={wanted[key]}" for key in ("tcp.state",) if key in wanted)
            values = [(name, row["expected_count"], str(len(ours)))]
            found.compare(row["file"], row["test"], values, lambda name, theirs, ours: "")
    return found


def _fits(one: Followed, wanted: dict[str, object]) -> bool:
    """Whether a connection is a flow of that state; Suricata's closed is after both FINs, or after a RST."""
    ended = one.record.close not in ("close.still_open", "close.fin_unanswered", "close.fin_incomplete")
    return wanted.get("tcp.state") != "closed" or ended
