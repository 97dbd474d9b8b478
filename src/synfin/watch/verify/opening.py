"""Requirements on opening: RFC 9293 sections 3.5, 3.6.1, 3.9.1.1 and 3.9.2.3."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.seen import CLIENT, NAMES, Seen, gaps
from synfin.watch.verify.ruling import Ruling, ruling
from synfin.wire.tcp import ACK, RST

_TWO_MSL_NS = 60_000_000_000  #: Linux; RFC 9293 says 4 minutes
_SYN_R2_NS = 180_000_000_000


def opening_rulings(seen: Seen) -> Iterator[Ruling]:
    yield from _simultaneous(seen)
    yield from _origin(seen)
    yield from _destination(seen)
    yield from _repeated_syn(seen)
    yield from _reused(seen)
    yield from _time_wait(seen)


def _simultaneous(seen: Seen) -> Iterator[Ruling]:
    client, server = seen.halves
    if not client.syns or not server.syns:
        return
    both = bool(client.syn_acks and server.syn_acks)
    frames = [half[0].frame for half in (client.syns, server.syns, client.syn_acks, server.syn_acks) if half]
    yield ruling("MUST-10", "server", both and seen.connection.open == "open.simultaneous", frames)


def _origin(seen: Seen) -> Iterator[Ruling]:
    """A RST in SYN-RECEIVED leads a passive end back to LISTEN: it answers the next SYN."""
    client, server = seen.halves
    reset = next((move for move in client.resets if server.syn_acks and move.index > server.syn_acks[0].index), None)
    if reset is None or any(m.flags & ACK and not m.flags & RST for m in client.moves if m.index < reset.index):
        return
    asked = next((move for move in client.syns if move.index > reset.index), None)
    if asked is not None:
        answered = next((move for move in seen.answers(asked)), None)
        kept = answered is not None and not answered.flags & RST
        yield ruling("MUST-11", "server", kept, [reset.frame, asked.frame])


def _group(address: bytes) -> bool:
    """Whether an address names a group of hosts, or all of them."""
    if len(address) == 16:
        return address[0] == 0xFF
    return 224 <= address[0] <= 239 or address == b"\xff\xff\xff\xff"


def _destination(seen: Seen) -> Iterator[Ruling]:
    for syn in seen.halves[CLIENT].syns[:1]:
        yield ruling("MUST-46", "client", not _group(syn.segment.dst), [syn.frame])
        if _group(syn.segment.dst):
            answered = [move.frame for move in seen.answers(syn)]
            yield ruling("MUST-57", "server", not answered, [syn.frame, *answered[:1]])
        if _group(syn.segment.src):
            answered = [move.frame for move in seen.answers(syn)]
            yield ruling("MUST-63", "server", not answered, [syn.frame, *answered[:1]])


def _repeated_syn(seen: Seen) -> Iterator[Ruling]:
    syns = seen.halves[CLIENT].syns
    same = [move for move in syns if move.seq == syns[0].seq] if syns else []
    if len(same) < 2 or any(move.flags & RST and move.index < same[1].index for move in seen.moves):
        return  # after a RST it is another attempt
    waits = gaps(same)
    frames = [move.frame for move in same]
    yield ruling("MUST-22", "client", min(waits) >= limits.SYN_GAP_MIN_NS, frames, dt=min(waits))
    if seen.connection.open == "open.no_answer" and seen.end_ns - same[-1].at_ns > 2 * waits[-1] + 1_000_000_000:
        tried = same[-1].at_ns - same[0].at_ns + 2 * waits[-1]
        yield ruling("MUST-23", "client", tried >= _SYN_R2_NS, frames, dt=tried)


def _reused(seen: Seen) -> Iterator[Ruling]:
    """A SYN that reopens a pair of endpoints from TIME-WAIT."""
    client, server = seen.halves
    if seen.past_ns is None or not client.syns or seen.past_ns >= _TWO_MSL_NS:
        return
    refused = next((move for move in seen.answers(client.syns[0]) if move.flags & RST or move.pure_ack), None)
    if client.stamps and not server.syn_acks and refused is not None:
        yield ruling("SHLD-4", "server", False, [client.syns[0].frame, refused.frame], dt=seen.past_ns)
    if seen.opened and server.syn_acks:
        frames = [client.syns[0].frame, server.syn_acks[0].frame]
        yield ruling("MAY-2", "server", True, frames, dt=seen.past_ns)
        if client.stamps and server.stamps:
            yield ruling("SHLD-4", "server", True, frames, dt=seen.past_ns)


def _time_wait(seen: Seen) -> Iterator[Ruling]:
    """The side that closed first acknowledges a repeated FIN for twice the segment lifetime."""
    client, server = seen.halves
    for side, (own, peer) in enumerate(((client, server), (server, client))):
        if not own.fins or len(peer.fins) < 2 or own.fins[0].index > peer.fins[0].index:
            continue
        acked = next((m for m in own.moves if m.index > peer.fins[0].index and m.ack >= peer.fins[0].end), None)
        again = next((m for m in peer.fins[1:] if acked is not None and m.index > acked.index), None)
        if acked is None or again is None:
            continue
        answer = next((move for move in seen.after(again) if move.side == side), None)
        if answer is not None:
            kept = not answer.flags & RST
            yield ruling("MUST-13", NAMES[side], kept, [acked.frame, again.frame, answer.frame])
