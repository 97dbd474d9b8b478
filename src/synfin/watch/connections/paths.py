"""States from facts: searches over the paths of the table, memoised on the packed facts.

A path starts where the end can have started and takes rows of the table whose event the facts allow. It collects
milestones (which end passed which point); a path that lacks a proven milestone is not a path of this capture.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from synfin.tcp.state import NO_ROW, ROWS, SYN_RECEIVED_ACTIVE, Event, State, next_row, state_of
from synfin.watch.follow import facts as f

# Milestones of a path.
OPENED = 1 << 0  #: sent its SYN
ANSWERED = 1 << 1  #: sent SYN,ACK
GOT_SYN = 1 << 2
SYNED = 1 << 3  #: its SYN was acknowledged
SENT_FIN = 1 << 4
GOT_FIN = 1 << 5
FINNED = 1 << 6  #: its FIN was acknowledged
SENT_RST = 1 << 7
GOT_RST = 1 << 8

#: From the heaviest: which captured reception `likely` gives up last when not all can have happened.
_WISHES = (GOT_RST, FINNED, GOT_FIN, SYNED, GOT_SYN)

_SYN_RECEIVED = (State.SYN_RECEIVED, SYN_RECEIVED_ACTIVE)
#: All that can happen to one incarnation: a SYN that reuses TIME-WAIT begins another.
_ALL_EVENTS = (1 << len(Event)) - 1 & ~(1 << Event.RCV_SYN_REUSE.column)


def _milestones(row: int, event: Event, after: int) -> int:
    """What taking this edge achieves; a reception achieves something only when it changes the state."""
    if event is Event.SND_SYN_ACK:
        return ANSWERED
    if row == after:
        return 0
    if event in (Event.RCV_FIN, Event.RCV_FIN_ACK_OF_SYN) and row in _SYN_RECEIVED:
        return SYNED | GOT_FIN
    if event is Event.RCV_FIN_ACK_OF_FIN:
        return {State.FIN_WAIT_1: GOT_FIN | FINNED, State.FIN_WAIT_2: GOT_FIN}.get(State(row), FINNED)
    return {
        Event.SND_SYN: OPENED,
        Event.SND_FIN: SENT_FIN,
        Event.SND_RST: SENT_RST,
        Event.RCV_SYN: GOT_SYN,
        Event.RCV_SYN_ACK: GOT_SYN | SYNED,
        Event.RCV_ACK_OF_SYN: SYNED,
        Event.RCV_DATA: SYNED,
        Event.RCV_FIN: GOT_FIN,
        Event.RCV_ACK_OF_FIN: FINNED,
        Event.RCV_RST: GOT_RST,
    }.get(event, 0)


@lru_cache(maxsize=1)
def _edges() -> tuple[tuple[tuple[int, int, int], ...], ...]:
    """For every row of the matrix: (bit of the event, row after, milestones) of the edges that lead anywhere."""
    rows = []
    for row in range(ROWS):
        edges = []
        for event in Event:
            after = next_row(row, event)
            gain = 0 if after == NO_ROW else _milestones(row, event, after)
            if after not in (NO_ROW, row) or gain:
                edges.append((1 << event.column, after, gain))
        rows.append(tuple(edges))
    return tuple(rows)


def _bits(*events: Event) -> int:
    return sum(1 << event.column for event in events)


_GRANTS = (
    (f.SYN_SENT | f.SYN_UNSEEN, _bits(Event.SND_SYN)),
    (f.SYN_ACK_SENT, _bits(Event.SND_SYN_ACK)),
    (f.FIN_SENT, _bits(Event.SND_FIN)),
    (f.RST_SENT, _bits(Event.SND_RST)),
    (f.MAY_SYN, _bits(Event.RCV_SYN)),
    (f.MAY_SYN_ACK, _bits(Event.RCV_SYN_ACK)),
    (f.MAY_ACK_OF_SYN, _bits(Event.RCV_ACK_OF_SYN, Event.RCV_DATA)),
    (f.MAY_FIN, _bits(Event.RCV_FIN)),
    (f.MAY_FIN_ACK, _bits(Event.RCV_FIN_ACK_OF_FIN)),
    (f.MAY_ACK_OF_FIN, _bits(Event.RCV_ACK_OF_FIN)),
    (f.MAY_RST, _bits(Event.RCV_RST)),
)


def _allowed(vector: int) -> int:
    """The events that a captured segment can stand for, and those that are proven although none was captured."""
    allowed = sum(events for bits, events in _GRANTS if vector & bits)
    if vector & f.PROVEN_SYN and not vector & (f.MAY_SYN | f.MAY_SYN_ACK):
        allowed |= _bits(Event.RCV_SYN)
    if vector & f.PROVEN_SYNED and not vector & f.MAY_SYN_ACK:
        allowed |= _bits(Event.RCV_SYN_ACK)
        allowed |= 0 if vector & f.MAY_ACK_OF_SYN else _bits(Event.RCV_ACK_OF_SYN)
    return allowed


def _proven(vector: int) -> int:
    """The milestones that every path must pass."""
    midstream = vector & f.MIDSTREAM  # a bare ACK leaves from SYN-RECEIVED, too
    return (
        (OPENED if vector & f.SYN_SENT else 0)
        | (ANSWERED if vector & f.SYN_ACK_SENT else 0)
        | (GOT_SYN if vector & f.PROVEN_SYN and not midstream else 0)
        | (SYNED if vector & f.PROVEN_SYNED and not midstream else 0)
        | (SENT_FIN if vector & f.FIN_SENT else 0)
        | (GOT_FIN if vector & f.PROVEN_FIN else 0)
        | (FINNED if vector & f.PROVEN_ACK_OF_FIN else 0)
    )


def _wished(vector: int) -> int:
    """The captured receptions that are taken as delivered, and the reset that ended its own connection."""
    wished = 0
    if vector & (f.SYN_ACK_SENT | f.LIKELY_SYN):
        wished |= GOT_SYN
    if vector & (f.MAY_ACK_OF_SYN | f.MAY_SYN_ACK) and not vector & f.DENIED_SYNED:
        wished |= SYNED
    if vector & (f.MAY_FIN | f.MAY_FIN_ACK) and not vector & f.DENIED_FIN:
        wished |= GOT_FIN
    if vector & f.MAY_ACK_OF_FIN and not vector & f.DENIED_ACK_OF_FIN:
        wished |= FINNED
    if vector & f.MAY_RST and vector & f.LIKELY_RST:
        wished |= GOT_RST
    return wished


#: Where a capture from the middle finds an end, and what has been passed by then.
_MIDDLES = (
    (State.ESTABLISHED, OPENED | ANSWERED | GOT_SYN | SYNED),
    (State.SYN_RECEIVED, ANSWERED | GOT_SYN),
    (SYN_RECEIVED_ACTIVE, OPENED | ANSWERED | GOT_SYN),
)


def _starts(vector: int) -> list[tuple[int, int]]:
    """Where a path may begin, and what it has passed by then; the likeliest first."""
    fresh = [(State.LISTEN, 0), (State.CLOSED, 0)] if vector & f.LISTENS else [(State.CLOSED, 0), (State.LISTEN, 0)]
    if not vector & (f.MIDSTREAM | f.LATE_SYN):
        return [*fresh]
    if vector & f.LATE_SYN:
        return [*fresh, *_MIDDLES]
    # Whoever only answers with resets may have lost the connection long ago.
    return [*_MIDDLES, (State.CLOSED, 0)] if vector & f.RST_SENT else [*_MIDDLES]


def _is_over(row: int, passed: int) -> bool:
    """An incarnation does not come back from CLOSED: what follows has another number."""
    return row == State.CLOSED and bool(passed & (OPENED | SYNED | SENT_FIN | GOT_FIN))


def _walk(vector: int, allowed: int, starts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Every (row, milestones) that a path reaches, nearest first."""
    edges = _edges()
    fin_from_established = not vector & f.FIN_SECOND
    fin_from_close_wait = not vector & f.FIN_FIRST
    found: list[tuple[int, int]] = [*starts]
    known = set(found)
    for row, passed in found:
        if _is_over(row, passed):
            continue
        for event, after, gain in edges[row]:
            if not event & allowed:
                continue
            if gain & SENT_FIN and not (fin_from_close_wait if row == State.CLOSE_WAIT else fin_from_established):
                continue
            node = after, passed | gain
            if node not in known:
                known.add(node)
                found.append(node)
    return found


