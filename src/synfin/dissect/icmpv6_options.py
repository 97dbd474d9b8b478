"""The options of neighbour discovery (RFC 4861 section 4.6), and those that other standards add to them."""

from __future__ import annotations

from collections.abc import Callable

from synfin.dissect.cursor import Cursor
from synfin.dissect.option import Item
from synfin.dissect.steps import REST, Step, below, domain, mark, number, numbers, prefix, raw, read, split

OPT = "icmpv6.opt."
ROUTE, PREF64 = 24, 38
SEQUENCE_OF_NAMES = 0  #: the only choice that a Name has (X.501)
SECOND = 1_000_000_000
PREFIX_BYTES = (12, 8, 7, 6, 5, 4)  #: by the code of a prefix length (RFC 8781 section 4)
MAX_ROUTE_WORDS = 3  #: RFC 4191 section 2.3

_FLAGS = {"l": 0x80, "a": 0x40, "r": 0x20, "reserved": 0x1F}
_EXPANDED = {"m": 0x8000, "o": 0x4000, "h": 0x2000, "prf": 0x1800, "p": 0x0400, "rsv": 0x02FF}


def reserved(size: int = REST) -> Step:
    return mark(OPT + "reserved", size)


_PADDING = mark(OPT + "padding")
#: What stands behind type and length, in options that have a fixed form; the rest is told by `_BY_CODE`.
FIXED: dict[int, tuple[Step, ...]] = {
    3: (number(OPT + "prefix.length", 1), number(OPT + "prefix.flag", 1, below(OPT + "prefix.flag", _FLAGS)),
        *numbers(OPT + "prefix.", valid_lifetime=4, preferred_lifetime=4), reserved(4), raw(OPT + "prefix", 16)),
    5: (reserved(2), number(OPT + "mtu", 4)),
    6: (number(OPT + "nbma.shortcut_limit", 1), reserved(1), reserved(4)),
    7: (reserved(2), number(OPT + "advertisement_interval", 4)),
    8: (reserved(2), *numbers(OPT, home_agent_preference=2, home_agent_lifetime=2)),
    12: (reserved(2), raw(OPT + "rsa.key_hash", 16), mark(OPT + "digital_signature_padding")),
    14: (raw(OPT + "nonce"),),
    17: (*numbers(OPT + "ipa.", option_code=1, prefix_len=1), reserved(4), raw(OPT + "ipa.ipv6_address", 16)),
    18: (*numbers(OPT + "nrpi.", option_code=1, prefix_len=1), reserved(4), raw(OPT + "nrpi.prefix", 16)),
    19: (number(OPT + "lla.option_code", 1), raw(OPT + "lla.bytes")),
    23: (split(1, {OPT + "map.distance": 0xF0, OPT + "map.preference": 0x0F}),
         number(OPT + "map.flag", 1, below(OPT + "map.flag", {"r": 0x80, "reserved": 0x7F})),
         number(OPT + "map.valid_lifetime", 4), raw(OPT + "map.global_address", 16)),
    26: (number(OPT + "efo", 2, below(OPT + "efo", _EXPANDED)), reserved(4)),
    32: (reserved(2), raw(OPT + "ps.key_hash", 16), mark(OPT + "digital_signature_padding")),
    33: (number(OPT + "aro.status", 1), reserved(3), number(OPT + "aro.registration_lifetime", 2),
         number(OPT + "aro.eui64", 8)),
    35: (*numbers(OPT + "abro.", version_low=2, version_high=2, valid_lifetime=2), raw(OPT + "abro.6lbr_address", 16)),
    36: (split(2, {OPT + "6cio.unassigned1": 0xFFFE, OPT + "6cio.flag_g": 0x0001}),
         number(OPT + "6cio.unassigned2", 4)),
}  # fmt: skip


def _link_address(inner: Cursor, end: int, side: str) -> None:
    """Six bytes of Ethernet, eight of IEEE 802.15.4 that are padded, else whatever there is."""
    size = end - inner.at
    at, value = inner.at, inner.data[inner.at : inner.stop]
    long = size == 14 and not any(value[8:]) and inner.fits(size)
    if long:
        address = int.from_bytes(value[:8], "big")
        inner.add(OPT + "linkaddr_eui64", address, at, 8)
        inner.add(f"{OPT}{side}_linkaddr_eui64", address, at, 8)
        size = 8
    if inner.fits(size) and not (long and side == "target"):
        inner.add(OPT + "linkaddr", value[:size], at, size)
        inner.add(f"{OPT}{side}_linkaddr", value[:size], at, size)
    inner.skip(size)
    if long:
        read(inner, _PADDING, end=end)


def _source_address(inner: Cursor, end: int) -> None:
    _link_address(inner, end, "src")


def _target_address(inner: Cursor, end: int) -> None:
    _link_address(inner, end, "target")


def _address_list(inner: Cursor, end: int) -> None:
    """RFC 3122 section 3.1."""
    read(inner, reserved(6))
    _addresses(inner, OPT + "ipv6_address")


