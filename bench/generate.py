"""Writes a large capture whose truth is known: FILE.pcap (or .pcapng), FILE.truth.json and FILE.truth.ndjson.

Same arguments, same bytes. `truth.ndjson` has a line for each connection in order of first packet, `truth.json` sums.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from traffic.connection import Conversation, Range, Rates, Sizes
from traffic.encode import Endpoint
from traffic.files import PcapFile, PcapngFile
from traffic.truth import COUNTED, Truth

MIXES = {
    "small": Sizes(rounds=Range(3, 30), request=Range(20, 120), reply=Range(20, 600), segment=120),
    "mixed": Sizes(rounds=Range(1, 8), request=Range(80, 700), reply=Range(100, 60_000)),
    "short": Sizes(rounds=Range(1, 2), request=Range(20, 120), reply=Range(20, 110), segment=120),
    "bulk": Sizes(rounds=Range(1, 4), request=Range(100, 400), reply=Range(50_000, 500_000)),
}
START_NS = 1_767_323_045_000_000_000
PORTS = (80, 443, 443, 443, 5432, 6379, 8080, 9501)


def main() -> int:
    arguments = parser().parse_args()
    path: Path = arguments.file
    with path.open("wb") as out, path.with_suffix(".truth.ndjson").open("w") as records:
        sums = generate(out, records, arguments)
    path.with_suffix(".truth.json").write_text(json.dumps(sums, indent=1) + "\n")
    print(json.dumps(sums), file=sys.stderr)
    return 0


def generate(out: BinaryIO, records: TextIO, arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the capture and a record for each connection; gives the sums with how they were made."""
    capture = PcapngFile(out) if str(arguments.file).endswith(".pcapng") else PcapFile(out)
    truths: list[Truth] = []
    packets = 0
    for batch in _in_order(_conversations(arguments, truths), arguments):
        capture.write(batch)
        packets += len(batch)
    truths.sort(key=lambda truth: (truth.start_ns, truth.conn))  # as their first packets stand in the file
    for number, truth in enumerate(truths):
        truth.conn = number
        records.write(json.dumps(truth.as_dict()) + "\n")
    sums: dict[str, Any] = {name: sum(sum(getattr(truth, name)) for truth in truths) for name in COUNTED}
    if sums["packets"] != packets:
        raise AssertionError(f"{packets} packets written, {sums['packets']} in the records")
    made_by = {key: value for key, value in vars(arguments).items() if key != "file"}
    return {"connections": len(truths), **sums, "file_bytes": out.tell(), "made_by": made_by}


def _conversations(arguments: argparse.Namespace, truths: list[Truth]) -> Iterator[Conversation]:
    """Conversations without end, each with a truth of its own in `truths`; the caller sets when one starts."""
    rng = random.Random(arguments.seed)
    rates = Rates(loss=arguments.loss, reorder=arguments.reorder)
    sizes = replace(MIXES[arguments.mix], pause_ms=arguments.pause_ms)
    while True:
        number = len(truths)
        client, server = _endpoints(number, rng, arguments.ipv6)
        truth = Truth(number, client=_text(client), server=_text(server))
        truths.append(truth)
        yield Conversation(truth, (client, server), START_NS, sizes, rates, rng)


def _in_order(
    conversations: Iterator[Conversation], arguments: argparse.Namespace
) -> Iterator[list[tuple[int, bytes]]]:
    """Batches of frames in order of time: stages run in order of their start, what is surely complete is sorted out."""
    waiting: list[tuple[int, int, Conversation]] = []
    begun = packets = 0

    def begin(start_ns: int) -> None:
        nonlocal begun
        conversation = next(conversations)
        conversation.next_ns = conversation.truth.start_ns = start_ns
        heapq.heappush(waiting, (start_ns, begun, conversation))
        begun += 1

    # One conversation a tenth of a millisecond until the asked number is alive at once.
    for i in range(arguments.concurrent):
        begin(START_NS + i * 100_000)
    pending: list[tuple[int, bytes]] = []
    limit = 1 << 16
    while waiting:
        now, number, conversation = heapq.heappop(waiting)
        if len(pending) > limit:
            ready, pending = _split(pending, now)
            limit = max(1 << 16, 2 * len(pending))
            yield ready
        frames = conversation.advance()
        pending += frames
        packets += len(frames)
        if conversation.next_ns is not None:
            heapq.heappush(waiting, (conversation.next_ns, number, conversation))
        elif packets < arguments.packets:
            begin(now + 1_000_000)
    pending.sort(key=itemgetter(0))
    yield pending


def _split(pending: list[tuple[int, bytes]], now: int) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
    """The frames captured before `now`, in order, and the others."""
    pending.sort(key=itemgetter(0))  # stable: equal times keep the order in which they were sent
    low, high = 0, len(pending)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if pending[middle][0] < now else (low, middle)
    return pending[:low], pending[low:]


def _endpoints(number: int, rng: random.Random, ipv6: float) -> tuple[Endpoint, Endpoint]:
    """Addresses and ports of a connection; no two connections have the same four."""
    port = 32768 + number % 28000
    host = number // 28000
    if rng.random() < ipv6:
        net = 0x20010DB8 << 96
        return (IPv6Address(net + 0x10000 + host), port), (IPv6Address(net + rng.randrange(1, 200)), rng.choice(PORTS))
    return (IPv4Address(0x0A010000 + host), port), (IPv4Address(0x0A000000 + rng.randrange(1, 200)), rng.choice(PORTS))


def _text(end: Endpoint) -> str:
    return f"{end[0]}:{end[1]}" if end[0].version == 4 else f"[{end[0]}]:{end[1]}"


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", type=Path, help="capture to write; .pcapng by suffix, else pcap")
    options.add_argument("--packets", type=int, default=1_000_000, help="begin no connection after this many packets")
    options.add_argument("--concurrent", type=int, default=1000, help="connections alive at once")
    options.add_argument("--mix", choices=MIXES, default="mixed", help="packet sizes")
    options.add_argument("--ipv6", type=float, default=0.3, help="share of IPv6 connections")
    options.add_argument("--loss", type=float, default=0.02, help="chance that a burst loses a segment")
    options.add_argument("--reorder", type=float, default=0.01, help="chance that a burst has two segments swapped")
    options.add_argument("--pause-ms", type=float, default=5.0, help="mean pause before a request or a close")
    options.add_argument("--seed", type=int, default=1)
    return options


if __name__ == "__main__":
    raise SystemExit(main())
