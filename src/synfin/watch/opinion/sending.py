"""Judging a segment by what its sender has sent before: new, again, late, or a probe."""

from __future__ import annotations

from dataclasses import dataclass

from synfin.watch.opinion.causes import RTO_MIN_NS, TIMER_SLACK_NS, cause
from synfin.watch.opinion.evidence import Evidence
from synfin.watch.opinion.flow import OPEN, REMEMBERED, Flow, Gap, Sent
from synfin.watch.opinion.record import Draft, Hole, Kind
from synfin.wire.tcp import ACK, FIN, RST, SYN, Segment

_SAME_MOMENT_NS = 1_000_000  #: how far a capture of two directions may be out of order
_TOO_SOON = 0.8  #: of a round trip: no sender can have been told of a loss and have answered by then


@dataclass(slots=True)
class Times:
    """The whole round trip, from the handshake: SYN to SYN,ACK to ACK (Karn: none of them sent twice)."""

    rtt_ns: int = 0
    _syn: tuple[int, int] | None = None  #: (side, time) of the only SYN
    _answered: bool = False
    _spoiled: bool = False

    def note(self, side: int, segment: Segment) -> None:
        flags = segment.flags & (SYN | ACK | RST)
        if self.rtt_ns or self._spoiled:
            return
        if flags == SYN:
            self._spoiled = self._syn is not None
            self._syn = side, segment.time_ns
        elif self._syn is not None and flags == SYN | ACK and side != self._syn[0]:
            self._spoiled, self._answered = self._answered, True
        elif self._answered and self._syn is not None and flags == ACK and side == self._syn[0]:
            self.rtt_ns = max(segment.time_ns - self._syn[1], 0)


def reset(own: Flow, peer: Flow, draft: Draft) -> None:
    """A RST counts where its receiver accepts its number (RFC 9293 section 3.10.7.4, RFC 5961)."""
    segment = draft.segment
    draft.turn(Kind.RESET, "opinion.reset")
    own.ids.note(segment.ip_id)
    if not own.una or not own.near or not own.right:
        return
    start = own.unwrap(segment.seq)
    if start < own.una - 1 or start > max(own.right, own.una):
        draft.turn(Kind.RESET_OUTSIDE, "opinion.reset-outside", own.una_frame, certain=peer.scale is not None)


def empty(own: Flow, peer: Flow, draft: Draft, evidence: Evidence) -> None:
    """A segment that takes no sequence numbers: an acknowledgment, or a probe without data."""
    segment = draft.segment
    own.ids.note(segment.ip_id)
    start = own.unwrap(segment.seq)
    if not own.nxt:
        own.nxt = own.near = start
    if start == own.nxt - 1 and _probe(own, peer, draft):
        return
    draft.turn(Kind.ACKNOWLEDGMENT, "opinion.acknowledgment")


def occupying(own: Flow, peer: Flow, draft: Draft, evidence: Evidence, times: Times) -> None:
    """A segment with data, SYN or FIN."""
    segment = draft.segment
    left_out = own.ids.note(segment.ip_id)
    start = own.unwrap(segment.seq)
    end = start + segment.length + (segment.flags & FIN) + (segment.flags >> 1 & 1)
    sent = Sent(draft, start, end, segment.time_ns, segment.ip_id, evidence.tsval)
    quiet = not segment.flags & (SYN | FIN)
    if quiet and segment.length == 1 and own.nxt and start == own.nxt - 1 and _probe(own, peer, draft):
        return
    if quiet and segment.length == 1 and start == own.nxt and peer.window == 0:
        draft.turn(Kind.ZERO_WINDOW_PROBE, "opinion.probe-new")
    elif not own.nxt or start >= own.nxt:
        _ahead(own, sent, left_out, times)
    else:
        _again(own, sent, times)
    own.remember(sent)
    own.news_ns = segment.time_ns
    if sent.first and draft.kind is Kind.NEW:
        own.unacked.append(sent)
        if len(own.unacked) > REMEMBERED:
            del own.unacked[0]


def _probe(own: Flow, peer: Flow, draft: Draft) -> bool:
    """The number before the next one, again: a probe (RFC 9293 3.8.4, 3.8.6.1), unless that byte is still due."""
    if peer.window == 0:
        draft.turn(Kind.ZERO_WINDOW_PROBE, "opinion.probe-window")
        return True
    if own.una and own.una >= own.nxt:
        draft.turn(Kind.KEEP_ALIVE, "opinion.keep-alive", own.una_frame)
        return True
    if not own.una and not own.news_ns:
        draft.turn(Kind.KEEP_ALIVE, "opinion.keep-alive", certain=False)
        return True
    return False


def _ahead(own: Flow, sent: Sent, left_out: int, times: Times) -> None:
    """Beyond everything captured so far."""
    if own.nxt and sent.start > own.nxt:
        own.gaps.append(Gap(own.nxt, sent.start, sent.draft, sent.time_ns))
        sent.draft.turn_hole(Hole.UNDECIDED, "opinion.hole", certain=False)
        if len(own.gaps) > OPEN:
            del own.gaps[0]
        return
    if not own.nxt:
        return
    if own.missed_frame:
        sent.draft.turn_hole(Hole.CAPTURE_GAP, "opinion.hole-acked", own.missed_frame)
        own.missed_frame = 0
    waited_ns = sent.time_ns - max(own.una_ns, own.news_ns, own.freed_ns)
    if left_out and own.una == sent.start and waited_ns >= RTO_MIN_NS - TIMER_SLACK_NS:
        own.unseen = left_out
        own.recovery_end, own.recovery_cause = sent.end + 1, "rto"
    if own.unseen and not sent.draft.segment.flags & SYN:
        own.unseen -= 1
        sent.first = False
        sent.draft.turn(Kind.RETRANSMISSION, "opinion.unseen-original", certain=False)
        sent.draft.cause = "rto"


