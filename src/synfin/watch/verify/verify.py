"""One connection held against RFC 9293: which requirements it met, and which it broke."""

from __future__ import annotations

from synfin.watch.findings.seen import Seen
from synfin.watch.verify.answering import answering_rulings
from synfin.watch.verify.header import header_rulings
from synfin.watch.verify.network import network_rulings
from synfin.watch.verify.opening import opening_rulings
from synfin.watch.verify.ruling import Ruling
from synfin.watch.verify.sending import sending_rulings
from synfin.watch.verify.window import window_rulings


def verify(seen: Seen) -> list[Ruling]:
    """The rulings on a connection, in the order of RFC 9293's list; what was not put to the test has none."""
    found = [
        *header_rulings(seen), *opening_rulings(seen), *sending_rulings(seen), *window_rulings(seen),
        *answering_rulings(seen), *network_rulings(seen),
    ]  # fmt: skip
    return sorted(found, key=lambda one: (_place(one.rule), one.who, one.frames))


def _place(rule: str) -> tuple[int, int]:
    level, number = rule.split("-")
    return ("MUST", "SHLD", "MAY").index(level), int(number)
