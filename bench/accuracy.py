"""The second opinion against truth, beside tshark on the same captures: a table, and docs/accuracy.md.

python bench/accuracy.py [--connections N] [--seed N] [--no-docs] [--show SCENARIO:TAP:CLASS]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from truth.labels import CLASSES
from truth.scenarios import SCENARIOS, TAPS, capture
from truth.score import Score, compare, ours, tsharks, write

OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "accuracy.md"
FEWEST = 5  #: a class with fewer packets in a scenario makes no row of its own

#: classes that tshark has no flag for
FLAGLESS = ("capture duplicate", "network duplicate")

Both = tuple[Score, Score]


def measure(connections: int, seed: int) -> tuple[dict[tuple[str, str], Both], int]:
    """(scores of both by scenario and class, packets)."""
    rows: dict[tuple[str, str], Both] = {}
    packets = 0
    with tempfile.TemporaryDirectory() as folder:
        for scenario in SCENARIOS:
            for tap in TAPS:
                frames = capture(scenario, tap, connections=connections, seed=seed)
                path = Path(folder) / "capture.pcap"
                write(frames, path)
                truth = [frame.truth for frame in frames]
                packets += len(frames)
                for which, told in enumerate((ours(frames), tsharks(path))):
                    for name, score in compare(truth, told).items():
                        rows.setdefault((scenario.name, name), (Score(), Score()))[which].add(score)
    return rows, packets


def totals(rows: dict[tuple[str, str], Both]) -> Iterator[tuple[str, Both]]:
    """A row for each class over all scenarios."""
    for name in CLASSES:
        both = Score(), Score()
        for (_, of), scores in rows.items():
            if of == name:
                both[0].add(scores[0])
                both[1].add(scores[1])
        yield name, both


def line(first: str, both: Both) -> str:
    """One row of a table."""
    mine, theirs = both
    cells = [f"{value:.3f}" for score in both for value in (score.precision, score.recall, score.f1)]
    verdict = "better" if mine.f1 > theirs.f1 else "equal" if mine.f1 == theirs.f1 else "**worse**"
    return f"| {first} | {mine.right + mine.missed} | {' | '.join(cells)} | {verdict} |"


HEADS = "packets | ours: precision | recall | F1 | tshark: precision | recall | F1 | |"


def page(rows: dict[tuple[str, str], Both], packets: int, connections: int, seed: int) -> str:
    """docs/accuracy.md."""
    shown = [(key, both) for key, both in rows.items() if both[0].right + both[0].missed >= FEWEST]
    marks = [both[0].f1 > both[1].f1 for _, both in shown]
    flagless = sum(key[1] in FLAGLESS for key, _ in shown)
    equal = sum(both[0].f1 == both[1].f1 for _, both in shown)
    text = [
        HEAD.format(
            packets=packets, scenarios=len(SCENARIOS), taps=", ".join(TAPS), connections=connections, seed=seed
        ),
        f"Of {len(shown)} rows ours is above tshark's in {sum(marks)} ({flagless} of them in classes "
        f"that tshark has no flag for), equal in {equal}, "
        f"below in {len(shown) - sum(marks) - equal}.\n",
        "## By class\n",
        f"| class | {HEADS}",
        "|---|" + "---|" * 8,
        *(line(name, both) for name, both in totals(rows)),
        "\n## By class and scenario\n",
        f"| class · scenario | {HEADS}",
        "|---|" + "---|" * 8,
    ]
    for name in CLASSES:
        text += [line(f"{name} · {key[0]}", both) for key, both in shown if key[1] == name]
    return "\n".join(text) + "\n"


HEAD = """# Accuracy of the second opinion

Written by `make accuracy` (`python bench/accuracy.py --connections {connections} --seed {seed}`). It simulates
{scenarios} scenarios seen from three taps ({taps}; {packets} packets in all) on a virtual clock, so that what became
of every packet is known, and asks both the second opinion (`synfin.opinion`) and tshark about the same files. The
simulated hosts (`bench/truth/hosts.py`) are as regular as we could write them; real ones are less so.

What counts as true:
- *retransmission*: bytes that the sender has sent before. *fast* and *rto*: why, where it was needed.
- *spurious*: an earlier transmission of these bytes arrived, sooner or later.
- *reordered*: a first transmission that came to the tap after what was sent later.
- *capture gap*, *network loss*: the packet after missing bytes, where all of these passed the tap unseen, or all were
  lost before it; packets after a mixture are left out. tshark has one flag for both.
- *capture duplicate*, *network duplicate*: the second copy at the tap of one packet; tshark has no such flag.
- *duplicate ack*: sent because something came out of order or twice.

tshark's *rto* is its plain retransmission. A row needs at least five such packets.
"""


def show(asked: str, connections: int, seed: int) -> None:
    """Every packet that the second opinion got wrong in a class, for those who improve it."""
    name, tap, of = asked.split(":")
    scenario = next(one for one in SCENARIOS if one.name == name)
    frames = capture(scenario, tap, connections=connections, seed=seed)
    path = Path(tempfile.gettempdir()) / "accuracy.pcap"
    write(frames, path)
    print(path)
    for number, (frame, told) in enumerate(zip(frames, ours(frames), strict=True), 1):
        if f"?{of}" not in frame.truth and (of in frame.truth) != (of in told):
            print(number, frame.connection, sorted(frame.truth), sorted(told))


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--connections", type=int, default=4)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--no-docs", action="store_true")
    arguments.add_argument("--show")
    asked = arguments.parse_args()
    if asked.show:
        show(asked.show, asked.connections, asked.seed)
        return 0
    rows, packets = measure(asked.connections, asked.seed)
    written = page(rows, packets, asked.connections, asked.seed)
    sys.stdout.write(written)
    if not asked.no_docs:
        OUTPUT.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