def _addresses(inner: Cursor, name: str) -> None:
    while inner.room >= 16:
        inner.raw(name, 16)


def _redirected(inner: Cursor, end: int) -> None:
    """RFC 4861 section 4.6.3."""
    read(inner, reserved(6))
    if inner.room:
        read(inner, mark(OPT + "redirected_packet"))


def _generated_address(inner: Cursor, end: int) -> None:
    """RFC 3971 section 5.1; the parameters are those of RFC 3972 section 3."""
    padding = inner.number(OPT + "cga.pad_length", 1)
    read(inner, reserved(1))
    size = end - inner.at - max(padding, 0)
    if size < 0 or not inner.fits(size):
        return
    within = Cursor(inner.data, inner.at, inner.at + size)
    read(within, raw(OPT + "cga.modifier", 16), raw(OPT + "cga.subnet_prefix", 8), raw(OPT + "cga.count", 1))
    read(within, mark(OPT + "cga.subject_public_key_info", encoded_size(within)))
    while within.room >= 4 and within.whole:
        within.number(OPT + "cga.ext_type", 2)
        length = within.number(OPT + "cga.ext_length", 2)
        within.raw(OPT + "cga.ext_data", length, empty=True)
    inner.add(OPT + "cga", inner.data[inner.at : inner.at + size], inner.at, size, *within.items)
    inner.at += size
    read(inner, _PADDING, end=end)


def encoded_size(cursor: Cursor) -> int:
    """Bytes of the DER value that comes next, its tag and length included; all that is left where it tells none."""
    first = cursor.peek(1, 1)
    if first < 0x80:
        return cursor.room if first < 0 else 2 + first
    count = first & 0x7F
    length = cursor.peek(count, 2) if 0 < count <= 4 else -1
    return cursor.room if length < 0 else 2 + count + length


