"""A whole capture at a glance: at which stage its connections ended, and how.

The stages are those of Cloudflare's public statistics of resets and timeouts: nothing but a SYN, the handshake alone,
the first data without an answer, later. The ends are a table's columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synfin.watch.connections.record_block import RecordBlock

STAGES = ("syn", "ack", "first_data", "later")
ENDS = ("fin", "rst_client", "rst_server", "rst_other", "timeout", "rejected", "open")
_FIELDS = ("open", "close", "closed_by", "client.payload_bytes", "server.payload_bytes")
_RESETS = ("close.abort", "close.rst_reply", "close.rst_after_own_fin", "close.rst_after_peer_fin")
_UNFINISHED = ("close.still_open", "close.fin_unanswered")
_NOT_YET = ("open.pending", "open.no_answer", "open.half_open", "open.unsolicited_synack")


class Summary:
    """Counts connections by stage and end, and by their two ids."""

    def __init__(self) -> None:
        self.cells: Counter[tuple[str, str]] = Counter()
        self.openings: Counter[str] = Counter()
        self.closings: Counter[str] = Counter()

    def __len__(self) -> int:
        return self.cells.total()

    def count(self, blocks: Iterable[RecordBlock]) -> Summary:
        """Take in more connections; itself."""
        for block in blocks:
            kinds = Counter(zip(*(_seen(name, block.values(name)) for name in _FIELDS), strict=True))
            for (opened, closed, by, asked, answered), number in kinds.items():
                place = stage(opened, closed, asked, answered), end(opened, closed, by)
                self.cells[place] += number
                self.openings[opened] += number
                self.closings[closed] += number
        return self

    def to_dict(self) -> dict[str, Any]:
        return {
            "connections": len(self),
            "stages": {row: {column: self.cells[row, column] for column in ENDS} for row in STAGES},
            "open": dict(self.openings.most_common()),
            "close": dict(self.closings.most_common()),
        }


def _seen(name: str, values: Sequence[Any]) -> Iterator[Any]:
    """Of payloads only whether there are any: so few kinds of connections remain."""
    return (bool(value) for value in values) if name.endswith("bytes") else iter(values)


def stage(opened: str, closed: str, asked: bool, answered: bool) -> str:
    """How far a connection came: `asked` says whether the client sent data, `answered` whether the server did."""
    if closed == "close.never_opened" or opened in _NOT_YET:
        return "syn"
    if not asked and not answered:
        return "ack"
    return "later" if answered else "first_data"


def end(opened: str, closed: str, by: str) -> str:
    """What ended it."""
    if opened in ("open.refused", "open.icmp_rejected"):
        return "rejected"
    if opened in ("open.rejected_by_client", "open.unsolicited_synack"):
        return "rst_client"
    if closed in _RESETS:
        return f"rst_{by}" if by in ("client", "server") else "rst_other"
    if by == "timeout" or closed == "close.silent_death":
        return "timeout"
    return "open" if closed in _UNFINISHED or opened == "open.pending" else "fin"
