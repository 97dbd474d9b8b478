"""What may be so in a frame that tshark and synfin show differently, for the reasons in the tables of differences.

tshark is asked for ASKED beside whatever is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

ASKED = ("frame.protocols", "tcp.segment_data", "tcp.segments", "tcp.reassembled_in")
Told = Mapping[str, str]


def _is_told_apart(told: Told, ours: str) -> bool:
    """Whether tshark names another protocol above those that both name: an application that is not told apart here."""
    here = ours.removesuffix(":data").removesuffix(":http")
    theirs = told["frame.protocols"]
    return theirs not in (ours, here + ":data") and (not here or theirs.startswith(here + ":"))


def _is_put_together(told: Told, ours: str) -> bool:
    """Whether tshark keeps the segment for a message of several, or shows such a message in it."""
    return bool(told["tcp.segment_data"] or told["tcp.segments"] or told["tcp.reassembled_in"])


def _is_passed_over(told: Told, ours: str) -> bool:
    """Whether tshark names nothing above TCP or UDP though there are bytes."""
    return told["frame.protocols"].endswith((":tcp", ":udp")) and not _is_put_together(told, ours)


#: By their names in the tables.
SO: dict[str, Callable[[Told, str], bool]] = {
    "always": lambda told, ours: True,
    "told apart": _is_told_apart,
    "put together": _is_put_together,
    "passed over": _is_passed_over,
}
