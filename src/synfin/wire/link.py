"""Link types without a link layer of their own: BSD loopback and raw IP.

Link types are the LINKTYPE_ values of pcap and pcapng files.
"""

from __future__ import annotations

from collections.abc import Mapping

from synfin.wire.ethernet import IP, IPV6
from synfin.wire.ethertype import LARGEST_LENGTH
from synfin.wire.walk import Next, Reader, Walk, by_version, plain

NULL, RAW_BSD, RAW_OPENBSD, RAW, LOOP, IPV4_ONLY, IPV6_ONLY = 0, 12, 14, 101, 108, 228, 229

FAMILIES = {2: IP, 24: IPV6, 28: IPV6, 30: IPV6}  #: AF_ values of the BSDs


def null(walk: Walk, at: int, end: int) -> Next | None:
    """An address family in the byte order of the host that captured."""
    if not walk.layer("null", at, 4, end):
        return plain(len(walk.data), end)
    family = walk.number(at, 4)
    return _family(family if family <= 0xFFFF else int.from_bytes(walk.data[at : at + 4], "little"), at + 4, end)


def loop(walk: Walk, at: int, end: int) -> Next | None:
    """OpenBSD's loopback: the family is in network order."""
    if not walk.layer("null", at, 4, end):
        return plain(len(walk.data), end)
    return _family(walk.number(at, 4), at + 4, end)


def _family(family: int, at: int, end: int) -> Next:
    kind = FAMILIES.get(family, family if family > LARGEST_LENGTH else 0)
    return Next("ethertype", kind, at, end)


def raw(walk: Walk, at: int, end: int) -> Next | None:
    """IP of either version, by its first nibble."""
    return Next("ethertype", by_version(walk.data, at), at, end)


def always(kind: int) -> Reader:
    """One network protocol and nothing else."""
    return lambda walk, at, end: Next("ethertype", kind, at, end)


LINKS: Mapping[int, Reader] = {
    NULL: null, LOOP: loop, RAW: raw, RAW_BSD: raw, RAW_OPENBSD: raw, IPV4_ONLY: always(IP), IPV6_ONLY: always(IPV6),
}  # fmt: skip
