"""How many connections need a look at their segments, and how many `check` opens.

    python bench/opened_share.py CAPTURE…

A connection needs it where a finding of note or above may come or go when its segments are read: something was sent
twice, a RST follows data, an ICMP error quotes it. `check` opens those and what is worth telling, 20 of each kind.
"""

from __future__ import annotations

import sys
from collections import Counter

from synfin.capture.reader import open_capture
from synfin.watch.engine.compiled import CompiledEngine
from synfin.watch.findings.bulk import found, severity, undecided
from synfin.watch.findings.known import KNOWN
from synfin.watch.story.selected import select


def main() -> int:
    print("capture\tconnections\tneed their segments\topened by check\tpackets\tof those opened\tfindings in bulk")
    for path in sys.argv[1:]:
        engine = CompiledEngine(records_only=True, findings=True)
        with open_capture(path) as reader:
            engine.feed(reader)
        raws = list(engine.connections())
        keys = [raw.signs << 64 | raw.marks for raw in raws]
        note = severity("note")
        needing = sum(any(severity(KNOWN[one].severity) >= note for one in undecided(key)) for key in keys)
        chosen = select(raws, "note", 20).chosen.values()
        packets = sum(raw.client.packets + raw.server.packets for raw in chosen)
        ids = Counter(name for key in keys for name in found(key))
        named = ", ".join(f"{name} {count}" for name, count in ids.most_common(6))
        print(f"{path}\t{len(raws)}\t{needing}\t{len(chosen)}\t{engine.frames}\t{packets}\t{named}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