@lru_cache(maxsize=65536)
def _explained(vector: int) -> tuple[tuple[int, int], ...]:
    """The ends of all paths that explain the facts; empty when something is hidden."""
    proven = _proven(vector)
    nodes = _walk(vector, _allowed(vector), _starts(vector))
    return tuple(node for node in nodes if node[1] & proven == proven)


def hidden(vector: int) -> bool:
    """Whether no path explains the facts: something is missing from the capture, or forged."""
    return not _explained(vector)


@lru_cache(maxsize=65536)
def could(vector: int) -> frozenset[State]:
    """The states without the condition of `seen`: silent calls, timeouts and uncaptured segments count as possible."""
    proven = _proven(vector)
    if vector & f.SYN_ACK_SENT and not vector & f.MAY_SYN:
        proven &= ~SYNED  # the SYN that was not captured may have brought data: then data leaves from SYN-RECEIVED
    starts = dict.fromkeys([*_starts(vector), (State.CLOSED, 0), (State.LISTEN, 0)])
    # A walk with every event allowed need not obey the order of the FINs: the ones captured may be copies.
    nodes = _walk(vector & ~(f.FIN_FIRST | f.FIN_SECOND), _ALL_EVENTS, starts)
    return frozenset(state_of(row) for row, passed in nodes if passed & proven == proven) or frozenset(State)


