"""What may be so in a frame that tshark and synfin show differently, for the reasons in the tables of differences.

tshark is asked for ASKED beside whatever is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

ASKED = ("frame.protocols", "tcp.segment_data", "tcp.segments", "tcp.reassembled_in", "tcp.analysis.out_of_order")
Told = Mapping[str, str]


def _is_told_apart(told: Told, ours: str) -> bool:
    """Whether tshark names another protocol above those that both name: an application that is not told apart here."""
    here = ours.removesuffix(":data").removesuffix(":http")
    theirs = told["frame.protocols"]
    return theirs not in (ours, here + ":data") and theirs.startswith(here + ":")


def _is_held(told: Told, ours: str) -> bool:
    """Whether tshark keeps the segment for a message of another application, or shows such a message in it."""
    kept = bool(told["tcp.segment_data"] or told["tcp.segments"] or told["tcp.reassembled_in"])
    return kept and not ours.endswith((":http", ":tcp")) and ":http:" not in ours


def _is_late(told: Told, ours: str) -> bool:
    """Whether tshark keeps a segment that came out of order, in which nothing is read here."""
    kept = bool(told["tcp.segment_data"] or told["tcp.segments"] or told["tcp.reassembled_in"])
    return kept and ours.endswith(":tcp") and bool(told["tcp.analysis.out_of_order"])


def _is_passed_over(told: Told, ours: str) -> bool:
    """Whether tshark names nothing above TCP or UDP, and keeps nothing, though there are bytes of no protocol here."""
    theirs = told["frame.protocols"]
    kept = told["tcp.segment_data"] or told["tcp.segments"] or told["tcp.reassembled_in"]
    return theirs.endswith((":tcp", ":udp", ":mptcp")) and ours == theirs + ":data" and not kept


def _is_within(told: Told, ours: str) -> bool:
    """Whether tshark finds another protocol between TCP and what it shows of HTTP, or none of either."""
    theirs = told["frame.protocols"]
    return ":tcp" in theirs and not theirs.endswith(":tcp") and ":tcp:http" not in theirs


def _is_http(told: Told, ours: str) -> bool:
    """Whether tshark shows a message of HTTP in the frame, or keeps the segment for one."""
    kept = told["tcp.segment_data"] or told["tcp.segments"] or told["tcp.reassembled_in"]
    return ":http" in told["frame.protocols"] or bool(kept)


#: By their names in the tables.
SO: dict[str, Callable[[Told, str], bool]] = {
    "always": lambda told, ours: True,
    "told apart": _is_told_apart,
    "held": _is_held,
    "late": _is_late,
    "http": _is_http,
    "within": _is_within,
    "passed over": _is_passed_over,
}
