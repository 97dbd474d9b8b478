"""How it was opened: the opening's id with its evidence, and what was unusual about it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from synfin.watch.connections.record import Finding, Step
from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.known import Numbers, finding
from synfin.watch.findings.seen import CLIENT, SERVER, Move, Seen, gaps
from synfin.watch.follow.quote import Quote
from synfin.wire.tcp import ACK, RST, SYN

_OF_OPENING = ("handshake-", "simultaneous-open")
_GAPS = {
    "classic": (1, 2, 4, 8, 16, 32, 64),
    "linear": (1, 1, 1, 1, 1, 2, 4, 8, 16, 32),
}  #: seconds between SYNs: RFC 6298, and Linux 6.5 on with tcp_syn_linear_timeouts=4
_UNREACHABLE4 = {
    0: "network unreachable", 1: "host unreachable", 2: "protocol unreachable", 3: "port unreachable",
    9: "network administratively prohibited", 10: "host administratively prohibited",
    13: "communication administratively prohibited",
}  # fmt: skip
_UNREACHABLE6 = {
    0: "no route to destination", 1: "communication administratively prohibited", 3: "address unreachable",
    4: "port unreachable", 5: "source address failed policy", 6: "reject route",
}  # fmt: skip
_GIVES_UP_NS = {"classic": 127_000_000_000, "linear": 133_700_000_000}  #: with tcp_syn_retries=6


def opening(seen: Seen, steps: Sequence[Step]) -> Finding:
    """The finding that the opening's id is."""
    name, record = seen.connection.open, seen.connection
    frames = [step.segment.frame for step in steps if step.phase.startswith(_OF_OPENING)]
    numbers: Numbers = {}
    who = ""
    if name in ("open.refused", "open.unsolicited_synack", "open.rejected_by_client"):
        who = "server" if name == "open.refused" else "client"
        frames += [step.segment.frame for step in steps if step.phase == "reset"][:1]
        numbers["port"] = record.server.port
    elif name == "open.no_answer":
        who, numbers = "server", _unanswered(steps)
    elif name == "open.icmp_rejected":
        who = "middle"
        for said in seen.quotes[:1]:
            frames = [steps[0].segment.frame, said.frame]
            numbers = {"router": said.router, "code": _meaning(said)}
    elif name in ("open.half_open", "open.pending"):
        numbers["dt"] = seen.end_ns
        who = "client" if name == "open.half_open" else ""
    return finding(name, who, frames or [steps[0].segment.frame], numbers)


def _meaning(said: Quote) -> str:
    """An ICMP error as its specification calls it (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1)."""
    names = _UNREACHABLE6 if said.v6 else _UNREACHABLE4
    return names.get(said.code, f"{said.kind}/{said.code}")


def _unanswered(steps: Sequence[Step]) -> Numbers:
    syns = [step for step in steps if step.segment.flags & SYN]
    numbers: Numbers = {"n": len(syns), "dt": syns[-1].time_ns - syns[0].time_ns if syns else 0}
    if any(not step.from_client and _soon_after(syns, step.time_ns) for step in steps):
        numbers["case"] = "other"
    elif len(syns) == 1:
        numbers["case"] = "once"
    return numbers


def _soon_after(syns: Sequence[Step], time_ns: int) -> bool:
    """Whether what came then can be an answer to a SYN."""
    return any(0 <= time_ns - syn.time_ns <= limits.ANSWER_TO_SYN_NS for syn in syns)


def beside_opening(seen: Seen) -> Iterator[Finding]:
    """What was unusual while it was opened."""
    yield from _syn_backoff(seen)
    yield from _syn_retransmitted(seen)
    yield from _syn_ack_retransmitted(seen)
    yield from _server_silent(seen)
    yield from _probe(seen)
    yield from _stale(seen)
    yield from _reused(seen)


def _syn_backoff(seen: Seen) -> Iterator[Finding]:
    """Gaps between SYNs that follow a kernel's timer."""
    syns = _same_syns(seen)
    waits = gaps(syns)
    if len(waits) < 2 or seen.connection.open != "open.no_answer" or min(waits) < limits.SYN_GAP_MIN_NS:
        return
    for kind, seconds in _GAPS.items():
        expected = [1_000_000_000 * one for one in seconds[: len(waits)]]
        close = [abs(wait - one) <= limits.SYN_GAP_TOLERANCE * one for wait, one in zip(waits, expected, strict=False)]
        if len(waits) <= len(seconds) and all(close):
            numbers: Numbers = {"gaps": _listed(waits), "total": _GIVES_UP_NS[kind], "case": kind}
            yield finding("open.syn_backoff", "client", [move.frame for move in syns], numbers)
            return


def _listed(waits: Sequence[int]) -> str:
    return ", ".join(f"{wait / 1e9:.2f}" for wait in waits) + " s"


def _same_syns(seen: Seen) -> list[Move]:
    """The client's SYNs with the number of the last."""
    syns = seen.halves[CLIENT].syns
    return [move for move in syns if move.seq == syns[-1].seq]


