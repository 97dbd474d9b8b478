"""`-t`: the time column of packet lines, as tshark's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame

_SECOND = 1_000_000_000
#: what -t takes, and what it means
KINDS = {
    "a": "absolute", "ad": "absolute with date", "adoy": "absolute with day of year",
    "d": "since the packet before", "dd": "since the packet shown before", "e": "since 1970",
    "r": "since the first packet", "u": "absolute, UTC", "ud": "absolute with date, UTC",
    "udoy": "absolute with day of year, UTC",
}  # fmt: skip
_DATES = {"": "", "d": "%Y-%m-%d ", "doy": "%Y/%j "}


def time_text(kind: str, frame: Frame, facts: Facts) -> str:
    """The time of one packet, as fine as its capture tells it; nothing where it does not."""
    if not frame.packet.timed:
        return ""
    decimals, time_ns = facts.time_decimals, frame.packet.time_ns
    if kind == "r":
        return _seconds(facts.frame_time_relative_ns or 0, decimals)
    if kind == "d":
        return _seconds(facts.frame_time_delta_ns or 0, decimals)
    if kind == "dd":
        return _seconds(facts.frame_time_delta_displayed_ns or 0, decimals)
    if kind == "e":
        return _seconds(time_ns, decimals)
    return _of_day(time_ns, decimals, kind)


def _seconds(ns: int, decimals: int) -> str:
    sign = "-" if ns < 0 else ""
    whole, rest = divmod(abs(ns), _SECOND)
    return f"{sign}{whole}{_fraction(rest, decimals)}"


def _of_day(time_ns: int, decimals: int, kind: str) -> str:
    whole, rest = divmod(time_ns, _SECOND)
    try:
        when = time.gmtime(whole) if kind.startswith("u") else time.localtime(whole)
        return time.strftime(f"{_DATES[kind[1:]]}%H:%M:%S", when) + _fraction(rest, decimals)
    except (OverflowError, ValueError, OSError):
        return _seconds(time_ns, decimals)  # no calendar goes so far


def _fraction(rest_ns: int, decimals: int) -> str:
    return f".{rest_ns:09d}"[: decimals + 1] if decimals else ""
