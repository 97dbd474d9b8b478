"""Requirements on the header and its options: RFC 9293 sections 3.1 and 3.7.1."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.watch.findings import thresholds as limits
from synfin.watch.findings.seen import NAMES, Move, Seen, gaps
from synfin.watch.verify.ruling import Ruling, ruling
from synfin.wire.tcp import SYN, options

_MSS, _END = 2, 0
_DEFAULT_MSS = {4: 536, 16: 1220}  #: by length of the address (section 3.7.1)
_HIGH_BIT = 0x8000


def header_rulings(seen: Seen) -> Iterator[Ruling]:
    for side, half in enumerate(seen.halves):
        opened = [move for move in (*half.syns, *half.syn_acks) if not move.segment.options_cut]
        for syn in opened[:1]:
            offers = half.mss is not None
            yield ruling("SHLD-5", NAMES[side], offers, [syn.frame])
            if offers:
                yield ruling("MAY-3", NAMES[side], True, [syn.frame])
        yield from _sizes(seen, side)
        yield from _option_bytes(side, half.moves)
        large = [move for move in half.moves if move.segment.window >= _HIGH_BIT]
        peer = seen.halves[1 - side].data
        if large and peer:
            used = [move for move in peer if move.index > large[0].index]
            if used:
                # A window that was read as a negative number is probed byte by byte.
                probed = len(used) > 1 and all(move.length == 1 for move in used)
                probed = probed and min(gaps(used)) >= limits.RTO_MIN_NS
                yield ruling("MUST-1", NAMES[1 - side], not probed, [large[0].frame, used[0].frame])


def _sizes(seen: Seen, side: int) -> Iterator[Ruling]:
    """Payloads against what the receiver announced; merged segments (TSO, GRO) are the capture's, not the sender's."""
    half, peer = seen.halves[side], seen.halves[1 - side]
    heard = [move for move in (*peer.syns, *peer.syn_acks) if not move.segment.options_cut]
    data = [move for move in half.data if not move.flags & SYN]
    if not heard or not data:
        return
    largest = max(data, key=lambda move: move.length)
    if peer.mss is None:
        limit = _DEFAULT_MSS[len(largest.segment.src)]
        yield ruling("MUST-15", NAMES[side], largest.length <= limit, [heard[0].frame, largest.frame], mss=limit)
        return
    merged = largest.length > peer.mss and largest.length % max(_full(largest, peer.mss), 1) == 0
    kept = largest.length <= peer.mss or merged
    yield ruling("MUST-14", NAMES[side], kept, [heard[0].frame, largest.frame], mss=peer.mss)
    plain = [move for move in data if move.length <= peer.mss]
    over = [move for move in plain if move.length > _full(move, peer.mss)]
    if plain:
        worst = over[0] if over else max(plain, key=lambda move: move.length)
        yield ruling("MUST-16", NAMES[side], not over, [worst.frame], mss=peer.mss)


def _full(move: Move, mss: int) -> int:
    """The longest payload: options take from the MSS (section 3.7.1, RFC 6691)."""
    return mss - (move.segment.hdr_len - 20)


def _option_bytes(side: int, moves: list[Move]) -> Iterator[Ruling]:
    late = [
        move for move in moves if not move.flags & SYN and any(o.kind == _MSS for o in options(move.segment.options))
    ]
    early = [move for move in moves if move.flags & SYN and any(o.kind == _MSS for o in options(move.segment.options))]
    if late or early:
        yield ruling("MUST-65", NAMES[side], not late, [(late or early)[0].frame])
    for move in moves:
        raw = move.segment.options
        end = next((one.offset for one in options(raw) if one.kind == _END), None)
        if end is not None and not move.segment.options_cut:
            yield ruling("MUST-69", NAMES[side], not any(raw[end + 1 :]), [move.frame])
            return