def _syn_retransmitted(seen: Seen) -> Iterator[Finding]:
    opened = next((m for m in seen.halves[CLIENT].moves if m.flags & ACK and not m.flags & (SYN | RST)), None)
    if not seen.opened or opened is None or not seen.halves[CLIENT].syns:
        return
    syns = [move for move in _same_syns(seen) if move.index < opened.index]
    waited = syns[-1].at_ns - syns[0].at_ns if syns else 0
    if len(syns) > 1 and waited >= limits.SYN_GAP_MIN_NS:
        at_server = seen.connection.vantage == "server"
        yield finding("open.syn_retransmitted", "middle", [move.frame for move in syns], {"dt": waited},
                      likely=not at_server)  # fmt: skip


def _syn_ack_retransmitted(seen: Seen) -> Iterator[Finding]:
    """The server repeats its SYN,ACK: no ACK came, or it does not count the one that came."""
    copies = seen.halves[SERVER].syn_acks
    timed = [
        (earlier, later)
        for earlier, later in itertools.pairwise(copies)
        if later.seq == earlier.seq and not _answers_syn(seen, later)
    ]
    if not timed:
        return
    first = timed[0]
    between = [move for move in seen.after(first[0]) if move.index < first[1].index and move.side == CLIENT]
    acked = [move for move in between if move.flags & ACK and not move.flags & (SYN | RST) and move.ack > first[0].seq]
    gap = first[1].at_ns - first[0].at_ns
    frames = [first[0].frame, *(move.frame for move in acked[:1]), *(later.frame for _, later in timed)]
    if acked and gap >= limits.SYN_ACK_ALONE_NS:
        numbers: Numbers = {"dt": gap}
        if gap >= limits.DEFER_ACCEPT_NS and not any(move.length for move in between):
            numbers["case"] = "deferred"
        yield finding("open.synack_retransmitted_after_ack", "server", frames, numbers, likely=True)
    elif not acked:
        yield finding("open.synack_retransmitted", "server", frames, {"n": len(timed), "dt": gap})


def _answers_syn(seen: Seen, syn_ack: Move) -> bool:
    """Whether a SYN,ACK answers a SYN that came directly before, instead of following from the timer."""
    asked = [move for move in seen.halves[CLIENT].syns if move.index < syn_ack.index]
    wait = syn_ack.at_ns - asked[-1].at_ns if asked else limits.SYN_ACK_ALONE_NS
    earlier = [move for move in seen.halves[SERVER].syn_acks if move.index < syn_ack.index]
    return wait < limits.SYN_ACK_ALONE_NS and not any(move.index > asked[-1].index for move in earlier)


def _server_silent(seen: Seen) -> Iterator[Finding]:
    """Connected as the client sees it, but nothing that it sends is ever answered."""
    client, server = seen.halves
    if not seen.opened or not client.data or not server.syn_acks:
        return
    first = client.data[0]
    copies = [move for move in client.data if move.seq == first.seq]
    spoke = [move for move in server.moves if not move.flags & (SYN | RST)]
    if len(copies) <= limits.SILENT_RETRANSMISSIONS or spoke:
        return
    frames = [server.syn_acks[-1].frame, *(move.frame for move in copies), *(move.frame for move in server.resets[-1:])]
    dt = copies[-1].at_ns - copies[0].at_ns
    yield finding("open.established_but_server_silent", "server", frames, {"n": len(copies) - 1, "dt": dt}, likely=True)


def _probe(seen: Seen) -> Iterator[Finding]:
    """A handshake, and a reset by the client before anything was said."""
    client, server = seen.halves
    if not seen.opened or client.data or server.data or not client.resets or client.fins or server.fins:
        return
    reset = client.resets[0]
    if reset.flags & ACK and reset.at_ns <= limits.PROBE_LIFE_NS and not server.resets:
        yield finding("open.probe_rst", "client", [reset.frame], {"dt": reset.at_ns})


def _stale(seen: Seen) -> Iterator[Finding]:
    """A SYN that an acknowledgment of something else answers: the peer holds an older connection."""
    client, server = seen.halves
    for syn in client.syns[:1]:
        answer = next(iter(seen.answers(syn)), None)
        if answer is None or not answer.pure_ack or answer.at_ns - syn.at_ns > limits.ANSWER_TO_SYN_NS:
            return
        if answer.ack in (syn.seq, syn.end) or any(
            one.ack == syn.end for one in server.syn_acks if one.index < syn.index
        ):
            return  # it acknowledges nothing, or the capture has the SYN behind its answer
        again = next((move for move in client.syns if move.index > answer.index), None)
        reset = next((move for move in client.resets if move.index > answer.index), None)
        numbers: Numbers = {"dt": again.at_ns - syn.at_ns} if again is not None and server.syn_acks else {}
        frames = [move.frame for move in (syn, answer, reset, again) if move is not None]
        yield finding("open.stale_connection_ack", "server", frames, numbers)


def _reused(seen: Seen) -> Iterator[Finding]:
    """The same two endpoints had a connection before."""
    if seen.past_ns is not None and seen.halves[CLIENT].syns:
        yield finding("open.tuple_reused", "client", [seen.halves[CLIENT].syns[0].frame], {"dt": seen.past_ns})
