"""The ledger keeps only what never becomes false: order, copies and cuts of the capture do not matter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segments import ISN, TEXTBOOK, collected, exchange
from synfin.watch.follow.collect import ConnectionFacts, add
from synfin.watch.follow.ledger import NO_MINIMUM, SENT_FIN, SENT_SYN, Ledger, believed_ack, merge, note
from synfin.wire.tcp import ACK, FIN, RST, SYN

Noted = tuple[int, int, int, int]

segments = st.tuples(st.integers(0, 0xFFF), st.integers(1, 1 << 40), st.integers(0, 1 << 40), st.integers(0, 0xFFFF))


def ledger_of(noted: list[Noted]) -> Ledger:
    ledger = Ledger()
    for flags, seq, ack, length in noted:
        note(ledger, flags, seq, ack if flags & ACK else 0, length)
    return ledger


@given(st.lists(segments, max_size=12).flatmap(lambda noted: st.tuples(st.just(noted), st.permutations(noted))))
def test_the_order_of_the_capture_does_not_matter(orders: tuple[list[Noted], list[Noted]]) -> None:
    assert ledger_of(orders[0]) == ledger_of(orders[1])


@given(st.lists(segments, max_size=8))
def test_copies_do_not_matter(noted: list[Noted]) -> None:
    assert ledger_of(noted) == ledger_of(noted + noted)


@given(st.lists(segments, max_size=8), st.lists(segments, max_size=8), st.lists(segments, max_size=8))
def test_parts_of_a_capture_merge_in_any_order(a: list[Noted], b: list[Noted], c: list[Noted]) -> None:
    one, two, three = ledger_of(a), ledger_of(b), ledger_of(c)
    assert merge(one, two) == merge(two, one) == ledger_of(a + b)
    assert merge(merge(one, two), three) == merge(one, merge(two, three))
    assert merge(one, one) == one == merge(one, Ledger())


def test_a_fin_keeps_its_number_and_what_it_acknowledged() -> None:
    ledger = ledger_of([(FIN | ACK, 100, 50, 14), (FIN | ACK, 114, 60, 0)])
    assert (ledger.fin, ledger.fin_ack_min, ledger.fin_ack_max, ledger.end) == (114, 50, 60, 115)
    assert ledger_of([(FIN, 100, 0, 0)]).fin_ack_min == 0
    assert Ledger().fin_ack_min == NO_MINIMUM


def test_a_reset_moves_no_other_number() -> None:
    ledger = ledger_of([(ACK, 100, 50, 0), (RST | ACK, 900, 800, 0)])
    assert (ledger.end, ledger.ack, ledger.rst, ledger.rst_ack) == (100, 50, 900, 800)


def test_an_ack_beyond_everything_counts_when_a_second_one_lies_there_too() -> None:
    peer = ledger_of([(SYN, 1000, 0, 0)])
    own = ledger_of([(ACK, 1, 7777, 0)])
    assert believed_ack(own, peer) == 0
    note(own, ACK, 1, 1001, 0)
    assert believed_ack(own, peer) == 1001
    note(own, ACK, 1, 7800, 0)
    assert believed_ack(own, peer) == 7800


def test_numbers_go_on_across_the_wrap_of_the_sequence_space() -> None:
    conn = ConnectionFacts()
    add(conn, 0, SYN, 0xFFFFFFF0, 0, 0, 512, 40, 0)
    add(conn, 1, SYN | ACK, 0xFFFFFFFF, 0xFFFFFFF1, 0, 512, 40, 1)
    add(conn, 0, ACK, 0xFFFFFFF1, 0, 0x20, 512, 32, 2)
    add(conn, 0, FIN | ACK, 0x11, 0, 0, 512, 32, 3)
    client, server = conn.sides[0].ledger, conn.sides[1].ledger
    assert client.fin - client.isn == 0x21
    assert client.ack - server.isn == 1
    assert client.fin_ack_min == server.end


def test_the_tutorials_connection_in_the_ledgers() -> None:
    conn = collected(exchange(TEXTBOOK).segments)
    client, server = (side.ledger for side in conn.sides)
    assert client.sent & (SENT_SYN | SENT_FIN) == SENT_SYN | SENT_FIN
    assert (client.isn & 0xFFFFFFFF, server.isn & 0xFFFFFFFF) == (ISN["C"], ISN["S"])
    assert (client.fin - client.isn, server.fin - server.isn) == (15, 1)
    assert (server.ack - client.isn, client.ack - server.isn) == (16, 2)
    assert conn.sides[1].acked_fin_apart and not conn.sides[0].acked_fin_apart