@lru_cache(maxsize=65536)
def seen(vector: int) -> frozenset[State]:
    """The states it can be in if every change of its state was caused by a captured segment; else `could`."""
    return frozenset(state_of(row) for row, _ in _explained(vector)) or could(vector)


@lru_cache(maxsize=65536)
def likely(vector: int) -> State:
    """One member of `seen`: everything captured is taken as delivered, unless its own later segments speak against it.

    Among the paths it is the one that passes the most (the weightiest first) of these receptions and nothing else that
    is optional; among equals the shortest.
    """
    nodes = _explained(vector & ~f.LATE_SYN) or _explained(vector)
    if not nodes:
        return _least(vector)
    wished = _wished(vector)
    ends = SENT_RST if vector & f.RST_ENDS else 0
    optional = _proven(vector) | OPENED | ANSWERED
    if vector & (f.MIDSTREAM | f.LATE_SYN):
        optional |= GOT_SYN | SYNED

    def merit(node: tuple[int, int]) -> tuple[int, ...]:
        passed = node[1]
        fulfilled = tuple(1 if passed & wished & wish else 0 for wish in _WISHES)
        needless = (passed & ~(wished | ends | optional)).bit_count()
        return (1 if passed & ends else 0, *fulfilled, -needless)

    return state_of(max(nodes, key=merit)[0])


def _least(vector: int) -> State:
    """The likely state when something is hidden: what its own segments say, read plainly."""
    if vector & f.RST_ENDS or (vector & f.LIKELY_RST and vector & f.MAY_RST):
        return State.CLOSED
    got_fin = vector & (f.PROVEN_FIN | f.MAY_FIN | f.MAY_FIN_ACK) and not vector & f.DENIED_FIN
    finned = vector & f.MAY_ACK_OF_FIN and not vector & f.DENIED_ACK_OF_FIN
    if vector & f.FIN_SENT:
        if got_fin and finned:
            state = State.CLOSED if vector & f.FIN_SECOND else State.TIME_WAIT
        elif got_fin:
            state = State.LAST_ACK if vector & f.FIN_SECOND else State.CLOSING
        else:
            state = State.FIN_WAIT_2 if finned else State.FIN_WAIT_1
    else:
        state = State.CLOSE_WAIT if got_fin else State.ESTABLISHED
    return state if state in seen(vector) else min(seen(vector))
