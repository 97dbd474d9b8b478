"""The walk over ARP for ATM (RFC 2225): numbers and subaddresses of two kinds, each with a length of its own."""

from __future__ import annotations

from synfin.dissect.cursor import Cursor
from synfin.dissect.option import Item

E164 = 1  #: kind of a number; 0 are addresses of the ATM Forum
NSAP_LEN = 20
KINDS = {0: "ATM Forum NSAPA", E164: "E.164"}
SIDES = (("src", "Sender"), ("dst", "Target"))
#: Parts of an address between its first byte and its end, by that byte; all other kinds are unknown.
PARTS = {
    0x39: (("data_country_code", 2), ("high_order_dsp", 10)),
    0xBD: (("data_country_code_group", 2), ("high_order_dsp", 10)),
    0x47: (("international_code_designator", 2), ("high_order_dsp", 10)),
    0xC5: (("international_code_designator_group", 2), ("high_order_dsp", 10)),
    0x45: (("e.164_isdn", 8), ("high_order_dsp", 4)), 0xC3: (("e.164_isdn_group", 8), ("high_order_dsp", 4)),
}  # fmt: skip
NUMBERS = ("data_country_code", "international_code_designator", "selector")


def atm(cursor: Cursor, *, ip: bool) -> None:
    """All behind the protocol's type. `ip`: protocol addresses of four bytes are IPv4's."""
    sizes: list[tuple[int, int, int]] = []
    for side, title in SIDES:
        number = _kind(cursor, side, "h", f"{title} ATM number")
        below = _kind(cursor, side, "s", f"{title} ATM subaddress")
        if side == "src":
            cursor.number("arp.opcode", 2)
        sizes.append((number, below, cursor.number(f"arp.{side}.pln", 1)))
    for (side, _), (number, below, plain) in zip(SIDES, sizes, strict=True):
        _number(cursor, side, number)
        cursor.raw(f"arp.{side}.atm_subaddr", below & 0x3F)
        name = f"arp.{side}.proto_ipv4" if ip and plain == 4 else f"arp.{side}.proto"
        cursor.raw(name, max(plain, 0))


def _kind(cursor: Cursor, side: str, which: str, title: str) -> int:
    """Type and length of a number or a subaddress, which share a byte."""
    octet = max(cursor.peek(1), 0)
    parts = cursor.parts(1, {f"arp.{side}.{which}type": 0x40, f"arp.{side}.{which}len": 0x3F})
    if parts:
        heading = f"{title} type/length: {KINDS[octet >> 6 & 1]}/{octet & 0x3F}"
        cursor.note(Item(heading, None, cursor.at, 1, parts))
    cursor.skip(1)
    return octet


def _number(cursor: Cursor, side: str, octet: int) -> None:
    size = octet & 0x3F
    if octet & 0x40:
        cursor.text(f"arp.{side}.atm_num_e164", size, "ascii") if size else None
        return
    start = cursor.at
    value = cursor.data[start : start + size]
    if not cursor.fits(size) or not size:
        return
    below = _address(Cursor(cursor.data, start, start + size)) if size == NSAP_LEN else ()
    cursor.add(f"arp.{side}.atm_num_nsap", value, start, size, *below)
    cursor.skip(size)


def _address(inner: Cursor) -> tuple[Item, ...]:
    """What an address of 20 bytes is made of; the names are the sender's wherever it stands."""
    parts = PARTS.get(inner.peek(1))
    unknown = (Item("arp.src.atm_afi.unknown", True),) if parts is None else ()
    inner.number("arp.src.atm_afi", 1, *unknown)
    if parts is None:
        inner.rest("arp.src.atm_rest_of_address")
        return tuple(inner.items)
    for name, size in (*parts, ("end_system_identifier", 6), ("selector", 1)):
        if name.removesuffix("_group") in NUMBERS:
            inner.number(f"arp.src.atm_{name}", size)
        else:
            inner.raw(f"arp.src.atm_{name}", size)
    return tuple(inner.items)
