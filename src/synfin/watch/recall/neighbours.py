"""Addresses that ARP packets claim for more than one hardware address (RFC 5227 section 1.1)."""

from __future__ import annotations

from synfin.dissect.context import Duplicate
from synfin.watch.recall.recent import Recent
from synfin.wire.frame import Frame

MAX_ADDRESSES = 1 << 16

_ETHERNET_IPV4 = bytes.fromhex("08000604")  # protocol, lengths of the addresses
_REQUEST, _REPLY = 1, 2
_NOBODY, _ANYBODY = bytes(6), b"\xff" * 6
_SECOND = 1_000_000_000


class Neighbours:
    """Follows ARP in capture order: who has an address is who claimed it first, as Wireshark sees it."""

    def __init__(self) -> None:
        self._owners: Recent[bytes, tuple[bytes, int, int]] = Recent(MAX_ADDRESSES)  # hardware address, frame, second

    def see(self, frame: Frame) -> dict[int, tuple[Duplicate, ...]]:
        """Addresses of the frame's ARP packets that others have claimed before, by the offset of the packet."""
        found = {}
        for layer in frame.layers:
            if layer.name == "arp":
                duplicates = self._packet(frame, layer.start)
                if duplicates:
                    found[layer.start] = duplicates
        return found

    def _packet(self, frame: Frame, at: int) -> tuple[Duplicate, ...]:
        data = frame.data[at : at + 28]
        operation = int.from_bytes(data[6:8], "big")
        if len(data) < 28 or data[2:6] != _ETHERNET_IPV4 or operation not in (_REQUEST, _REPLY):
            return ()
        sender, sender_ip, target, target_ip = data[8:14], data[14:18], data[18:24], data[24:28]
        claims = [(sender, sender_ip, False)]
        if operation == _REPLY and target not in (_NOBODY, _ANYBODY) and sender_ip != target_ip:
            claims.append((target, target_ip, True))
        found = (self._claim(frame, mac, ip, target=is_target) for mac, ip, is_target in claims if any(ip))
        return tuple(one for one in found if one is not None)

    def _claim(self, frame: Frame, mac: bytes, ip: bytes, *, target: bool) -> Duplicate | None:
        second = frame.packet.time_ns // _SECOND
        known = self._owners.get(ip)
        if known is not None and known[0] != mac:
            return Duplicate(target, known[0], known[1], (second - known[2]) & 0xFFFFFFFF)
        self._owners.put(ip, (mac, frame.packet.number, second))
        return None
