"""The second opinion on the segments of one connection, in capture order.

What a segment is often shows only later: a D-SACK says that a retransmission was not needed, an acknowledgment that
bytes passed which the capture has not shown. So every judgement is a draft until the last segment was heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from synfin.watch.opinion import receipts, sending
from synfin.watch.opinion.duplicates import Copy, Duplicates
from synfin.watch.opinion.evidence import Evidence, read
from synfin.watch.opinion.flow import OPEN, Flow, Sent
from synfin.watch.opinion.incarnations import Incarnations
from synfin.watch.opinion.record import Draft, Kind, Opinion
from synfin.wire.tcp import ACK, FIN, RST, SYN, Segment


def judge(segments: Sequence[Segment]) -> list[Opinion]:
    """One opinion for each segment of a pair of endpoints; each incarnation is judged by itself."""
    courts: dict[int, Court] = {}
    places: list[tuple[int, int]] = []
    following = Incarnations()
    for segment in segments:
        number = following.place(segment)
        court = courts.setdefault(number, Court())
        places.append((number, len(court)))
        court.hear(segment)
    opinions = {number: court.close() for number, court in courts.items()}
    for number, life in enumerate(following.found):
        if number:
            opinions[number] = [replace(opinion, incarnation=number) for opinion in opinions[number]]
        opinions[number][0] = replace(opinions[number][0], began=life.reason)
    return [opinions[number][at] for number, at in places]


class Court:
    """Hears segments in capture order; memory beyond one draft a segment is bounded."""

    def __init__(self) -> None:
        self._drafts: list[Draft] = []
        self._flows = (Flow(), Flow())
        self._duplicates = Duplicates()
        self._first: tuple[bytes, int] | None = None
        self._sack = [False, False]
        self._times = sending.Times()

    def __len__(self) -> int:
        """Segments so far."""
        return len(self._drafts)

    def hear(self, segment: Segment) -> None:
        """The next segment."""
        here = (segment.src, segment.src_port)
        self._first = self._first or here
        side = int(here != self._first)
        draft = Draft(segment, Kind.NEW, "opinion.new")
        self._drafts.append(draft)
        if not segment.whole:
            draft.turn(Kind.UNREADABLE, "opinion.unreadable")
            return
        evidence = read(segment)
        copy = self._duplicates.recognise(segment, side, evidence)
        if copy is not None:
            self._hear_copy(side, draft, evidence, copy)
            return
        own, peer = self._flows[side], self._flows[1 - side]
        if evidence.sack_permitted:
            self._sack[side] = True
        if segment.flags & SYN and evidence.scale is not None:
            own.scale = evidence.scale
        self._times.note(side, segment)
        if segment.flags & RST:
            sending.reset(own, peer, draft)
            return
        if segment.length or segment.flags & (SYN | FIN):
            sending.occupying(own, peer, draft, evidence, self._times)
        else:
            sending.empty(own, peer, draft, evidence)
        if segment.flags & ACK:
            receipts.acknowledge(peer, own, draft, evidence, sack=all(self._sack))
        own.window, own.last_ns = segment.window, segment.time_ns

    def close(self) -> list[Opinion]:
        """The opinions, when nothing more comes."""
        for flow in self._flows:
            for gap in flow.gaps:
                receipts.undecided(gap)
        self._settle_copies()
        return [draft.final() for draft in self._drafts]

    def _hear_copy(self, side: int, draft: Draft, evidence: Evidence, copy: Copy) -> None:
        draft.turn(Kind.CAPTURE_DUPLICATE, copy.reason, copy.first.frame, certain=copy.certain and copy.other_ttl)
        segment, own = draft.segment, self._flows[side]
        if copy.other_ttl or not segment.length or not own.near:
            return
        start = own.unwrap(segment.seq)
        sent = Sent(draft, start, start + segment.length, segment.time_ns, segment.ip_id, evidence.tsval, first=False)
        own.copies.append(sent)
        if len(own.copies) > OPEN:
            del own.copies[0]

    def _settle_copies(self) -> None:
        """Copies that no receiver spoke about: like the others of the connection, else by how close they follow."""
        copies = [draft for draft in self._drafts if draft.kind in (Kind.CAPTURE_DUPLICATE, Kind.NETWORK_DUPLICATE)]
        by_network = sum(draft.kind is Kind.NETWORK_DUPLICATE for draft in copies)
        by_capture = sum(draft.certain and draft.kind is Kind.CAPTURE_DUPLICATE for draft in copies)
        if by_network > by_capture:
            for draft in copies:
                if not draft.certain:
                    draft.turn(Kind.NETWORK_DUPLICATE, "opinion.copy-like-others", certain=False)
