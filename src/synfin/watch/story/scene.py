"""One segment with everything around it: the facts before it, and those of the whole connection.

A story is told when the connection is known as a whole, so a segment may be named by what came later: the close gets
its final shape, a SYN that was sent again is known not to have arrived.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter

from synfin.watch.follow.collect import ConnectionFacts, SideFacts, unwrap
from synfin.watch.follow.ledger import Ledger
from synfin.wire.seq import MASK
from synfin.wire.tcp import ACK, FIN, RST, SYN, Segment

CLIENT, SERVER = 0, 1


@dataclass(slots=True)
class Memory:
    """What earlier segments of one side leave behind for the derivation of later numbers."""

    payloads: dict[int, tuple[int, int]] = field(default_factory=dict)  #: end -> (seq, length) of a payload, unwrapped
    last: Segment | None = None  #: its last segment
    last_ack: int = 0  #: unwrapped ACK of that segment, 0 without


@dataclass(frozen=True, slots=True)
class Scene:
    """A segment, before it is noted. Side 0 is the client; numbers are unwrapped."""

    segment: Segment
    side: int
    seq: int
    ack: int  #: 0 without the ACK flag
    now: ConnectionFacts  #: before this segment
    final: ConnectionFacts  #: after the last one
    bases: tuple[int, int]  #: raw number that is shown as 0, of client and server
    memory: tuple[Memory, Memory]
    closer: int  #: side of the first FIN, -1 without any; 0 when the FINs crossed
    crossing: bool  #: neither FIN acknowledges the other

    @property
    def own(self) -> SideFacts:
        return self.now.sides[self.side]

    @property
    def peer(self) -> SideFacts:
        return self.now.sides[1 - self.side]

    @property
    def own_final(self) -> SideFacts:
        return self.final.sides[self.side]

    @property
    def peer_final(self) -> SideFacts:
        return self.final.sides[1 - self.side]

    @property
    def end(self) -> int:
        return self.seq + self.segment.length + (self.segment.flags & FIN) + (self.segment.flags >> 1 & 1)

    @property
    def pure_ack(self) -> bool:
        """Nothing but an acknowledgment."""
        return self.segment.flags & (ACK | SYN | FIN | RST) == ACK and not self.segment.length

    @property
    def is_probe(self) -> bool:
        """Keep-alive or zero-window probe: the byte before the next one again (RFC 9293 3.8.4)."""
        quiet = not self.segment.flags & (SYN | FIN | RST) and self.segment.length <= 1
        return quiet and bool(self.own.nxt) and self.seq == self.own.nxt - 1

    @property
    def covers_peer_fin(self) -> bool:
        return 0 < self.peer_final.ledger.fin < self.ack

    def shown(self, side: int, number: int) -> int:
        """A number of that side's sequence space, relative."""
        return (number - self.bases[side]) & MASK


def scene(
    segment: Segment,
    side: int,
    now: ConnectionFacts,
    final: ConnectionFacts,
    bases: tuple[int, int],
    memory: tuple[Memory, Memory],
) -> Scene:
    """The scene of `segment`, which `side` sent."""
    seq = unwrap(now.sides[side], segment.seq)
    ack = unwrap(now.sides[1 - side], segment.ack) if segment.flags & ACK else 0
    closer, crossing = first_closer(final)
    moment = ConnectionFacts(sides=(_kept(now.sides[0]), _kept(now.sides[1])))
    return Scene(segment, side, seq, ack, moment, final, bases, memory, closer, crossing)


_ledger_values = attrgetter(*(each.name for each in fields(Ledger)))
_side_values = attrgetter(*(each.name for each in fields(SideFacts) if each.name != "ledger"))


def _kept(side: SideFacts) -> SideFacts:
    """A copy that later segments do not change."""
    return SideFacts(Ledger(*_ledger_values(side.ledger)), *_side_values(side))


def first_closer(final: ConnectionFacts) -> tuple[int, bool]:
    """(side whose FIN came first, whether the FINs crossed), decided by what the FINs acknowledge, never by order."""
    client, server = (side.ledger for side in final.sides)
    if client.fin and server.fin:
        if client.fin_ack_min > server.fin:
            return SERVER, False
        return CLIENT, server.fin_ack_min <= client.fin
    return (CLIENT if client.fin else SERVER if server.fin else -1), False


def remember(scene: Scene) -> None:
    """Keep what later derivations need of this segment."""
    memory = scene.memory[scene.side]
    memory.last, memory.last_ack = scene.segment, scene.ack
    if scene.segment.length and not scene.segment.flags & RST:
        start = scene.seq + (scene.segment.flags >> 1 & 1)
        memory.payloads[start + scene.segment.length] = start, scene.segment.length
