"""The second opinion on Linux's own TCP: two kernels talk over a relay that knows what it did to every packet.

python bench/accuracy_kernel.py [--seed N]      writes docs/accuracy-kernel.md
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import sys
import tempfile
from pathlib import Path

from truth.labels import Labels
from truth.relay import Talk, Trouble, converse
from truth.scenarios import Frame
from truth.score import Score, compare, ours, tsharks, write

OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "accuracy-kernel.md"
CLASSES = ("retransmission", "spurious", "reordered", "network loss")
TROUBLES = (
    Trouble("loss", loss=0.04),
    Trouble("loss, lost ACKs", loss=0.04, ack_loss=0.2),
    Trouble("reordering and loss", loss=0.03, reorder=0.05),
    Trouble("no timestamps", loss=0.04, reorder=0.02, timestamps=False),
    Trouble("no SACK", loss=0.03, reorder=0.03, sack=False),
    Trouble("pauses", loss=0.06, ack_loss=0.1, pause_s=0.05),
)


def frames(talk: Talk, tap: str) -> list[Frame]:
    """What a tap captured, with the truth of every packet."""
    shots = talk.taps[tap]
    truth = _again(talk)
    isn = next(packet.seq for packet in talk.sent if packet.client)
    captured = {packet.number for _, packet in shots}
    highest, found = 1, []
    for time_ns, packet in shots:
        mine = set(truth.get(packet.number, ()))
        if not packet.length:
            mine |= {"?retransmission", "?spurious"}  # a FIN may be sent again, too: only data is asked for
        if packet.client and packet.length:
            start = (packet.seq - isn) % 2**32
            if packet.number not in truth and start + packet.length <= highest:
                mine.add("reordered")
            if start > highest:
                mine |= _missing(talk, truth, isn, (highest, start), captured)
            highest = max(highest, start + packet.length)
        found.append(Frame(time_ns, bytes(12) + b"\x08\x00" + packet.data, frozenset(mine), 0))
    return found


def _again(talk: Talk) -> dict[int, Labels]:
    """Retransmissions of data by number; spurious where earlier transmissions that arrived cover all of it."""
    data = [packet for packet in talk.sent if packet.client and packet.length]
    isn = next(packet.seq for packet in talk.sent if packet.client)
    found: dict[int, Labels] = {}
    sent: list[tuple[int, int, bool]] = []
    highest = 0
    for packet in data:
        start = (packet.seq - isn) % 2**32
        end = start + packet.length
        if end <= highest:
            covered = start
            for left, right, arrived in sorted(sent):
                if arrived and left <= covered:
                    covered = max(covered, right)
            found[packet.number] = frozenset({"retransmission"} | ({"spurious"} if covered >= end else set()))
        highest = max(highest, end)
        sent.append((start, end, packet.arrived))
    return found


def _missing(talk: Talk, truth: dict[int, Labels], isn: int, hole: tuple[int, int], captured: set[int]) -> set[str]:
    """Lost where no first transmission of the missing bytes ever came to the tap; undecided where some did."""
    firsts = [
        packet for packet in talk.sent
        if packet.client and packet.length and packet.number not in truth
        and (packet.seq - isn) % 2**32 < hole[1] and (packet.seq - isn) % 2**32 + packet.length > hole[0]
    ]  # fmt: skip
    came = sum(packet.number in captured for packet in firsts)
    return set() if came == len(firsts) else {"?network loss", "?capture gap"} if came else {"network loss"}


def row(trouble: Trouble, seed: int) -> list[str]:
    """Lines of the table: one for each class, all taps together."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        talk = pool.apply(converse, (trouble, seed))
    scores = {name: (Score(), Score()) for name in CLASSES}
    causes = {"fast": 0, "rto": 0}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture.pcap"
        for tap in talk.taps:
            taken = frames(talk, tap)
            write(taken, path)
            mine = ours(taken)
            if tap == "sender":
                causes = {
                    name: sum(
                        name in one and "retransmission" in frame.truth for one, frame in zip(mine, taken, strict=True)
                    )
                    for name in causes
                }
            truth = [frame.truth for frame in taken]
            for which, told in enumerate((mine, tsharks(path))):
                for name, score in compare(truth, told).items():
                    if name in CLASSES:
                        scores[name][which].add(score)
    known = talk.counters
    after = known["TCPSlowStartRetrans"] + known["TCPTimeouts"]
    lines = [
        f"| {trouble.name} · {name} | {a.right + a.missed} | {a.right}, {a.wrong} | {b.right}, {b.wrong} |"
        for name, (a, b) in scores.items() if a.right + a.missed or a.wrong or b.wrong
    ]  # fmt: skip
    counted = f"fast {causes['fast']}, rto {causes['rto']}; kernel: fast {known['TCPFastRetrans']}, timeout {after}"
    return [*lines, f"| {trouble.name} · causes at the sender | {known['RetransSegs']} | {counted} | |"]


HEAD = """# Accuracy on Linux's own TCP

Written by `python bench/accuracy_kernel.py --seed {seed}` on Linux {release}: two kernels, one conversation of 360,000
bytes for each trouble, and between them a relay that knows which packet it lost or held up (20 ms each way). Three taps
are put together. Times are real ones, so another run has other packets. `right, wrong` are packets told where they are
and where they are not. The last line of each trouble sets our causes beside what the sending kernel itself counted
(`RetransSegs`, `TCPFastRetrans`; timeouts with what was sent again after them).
Only data is asked for; a FIN that was sent again, by either end, is left out.

| trouble · class | true | ours: right, wrong | tshark: right, wrong |
|---|---|---|---|
"""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    seed = arguments.parse_args().seed
    lines = [line for trouble in TROUBLES for line in row(trouble, seed)]
    written = HEAD.format(seed=seed, release=platform.release()) + "\n".join(lines) + "\n"
    sys.stdout.write(written)
    OUTPUT.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
