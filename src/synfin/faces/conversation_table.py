"""`-z conv,…`: the table of conversations, as tshark prints it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from synfin.dissect.context import Facts
from synfin.watch.connections.conversations import Conversation, Conversations, end_text
from synfin.wire.frame import Frame

_SECOND = 1_000_000_000
TITLES = {"eth": "Ethernet", "ip": "IPv4", "ipv6": "IPv6", "tcp": "TCP", "udp": "UDP"}
RULE = "=" * 80
#: by what the times are shown as: heads of the sizes, two lines over the column of the start
_HEADS = {
    "relative": ("Bytes", "    Relative    ", "      Start     "),
    "epoch": ("Bytes", "       Relative       ", "         Start        "),
    "clock": ("Size ", " Absolute Time  ", "      Start     "),
    "date": ("Size ", " Absolute Date  ", "     Start      "),
}
_KINDS = {"a": "clock", "u": "clock", "e": "epoch", "ad": "date", "adoy": "date", "ud": "date", "udoy": "date"}
_FORMATS = {"": "%H:%M:%S", "d": "%Y-%m-%d %H:%M:%S", "doy": "%Y/%j %H:%M:%S"}


class ConversationTable:
    """One table, filled packet by packet."""

    def __init__(self, protocol: str, times: str, filter: str | None = None) -> None:
        self._protocol, self._times, self._filter = protocol, times, filter
        self._counted = Conversations(protocol)

    def see(self, frame: Frame, facts: Facts) -> None:
        """Count a packet."""
        self._counted.see(frame, facts)

    def lines(self) -> Iterator[str]:
        """The table."""
        size, first, second = _HEADS[_KINDS.get(self._times, "relative")]
        wide = 26 if self._protocol in ("tcp", "udp") else 20
        margin = " " * (2 * wide + 7)
        yield RULE
        yield f"{TITLES[self._protocol]} Conversations"
        yield filter_line(self._filter)
        yield f"{margin}|       <-      | |       ->      | |     Total     |{first}|   Duration   |"
        yield f"{margin}| Frames  {size} | | Frames  {size} | | Frames  {size} |{second}|              |"
        for one in self._counted.all():
            yield self._row(one, wide)
        yield RULE

    def _row(self, one: Conversation, wide: int) -> str:
        (there, back), (sent, answered) = one.frames, one.bytes
        counts = ((back, answered), (there, sent), (there + back, sent + answered))
        cells = "".join(f"  {frames:6d} {_size(size):<9}" for frames, size in counts)
        duration = _seconds(one.end_ns) - _seconds(one.start_ns)
        ends = f"{end_text(one.first):<{wide}} <-> {end_text(one.second):<{wide}}"
        return f"{ends}{cells}  {self._start(one)}   {duration:12.4f}"

    def _start(self, one: Conversation) -> str:
        kind = _KINDS.get(self._times, "relative")
        if kind == "relative":
            return f"{_seconds(one.start_ns):14.9f}"
        if kind == "epoch":
            return f"{_seconds(one.epoch_ns):20.9f}"
        universal = self._times.startswith("u")
        try:
            when = (time.gmtime if universal else time.localtime)(one.epoch_ns // _SECOND)
        except (OverflowError, ValueError, OSError):
            return f"{_seconds(one.epoch_ns):20.9f}"  # no calendar goes so far
        return time.strftime(_FORMATS[self._times[1:]], when)


def filter_line(filter: str | None) -> str:
    """What was counted; None where that was everything."""
    return f"Filter:{'<No Filter>' if filter is None else filter}"


def _seconds(ns: int) -> float:
    """Seconds as a double, which is how tshark counts here."""
    whole, rest = divmod(ns, _SECOND)
    return whole + rest / 1e9


def _size(count: int) -> str:
    """A number of bytes in the largest unit that leaves two digits."""
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if count >= 10 * 10**power:
            return f"{count // 10**power} {unit}"
    return f"{count} bytes"
