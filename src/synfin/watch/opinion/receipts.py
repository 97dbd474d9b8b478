"""What an acknowledgment says about the segments that it answers: which were not needed, which the capture missed."""

from __future__ import annotations

from synfin.watch.opinion.evidence import Evidence, later
from synfin.watch.opinion.flow import OPEN, Flow, Gap, Sent
from synfin.watch.opinion.record import Draft, Hole, Kind
from synfin.wire.seq import MASK, diff

_FEW_SAMPLES = 8
_FAR_NS = 1_000_000  #: a receiver nearer than that answers too irregularly
_PATIENCE_NS = 5_000_000  #: beyond two answers: how late the network may deliver a copy
_TOO_SOON = 0.5  #: of the shortest time that the receiver ever took to answer

Blocks = list[tuple[int, int]]


def acknowledge(own: Flow, peer: Flow, draft: Draft, evidence: Evidence, *, sack: bool) -> None:
    """`draft` is a segment of `peer` with an ACK for what `own` sends; `sack`: both ends have agreed to use SACK."""
    segment = draft.segment
    if not own.near:
        own.unwrap((segment.ack - 1) & MASK)
    ack = own.near + diff(segment.ack, own.near & MASK)
    blocks = [(left, left + diff(right, left_raw)) for left_raw, right, left in _unwrapped(own, evidence.sacks)]
    twice = _twice(blocks, ack)
    if twice is not None:
        _received_twice(own, twice, segment.frame)
        blocks = blocks[1:]
    _note_hint(own, peer, draft, ack, evidence, doubled=twice is not None, sack=sack)
    if ack > own.una:
        _settle_same(own, segment.frame)
        _eifel(own, ack, evidence, segment.frame)
        _too_soon(own, ack, segment.time_ns, segment.frame)
        for sent in own.pending:
            sent.needed = sent.needed or (sent.start <= own.una and sent.end <= ack and own.una < sent.end)
        _sample(own, ack, segment.time_ns)
    for left, right in blocks:
        if left < right and right > ack:
            own.sacked.add(left, right)
    _judge_gaps(own, ack, blocks, segment.frame)
    if sack:
        _settle_copies(own, ack, segment.time_ns, segment.frame)
    if ack > own.una:
        own.una, own.una_ns, own.una_frame = ack, segment.time_ns, segment.frame
        own.dup_acks, own.dup_frames = (0, []) if not own.recovering else (own.dup_acks, own.dup_frames)
        if own.una > own.nxt:
            own.missed_frame = segment.frame if own.news_ns else 0
            own.nxt = own.near = own.una
    shift = (peer.scale if own.scale is not None else 0) or 0
    right = ack + (segment.window << (0 if segment.flags & 2 else shift))
    if own.right <= own.nxt < right:
        own.freed_ns = segment.time_ns
    own.right = max(own.right, right)


def _unwrapped(own: Flow, sacks: tuple[tuple[int, int], ...]) -> list[tuple[int, int, int]]:
    return [(left, right, own.near + diff(left, own.near & MASK)) for left, right in sacks]


def _open(sent: Sent) -> bool:
    return sent.draft.kind is Kind.RETRANSMISSION


def _twice(blocks: Blocks, ack: int) -> tuple[int, int] | None:
    """The D-SACK block, if the first one is one (RFC 2883 section 4)."""
    if not blocks or blocks[0][0] >= blocks[0][1]:
        return None
    left, right = blocks[0]
    if right <= ack or (len(blocks) > 1 and blocks[1][0] <= left and right <= blocks[1][1]):
        return left, right
    return None


def _received_twice(own: Flow, block: tuple[int, int], frame: int) -> None:
    """The receiver had these bytes already: of a retransmission, or of a copy that the network made."""
    left, right = block
    for open_ones, kind in ((own.pending, Kind.SPURIOUS), (own.copies, Kind.NETWORK_DUPLICATE)):
        for sent in open_ones[::-1]:
            if left <= sent.start < right or sent.start <= left < sent.end:
                open_ones.remove(sent)
                known = sent.draft.kind is kind
                if not known:
                    sent.draft.turn(kind, "opinion.dsack", frame)
                if kind is Kind.SPURIOUS and not known:
                    _original_arrived(own, sent, frame)
                return


def _original_arrived(own: Flow, sent: Sent, frame: int) -> None:
    """A retransmission was not needed: what was missing before it, only the capture had missed."""
    for hole in own.holes_filled_by(sent):
        hole.turn_hole(Hole.CAPTURE_GAP, "opinion.hole-dsack", frame)


def _note_hint(own: Flow, peer: Flow, draft: Draft, ack: int, evidence: Evidence, *, doubled: bool, sack: bool) -> None:
    """Count duplicate acknowledgments (RFC 5681 section 2; with SACK, RFC 6675)."""
    segment = draft.segment
    pure = draft.kind is Kind.ACKNOWLEDGMENT
    news = any(not own.sacked.holds(*block) for block in _blocks(own, evidence, ack))
    if doubled and pure and ack <= own.una:
        draft.turn(Kind.DUPLICATE_ACK, "opinion.ack-dsack")
        return
    # it answers something: what is due, or (seen without SACK only) what was sent again and came twice
    due = own.nxt > ack or own.news_ns > own.una_ns or (not sack and _answers_late(own, segment.time_ns))
    same = bool(own.una) and ack == own.una and due
    if same and pure and (news or (segment.window == peer.window and segment.window)):
        draft.turn(Kind.DUPLICATE_ACK, "opinion.ack-sack" if news else "opinion.ack-same", own.una_frame, certain=news)
    if same and pure and not sack:
        if own.nxt <= ack:
            _answered_idly(own, ack, segment.frame)
        else:
            own.same_acks += 1
    if (same and draft.kind is Kind.DUPLICATE_ACK) or news:
        own.dup_acks += 1
        own.dup_ns = segment.time_ns
        if len(own.dup_frames) < OPEN:
            own.dup_frames.append(segment.frame)


