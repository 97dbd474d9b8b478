"""A connection told: every segment with both ends' likely states, the rules that fired, its phase and its numbers."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace

from synfin.tcp.state import State
from synfin.watch.connections.claims import claims
from synfin.watch.connections.paths import likely
from synfin.watch.connections.record import Connection, Step, Story
from synfin.watch.findings.judge import judge
from synfin.watch.findings.seen import seen
from synfin.watch.follow import facts as f
from synfin.watch.follow.collect import UNSOLICITED, ConnectionFacts, order_bits
from synfin.watch.follow.derived_facts import facts
from synfin.watch.follow.ledger import SENT_SYN, SENT_SYN_ACK
from synfin.watch.follow.numbers import Numbers
from synfin.watch.follow.quote import Quote
from synfin.watch.opinion import Opinion
from synfin.watch.opinion import judge as judge_segments
from synfin.watch.story.derive import derive
from synfin.watch.story.earlier import claims_before
from synfin.watch.story.fired import receiver_rules, sender_rules
from synfin.watch.story.hindsight import Hindsight, look_back, note_sent
from synfin.watch.story.phases import phase
from synfin.watch.story.scene import CLIENT, SERVER, Memory, Scene, remember, scene
from synfin.wire.seq import MASK
from synfin.wire.tcp import ACK, Segment


def tell(
    segments: Sequence[Segment],
    connection: Connection,
    flags: Sequence[tuple[str, ...]] = (),
    *,
    capture_end_ns: int | None = None,
    past: Sequence[Segment] = (),
    quotes: Sequence[Quote] = (),
    sums: Mapping[int, str] | None = None,
) -> Story:
    """The story of one connection.

    `segments` in capture order, `flags` tshark's analysis names for each (without the prefix), `capture_end_ns` when
    the capture ended, if that is known, `past` what the same endpoints exchanged in earlier connections: what of it
    comes late is recognised. `quotes` are the ICMP errors about it, `sums` (by frame) its checksums that are not known
    to be right: `bad`, `partial` or `unknown`.
    """
    course = _Course(segments, connection, past)
    opinions = _opinions(segments, past)
    steps = [course.step(k, flags[k] if k < len(flags) else (), opinion) for k, opinion in enumerate(opinions)]
    final = course.hindsight.final
    known = seen(connection, steps, final, capture_end_ns=capture_end_ns, past=past, quotes=quotes, sums=sums)
    findings = judge(known, steps)
    beside = tuple(one.id for one in findings if one.id not in (connection.open, connection.close))
    return Story(replace(connection, findings=beside), steps, findings, known)


class _Course:
    """A connection that goes by segment by segment: what is known before each, and becomes of it."""

    def __init__(self, segments: Sequence[Segment], connection: Connection, past: Sequence[Segment]) -> None:
        self._segments, self._sides = segments, _sides(segments, connection)
        self.hindsight = look_back(segments, self._sides, CLIENT)
        self._numbers = _bases(segments, self._sides, self.hindsight)
        self._earlier = claims_before(past, _sides(past, connection))
        self._memory = (Memory(), Memory())
        self._now = ConnectionFacts()
        self._states = [_start(self.hindsight, end) for end in (CLIENT, SERVER)]

    def step(self, k: int, flags: tuple[str, ...], opinion: Opinion) -> Step:
        """Segment k; to be asked for one after another."""
        segment, side = self._segments[k], self._sides[k]
        here = self._scene(segment, side)
        named = phase(here, flags)
        derivations = derive(here, named)
        remember(here)
        before = tuple(self._states)
        sent = self._advance(k)
        returned = segment.to_itself
        client, server = self._states
        seq, ack = self._numbers.relative(side, segment)
        return Step(
            segment=segment,
            from_client=side == CLIENT,
            time_ns=segment.time_ns - self._segments[0].time_ns,
            seq=seq,
            ack=ack if segment.flags & ACK else None,
            client_before=before[CLIENT],
            client_after=sent if returned and sent is not before[CLIENT] else client,
            server_before=before[SERVER],
            server_after=server,
            rules=(
                *sender_rules(here, before[side], sent),
                *receiver_rules(here, sent if returned else before[1 - side], self._states[1 - side]),
            ),
            phase=named,
            derivations=derivations,
            flags=flags,
            opinion=opinion,
            claims=claims(self._now, CLIENT, self._earlier),
        )

    def _scene(self, segment: Segment, side: int) -> Scene:
        bases = self._numbers.base[0] or 0, self._numbers.base[1] or 0
        return scene(segment, side, self._now, self.hindsight.final, bases, self._memory)

    def _advance(self, k: int) -> State:
        """Segment k counts; the state in which its sender sent it."""
        segment, side = self._segments[k], self._sides[k]
        note_sent(self._now, side, segment)
        sent = _state(self.hindsight, self._now, side, k)
        if segment.to_itself:  # a socket that is connected to itself: what is sent here comes back
            note_sent(self._now, 1 - side, segment)
        self._states = [_state(self.hindsight, self._now, end, k) for end in (CLIENT, SERVER)]
        return sent


def _opinions(segments: Sequence[Segment], past: Sequence[Segment]) -> list[Opinion]:
    """The second opinion on each segment; late ones of an earlier connection are marked."""
    opinions = judge_segments([*past, *segments])[len(past) :]
    own = opinions[0].incarnation if opinions else 0
    return [replace(opinion, late=True) if opinion.incarnation < own else opinion for opinion in opinions]


def _sides(segments: Sequence[Segment], connection: Connection) -> list[int]:
    """0 for the client's segments, 1 for the server's."""
    client = connection.client
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in client.ip else socket.AF_INET, client.ip)
    except OSError:
        return [CLIENT if segment.src_port == client.port else SERVER for segment in segments]
    return [CLIENT if (segment.src, segment.src_port) == (packed, client.port) else SERVER for segment in segments]


def _bases(segments: Sequence[Segment], sides: Sequence[int], past: Hindsight) -> Numbers:
    """The numbers that are shown as 0: the initial ones where they were captured."""
    numbers = Numbers()
    for side in (CLIENT, SERVER):
        if isn := past.final.sides[side].ledger.isn:
            numbers.base[side] = isn & MASK
    for segment, side in zip(segments, sides, strict=True):
        numbers.learn_base(side, segment)
    return numbers


def _start(past: Hindsight, end: int) -> State:
    """The likely state before the first segment."""
    sent = past.final.sides[0].ledger.sent | past.final.sides[1].ledger.sent
    if not sent & (SENT_SYN | SENT_SYN_ACK):
        return State.ESTABLISHED
    own, peer = past.final.sides[end].ledger, past.final.sides[1 - end].ledger
    asked = peer.sent & SENT_SYN_ACK and not own.sent & (SENT_SYN | SENT_SYN_ACK)
    if asked and not past.final.opening & UNSOLICITED:
        return State.SYN_SENT  # its SYN was not captured
    return likely(f.LISTENS if order_bits(past.final, end, CLIENT) & f.LISTENS else 0)


def _state(past: Hindsight, now: ConnectionFacts, end: int, k: int) -> State:
    """The likely state of an end after segment k."""
    own, peer = now.sides[end].ledger, now.sides[1 - end].ledger
    hole = order_bits(now, end, CLIENT) & f.DENIED_FIN & ~now.sides[end].order
    vector = facts(own, peer, past.order[end][k] | hole)
    if (past.final.sides[0].ledger.sent | past.final.sides[1].ledger.sent) & (SENT_SYN | SENT_SYN_ACK):
        vector &= ~f.MIDSTREAM
    return likely(vector)