def _again(own: Flow, sent: Sent, times: Times) -> None:
    """Numbers below the highest one."""
    before = own.latest(sent.start)
    if sent.draft.segment.flags & SYN and before and not before.draft.segment.flags & ACK & sent.draft.segment.flags:
        if sent.draft.segment.flags & ACK:
            sent.draft.turn(Kind.NEW, "opinion.simultaneous-open", before.frame)
            return
    known = own.seen.holds(sent.start, min(sent.end, own.nxt))
    rtt_ns = times.rtt_ns or own.rtt_min_ns
    if known:
        _known(own, sent, before, rtt_ns)
    else:
        _filling(own, sent, rtt_ns)


def _known(own: Flow, sent: Sent, before: Sent | None, rtt_ns: int) -> None:
    """Its bytes were captured before: sent again, unless this is the original and came late."""
    order, by, certain = own.order(sent, before) if before else (0, "", False)
    sent.first = False
    if before is not None and order < 0:
        sent.draft.turn(Kind.REORDERED, f"opinion.earlier-{by}", before.frame, certain=certain)
        if before.draft.kind is Kind.RETRANSMISSION:
            before.draft.turn(Kind.SPURIOUS, "opinion.original-late", sent.frame, certain=certain)
            for hole in own.holes_filled_by(before):
                hole.turn_hole(None, "opinion.hole-late", sent.frame)
        return
    _retransmitted(own, sent, before, rtt_ns, "opinion.again" if not order else f"opinion.later-{by}", True)


def _filling(own: Flow, sent: Sent, rtt_ns: int) -> None:
    """Its bytes were missing: late, or sent again after a loss before the point of capture."""
    gap = next((one for one in reversed(own.gaps) if one.start < sent.end and sent.start < one.end), None)
    neighbour = own.neighbour(sent.end)
    order, by, certain = own.order(sent, neighbour) if neighbour else (0, "", False)
    if neighbour is None and gap is None and own.missed_frame and sent.time_ns - own.una_ns < _SAME_MOMENT_NS:
        own.missed_frame = 0
        sent.draft.turn(Kind.NEW, "opinion.answered-first", own.una_frame, certain=False)
        return
    if not order and gap is not None:
        soon = rtt_ns and sent.time_ns - gap.opened_ns < _TOO_SOON * rtt_ns
        order, by, certain = (-1 if soon or (not rtt_ns and not own.dup_acks) else 1), "rtt", False
    shown = [neighbour.frame] if neighbour else []
    if order < 0:
        sent.draft.turn(Kind.REORDERED, f"opinion.earlier-{by}", *shown, certain=certain)
        if gap is not None:
            _fill(own, gap, sent, late=True)
        return
    sent.first = False
    if gap is not None:
        _fill(own, gap, sent, late=False)
    _retransmitted(own, sent, None, rtt_ns, f"opinion.later-{by}" if by else "opinion.again", certain)


def _fill(own: Flow, gap: Gap, sent: Sent, *, late: bool) -> None:
    """Take what `sent` brought out of a gap."""
    if late:
        gap.draft.turn_hole(None, "opinion.hole-late", sent.frame)
    elif gap.draft.hole in (Hole.UNDECIDED, None):
        gap.draft.turn_hole(Hole.NETWORK_LOSS, "opinion.hole-lost", sent.frame, certain=bool(gap.missing_frame))
        if gap.missing_frame:
            gap.draft.turn_hole(Hole.NETWORK_LOSS, "opinion.hole-lost", gap.missing_frame)
    if sent.start <= gap.start and gap.end <= sent.end:
        own.gaps.remove(gap)
    elif sent.start <= gap.start:
        gap.start = sent.end
    elif gap.end <= sent.end:
        gap.end = sent.start
    else:
        own.gaps.append(Gap(sent.end, gap.end, gap.draft, gap.opened_ns, gap.missing_frame))
        gap.end = sent.start


def _retransmitted(own: Flow, sent: Sent, before: Sent | None, rtt_ns: int, reason: str, certain: bool) -> None:
    draft = sent.draft
    if before is not None:
        before.repeated = True
        draft.frames.append(before.frame)
    draft.turn(Kind.RETRANSMISSION, reason, certain=certain)
    if draft.segment.flags & SYN:
        draft.cause = "rto"
    else:
        draft.cause, shown = cause(own, sent, before, rtt_ns)
        draft.frames += [frame for frame in shown if frame not in draft.frames]
    if own.una and sent.end <= own.una:
        draft.turn(Kind.SPURIOUS, "opinion.acked-before", own.una_frame)
    elif own.sacked.holds(sent.start, sent.end):
        draft.turn(Kind.SPURIOUS, "opinion.sacked-before", *own.dup_frames[-1:])
    own.pending.append(sent)
    if len(own.pending) > OPEN:
        del own.pending[0]
