"""Why a segment's numbers are what they are, in the tutorial's letters.

In the handshake X is the client's initial number and Y the server's. In the close X is the number of the first FIN,
Z what its sender expects next, Y the number of the second FIN. Data counts on: `Ack = 1 + 14`.
"""

from __future__ import annotations

from synfin.watch.connections.record import Derivation
from synfin.watch.follow.ledger import SENT_SYN
from synfin.watch.story.scene import CLIENT, Scene
from synfin.wire.seq import MASK
from synfin.wire.tcp import ACK, FIN, RST, SYN

#: a SYN is repeated after its timeout, hundreds of times later than this: a copy so near is another thing
_COPIED_NS = 1_000_000


def derive(scene: Scene, phase: str) -> tuple[Derivation, ...]:
    """The derivations of the segment's numbers, what it acknowledges first where that is its point."""
    flags = scene.segment.flags
    if flags & RST:
        found = _reset(scene)
    elif flags & SYN:
        found = _syn(scene)
    elif phase in ("handshake-3/3", "simultaneous-open"):
        found = [_ack_of_syn(scene), _seq_after_syn(scene)]
    elif phase.startswith(("close-", "simultaneous-close")):
        found = _close(scene)
    elif scene.is_probe:
        found = [_seq(scene, "SND.NXT - 1", scene.own.nxt - 1, "derive.seq-of-probe", "3.8.4")]
    else:
        found = [_data_seq(scene), _data_ack(scene)]
    return tuple(derivation for derivation in found if derivation)


def _seq(scene: Scene, right: str, expected: int, word: str, section: str, **numbers: int | str) -> Derivation:
    value, raw = scene.shown(scene.side, expected), expected & MASK
    return Derivation(f"Seq = {right}", value, raw, word, section, numbers, raw == scene.segment.seq)


def _ack(scene: Scene, right: str, expected: int, word: str, section: str, **numbers: int | str) -> Derivation:
    value, raw = scene.shown(1 - scene.side, expected), expected & MASK
    return Derivation(f"Ack = {right}", value, raw, word, section, numbers, raw == scene.segment.ack)


def _letter(side: int) -> str:
    """The handshake's letter for that side's initial number."""
    return "X" if side == CLIENT else "Y"


def _syn(scene: Scene) -> list[Derivation | None]:
    letter = _letter(scene.side)
    word = f"derive.isn-of-{_end(scene.side)}"
    if scene.own.ledger.isn == scene.seq:
        last = scene.memory[scene.side].last
        copied = last is not None and scene.segment.time_ns - last.time_ns < _COPIED_NS
        answers = last is not None and scene.segment.flags & ACK and not last.flags & ACK
        word = "derive.syn-answers" if answers else "derive.syn-copy" if copied else "derive.syn-again"
    seq = _seq(scene, letter, scene.seq, word, "3.4.1", letter=letter, isn=scene.segment.seq)
    return [_ack_of_syn(scene), seq] if scene.segment.flags & ACK else [seq]


def _end(side: int) -> str:
    return "client" if side == CLIENT else "server"


def _ack_of_syn(scene: Scene) -> Derivation | None:
    peer = scene.peer_final.ledger
    if not peer.isn:
        return None
    letter, data = _letter(1 - scene.side), peer.syn_end - peer.isn - 1
    numbers: dict[str, int | str] = {"letter": letter, "isn": peer.isn & MASK, "who": _end(1 - scene.side)}
    if data and scene.ack == peer.syn_end:
        return _ack(
            scene, f"{letter} + 1 + {data}", peer.syn_end, "derive.ack-of-syn-data", "3.5", bytes=data, **numbers
        )
    return _ack(scene, f"{letter} + 1", peer.isn + 1, "derive.ack-of-syn", "3.5", **numbers)


def _seq_after_syn(scene: Scene) -> Derivation | None:
    own = scene.own_final.ledger
    if not own.isn or scene.seq != own.isn + 1 or scene.covers_peer_fin:
        return None  # once a FIN is acknowledged the letters are those of the close
    return _seq(
        scene, f"{_letter(scene.side)} + 1", own.isn + 1, "derive.seq-after-syn", "3.4", letter=_letter(scene.side)
    )


def _data_seq(scene: Scene) -> Derivation | None:
    if not scene.segment.length:
        return _seq_after_fin(scene)
    if scene.own.nxt and scene.end <= scene.own.nxt:
        return _seq(scene, str(scene.shown(scene.side, scene.seq)), scene.seq, "derive.seq-again", "3.8.1")
    before = scene.memory[scene.side].payloads.get(scene.seq)
    if before:
        first = scene.shown(scene.side, before[0])
        return _seq(
            scene, f"{first} + {before[1]}", scene.seq, "derive.seq-of-data", "3.4", first=first, bytes=before[1]
        )
    if scene.own.nxt and scene.seq > scene.own.nxt:
        gap = scene.seq - scene.own.nxt
        return _seq(
            scene, f"{scene.shown(scene.side, scene.own.nxt)} + {gap}", scene.seq, "derive.seq-gap", "3.4", bytes=gap
        )
    return _seq_after_syn(scene)