def _timestamp(inner: Cursor, end: int) -> None:
    """RFC 3971 section 5.3.1: seconds in 48 bits, and 1/64 K parts of one."""
    read(inner, reserved(6))
    if inner.fits(8):
        value = inner.peek(8)
        inner.add(OPT + "timestamp", (value >> 16) * SECOND + (value & 0xFFFF) * SECOND // 65536, inner.at, 8)
        inner.skip(8)


def _trust_anchor(inner: Cursor, end: int) -> None:
    """RFC 3971 section 6.4.3."""
    kind = inner.number(OPT + "name_type", 1)
    padding = max(inner.number(OPT + "cga.pad_length", 1), 0)
    stop = max(end - padding, inner.at)
    if kind == 1 and inner.fits(stop - inner.at):
        value = inner.data[inner.at : stop]
        inner.add(OPT + "name_x501", value, inner.at, len(value), Item("icmpv6.x509_Name", SEQUENCE_OF_NAMES, inner.at))
        inner.at = stop
    elif kind == 2:
        domain(inner, OPT + "name_type.fqdn")
    read(inner, _PADDING, end=end)


def _certificate(inner: Cursor, end: int) -> None:
    """RFC 3971 section 6.4.4."""
    kind = inner.number(OPT + "name_type", 1)
    read(inner, reserved(1))
    if kind == 1:
        read(inner, mark("icmpv6.x509_Certificate", min(encoded_size(inner), inner.room)), _PADDING, end=end)
    else:
        read(inner, mark(OPT + "certificate_padding"), end=end)


def _no_care_of_address(inner: Cursor, end: int) -> None:
    """RFC 5568 section 6.4.5: an address follows where the length is 3."""
    read(inner, *numbers(OPT + "naack.", option_code=1, status=1), reserved(4))
    if inner.room >= 16:
        inner.raw(OPT + "naack.supplied_ncoa", 16)


def _route(inner: Cursor, end: int) -> None:
    """RFC 4191 section 2.3: the prefix is as long as the option has room for it."""
    head = OPT + "route_info.flag"
    flags = below(head, {"route_preference": 0x18, "reserved": 0xE7})
    read(inner, number(OPT + "prefix.length", 1), number(head, 1, flags), number(OPT + "route_lifetime", 4))
    if end - inner.at <= 16:
        prefix(inner, OPT + "prefix", end - inner.at)


def _servers(inner: Cursor, end: int) -> None:
    """RFC 8106 section 5.1."""
    read(inner, reserved(2), number(OPT + "rdnss.lifetime", 4))
    _addresses(inner, OPT + "rdnss")


def _search_list(inner: Cursor, end: int) -> None:
    """RFC 8106 section 5.2: names as DNS writes them, padded by zeros."""
    read(inner, reserved(2), number(OPT + "dnssl.lifetime", 4))
    while inner.peek(1) > 0 and domain(inner, OPT + "dnssl"):
        pass
    if inner.room:
        read(inner, _PADDING)


def _handover_key(inner: Cursor, end: int) -> None:
    """RFC 5269 section 5.1: a request's key is the sender's, an answer's is encrypted and has a lifetime."""
    answer = inner.peek(1, -2) == 28
    padding = max(inner.number(OPT + "hkr.pad_length", 1), 0)
    read(inner, split(1, {OPT + "hkr.at": 0xF0, OPT + "hkr.reserved": 0x0F}))
    if answer:
        inner.number(OPT + "hkr.lifetime", 2)
    name = OPT + ("hkr.encrypted_handover_key" if answer else "hkr.encryption_public_key")
    inner.raw(name, max(end - inner.at - padding, 0))
    inner.raw(OPT + "hkr.padding", end - inner.at, empty=True)


def _named(inner: Cursor, end: int) -> None:
    """RFC 5271 sections 5.1 and 5.2: who assists a handover, or moves."""
    head = OPT + ("hai." if inner.peek(1, -2) == 29 else "mn.")
    inner.number(head + "option_code", 1)
    size = inner.number(head + "length", 1)
    inner.raw(head + "value", min(size, end - inner.at))
    read(inner, _PADDING, end=end)


def _context(inner: Cursor, end: int) -> None:
    """RFC 6775 section 4.2."""
    flags = below(OPT + "6co.flag", {"c": 0x10, "cid": 0x0F, "reserved": 0xE0})
    read(inner, number(OPT + "6co.context_length", 1), number(OPT + "6co.flag", 1, flags), reserved(2),
         number(OPT + "6co.valid_lifetime", 2))  # fmt: skip
    prefix(inner, OPT + "6co.context_prefix", min(end - inner.at, 16))


def _portal(inner: Cursor, end: int) -> None:
    inner.text(OPT + "captive_portal", end - inner.at)


def _translation_prefix(inner: Cursor, end: int) -> None:
    """RFC 8781 section 4: the first 96 bits of a prefix whose length is coded."""
    code = inner.peek(2) & 0x07
    read(inner, split(2, {OPT + "pref64.scaled_lifetime": 0xFFF8, OPT + "pref64.plc": 0x0007}))
    at, value = inner.at, inner.data[inner.at : inner.at + 12]
    if inner.fits(12) and 0 <= code < len(PREFIX_BYTES):
        inner.add(OPT + "pref64.prefix", value[: PREFIX_BYTES[code]].ljust(16, b"\0"), at, 12)
    inner.skip(12)


#: Options whose form hangs on what they say; each is given the offset of its end.
_BY_CODE: dict[int, Callable[[Cursor, int], None]] = {
    1: _source_address, 2: _target_address, 4: _redirected, 9: _address_list, 10: _address_list, 11: _generated_address,
    13: _timestamp, 15: _trust_anchor, 16: _certificate, 20: _no_care_of_address, ROUTE: _route, 25: _servers,
    27: _handover_key, 28: _handover_key, 29: _named, 30: _named, 31: _search_list, 34: _context, 37: _portal,
    PREF64: _translation_prefix,
}  # fmt: skip


def walk(cursor: Cursor) -> None:
    """Each is as many words of eight bytes as it says; none ends the walk."""
    while cursor.room >= 2:
        start, kind, words = cursor.at, cursor.peek(1), cursor.peek(1, 1)
        inner = Cursor(cursor.data, start, min(start + words * 8, cursor.stop))
        if words == 0:
            inner.stop = start + 2
        wrong = words == 0 or (kind == ROUTE and words > MAX_ROUTE_WORDS) or _is_wrong_prefix(kind, inner)
        inner.number("icmpv6.opt.type", 1)
        inner.number("icmpv6.opt.length", 1, *([Item("icmpv6.invalid_option_length", True)] if wrong else []))
        if words:
            _content(inner, kind, start + words * 8)
        cursor.at = cursor.stop if words == 0 else inner.stop
        cursor.note(Item("icmpv6.opt", True, start, inner.stop - start, tuple(inner.items)))


def _is_wrong_prefix(kind: int, option: Cursor) -> bool:
    return kind == PREF64 and option.peek(2, 2) >= 0 and option.peek(2, 2) & 0x07 >= len(PREFIX_BYTES)


def _content(inner: Cursor, kind: int, end: int) -> None:
    """What is told by the type; bytes that are left behind it are no part of the option's form."""
    reader, fixed = _BY_CODE.get(kind), FIXED.get(kind)
    if reader is not None:
        reader(inner, end)
    elif fixed is not None:
        read(inner, *fixed, end=end)
    else:
        inner.add("icmpv6.undecoded.option", True)
        inner.raw("icmpv6.data", end - inner.at)
    unknown_data(inner, end)


def unknown_data(inner: Cursor, end: int) -> None:
    """What no field took of an option that was captured whole."""
    size = end - inner.at
    if inner.whole and 0 < size <= inner.room:
        value = inner.data[inner.at : end]
        inner.add("icmpv6.unknown_data", value, inner.at, size, Item("icmpv6.unknown_data.expert", True))
        inner.at = end