def _answers_late(own: Flow, now: int) -> bool:
    """Whether a retransmission is still to be answered."""
    return bool(own.pending) and now - own.pending[-1].time_ns < 2 * own.rtt_min_ns + _PATIENCE_NS


def _settle_same(own: Flow, frame: int) -> None:
    """Duplicate ACKs that asked for nothing, as nothing was sent again there: they answered what came twice."""
    asked, own.same_acks = own.same_acks, 0
    following = own.latest(own.una) if asked and own.pending else None
    if following is not None and following.first and following.draft.kind is Kind.NEW:
        for _ in range(asked):
            _answered_idly(own, own.una, frame)


def _answered_idly(own: Flow, ack: int, frame: int) -> None:
    """Nothing is due, and yet the same acknowledgment again: it answers bytes that the receiver had (without SACK)."""
    for sent in own.pending[::-1]:
        if sent.end <= ack and not sent.needed:
            own.pending.remove(sent)
            if _open(sent):
                sent.draft.turn(Kind.SPURIOUS, "opinion.ack-idle", frame, certain=False)
            return


def _blocks(own: Flow, evidence: Evidence, ack: int) -> Blocks:
    return [
        (left, left + diff(right, raw)) for raw, right, left in _unwrapped(own, evidence.sacks)
        if diff(right, raw) > 0 and left >= ack
    ]  # fmt: skip


def _eifel(own: Flow, ack: int, evidence: Evidence, frame: int) -> None:
    """The acknowledgment echoes a time before the retransmission: it answers the original (RFC 3522 section 3.2).

    Only where everything before the retransmission was acknowledged: a delayed ACK echoes the earliest segment.
    """
    for sent in own.pending[:]:
        if sent.start == own.una < ack and _open(sent) and later(evidence.tsecr, sent.tsval) < 0:
            sent.draft.turn(Kind.SPURIOUS, "opinion.eifel", frame)
            own.pending.remove(sent)
            _original_arrived(own, sent, frame)


def _too_soon(own: Flow, ack: int, now: int, frame: int) -> None:
    """An acknowledgment that follows a retransmission faster than any answer could."""
    if own.rtt_samples < _FEW_SAMPLES or own.rtt_min_ns < _FAR_NS:
        return
    for sent in own.pending[:]:
        if sent.end > ack or not _open(sent):
            continue
        if now - sent.time_ns < _TOO_SOON * own.rtt_min_ns and own.una <= sent.start:
            sent.draft.turn(Kind.SPURIOUS, "opinion.answer-too-soon", frame, certain=False)
            _original_arrived(own, sent, frame)


def _sample(own: Flow, ack: int, now: int) -> None:
    """The shortest way from here to the receiver and back (Karn: only of what was sent once)."""
    done = 0
    for sent in own.unacked:
        if sent.end > ack:
            break
        done += 1
        if sent.end == ack and not sent.repeated:
            took = max(now - sent.time_ns, 0)
            own.rtt_min_ns = min(own.rtt_min_ns, took) if own.rtt_samples else took
            own.rtt_samples += 1
    del own.unacked[:done]


def _judge_gaps(own: Flow, ack: int, blocks: Blocks, frame: int) -> None:
    """Bytes that the receiver has passed the point of capture; bytes that it asks for have not."""
    for gap in own.gaps[:]:
        if ack >= gap.end or any(left <= gap.start and gap.end <= right for left, right in blocks):
            gap.draft.turn_hole(Hole.CAPTURE_GAP, "opinion.hole-acked", frame)
            own.gaps.remove(gap)
        elif not gap.missing_frame and any(left >= gap.end for left, _ in blocks) and ack <= gap.start:
            gap.missing_frame = frame
        elif not gap.missing_frame and own.dup_acks and ack <= gap.start:
            gap.missing_frame = frame


def undecided(gap: Gap) -> None:
    """A gap that nobody filled or acknowledged before the capture's end."""
    if gap.missing_frame:
        gap.draft.turn_hole(Hole.NETWORK_LOSS, "opinion.hole-asked", gap.missing_frame, certain=False)


def _settle_copies(own: Flow, ack: int, now: int, frame: int) -> None:
    """With SACK a receiver reports what comes twice; where it does not, the network has not delivered it twice."""
    patience_ns = 2 * own.rtt_min_ns + _PATIENCE_NS
    kept: list[Sent] = []
    for sent in own.copies:
        if ack > sent.end and own.una >= sent.end and now - sent.time_ns > patience_ns:
            sent.draft.turn(Kind.CAPTURE_DUPLICATE, "opinion.copy-unreported", frame)
        else:
            kept.append(sent)
    own.copies = kept