def _data_ack(scene: Scene) -> Derivation | None:
    if not scene.ack:
        return None
    if scene.closer == 1 - scene.side and scene.covers_peer_fin:
        return _ack_of_fin(scene)
    arrived = scene.memory[1 - scene.side].payloads.get(scene.ack)
    if arrived and scene.ack > scene.own.ledger.ack:
        first = scene.shown(1 - scene.side, arrived[0])
        numbers = {"first": first, "bytes": arrived[1], "next": scene.shown(1 - scene.side, scene.ack)}
        return _ack(scene, f"{first} + {arrived[1]}", scene.ack, "derive.ack-of-data", "3.4", **numbers)
    if scene.pure_ack and scene.ack == scene.own.ledger.ack:
        number = scene.shown(1 - scene.side, scene.ack)
        return _ack(scene, str(number), scene.ack, "derive.ack-again", "3.10.7.4", next=number)
    return None


def _fin_letters(scene: Scene) -> tuple[str, str]:
    """(letter of the own FIN, letter of the peer's): X for the side that closed first."""
    return ("X", "Y") if scene.side == scene.closer else ("Y", "X")


def _close(scene: Scene) -> list[Derivation | None]:
    if scene.segment.flags & FIN:
        return _fin(scene)
    return [_ack_of_fin(scene), _seq_after_fin(scene) or _seq_of_z(scene)]


def _fin(scene: Scene) -> list[Derivation | None]:
    mine, theirs = _fin_letters(scene)
    number, length = scene.end - 1, scene.segment.length
    word = "derive.seq-of-first-fin" if mine == "X" else "derive.seq-of-second-fin"
    if length:
        word = "derive.seq-of-fin-with-data"
    shown = scene.shown(scene.side, number)
    seq = _seq(
        scene, f"{mine} - {length}" if length else mine, number - length, word, "3.6",
        letter=mine, number=shown, bytes=length,
    )  # fmt: skip
    if scene.covers_peer_fin:
        return [seq, _ack_of_fin(scene)]
    if scene.crossing:
        return [seq, _ack(scene, theirs, scene.peer_final.ledger.fin, "derive.ack-before-fin", "3.6", letter=theirs)]
    if not scene.ack:
        return [seq]
    expects = scene.shown(1 - scene.side, scene.ack)
    return [seq, _ack(scene, "Z", scene.ack, "derive.ack-on-fin", "3.6", number=expects)]


def _ack_of_fin(scene: Scene) -> Derivation | None:
    fin = scene.peer_final.ledger.fin
    if not 0 < fin < scene.ack:
        return None
    letter = _fin_letters(scene)[1]
    return _ack(
        scene,
        f"{letter} + 1",
        fin + 1,
        "derive.ack-of-fin",
        "3.4",
        letter=letter,
        number=scene.shown(1 - scene.side, fin),
    )


def _seq_after_fin(scene: Scene) -> Derivation | None:
    fin = scene.own.ledger.fin
    if not fin or scene.seq != fin + 1:
        return None
    letter = _fin_letters(scene)[0]
    return _seq(scene, f"{letter} + 1", fin + 1, "derive.seq-after-fin", "3.4", letter=letter)


def _seq_of_z(scene: Scene) -> Derivation | None:
    expected = scene.peer_final.ledger.fin_ack_min
    if scene.crossing or scene.seq != expected:
        return None
    return _seq(scene, "Z", expected, "derive.seq-of-z", "3.4", number=scene.shown(scene.side, expected))


def _reset(scene: Scene) -> list[Derivation | None]:
    trigger = scene.memory[1 - scene.side]
    if scene.segment.flags & ACK and scene.peer.ledger.sent & SENT_SYN and not scene.own.packets:
        return [_ack_of_syn(scene)]  # a refusal: its SEQ is 0 because the SYN brought no ACK
    if scene.own.nxt and scene.segment.flags & ACK and scene.seq == scene.own.nxt:
        return [_seq(scene, "SND.NXT", scene.own.nxt, "derive.seq-of-abort", "3.10.5")]
    if trigger.last and trigger.last_ack == scene.seq:
        return [_seq(scene, "SEG.ACK", scene.seq, "derive.seq-of-reset", "3.10.7.1", frame=trigger.last.frame)]
    return []
