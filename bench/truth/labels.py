"""What each packet of a capture truly is, from what the network and the hosts did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from truth.wire import Packet, Shot

#: classes that packets are counted in; a packet may be in several
CLASSES = (
    "retransmission", "fast", "rto", "spurious", "reordered", "capture gap", "network loss", "capture duplicate",
    "network duplicate", "duplicate ack", "keep-alive", "zero-window probe",
)  # fmt: skip

Labels = frozenset[str]


def labels(shots: Sequence[Shot], sent: Iterable[Packet]) -> list[Labels]:
    """The classes of every packet of one connection's capture; "?" beside those that cannot be decided."""
    by_bytes: dict[int, list[Packet]] = {}
    for packet in sent:
        if packet.client and packet.length:
            by_bytes.setdefault(packet.seq, []).append(packet)
    captured = {shot.packet.uid for shot in shots}
    seen: set[int] = set()
    highest = 1
    found: list[Labels] = []
    for shot in shots:
        packet = shot.packet
        if shot.by_capture:
            found.append(frozenset({"capture duplicate"}))
            continue
        if packet.uid in seen:
            found.append(frozenset({"network duplicate"}))
            continue
        seen.add(packet.uid)
        mine = _of_packet(packet, by_bytes, highest)
        if packet.length and packet.seq > highest:
            mine |= _hole(by_bytes, highest, packet.seq, captured, seen)
        if packet.length:
            highest = max(highest, packet.end)
        found.append(frozenset(mine))
    return found


def _of_packet(packet: Packet, by_bytes: dict[int, list[Packet]], highest: int) -> set[str]:
    if packet.probe:
        return {packet.probe.replace("zero-window-", "zero-window ")}
    if not packet.length:
        return {"duplicate ack"} if packet.answers_disorder else set()
    if not packet.attempt:
        return {"reordered"} if packet.end <= highest else set()
    mine = {"retransmission"}
    if any(other.arrived for other in by_bytes[packet.seq] if other.attempt < packet.attempt):
        return mine | {"spurious", "?fast", "?rto"}  # needed by nobody: why it was sent is not asked
    return mine | ({packet.cause} if packet.cause in ("fast", "rto") else set())


def _hole(by_bytes: dict[int, list[Packet]], left: int, right: int, captured: set[int], seen: set[int]) -> set[str]:
    """Why the bytes directly before a packet were not captured before it."""
    reasons = set()
    for seq, packets in by_bytes.items():
        if left <= seq < right:
            first = packets[0]
            if first.uid in captured and first.uid not in seen:
                reasons.add("late")
            else:
                reasons.add("network loss" if first.lost_before_tap else "capture gap")
    reasons.discard("late") if len(reasons) > 1 and "capture gap" not in reasons else None
    if len(reasons) != 1:
        return {"?capture gap", "?network loss"}
    return reasons - {"late"}
