"""Which kinds of values go together: what compares with what, what can be cut, searched, computed with."""

from __future__ import annotations

from synfin.dissect.field import MAXIMUM

INTEGERS = frozenset(MAXIMUM)  #: booleans and frame numbers too
NUMBERS = INTEGERS - {"bool"}
SIGNED = frozenset({"i8", "i16", "i24", "i32", "i64"})
WIDE = frozenset({"u56", "u64", "eui64", "i64"})
ADDRESSES = frozenset({"ipv4", "ipv6", "address"})
OCTETS = frozenset({"bytes", "ether"})
BYTES = OCTETS | {"protocol"}
SEARCHABLE = BYTES | {"str"}  #: contains and matches look into them
SLICEABLE = SEARCHABLE | ADDRESSES
_NAMES = {
    "bool": "a boolean", "framenum": "a frame number", "str": "text", "bytes": "bytes", "ether": "a MAC address",
    "eui64": "an EUI-64 address",
    "ipv4": "an IPv4 address", "ipv6": "an IPv6 address", "address": "an IP address", "protocol": "a protocol",
    "abstime": "a date and time", "reltime": "a time in seconds",
    "double": "a number with a fraction", "none": "nothing: it is there or not",
}  # fmt: skip
#: What each operator computes with.
OPERANDS = {
    **dict.fromkeys("+-", NUMBERS | {"reltime", "double"}),
    **dict.fromkeys("*/", NUMBERS | {"double"}),
    "%": NUMBERS,
    "&": NUMBERS | ADDRESSES | OCTETS,
}


def name_of(kind: str) -> str:
    """What a field of that kind holds, for messages."""
    return _NAMES.get(kind, "a number")


def compatible(left: str, right: str) -> bool:
    """Whether fields of these kinds compare, the left one first: a number with a boolean, but not the reverse."""
    for family, others in ((NUMBERS, INTEGERS), (OCTETS, OCTETS)):
        if left in family:
            return right in others
    if "address" in (left, right):
        return left in ADDRESSES and right in ADDRESSES
    return left == right
