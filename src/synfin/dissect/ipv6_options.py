"""Options of IPv6, in Hop-by-Hop and Destination Options headers (RFC 8200 section 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from synfin.dissect import ioam
from synfin.dissect.cursor import Cursor
from synfin.dissect.load import lowest_bit
from synfin.dissect.option import Item
from synfin.dissect.steps import Step, below, number, numbers, raw, read, split
from synfin.wire import ip

OPT = "ipv6.opt."
HOP, DESTINATION = "ipv6.hopopts", "ipv6.dstopts"
PAD1, MPL, DEPRECATED, JUMBO = 0x00, 0x6D, 0x8A, 0xC2
SEED_SIZES = (0, 2, 8, 16)
EXPERIMENTS = (0x1E, 0x3E, 0x5E, 0x7E, 0x9E, 0xBE, 0xDE, 0xFE)

_TYPE = {"ipv6.opt.type.action": 0xC0, "ipv6.opt.type.change": 0x20, "ipv6.opt.type.rest": 0x1F}
_RPL = below(OPT + "rpl.flag", {"o": 0x80, "r": 0x40, "f": 0x20, "rsv": 0x1F})
_DFF = below(OPT + "dff.flag", {"ver": 0xC0, "dup": 0x20, "ret": 0x10, "rsv": 0x0F})
_MPL = below(OPT + "mpl.flag", {"s": 0xC0, "m": 0x20, "v": 0x10, "rsv": 0x0F})


class Carrier(NamedTuple):
    """What options must know of the header that carries them."""

    name: str  #: of the extension header
    hop_limit: int
    payload_length: int


class Rule(NamedTuple):
    """Where an option may stand, and how long it is."""

    home: str = ""  #: the only header that it may stand in
    exact: int = -1
    least: int = 0

    def allows(self, size: int) -> bool:
        return size == self.exact if self.exact >= 0 else size >= self.least


RULES: dict[int, Rule] = {
    0x04: Rule(DESTINATION, 1), 0x05: Rule(HOP, 2), 0x07: Rule(HOP, least=8), 0x08: Rule(HOP),
    0x0F: Rule(DESTINATION, 10), 0x26: Rule(HOP, 6), 0x30: Rule(HOP, 4), 0x31: Rule(HOP, least=10),
    0x41: Rule(DESTINATION, 4), 0x63: Rule(HOP, least=4), 0x6D: Rule(HOP), 0x8B: Rule(DESTINATION),
    0x8C: Rule(DESTINATION), JUMBO: Rule(HOP, 4), 0xC9: Rule(DESTINATION, 16), 0xEE: Rule(HOP, 3),
}  # fmt: skip

_RPL_FORM = (number(OPT + "rpl.flag", 1, _RPL), *numbers(OPT + "rpl.", instance_id=1, sender_rank=2))
#: Options of a fixed form, behind type and length.
FIXED: dict[int, tuple[Step, ...]] = {
    0x04: (number(OPT + "tel", 1),),
    0x05: (number(OPT + "router_alert", 2),),
    0x0F: numbers(OPT + "pdm.", scale_dtlr=1, scale_dtls=1, psn_this_pkt=2, psn_last_recv=2, delta_last_recv=2,
                  delta_last_sent=2),
    0x23: _RPL_FORM,
    0x41: (number(OPT + "tpf_information", 4),),
    0x63: _RPL_FORM,
    0x8B: (raw(OPT + "ilnp_nonce"),),
    0xC9: (raw(OPT + "mipv6.home_address", 16),),
    0xEE: (number(OPT + "dff.flags", 1, _DFF), number(OPT + "dff.sequence_number", 2)),
    **{kind: (raw(OPT + "experimental"),) for kind in EXPERIMENTS},
}  # fmt: skip


def _padding(inner: Cursor, carrier: Carrier) -> None:
    inner.raw(OPT + "padn", inner.room, empty=True)


def _calipso(inner: Cursor, carrier: Carrier) -> None:
    """RFC 5570 section 5.1."""
    inner.number(OPT + "calipso.doi", 4)
    words = inner.number(OPT + "calipso.cmpt.length", 1)
    read(inner, *numbers(OPT + "calipso.", sens_level=1, checksum=2))
    if words > 0:
        inner.raw(OPT + "calipso.cmpt_bitmap", words * 4)


def _duplicates(inner: Cursor, carrier: Carrier) -> None:
    """RFC 6621 section 6.1: what tells a packet from its duplicates, or helps a hash to do so."""
    head, first = OPT + "smf_dpd.", inner.peek(1)
    if first >> 7:
        inner.note(*inner.parts(1, {head + "hash_bit": 0x80}))
        inner.rest(head + "hav")
        return
    read(inner, split(1, {head + "hash_bit": 0x80, head + "tid_type": 0x70, head + "tid_len": 0x0F}))
    if first & 0x70:
        inner.raw(head + "tagger_id", (first & 0x0F) + 1)
    inner.rest(head + "ident")


def _quick_start(inner: Cursor, carrier: Carrier) -> None:
    """RFC 4782 section 3.2: a request, or a report of the rate that was allowed."""
    function = inner.peek(1) >> 4
    if function not in (0, 8):
        inner.note(*inner.parts(1, {OPT + "qs_func": 0xF0}))
        return
    read(inner, split(1, {OPT + "qs_func": 0xF0, OPT + "qs_rate": 0x0F}))
    at, left = inner.at, inner.number(OPT + ("qs_unused" if function else "qs_ttl"), 1)
    if not function and left >= 0:
        inner.add(OPT + "qs_ttl_diff", (carrier.hop_limit - left) & 0xFF, at, 1)
    read(inner, split(4, {OPT + "qs_nonce": 0xFFFFFFFC, OPT + "qs_reserved": 3}))


def _path_mtu(inner: Cursor, carrier: Carrier) -> None:
    """RFC 9268 section 5."""
    inner.number(OPT + "pmtu.min", 2)
    at, told = inner.at, inner.peek(2)
    if inner.fits(2):
        inner.add(OPT + "pmtu.rtn", told & 0xFFFE, at, 2)
        inner.add(OPT + "pmtu.r_flag", told & 1, at, 2)
        inner.skip(2)


def _trace(inner: Cursor, carrier: Carrier) -> None:
    ioam.walk(inner)


def _seed(inner: Cursor, carrier: Carrier) -> None:
    """RFC 7731 section 6.1; without an identifier the seed is the packet's source."""
    size = SEED_SIZES[max(inner.peek(1), 0) >> 6]
    read(inner, number(OPT + "mpl.flag", 1, _MPL), number(OPT + "mpl.sequence", 1))
    if size:
        inner.raw(OPT + "mpl.seed_id", size)


