"""A requirement of RFC 9293 that a connection put to the test: kept, or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

LEVELS = {"MUST": "must", "SHLD": "should", "MAY": "may"}
_SEVERITIES = {"must": "warn", "should": "note", "may": "info"}
#: what is broken every day, and why: by Linux's defaults, by configuration, or only as far as a capture can tell
_MILD = {
    "MUST-19": "note",  # a tail loss probe before the timeout looks like a timer that does not back off
    "MUST-22": "note",  # Linux repeats the first SYNs every second (tcp_syn_linear_timeouts)
    "MUST-23": "note",  # Linux gives up after about 130 s (tcp_syn_retries)
    "MUST-28": "info",  # the application asked for it
    "MUST-38": "note",  # what the application wrote, and when, is not captured
    "MUST-61": "info",  # the same
    "SHLD-7": "info",  # TCP_NODELAY is a choice
    "SHLD-18": "info",  # quick acknowledgments at the start are Linux's habit
    "SHLD-19": "info",  # what a network card merges is acknowledged once
    "SHLD-23": "info",  # a program may change its mind
    "SHLD-26": "info",  # Linux only notes it once the connection stands
    "SHLD-28": "info",
}


class Ruling(NamedTuple):
    """One requirement and one end, or one moment, that met it."""

    rule: str  #: MUST-14: the number of RFC 9293's own list (section 3.10, appendix B)
    who: str  #: client or server
    kept: bool
    frames: tuple[int, ...]
    numbers: dict[str, int]

    @property
    def level(self) -> str:
        """must, should or may."""
        return LEVELS[self.rule.split("-")[0]]

    @property
    def severity(self) -> str:
        """How bad it is not to keep it; what may be done is never broken."""
        return "ok" if self.kept or self.level == "may" else _MILD.get(self.rule, _SEVERITIES[self.level])


def ruling(rule: str, who: str, kept: bool, frames: Iterable[int], **numbers: int) -> Ruling:
    """A ruling with its evidence, each frame once."""
    return Ruling(rule, who, kept, tuple(dict.fromkeys(frames)), numbers)
