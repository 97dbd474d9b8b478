"""What is claimed about states, held against simulated truth; the whole of it runs by bench/soundness.py."""

from __future__ import annotations

import pytest

from sound.claims import watch
from sound.endpoint import Endpoint, Sent
from sound.faults import FAULTS, planted
from sound.life import Life
from soundness import runs_until_found
from synfin.tcp.state import State
from synfin.wire.tcp import ACK, SYN
from truth.clock import Clock

LIVES = 400
FEW = 120  #: lives that find most faults
#: faults that show themselves rarely: bench/soundness.py --faults finds them
RARE = frozenset((
    "resets only at the exact place", "a late SYN taken for a beginning", "an uncaptured SYN,ACK is never acknowledged",
    "Fast Open unknown", "midstream: SYN-RECEIVED of an active open forgotten",
))  # fmt: skip


def test_no_claim_is_wrong() -> None:
    tally = watch(range(LIVES))
    assert not tally.found, tally.violations
    assert tally.compared > 20 * LIVES and tally.conditional > tally.compared // 2


def test_the_lives_are_worth_watching() -> None:
    """Every state is entered, nearly every way, and claims are often certain and mostly right."""
    tally = watch(range(LIVES))
    assert {after for _, after in tally.rules} == {*State}
    assert len(tally.rules) >= 22
    number, shown = tally.total("snapshots"), tally.total("shown")
    assert tally.total("single") > number // 3 and tally.total("likely shown") > 0.8 * shown
    assert tally.total("could members") < 9.5 * number


def test_a_seed_lives_the_same_life_again() -> None:
    assert Life(7).run() == Life(7).run() != Life(8).run()


@pytest.mark.parametrize("name", sorted(set(FAULTS) - RARE))
def test_a_planted_fault_is_found(name: str) -> None:
    assert runs_until_found(name, range(FEW)) is not None


def test_nothing_stays_planted() -> None:
    assert {*FAULTS} >= RARE
    with planted("resets never accepted"):
        assert watch(range(FEW)).found
    assert not watch(range(FEW)).found


def test_an_end_notes_what_changed_its_state() -> None:
    sent: list[Sent] = []
    clock = Clock()
    end = Endpoint(1000, clock, sent.append, lambda: len(sent) + 100, lambda: 1.0)
    end.listen()
    end.receive(Sent(7, SYN, 5000, None))
    assert end.state is State.SYN_RECEIVED and end.causes.waiting == {7} and not end.causes.shown
    end.causes.capture(7)
    assert end.causes.shown and sent[0].flags == SYN | ACK
    end.vanish()
    assert not end.causes.shown
