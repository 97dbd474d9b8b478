"""Requirements on what the network says and carries: ICMP errors, DSCP and the checksum (RFC 9293 3.1, 3.9.2)."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.watch.findings.seen import NAMES, Half, Move, Seen
from synfin.watch.follow.quote import Quote
from synfin.watch.verify.ruling import Ruling, ruling
from synfin.wire.tcp import MIN_HEADER_LEN, RST, SYN, Segment

_TCP = 6
_SOURCE_QUENCH = 4
_ONES = 0xFFFF
_IP_HEADER = {4: 20, 16: 40}  #: bytes, by length of the address
_USUAL_MSS = 1460
#: (type, code) of errors that are hard (RFC 9293 section 3.9.2.2); code 4 of type 3 is path MTU discovery
_HARD = {False: frozenset(((3, 2), (3, 3))), True: frozenset(((1, 1), (1, 4)))}
_SOFT = {False: frozenset(((3, 0), (3, 1), (3, 5))), True: frozenset(((1, 0), (1, 3)))}
_SOFT_TYPES = {False: frozenset((11, 12)), True: frozenset((3, 4))}  #: whatever the code


def network_rulings(seen: Seen) -> Iterator[Ruling]:
    for said in seen.quotes:
        yield from _error(seen, said)
    for side, half in enumerate(seen.halves):
        yield from _service_class(side, half)
        yield from _checksums(seen, side, half)


def _error(seen: Seen, said: Quote) -> Iterator[Ruling]:
    """How the end whose segment was quoted goes on."""
    quoted = next((move for move in seen.moves if (move.segment.src, move.segment.src_port) == said.src), None)
    if quoted is None:
        return
    at_ns = said.time_ns - (quoted.segment.time_ns - quoted.at_ns)
    side, who = quoted.side, NAMES[quoted.side]
    later = [move for move in seen.halves[side].moves if move.at_ns > at_ns]
    kind = said.kind, said.code
    reset = next((move for move in later if move.flags & RST), None)
    frames = [said.frame, *([reset.frame] if reset else [later[0].frame] if later else [])]
    if said.kind == _SOURCE_QUENCH and not said.v6 and later:
        yield ruling("MUST-55", who, reset is None, frames)
    elif said.too_big:
        yield from _path(said, who, later)
    elif (kind in _SOFT[said.v6] or said.kind in _SOFT_TYPES[said.v6]) and later:
        yield ruling("MUST-56", who, reset is None, frames)
    elif kind in _HARD[said.v6]:
        gone = not any(not move.flags & RST for move in later)
        yield ruling("SHLD-26", who, gone, frames)
        if quoted.flags & SYN and not seen.opened:
            yield ruling("MUST-54", who, gone, frames)


def _path(said: Quote, who: str, later: list[Move]) -> Iterator[Ruling]:
    """An announced MTU reaches the connection that it is about: what follows fits."""
    data = [move for move in later if move.length]
    if said.mtu and data:
        room = said.mtu - _IP_HEADER[len(data[0].segment.src)]
        over = next((move for move in data[1:] if move.length + move.segment.hdr_len > room), None)
        yield ruling("MUST-54", who, over is None, [said.frame, (over or data[0]).frame], mss=room - MIN_HEADER_LEN)


def _service_class(side: int, half: Half) -> Iterator[Ruling]:
    """One code point for all data of a connection; what a host answers by itself does not count."""
    told = [move for move in half.data if move.segment.traffic_class is not None]
    if len(told) > 1:
        other = next((move for move in told if _dscp(move) != _dscp(told[0])), None)
        yield ruling("SHLD-23", NAMES[side], other is None, [told[0].frame, (other or told[-1]).frame])


def _dscp(move: Move) -> int:
    return (move.segment.traffic_class or 0) >> 2


def _checksums(seen: Seen, side: int, half: Half) -> Iterator[Ruling]:
    """A wrong checksum among right ones; where all are wrong a network card was to fill them in."""
    limit = seen.halves[1 - side].mss or _USUAL_MSS
    right: Move | None = None
    wrong: Move | None = None
    for move in half.moves:
        if move.length > limit or (right is not None and wrong is not None):
            continue
        holds = checksum_holds(move.segment)
        if holds:
            right = right or move
        elif holds is not None:
            wrong = wrong or move
    if right is not None:
        yield ruling("MUST-2", NAMES[side], wrong is None, [(wrong or right).frame])


def checksum_holds(segment: Segment) -> bool | None:
    """Whether the checksum is that of the segment; None where not all bytes are known, or only a part was filled in."""
    if segment.checksum is None or segment.options_cut or len(segment.payload) != segment.len_bytes:
        return None
    size = segment.hdr_len + segment.length
    pseudo = segment.src + segment.dst + size.to_bytes(4, "big") + _TCP.to_bytes(4, "big")
    begun = int.from_bytes(pseudo, "big") % _ONES
    if segment.checksum % _ONES == begun:
        return None  # the pseudo-header alone: left to the network card
    header = (
        segment.src_port.to_bytes(2, "big") + segment.dst_port.to_bytes(2, "big")
        + segment.seq.to_bytes(4, "big") + segment.ack.to_bytes(4, "big")
        + (segment.hdr_len // 4 << 12 | segment.flags).to_bytes(2, "big") + segment.window.to_bytes(2, "big")
        + segment.checksum.to_bytes(2, "big") + segment.urgent.to_bytes(2, "big") + segment.options
    )  # fmt: skip
    padded = segment.payload + b"\0" * (len(segment.payload) % 2)
    # The ones' complement sum of 16-bit words is the number that they spell, modulo 2**16 - 1 (RFC 1071).
    return (begun + int.from_bytes(header, "big") + int.from_bytes(padded, "big")) % _ONES == 0
