"""Which rows of the table a segment made fire at either end."""

from __future__ import annotations

from functools import lru_cache

from synfin.tcp.state import ROWS, SYN_RECEIVED_ACTIVE, Event, Row, State, find, next_row, state_of
from synfin.watch.follow.collect import SideFacts
from synfin.watch.follow.ledger import SENT_SYN, SENT_SYN_ACK
from synfin.watch.story.scene import Scene
from synfin.wire.tcp import ACK, FIN, RST, SYN

_CLOSERS = (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSING, State.LAST_ACK, State.TIME_WAIT)
_SYNS = SENT_SYN | SENT_SYN_ACK
_UNOPENED = (State.CLOSED, State.LISTEN)


def sender_rules(scene: Scene, before: State, after: State) -> tuple[str, ...]:
    """Rule ids at the end that sent the segment: how it came to send it, then the send itself."""
    event = _send_event(scene, before, after)
    row = _row(before, scene.own)
    line = find(row, event)
    if line is not None and line.next is after:
        return (line.rule,)
    path = _path(row, after, event) if before is not after else ()
    closing = find(_row(after, scene.own), event)
    if closing is not None and closing.next is after and not any(line.event is event for line in path):
        path = (*path, closing)
    return tuple(line.rule for line in path)


def receiver_rules(scene: Scene, before: State, after: State) -> tuple[str, ...]:
    """Rule ids at the end that the segment was sent to; none when it is not taken as delivered."""
    if not before and scene.segment.flags & (SYN | ACK) == SYN and scene.peer_final.ledger.sent & _SYNS:
        return ()  # it arrives later: this end is about to open, too
    row = _row(before, scene.peer)
    for event in _receive_events(scene, before):
        line = find(row, event)
        if line is not None and line.next is after:
            return (line.rule,)
    return () if before is after else tuple(line.rule for line in _path(row, after, None))


def _row(state: State, end: SideFacts) -> int:
    """The matrix row: SYN-RECEIVED remembers an active open."""
    return SYN_RECEIVED_ACTIVE if state is State.SYN_RECEIVED and end.ledger.sent & SENT_SYN else state


def _send_event(scene: Scene, before: State, after: State) -> Event:
    flags = scene.segment.flags
    if flags & RST:
        return Event.SND_RST_REPLY if before is after else Event.SND_RST
    if flags & SYN:
        return Event.SND_SYN_ACK if flags & ACK else Event.SND_SYN
    if flags & FIN:
        return Event.SND_FIN
    return Event.SND_DATA if scene.segment.length else Event.SND_ACK


def _receive_events(scene: Scene, state: State) -> tuple[Event, ...]:
    """What the segment can be for a receiver in `state`, the first that leads to its next state is it."""
    if not scene.segment.flags & RST:
        return (_receive_event(scene, state),)
    if state in (State.CLOSED, State.LISTEN, State.SYN_SENT):
        return Event.RCV_RST, Event.RCV_RST_BAD
    expected = scene.peer.ledger.ack
    if expected and scene.seq < expected - 1:
        return (Event.RCV_RST_BAD,)
    exact = scene.seq <= max(scene.own.nxt, expected)
    return (Event.RCV_RST,) if exact else (Event.RCV_RST, Event.RCV_RST_CHALLENGE)


def _receive_event(scene: Scene, state: State) -> Event:
    """What a segment other than RST is, in the order of RFC 9293 3.10.7: SYN, ACK, text, FIN."""
    flags, fin = scene.segment.flags, scene.peer.ledger.fin
    if flags & SYN:
        return Event.RCV_SYN_ACK if flags & ACK else Event.RCV_SYN
    if state in _UNOPENED:
        return Event.RCV_ACK_BAD
    if state is State.SYN_SENT:
        fits = scene.peer.ledger.isn < scene.ack <= scene.peer.ledger.syn_end
        return Event.RCV_ACK_OF_SYN if fits else Event.RCV_ACK_BAD
    acks_fin = state in _CLOSERS and 0 < fin < scene.ack
    if flags & FIN and scene.seq <= max(scene.own.run, scene.peer.ledger.ack):
        if state is State.SYN_RECEIVED:
            return Event.RCV_FIN_ACK_OF_SYN
        return Event.RCV_FIN_ACK_OF_FIN if acks_fin else Event.RCV_FIN
    if acks_fin:
        return Event.RCV_ACK_OF_FIN
    if state is State.SYN_RECEIVED and scene.ack > scene.peer.ledger.isn:
        return Event.RCV_ACK_OF_SYN
    again = scene.seq < scene.end <= scene.own.nxt
    return Event.RCV_OLD if again or scene.is_probe else Event.RCV_DATA


@lru_cache(maxsize=4096)
def _path(row: int, after: State, sends: Event | None) -> tuple[Row, ...]:
    """The shortest way to `after` by receptions, and by the send that was captured."""
    ways: dict[int, tuple[Row, ...]] = {row: ()}
    queue = [row]
    for here in queue:
        if state_of(here) is after:
            return ways[here]
        for event in Event:
            if not event.is_receive and event is not sends:
                continue
            line, there = find(here, event), next_row(here, event)
            if line is not None and there < ROWS and there not in ways:
                ways[there] = (*ways[here], line)
                queue.append(there)
    return ()
