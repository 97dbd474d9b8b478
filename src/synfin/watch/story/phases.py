"""What each segment is for: one of the pinned phase ids."""

from __future__ import annotations

from synfin.watch.follow.ledger import SENT_DATA, SENT_SYN, SENT_SYN_ACK
from synfin.watch.story.scene import CLIENT, Scene
from synfin.wire.tcp import ACK, FIN, RST, SYN

PHASES = (
    "handshake-1/3", "handshake-2/3", "handshake-3/3", "simultaneous-open", "data", "half-close-data",
    "close-1/4", "close-2/4", "close-3/4", "close-4/4", "close-1/3", "close-2/3", "close-3/3", "simultaneous-close",
    "reset", "keep-alive", "window", "unknown",
)  # fmt: skip


def phase(scene: Scene, flags: tuple[str, ...] = ()) -> str:
    """The segment's phase; `flags` are tshark's analysis names for it."""
    if scene.segment.flags & RST:
        return "reset"
    return _opening(scene) or _closing(scene) or _asking(scene, flags) or _working(scene)


def _opening(scene: Scene) -> str:
    flags = scene.segment.flags
    both = scene.own_final.ledger.sent & scene.peer_final.ledger.sent & SENT_SYN
    if flags & SYN:
        if both:
            return "simultaneous-open"
        return "handshake-2/3" if flags & ACK else "handshake-1/3"
    if flags & FIN or not scene.peer.syn_acks or scene.ack != scene.peer.ledger.syn_end:
        return ""
    # Its first ACK, and every further one that only answers a repeated SYN,ACK.
    last = scene.memory[1 - scene.side].last
    answers = scene.pure_ack and last is not None and last.has(SYN)
    first = not scene.own.ledger.ack or scene.own.ledger.ack < scene.ack
    if both:
        return "simultaneous-open" if answers else ""
    if not scene.own.ledger.sent & (SENT_SYN | SENT_SYN_ACK) and not first:
        return ""
    return "handshake-3/3" if first or answers else ""


def _closing(scene: Scene) -> str:
    if scene.closer < 0:
        return ""
    if scene.crossing:
        return "simultaneous-close" if scene.segment.flags & FIN or (scene.pure_ack and _acks_fin(scene)) else ""
    closes_first = scene.side == scene.closer
    second = scene.final.sides[1 - scene.closer]
    count = 3 if second.ledger.fin and not second.acked_fin_apart else 4
    if scene.segment.flags & FIN:
        return f"close-1/{count}" if closes_first else f"close-{count - 1}/{count}"
    if not _acks_fin(scene) or scene.is_probe:
        return ""
    if closes_first:
        return f"close-{count}/{count}" if scene.pure_ack else ""
    if scene.segment.length:
        return "half-close-data" if scene.end > scene.own.nxt or scene.own.half_close_bytes else ""
    return "close-2/4" if count == 4 and not scene.own.ledger.fin else ""


def _acks_fin(scene: Scene) -> bool:
    """Whether the segment acknowledges a FIN of the peer that was captured before it."""
    return 0 < scene.peer.ledger.fin < scene.ack


def _asking(scene: Scene, flags: tuple[str, ...]) -> str:
    """Probes, their answers, and announcements of a window."""
    if scene.is_probe:
        return "window" if scene.peer.window == 0 else "keep-alive"
    if not scene.pure_ack:
        return ""
    if scene.peer.probes and scene.ack == scene.own.ledger.ack:
        return "keep-alive"
    if "window_update" in flags or "zero_window_probe_ack" in flags:
        return "window"
    return ""


def _working(scene: Scene) -> str:
    flags = scene.segment.flags
    if scene.segment.length:
        return "data"
    if not scene.pure_ack:
        return "unknown"
    own, peer = scene.own.ledger, scene.peer.ledger
    if own.fin and peer.sent & SENT_DATA and scene.side == scene.closer and not scene.crossing:
        return "half-close-data" if scene.peer.half_close_bytes else "data"
    handshaken = own.sent & (SENT_SYN | SENT_SYN_ACK) and peer.sent & (SENT_SYN | SENT_SYN_ACK)
    if peer.sent & SENT_DATA or not handshaken:
        foreign = own.sent & SENT_SYN or peer.sent & SENT_SYN
        return "unknown" if foreign and not handshaken and scene.final.sides[CLIENT].ledger.sent & SENT_SYN else "data"
    both = own.sent & peer.sent & SENT_SYN
    return "simultaneous-open" if both and flags & ACK else "unknown"
