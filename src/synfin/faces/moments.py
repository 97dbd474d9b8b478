"""Times on the command line: RFC 3339, or seconds since the first packet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from synfin.errors import UsageError

_SECONDS = re.compile(r"[+-]?(\d+)(?:\.(\d{1,9}))?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?)?")
_NS = 1_000_000_000


def time_range(since: str | None, until: str | None, paths: Sequence[str]) -> tuple[int, int]:
    """Both ends in nanoseconds since the epoch; an end that was not named lies beyond every time.

    `paths` can be read more than once where an end is relative. UsageError where one is no time.
    """
    low, high = -(1 << 80), 1 << 80
    return (low if since is None else _moment(since, paths)), (high if until is None else _moment(until, paths))


def is_relative(text: str | None) -> bool:
    """Whether a time counts from the first packet."""
    return text is not None and _SECONDS.fullmatch(text) is not None


def _moment(text: str, paths: Sequence[str]) -> int:
    seconds = _SECONDS.fullmatch(text)
    if seconds:
        since_first_ns = int(seconds[1]) * _NS + _fraction_ns(seconds[2])
        return _first_ns(paths) + (-since_first_ns if text.startswith("-") else since_first_ns)
    date = _DATE.fullmatch(text)
    if date is None:
        raise UsageError(f"{text!r} is no time: use 2026-01-02T03:04:05.678Z, or seconds since the first packet: 12.5")
    return _whole_second(text, date) * _NS + _fraction_ns(date[3])


def _whole_second(text: str, date: re.Match[str]) -> int:
    from datetime import datetime

    zone = (date[4] or "Z").upper().replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(f"{date[1]}T{date[2] or '00:00:00'}{zone}")
        return int((moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")).total_seconds())
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is no time: {error}") from error


def _fraction_ns(digits: str | None) -> int:
    return int((digits or "0").ljust(9, "0"))


def _first_ns(paths: Sequence[str]) -> int:
    """The time of the first packet of the first capture that has any."""
    from synfin.capture.reader import open_capture

    for path in paths:
        with open_capture(path) as reader:
            for packet in reader:
                return packet.time_ns
    return 0
