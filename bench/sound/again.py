"""Two connections of the same addresses, one after the other: the second SYN may find the other end anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sound.claims import Tally, Violation
from sound.endpoint import MS
from sound.life import Life, Moment
from synfin.tcp.state import State
from synfin.watch.connections.claims import Claim, claims
from synfin.watch.follow import collect
from synfin.wire.tcp import RST, SYN

_LOW = (1 << 32) - 1
_SECOND_NS = 3_500 * MS
_STEP = 70_000  #: between the two initial numbers


class Again(Life):
    """The client's host forgets everything and connects anew; the other end is wherever it is.

    Nothing overtakes: what of one connection comes between the segments of the other is counted with that one.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.setting = replace(self.setting, jitter_ns=0)

    def _script(self) -> None:
        super()._script()
        client, server = self.ends
        self.clock.at(_SECOND_NS, lambda: client.reopen(client.isn + _STEP))
        if self.dice.random() < 0.8:
            gone = self.clock.at_if
            gone(_SECOND_NS, lambda: server.state is State.CLOSED, lambda: server.reopen(server.isn + _STEP))
            self.clock.at(_SECOND_NS, server.listen)
        self.clock.at(_SECOND_NS + MS, client.connect)


def watch_again(seeds: Iterable[int]) -> Tally:
    """Hold the claims about the second connection against the truth."""
    tally = Tally()
    for seed in seeds:
        life = Again(seed)
        tally.runs += 1
        for violation in _check(life, life.run(), tally):
            tally.found[violation.kind] += 1
            tally.violations.append(violation)
    return tally


def _check(life: Life, moments: list[Moment], tally: Tally) -> Iterator[Violation]:
    conn = collect.ConnectionFacts()
    earlier: tuple[Claim, ...] = ()
    told: tuple[Claim, ...] = ()
    second = False
    for place, moment in enumerate(moments):
        for side, sent in moment.captured:
            isn = conn.sides[side].ledger.isn
            if side == 0 and sent.flags & (SYN | RST) == SYN and isn and (isn ^ sent.seq) & _LOW and not second:
                earlier, conn, second = claims(conn, max(collect.client_side(conn), 0)), collect.ConnectionFacts(), True
            reset = sent.flags & RST
            collect.add(
                conn, side, sent.flags, sent.seq & _LOW, (sent.ack or 0) & _LOW, sent.length, 0 if reset else 512,
                20 if reset else 32, place,
            )  # fmt: skip
        if not second:
            continue
        if moment.captured:
            told = claims(conn, max(collect.client_side(conn), 0), earlier)
        for side, claim in enumerate(told):
            truth = moment.states[side]
            tally.compared += 1
            tally.conditional += moment.shown[side]
            if truth not in claim.could:
                yield Violation("could", life.seed, place, side, truth, tuple(sorted(claim.could)))
            if moment.shown[side] and truth not in claim.seen:
                kind = "certain" if claim.certain else "seen"
                yield Violation(kind, life.seed, place, side, truth, tuple(sorted(claim.seen)))
