"""Planted faults: one mistake each in how states are inferred. The lives must find every one of them.

A fault changes ledger, facts or search while it is planted; the ends that live keep the table as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from synfin.tcp.state import NO_ROW, RULES, next_row, state_of
from synfin.watch.connections import paths
from synfin.watch.follow import collect, derived_facts
from synfin.watch.follow import facts as f
from synfin.watch.follow.ledger import SENT_FIN, SENT_SYN, SENT_SYN_ACK, Ledger, note
from synfin.wire.tcp import FIN, RST, SYN

Patch = tuple[Any, str, Any]

_MEMORIES = (paths._edges, paths._explained, paths.could, paths.seen, paths.likely)


def _rows_removed(*rules: str) -> Patch:
    lost = {(RULES[rule].state, RULES[rule].event) for rule in rules}

    def next_row_but_these(row: int, event: Any) -> int:
        return NO_ROW if (state_of(row), event) in lost else next_row(row, event)

    return paths, "next_row", next_row_but_these


def _facts(change: Callable[[int], int]) -> Patch:
    """The fact vector comes out changed."""
    right = derived_facts.facts
    return collect, "facts", lambda own, peer, order=0: change(right(own, peer, order))


def _ledger(change: Callable[[Ledger, int, int, int], None]) -> Patch:
    """A segment is noted, and then wrongly changed."""

    def wrong(own: Ledger, flags: int, seq: int, ack: int, length: int) -> None:
        note(own, flags, seq, ack, length)
        change(own, flags, seq, ack)

    return collect, "note", wrong


def _without(*bits: int) -> Callable[[int], int]:
    return lambda vector: vector & ~sum(bits)


def _forced(given: int, then: int) -> Callable[[int], int]:
    return lambda vector: vector | then if vector & given else vector


def _swapped(vector: int) -> int:
    order = vector & (f.FIN_FIRST | f.FIN_SECOND)
    return vector ^ (f.FIN_FIRST | f.FIN_SECOND) if order else vector


def _latest_ack(own: Ledger, flags: int, seq: int, ack: int) -> None:
    if not flags & RST and ack:
        own.ack = ack


def _newest_fin_ack(own: Ledger, flags: int, seq: int, ack: int) -> None:
    if flags & FIN and not flags & RST:
        own.fin_ack_min = own.fin_ack_max = ack


def _fin_one_early(own: Ledger, flags: int, seq: int, ack: int) -> None:
    if flags & FIN and not flags & RST:
        own.fin -= 1


def _fin_one_late(own: Ledger, flags: int, seq: int, ack: int) -> None:
    if flags & FIN and not flags & RST:
        own.fin += 1


def _syn_one_late(own: Ledger, flags: int, seq: int, ack: int) -> None:
    if flags & SYN and not flags & RST:
        own.isn += 1


def _forgets_fin(own: Ledger, flags: int, seq: int, ack: int) -> None:
    if not flags & (FIN | RST | SYN):
        own.sent &= ~SENT_FIN


def _syn_ack_is_syn(own: Ledger, flags: int, seq: int, ack: int) -> None:
    if own.sent & SENT_SYN_ACK:
        own.sent = own.sent & ~SENT_SYN_ACK | SENT_SYN


def _plain_unwrap(end: Any, raw: int) -> int:
    return collect.BASE + raw


def _half_unwrap(end: Any, raw: int) -> int:
    """The distance is taken for unsigned."""
    if not end.near:
        end.near = collect.BASE + raw
    return int(end.near + ((raw - end.near) & 0xFFFFFFFF))


_reset = derived_facts._reset


def _reset_exact_only(own: Ledger, peer: Ledger, order: int) -> int:
    right = _reset(own, peer, order)
    return right if not own.ack or peer.rst >= own.ack else 0


#: name -> what is patched while it is planted
FAULTS: Mapping[str, Patch] = {
    **{f"removed: {' and '.join(rules)}": _rows_removed(*rules) for rules in (
        ("closed.snd-syn", "listen.snd-syn"), ("listen.rcv-syn",), ("syn-sent.rcv-syn",), ("syn-sent.rcv-syn-ack",),
        ("syn-sent.rcv-rst",), ("syn-received.rcv-ack-of-syn", "syn-received.rcv-data"), ("syn-received.snd-fin",),
        ("syn-received.rcv-rst.passive",), ("established.snd-fin",), ("established.rcv-fin",), ("established.rcv-rst",),
        ("established.snd-rst",), ("fin-wait-1.rcv-fin",), ("fin-wait-1.rcv-ack-of-fin",),
        ("fin-wait-1.rcv-fin+ack-of-fin", "fin-wait-2.rcv-fin+ack-of-fin"), ("close-wait.snd-fin",),
        ("close-wait.rcv-rst",), ("last-ack.rcv-ack-of-fin",), ("last-ack.rcv-rst",), ("time-wait.rcv-rst",),
    )},
    "reception for granted: SYN": _facts(_forced(f.MAY_SYN, f.PROVEN_SYN)),
    "reception for granted: ACK of SYN": _facts(_forced(f.MAY_ACK_OF_SYN | f.MAY_SYN_ACK, f.PROVEN_SYNED)),
    "reception for granted: FIN": _facts(_forced(f.MAY_FIN | f.MAY_FIN_ACK, f.PROVEN_FIN)),
    "reception for granted: ACK of FIN": _facts(_forced(f.MAY_ACK_OF_FIN, f.PROVEN_ACK_OF_FIN)),
    "a bare ACK proves the handshake": _facts(_forced(f.SYN_ACK_SENT, f.PROVEN_SYNED)),
    "order of FINs swapped": _facts(_swapped),
    "order of FINs: always first": _facts(lambda v: v & ~f.FIN_SECOND | f.FIN_FIRST if v & f.FIN_SECOND else v),
    "resets never accepted": _facts(_without(f.MAY_RST)),
    "resets only at the exact place": (derived_facts, "_reset", _reset_exact_only),
    "own resets forgotten": _facts(_without(f.RST_SENT)),
    "FIN on an ACK overlooked": _facts(_without(f.MAY_FIN_ACK)),
    "midstream taken for a beginning": _facts(_without(f.MIDSTREAM)),
    "a late SYN taken for a beginning": _facts(_without(f.LATE_SYN)),
    "an uncaptured SYN,ACK is never acknowledged": _facts(
        lambda v: v if v & (f.SYN_SENT | f.SYN_ACK_SENT) else v & ~f.MAY_ACK_OF_SYN
    ),
    "Fast Open unknown": (derived_facts, "SENT_SYN_DATA", 0),
    "ledger: the latest ACK instead of the highest": _ledger(_latest_ack),
    "ledger: the newest ACK on a FIN instead of the lowest": _ledger(_newest_fin_ack),
    "ledger: FIN one number early": _ledger(_fin_one_early),
    "ledger: FIN one number late": _ledger(_fin_one_late),
    "ledger: SYN one number late": _ledger(_syn_one_late),
    "ledger: data after the FIN forgets it": _ledger(_forgets_fin),
    "ledger: SYN,ACK noted as SYN": _ledger(_syn_ack_is_syn),
    "wrap: numbers are not unwrapped": (collect, "unwrap", _plain_unwrap),
    "wrap: distances are unsigned": (collect, "unwrap", _half_unwrap),
    "midstream: SYN-RECEIVED forgotten": (paths, "_MIDDLES", paths._MIDDLES[:1]),
    "midstream: SYN-RECEIVED of an active open forgotten": (paths, "_MIDDLES", paths._MIDDLES[:2]),
}  # fmt: skip


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The inference with one fault."""
    _forget()
    with patch.object(*FAULTS[name]):
        yield
    _forget()


def _forget() -> None:
    for memory in _MEMORIES:
        memory.cache_clear()
