"""What one end has sent, piece by piece: what was sent again, what came late, and when each piece was acknowledged.

The rules are tcptrace's, so that its numbers can be compared. A piece is a stretch of sequence space that a segment
brought first; SYN and FIN count one. Numbers are unwrapped.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from synfin.watch.measure.spread import Spread


@dataclass(slots=True)
class Piece:
    """From `first` to before `end`."""

    first: int
    end: int
    time_ns: int  #: of its last transmission
    again: int = 0  #: times it was sent again
    acks: int = 0


@dataclass(slots=True)
class Sent:
    """One end's pieces, in order, none overlapping; those that are acknowledged and touch become one."""

    pieces: list[Piece] = field(default_factory=list)
    rtt: Spread = field(default_factory=Spread)  #: ns; of pieces sent once (Karn), by the ACK of exactly their end
    full_rtt: Spread = field(default_factory=Spread)  #: the same, of the largest pieces
    full_bytes: int = 0  #: how large those are
    last_rtt_ns: int | None = None  #: of the newest acknowledgment; None where it gave no sample
    ambiguous_rtt: Spread = field(default_factory=Spread)  #: of pieces sent more than once, since the last time
    after_loss_acks: int = 0  #: ACKs that waited for an earlier piece to be sent again
    acked_with_others: int = 0  #: pieces whose own end no ACK named
    repeated_acks: int = 0  #: segments whose ACK names a piece's end that was acknowledged before
    triple_repeated_acks: int = 0  #: the fourth ACK that covers a piece, where it names its end and brings no data
    most_again: int = 0
    again_after: Spread = field(default_factory=Spread)  #: ns between two transmissions of a piece

    def send(self, first: int, end: int, now_ns: int) -> tuple[int, bool]:
        """Note a segment; (how much of it was sent before, whether it comes before something already captured)."""
        at, repeated, late, split = first, 0, False, False
        k = self._at(at)
        while k < len(self.pieces) and at < end:
            piece = self.pieces[k]
            if at < piece.first:
                late = late or end < piece.end
                self.pieces.insert(k, Piece(at, min(end, piece.first), now_ns))
                k += 1
                if end <= piece.first:
                    return repeated, late
                at = piece.first
            piece.again += 1
            if not split:
                self._sent_again(piece, now_ns)
            split = True
            repeated += min(end, piece.end) - at
            at = piece.end
            k += 1
        if at < end:
            self.pieces.append(Piece(at, end, now_ns))
        return repeated, late

    def _at(self, number: int) -> int:
        """Index of the piece that holds `number`, or of the first behind it."""
        k = bisect_right(self.pieces, number, key=lambda piece: piece.first)
        return k - 1 if k and self.pieces[k - 1].end > number else k

    def _sent_again(self, piece: Piece, now_ns: int) -> None:
        if not piece.acks:
            self.most_again = max(self.most_again, piece.again)
            self.again_after.add(now_ns - piece.time_ns)
        piece.time_ns = now_ns

    def acknowledge(self, ack: int, now_ns: int, *, repeats: bool) -> None:
        """Note an ACK of all before `ack`; `repeats`: it brings no data, and number and window are the last ones."""
        newest_ns, changed = -1, False
        for piece in self.pieces:
            if ack <= piece.first:
                break
            newest_ns = max(newest_ns, piece.time_ns)
            if piece.acks:
                self._acked_again(piece, ack, repeats)
                continue
            piece.acks = 1
            changed = True
            if ack == piece.end:
                self._sample(piece, now_ns, newest_ns)
            else:
                self.acked_with_others += 1
        if changed:
            self._join()

    def _acked_again(self, piece: Piece, ack: int, repeats: bool) -> None:
        if ack == piece.end and repeats:
            piece.acks += 1
            self.repeated_acks += 1
            self.triple_repeated_acks += piece.acks == 4

    def _sample(self, piece: Piece, now_ns: int, newest_ns: int) -> None:
        took = now_ns - piece.time_ns
        self.last_rtt_ns = None
        if newest_ns > piece.time_ns:
            self.after_loss_acks += 1  # an earlier piece was sent after this one: the ACK tells of that
        elif piece.again:
            self.ambiguous_rtt.add(took)
        else:
            self.last_rtt_ns = took
            self.rtt.add(took)
            self._full_sample(piece.end - piece.first, took)

    def _full_sample(self, size: int, took: int) -> None:
        if size > self.full_bytes:
            self.full_bytes, self.full_rtt = size, Spread()
        if size == self.full_bytes:
            self.full_rtt.add(took)

    def _join(self) -> None:
        """Join what touches, from the lowest piece to the first that nobody acknowledged."""
        kept: list[Piece] = []
        for k, piece in enumerate(self.pieces):
            if not piece.acks:
                kept += self.pieces[k:]
                break
            if kept and kept[-1].end == piece.first:
                last = kept[-1]
                last.end, last.acks, last.time_ns = piece.end, piece.acks, max(last.time_ns, piece.time_ns)
            else:
                kept.append(piece)
        self.pieces = kept
