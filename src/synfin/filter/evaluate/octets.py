"""Bytes, text and addresses: cut, masked, searched, compared."""

from __future__ import annotations

from typing import Any

from synfin.dissect.load import LayerBytes
from synfin.filter import typed
from synfin.filter.evaluate.numbers import EQUALITIES, ORDERS, Pair
from synfin.filter.syntax import Range


def octets(value: Any) -> bytes:
    """A value as the bytes that searches see."""
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)


def header(value: Any) -> bytes:
    """A value as the bytes that slices see: of a layer its header."""
    return octets(value)[: value.header] if isinstance(value, LayerBytes) else octets(value)


def cut(value: Any, parts: tuple[Range, ...]) -> bytes:
    """The parts joined up to the first that does not fit; perhaps none, which is a value too, unlike others."""
    whole, found = header(value), list[bytes]()
    length = value.header if isinstance(value, LayerBytes) else len(whole)
    for part in parts:
        start = part.start if part.start >= 0 else length + part.start
        if part.last is not None:
            stop = (part.last if part.last >= 0 else length + part.last) + 1
        else:
            stop = length if part.length is None else start + part.length
        if not 0 <= start < stop <= len(whole):
            break
        found.append(whole[start:stop])
    return b"".join(found)


def masked(a: Any, b: Any) -> bytes | typed.Network:
    """Bit by bit, as far as both reach; of addresses with prefixes the shorter one stays."""
    if isinstance(a, typed.Network) or isinstance(b, typed.Network):
        prefix = min(side.prefix for side in (a, b) if isinstance(side, typed.Network))
        return typed.Network(masked_bytes(base(a), base(b)), prefix)
    return masked_bytes(a, b)


def masked_bytes(a: bytes, b: bytes) -> bytes:
    return bytes(x & y for x, y in zip(a, b, strict=False))


def is_nonzero(value: Any) -> bool:
    """Whether the result of arithmetic counts as true."""
    if isinstance(value, typed.Network):
        return value.mask(value.address) != 0
    return any(value) if isinstance(value, bytes) else bool(value)


def base(address: Any) -> bytes:
    """An address without its prefix."""
    return bytes(address.address if isinstance(address, typed.Network) else address)


def contains(kind: str) -> Pair:
    """Whether the right value stands in the left one; text and protocols do not contain nothing."""
    if kind == "bytes":
        return lambda a, b: octets(a) != b"" and octets(b) in octets(a)

    def inside(a: Any, b: Any) -> bool:
        wanted = octets(b)
        return bool(wanted) and wanted in octets(a)

    return inside


def order_addresses(sign: str) -> Pair:
    """The comparison of addresses; both sides count only up to the shorter prefix of those that were given."""
    plain = ORDERS[sign]

    def compare(a: Any, b: Any) -> bool:
        given = [side for side in (a, b) if isinstance(side, typed.Network)]
        if not given:
            return plain(a, b)
        mask = min(given, key=lambda network: network.prefix)
        return plain(mask.mask(base(a)), mask.mask(base(b)))

    return compare


Element = tuple[typed.Entity, typed.Entity | None]
Networks = dict[tuple[int, int], set[int]]  #: by bytes of an address and prefix length


def networks(elements: list[Element]) -> tuple[Networks, list[Element]]:
    """The networks among the elements of a set, and the other elements."""
    found: Networks = {}
    others: list[Element] = []
    for low, high in elements:
        value = low.value if isinstance(low, typed.Constant) and high is None else None
        if isinstance(value, typed.Network):
            size = len(value.address), value.prefix
            found.setdefault(size, set()).add(value.mask(value.address))
        else:
            others.append((low, high))
    return found, others


def within(address: Any, known: Networks) -> bool:
    """Whether an address lies in one of them."""
    whole = int.from_bytes(address, "big")
    return any(
        size == len(address) and whole >> (8 * size - prefix) in members for (size, prefix), members in known.items()
    )


def order_bytes(sign: str) -> Pair:
    """The comparison of bytes and of the headers of protocols: the longer is the greater."""
    plain = ORDERS[sign]
    if sign in EQUALITIES:
        return lambda a, b: plain(header(a), header(b))
    return lambda a, b: plain(rank(a), rank(b))


def order_text(sign: str) -> Pair:
    """The comparison of text, in order of its bytes."""
    plain = ORDERS[sign]
    if sign in EQUALITIES:
        return plain
    return lambda a, b: plain(octets(a), octets(b))


def rank(value: Any) -> tuple[int, bytes]:
    """What bytes are ordered by."""
    found = header(value)
    return len(found), found
