"""The walk over TCP options (RFC 9293 section 3.1): every option as an item with its fields below it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from synfin.dissect.option import Decoder, Item, Option, broken
from synfin.dissect.options_middlebox import rvbd_probe, rvbd_transparency, scps, snack
from synfin.dissect.options_mptcp import mptcp

if TYPE_CHECKING:
    from synfin.dissect.context import Subflow

EXPERIMENTAL_TFO = 0xF989  #: RFC 7413 appendix A
EXPERIMENTAL_ACCECN0 = 0xACC0  #: byte counters in the order 0 of the AccECN drafts
EXPERIMENTAL_ACCECN1 = 0xACC1
EXPERIMENTAL_TARR = 0x00AC
TARR_LEN = 5
MAX_WINDOW_SHIFT = 14  #: RFC 7323 section 2.3
SEQ_MASK = 0xFFFFFFFF


class Known(NamedTuple):
    """An option kind: the field that holds all its bytes, its lengths, and how its inside is read."""

    name: str
    shortest: int
    longest: int
    decode: Decoder


def nothing(option: Option) -> Iterator[Item]:
    """An option without fields of its own."""
    return iter(())


def mss(option: Option) -> Iterator[Item]:
    yield from option.number("tcp.options.mss_val", 2, 2)


def window_scale(option: Option) -> Iterator[Item]:
    shift = option.data[2]
    invalid = (Item("tcp.options.wscale.shift.invalid", True),) if shift > MAX_WINDOW_SHIFT else ()
    yield Item("tcp.options.wscale.shift", shift, option.start + 2, 1, invalid)
    yield Item("tcp.options.wscale.multiplier", 1 << min(shift, MAX_WINDOW_SHIFT), option.start + 2, 1)


def sack(option: Option) -> Iterator[Item]:
    """Blocks as relative edges; RFC 2883 duplicates are told by the first block (section 4)."""
    blocks: list[tuple[int, int]] = []
    for at in range(2, len(option.data) - 3, 8):
        left = _edge(option, at)
        yield Item("tcp.options.sack_le", left, option.start + at, 4)
        if at + 8 > len(option.data):
            yield Item("tcp.suboption_malformed", True)
            break
        right = _edge(option, at + 4)
        yield Item("tcp.options.sack_re", right, option.start + at + 4, 4)
        blocks.append((left, right))
    yield Item("tcp.options.sack.count", len(blocks))
    if _is_duplicate(blocks, option.ack):
        yield Item("tcp.options.sack.dsack_le", blocks[0][0])
        yield Item("tcp.options.sack.dsack_re", blocks[0][1])
        yield Item("D-SACK Sequence", None, children=(Item("tcp.options.sack.dsack", True),))


def _edges(option: Option) -> Iterator[Item]:
    """The edges that are there of blocks that were cut."""
    for place, at in enumerate(range(2, len(option.data) - 3, 4)):
        name = "tcp.options.sack_re" if place % 2 else "tcp.options.sack_le"
        yield Item(name, _edge(option, at), option.start + at, 4)


def _edge(option: Option, at: int) -> int:
    return (int.from_bytes(option.data[at : at + 4], "big") - option.sack_base) & SEQ_MASK


def _is_duplicate(blocks: list[tuple[int, int]], ack: int) -> bool:
    from synfin.wire.seq import ge, le, lt

    if not blocks:
        return False
    if le(blocks[0][1], ack):
        return True
    return len(blocks) > 1 and lt(blocks[1][0], blocks[0][1]) and ge(blocks[1][1], blocks[0][1])


def timestamp(option: Option) -> Iterator[Item]:
    yield from option.number("tcp.options.timestamp.tsval", 2, 4)
    yield from option.number("tcp.options.timestamp.tsecr", 6, 4)


def echo(option: Option) -> Iterator[Item]:
    yield from option.number("tcp.options.echo_value", 2, 4)


def connection_count(option: Option) -> Iterator[Item]:
    yield from option.number("tcp.options.cc_value", 2, 4)


def md5(option: Option) -> Iterator[Item]:
    yield from option.bytes("tcp.options.md5.digest", 2)


def authentication(option: Option) -> Iterator[Item]:
    yield from option.number("tcp.options.ao.keyid", 2, 1)
    yield from option.number("tcp.options.ao.rnextkeyid", 3, 1)
    yield from option.bytes("tcp.options.ao.mac", 4)


def quick_start(option: Option) -> Iterator[Item]:
    """RFC 4782 section 3.1: 0 asks for nothing, n for 40 kbit/s times 2 to the n."""
    rate = option.data[2] & 0x0F
    yield Item("tcp.options.qs.rate", rate, option.start + 2, 1)
    yield from option.number("tcp.options.qs.ttl_diff", 3, 1)


def user_timeout(option: Option) -> Iterator[Item]:
    yield from option.number("tcp.options.user_to_granularity", 2, 2, 0x8000)
    yield from option.number("tcp.options.user_to_val", 2, 2, 0x7FFF)


def fast_open(option: Option) -> Iterator[Item]:
    yield from _cookie(option, 2)


def _cookie(option: Option, offset: int) -> Iterator[Item]:
    """A cookie, or the request for one where there are no bytes (RFC 7413 section 4.1.1)."""
    if len(option.data) == offset:
        yield Item("tcp.options.tfo.request", True, option.start, offset)
    yield from option.bytes("tcp.options.tfo.cookie", offset)


def experimental(option: Option) -> Iterator[Item]:
    """RFC 6994: 16 bits tell which experiment it is."""
    identifier = int.from_bytes(option.data[2:4], "big")
    yield from option.number("tcp.options.experimental.exid", 2, 2)
    if identifier == EXPERIMENTAL_TFO:
        yield from _cookie(option, 4)
    elif identifier == EXPERIMENTAL_ACCECN0:
        yield from _counters(option, 4, ("ee0b", "eceb", "ee1b"))
    elif identifier == EXPERIMENTAL_ACCECN1:
        yield from _counters(option, 4, ("ee1b", "eceb", "ee0b"))
    elif identifier == EXPERIMENTAL_TARR and len(option.data) > TARR_LEN:
        yield Item("tcp.option.len.invalid", True)
    elif identifier == EXPERIMENTAL_TARR:
        yield from option.number("tcp.options.tarr.rate", 4, 1, 0xFE)
        yield from option.number("tcp.options.tar.reserved", 4, 1, 0x01)
    else:
        yield from option.bytes("tcp.options.experimental.data", 4)


def accurate_ecn0(option: Option) -> Iterator[Item]:
    yield from _counters(option, 2, ("ee0b", "eceb", "ee1b"))


def accurate_ecn1(option: Option) -> Iterator[Item]:
    yield from _counters(option, 2, ("ee1b", "eceb", "ee0b"))


def _counters(option: Option, offset: int, names: tuple[str, ...]) -> Iterator[Item]:
    for place, name in enumerate(names):
        yield from option.number(f"tcp.options.acc_ecn.{name}", offset + 3 * place, 3)


def unknown(option: Option) -> Iterator[Item]:
    yield from option.bytes("tcp.options.unknown.payload", 2)


UNKNOWN = Known("tcp.options.unknown", 2, 255, unknown)

KNOWN: dict[int, Known] = {
    2: Known("tcp.options.mss", 4, 4, mss),
    3: Known("tcp.options.wscale", 3, 3, window_scale),
    4: Known("tcp.options.sack_perm", 2, 2, nothing),
    5: Known("tcp.options.sack", 2, 255, sack),
    6: Known("tcp.options.echo", 6, 6, echo),
    7: Known("tcp.options.echo", 6, 6, echo),
    8: Known("tcp.options.timestamp", 10, 10, timestamp),
    11: Known("tcp.options.cc", 6, 6, connection_count),
    12: Known("tcp.options.cc", 6, 6, connection_count),
    13: Known("tcp.options.cc", 6, 6, connection_count),
    19: Known("tcp.options.md5", 18, 18, md5),
    20: Known("tcp.options.scps", 4, 255, scps),
    21: Known("tcp.options.snack", 6, 6, snack),
    22: Known("tcp.options.scpsrec", 2, 255, nothing),
    23: Known("tcp.options.scpscor", 2, 255, nothing),
    27: Known("tcp.options.qs", 8, 8, quick_start),
    28: Known("tcp.options.user_to", 4, 4, user_timeout),
    29: Known("tcp.options.ao", 4, 255, authentication),
    30: Known("mptcp", 3, 255, mptcp),
    34: Known("tcp.options.tfo", 2, 255, fast_open),
    76: Known("tcp.options.rvbd.probe", 3, 255, rvbd_probe),
    78: Known("tcp.options.rvbd.trpy", 16, 16, rvbd_transparency),
    172: Known("tcp.options.acc_ecn", 2, 255, accurate_ecn0),
    174: Known("tcp.options.acc_ecn", 2, 255, accurate_ecn1),
    253: Known("tcp.options.experimental", 4, 255, experimental),
    254: Known("tcp.options.experimental", 4, 255, experimental),
}

#: What an option is called in a heading of the tree.
HEADINGS = {
    2: "Maximum segment size", 3: "Window scale", 4: "SACK permitted", 5: "SACK", 6: "Echo", 7: "Echo reply",
    8: "Timestamps", 11: "CC", 12: "CC.NEW", 13: "CC.ECHO", 19: "TCP MD5 signature", 20: "SCPS capabilities",
    21: "Selective Negative Acknowledgment", 22: "SCPS record boundary", 23: "SCPS corruption experienced",
    27: "Quick-Start", 28: "User Timeout", 29: "TCP AO", 30: "MPTCP", 34: "TCP Fast Open", 76: "Riverbed Probe",
    78: "Riverbed Transparency", 172: "Accurate ECN", 174: "Accurate ECN", 253: "Experimental", 254: "Experimental",
}  # fmt: skip
SACK, MULTIPATH = 5, 30  #: their length decides how they are read


@lru_cache(maxsize=16)
def walk(raw: bytes, start: int, sack_base: int, ack: int, syn: bool, missing: int = 0,
         subflow: Subflow | None = None) -> tuple[Item, ...]:  # fmt: skip
    """Every option in `raw`, which begins at offset `start` of the frame. Each step reads at least one byte.

    `missing` more bytes of options were not captured.

    NOPs are counted as tshark counts them: over the whole options, until one begins a word of four bytes.
    """
    items: list[Item] = []
    at = nops = 0
    while at < len(raw):
        kind = raw[at]
        if kind <= 1:
            if kind == 1:
                nops = nops + 1 if not nops or at % 4 else 0
                if nops == 4:
                    items.append(Item("tcp.nop", True))
            items.append(_single(kind, start + at))
            at += 1
            if kind == 0 and any(raw[at:]):
                items.append(Item("tcp.non_zero_bytes_after_eol", True, start + at, len(raw) - at))
                break
            continue
        length = raw[at + 1] if at + 1 < len(raw) else 2 if missing else 0
        if missing and at + max(length, 2) > len(raw) and at + length <= len(raw) + missing:
            if at + 1 < len(raw):
                items.append(_read_cut(Option(raw[at:], start + at, sack_base, ack, syn)))
            break
        if length < 2 or at + length > len(raw):
            name = HEADINGS.get(kind, f"Unknown (0x{kind:02x})")
            items.append(broken(name, "tcp.option.len.invalid", raw, at, start))
            break
        items.append(_read(Option(raw[at : at + length], start + at, sack_base, ack, syn, subflow)))
        at += length
    return tuple(items)


def _single(kind: int, start: int) -> Item:
    name = "tcp.options.nop" if kind else "tcp.options.eol"
    return Item(name, bytes([kind]), start, 1, (Item("tcp.option_kind", kind, start, 1),))


def _read_cut(option: Option) -> Item:
    """The last option that was captured, in part."""
    known = KNOWN.get(option.data[0], UNKNOWN)
    children = [*option.number("tcp.option_kind", 0, 1), *option.number("tcp.option_len", 1, 1)]
    if option.data[0] == SACK:
        children.extend(_edges(option))
    elif option.data[0] == MULTIPATH:
        children.extend(option.number("tcp.options.mptcp.subtype", 2, 1, 0xF0))
    elif len(option.data) > 2:
        children.extend(item for item in known.decode(option) if not isinstance(item.value, bytes))
    return Item(known.name, option.data, option.start, len(option.data), tuple(children))


def _read(option: Option) -> Item:
    known = KNOWN.get(option.data[0], UNKNOWN)
    length = len(option.data)
    fits = known.shortest <= length <= known.longest
    decoded = list(known.decode(option)) if fits else []
    broken = not fits or any(item.name == "tcp.option.len.invalid" for item in decoded)
    wrong = (Item("tcp.option.len.invalid", True),) if broken else ()
    children: list[Item] = []
    if option.data[0] == 2 and not option.syn:
        children.append(Item("tcp.options.mss.present", True))
    children.append(Item("tcp.option_kind", option.data[0], option.start, 1))
    children.append(Item("tcp.option_len", length, option.start + 1, 1, wrong))
    children.extend(item for item in decoded if item.name != "tcp.option.len.invalid")
    return Item(known.name, option.data, option.start, length, tuple(children))