def _line(inner: Cursor, carrier: Carrier) -> None:
    """RFC 6788 section 5.2."""
    size = inner.number(OPT + "lio.length", 1)
    if size > 0:
        inner.text(OPT + "lio.line_id", min(size, inner.room))


def _jumbo(inner: Cursor, carrier: Carrier) -> None:
    """RFC 2675 section 3: only where the header tells no length, and only of what is too long for it."""
    value = inner.peek(4)
    small = (Item(OPT + "jumbo.truncated", True),) if 0 <= value < ip.JUMBOGRAM else ()
    inner.number(OPT + "jumbo", 4, *small)
    if carrier.payload_length and inner.whole:
        inner.add(OPT + "jumbo.prohibited", True)


#: Options whose form hangs on what they say.
READERS: dict[int, Callable[[Cursor, Carrier], None]] = {
    0x01: _padding, 0x07: _calipso, 0x08: _duplicates, 0x26: _quick_start, 0x30: _path_mtu, 0x31: _trace,
    0x6D: _seed, 0x8C: _line, JUMBO: _jumbo,
}  # fmt: skip


def walk(cursor: Cursor, carrier: Carrier) -> None:
    while cursor.room and cursor.whole:
        cursor.note(_option(cursor, carrier))


def _option(cursor: Cursor, carrier: Carrier) -> Item:
    """One option; at least its type is passed."""
    start, kind = cursor.at, cursor.peek(1)
    inner, rule = Cursor(cursor.data, start, cursor.stop), RULES.get(kind, Rule())
    inner.number(OPT + "type", 1, *_type(kind, inner, rule, carrier))
    if kind == PAD1:
        inner.add(OPT + "pad1", True, start, 1)
    else:
        size = inner.peek(1)
        wrong = (Item(OPT + "invalid_len", True),) if size >= 0 and not _allows(rule, inner, kind, size) else ()
        inner.number(OPT + "length", 1, *wrong)
        value = inner.within(size)
        _content(value, kind, carrier)
        inner.note(*value.items)
    cursor.at = max(inner.at, start + 1)
    return Item("ipv6.opt", True, start, cursor.at - start, tuple(inner.items))


def _allows(rule: Rule, option: Cursor, kind: int, size: int) -> bool:
    return rule.allows(size) and (kind != 0x31 or ioam.fits(option, size))


def _type(kind: int, option: Cursor, rule: Rule, carrier: Carrier) -> list[Item]:
    """The type's bits, with what is to be said of the option as such."""
    at, first = option.at, option.peek(1, 2)
    astray = [Item(OPT + "header_mismatch", True)] if rule.home not in ("", carrier.name) else []
    bits = [Item(name, (kind & mask) >> lowest_bit(mask), at, 1) for name, mask in _TYPE.items()]
    if kind == DEPRECATED:
        bits.append(Item(OPT + "deprecated", True))
    if kind == MPL and first >> 6 == 0:
        bits.append(Item(OPT + "mpl.ipv6_src_seed_id", True))
    return astray + bits


def _content(value: Cursor, kind: int, carrier: Carrier) -> None:
    reader, fixed = READERS.get(kind), FIXED.get(kind)
    left = "ipv6.opt_unknown_data"
    if reader is not None:
        reader(value, carrier)
    elif fixed is not None:
        read(value, *fixed)
    else:
        left = OPT + "unknown"
    if value.whole and (value.room or left == OPT + "unknown"):
        data = value.data[value.at : value.stop]
        value.add(left, data, value.at, len(data), Item(OPT + "unknown_data.expert", True))
