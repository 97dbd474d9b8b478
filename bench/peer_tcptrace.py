"""What tcptrace says of the connections of a capture, and what we say in its words."""

from __future__ import annotations

import csv
import gzip
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import peer_tcptrace_reasons as reasons
from connections import Followed, Library
from peer_difference import Comparison
from synfin.watch.measure.direction import Direction
from synfin.watch.measure.spread import Spread

MAGIC = (b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1", b"\n\r\r\n")
HOUR_US = 3_600_000_000
_MS, _S = 1_000_000, 1_000_000_000
_BIAS = 0.0001  #: tcptrace divides a sum by the count plus this

Value = Callable[[Direction], str]
End = tuple[bytes, int]
Row = dict[str, str]  #: tcptrace's labels, `a.` or `b.` before those of a direction


def _mean(spread: Spread) -> str:
    return f"{spread.total / (spread.count + _BIAS) / _MS:.1f}"


def _deviation(spread: Spread) -> str:
    return f"{(spread.deviation or 0) / _MS:.1f}" if spread.count > 2 else "0.0"


def _times(name: str, get: Callable[[Direction], Spread], ending: str = "") -> dict[str, Value]:
    return {
        f"{name} min{ending}": lambda one: f"{get(one).least / _MS:.1f}",
        f"{name} max{ending}": lambda one: f"{get(one).most / _MS:.1f}",
        f"{name} avg{ending}": lambda one: _mean(get(one)),
    }


def _number(name: str) -> Value:
    return lambda one: str(getattr(one, name) or 0)


def _known(value: int | None) -> str:
    return "NA" if value is None else str(value)


#: tcptrace's label -> our value in its form
VALUES: dict[str, Value] = {
    "total packets": _number("packets"),
    "ack pkts sent": _number("ack_packets"),
    "pure acks sent": _number("pure_acks"),
    "sack pkts sent": _number("sack_packets"),
    "dsack pkts sent": _number("dsack_packets"),
    "max sack blks/ack": _number("max_sack_blocks"),
    "unique bytes sent": _number("unique_bytes"),
    "actual data pkts": _number("data_packets"),
    "actual data bytes": _number("data_bytes"),
    "rexmt data pkts": _number("retransmitted_packets"),
    "rexmt data bytes": _number("retransmitted_bytes"),
    "zwnd probe pkts": _number("zero_window_probes"),
    "zwnd probe bytes": _number("zero_window_probe_bytes"),
    "outoforder pkts": _number("out_of_order_packets"),
    "pushed data pkts": _number("pushed_packets"),
    "SYN/FIN pkts sent": lambda one: f"{one.syns}/{one.fins}",
    "req 1323 ws/ts": lambda one: f"{'NY'[one.window_shift is not None]}/{'NY'[one.timestamps]}",
    "req sack": lambda one: "NY"[one.sack_permitted],
    "urgent data pkts": _number("urgent_packets"),
    "urgent data bytes": _number("urgent_bytes"),
    "mss requested": _number("mss"),
    "max segm size": _number("max_segment_bytes"),
    "min segm size": _number("min_segment_bytes"),
    "avg segm size": lambda one: str(int(one.data_bytes / (one.data_packets + 0.001))),
    "max win adv": _number("window_max_bytes"),
    "min win adv": _number("window_min_bytes"),
    "zero win adv": _number("zero_windows"),
    "avg win adv": _number("window_avg_bytes"),
    # tcptrace counts the next byte expected as outstanding: one more than is
    "max owin": lambda one: str(one.outstanding.most + 1) if one.outstanding.count else "0",
    "avg owin": lambda one: str(one.outstanding.total // one.outstanding.count + 1) if one.outstanding.count else "0",
    "initial window": _number("initial_window_bytes"),
    "initial window#2": _number("initial_window_packets"),
    "ttl stream length": lambda one: _known(one.stream_bytes),
    "missed data": lambda one: _known(one.missed_bytes),
    "truncated data": _number("truncated_bytes"),
    "truncated packets": _number("truncated_packets"),
    "data xmit time": lambda one: f"{(one.transmit_time_ns or 0) / _S:.3f}",
    "idletime max": lambda one: f"{(one.idle_max_ns or 0) / _MS:.1f}" if one.packets else "NA",
    "throughput": lambda one: "NA" if one.throughput_bytes_per_s is None else f"{one.throughput_bytes_per_s:.0f}",
    "RTT samples": lambda one: str(one.sent.rtt.count),
    **_times("RTT", lambda one: one.sent.rtt),
    "RTT stdev": lambda one: _deviation(one.sent.rtt),
    "RTT from 3WHS": lambda one: f"{(one.handshake_rtt_ns or 0) / _MS:.1f}",
    "RTT full_sz smpls": lambda one: str(one.sent.full_rtt.count),
    **_times("RTT full_sz", lambda one: one.sent.full_rtt),
    "RTT full_sz stdev": lambda one: _deviation(one.sent.full_rtt),
    "post-loss acks": lambda one: str(one.sent.after_loss_acks),
    "ambiguous acks": lambda one: str(one.sent.ambiguous_rtt.count),
    **_times("RTT", lambda one: one.sent.ambiguous_rtt, " (last)"),
    "RTT sdv (last)": lambda one: _deviation(one.sent.ambiguous_rtt),
    "segs cum acked": lambda one: str(one.sent.acked_with_others),
    "duplicate acks": lambda one: str(one.sent.repeated_acks),
    "triple dupacks": lambda one: str(one.sent.triple_repeated_acks),
    "max # retrans": lambda one: str(one.sent.most_again),
    "min retr time": lambda one: f"{one.sent.again_after.least / _MS:.1f}",
    "max retr time": lambda one: f"{one.sent.again_after.most / _MS:.1f}",
    "avg retr time": lambda one: _mean(one.sent.again_after),
    "sdv retr time": lambda one: _deviation(one.sent.again_after),
    "resets sent": _number("resets"),
}


def run(path: Path) -> list[Row]:
    """tcptrace's long output for a pcap or pcapng file; of other formats it makes something else each time."""
    content = path.read_bytes()
    content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    if content[:4] not in MAGIC:
        return []
    with tempfile.NamedTemporaryFile(suffix=".pcap") as plain:
        plain.write(content)
        plain.flush()
        done = subprocess.run(
            ["tcptrace", "-n", "-l", "-r", "-W", plain.name],
            capture_output=True, timeout=120, env={"TZ": "UTC", "PATH": "/usr/bin:/bin:/usr/local/bin"}, check=False,
        )  # fmt: skip
    return list(parse(done.stdout.decode("utf-8", "replace")))


def parse(text: str) -> Iterator[Row]:
    """The connections of tcptrace's long output."""
    for block in re.split(r"^TCP connection \d+:\n", text, flags=re.MULTILINE)[1:]:
        row: Row = {}
        for line in block.splitlines():
            _parse_line(line, row)
        yield row


def _parse_line(line: str, row: Row) -> None:
    if line.startswith("\t"):
        label, _, value = line.strip().partition(":")
        known = {"first packet", "last packet", "elapsed time", "complete conn", "total packets"}
        if label in known:
            row[label] = " ".join(value.split())
        elif label.startswith("host "):
            row["host_b" if "host_a" in row else "host_a"] = value.strip()
        return
    halves = re.findall(r"     ([A-Za-z][^:]*): +(\S+)", line)
    if len(halves) == 2:
        (label, a), (_, b) = halves
        while f"a.{label}" in row:
            label += "#2"
        row[f"a.{label}"], row[f"b.{label}"] = a, b


def expected(folder: Path) -> dict[str, list[Row]]:
    """tcptrace's own expected results, by capture."""
    found: dict[str, list[Row]] = {}
    with (folder / "expected" / "tcptrace" / "tcptrace.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            name = "tcptrace/" + row.pop("file").removeprefix("input/")  # the column stands twice, the second counts
            found.setdefault(name, []).append({key: value for key, value in row.items() if value})
    return found


def first_us(row: Mapping[str, str]) -> int | None:
    """Time of a connection's first packet in microseconds; None where tcptrace cannot say it."""
    when, _, rest = row["first packet"].partition(".")
    fraction, _, year = rest.partition(" ")
    if not year or not fraction.isdigit():
        return None
    at = datetime.strptime(f"{when} {year}", "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    return int(at.timestamp()) * 1_000_000 + int(fraction)


def ours(one: Followed, host_a: End) -> Row:
    """A connection of ours in tcptrace's words; `host_a` is the end that it calls a."""
    a, b = one.measurements.client, one.measurements.server
    if host_a != one.ends[0]:
        a, b = b, a
    return {f"{end}.{label}": value(side) for label, value in VALUES.items() for end, side in (("a", a), ("b", b))}


def _show(label: str, direction: Direction) -> str:
    return VALUES[label](direction)


def _end(text: str) -> End:
    address, _, port = text.rpartition(":")
    return ip_address(address).packed, int(port)


def compare_run(folder: Path, library: Library, names: Iterable[str]) -> Comparison:
    """Compare with tcptrace itself, run on captures."""
    found = Comparison("tcptrace, run", "connections")
    for name in names:
        if rows := run(folder / name):
            _compare(found, name, rows, library)
    return found


def compare_expected(folder: Path, library: Library) -> Comparison:
    """Compare with tcptrace's own expected results."""
    found = Comparison("tcptrace, its own", "connections")
    for name, rows in sorted(expected(folder).items()):
        _compare(found, name, rows, library)
    return found


def _compare(found: Comparison, name: str, rows: list[Row], library: Library) -> None:
    known = library.connections(name)
    snap_len = library.snap_len(name)
    for row in rows:
        a, b = _end(row["host_a"]), _end(row["host_b"])
        same = [one for one in known if set(one.ends) == {a, b}]
        when = first_us(row)
        # its own results show the local time of those who made them
        one = next((one for one in same if when is None or not (one.record.start_ns // 1000 - when) % HOUR_US), None)
        if one is None:
            why = reasons.OTHER_BEGINNING if same else reasons.OUT_OF_REACH
            found.lacks(name, row["host_a"], reasons.CAPTURES.get(name, why))
            continue
        here = ours(one, a)
        values = [(key[2:], there, here[key]) for key, there in row.items() if key in here and key[0] == "a"]
        found.compare(name, f"{one.record.conn}a", values, reasons.why(name, row, one, a, _show, snap_len))
        values = [(key[2:], there, here[key]) for key, there in row.items() if key in here and key[0] == "b"]
        found.compare(name, f"{one.record.conn}b", values, reasons.why(name, row, one, b, _show, snap_len))
        found.things -= 1  # both directions are one connection
