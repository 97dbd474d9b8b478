"""Multipath TCP connections over their subflows (RFC 8684; version 0 was RFC 6824)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha1, sha256

from synfin.dissect.context import Subflow
from synfin.watch.recall.recent import Recent
from synfin.wire.tcp import ACK, SYN, Segment

MAX_SUBFLOWS = 1 << 16  #: TCP streams that are remembered
MAX_TOKENS = 1 << 16
MAX_LISTED = 256  #: subflows of one connection that are named

_MULTIPATH = 30
_CAPABLE, _JOIN = 0, 1
_SHORTEST = 4  #: bytes of an option that says something
_JOIN_SYN_LEN = 12

Endpoint = tuple[bytes, int]


@dataclass(slots=True)
class _Connection:
    """What all its subflows have in common. Side 0 has opened it, or its first subflow that was seen."""

    number: int
    master: int | None = None
    subflows: list[int] = field(default_factory=list)  #: the latest first
    keys: list[int | None] = field(default_factory=lambda: [None, None])
    bases: list[int | None] = field(default_factory=lambda: [None, None])  #: what the keys imply

    def attach(self, stream: int) -> None:
        if stream not in self.subflows and len(self.subflows) < MAX_LISTED:
            self.subflows.insert(0, stream)


@dataclass(slots=True)
class _Member:
    """A subflow."""

    connection: _Connection
    opener: Endpoint  #: the end of side 0


class Multipath:
    """Follows the options of segments in capture order; with `past`, which has seen all, tells what that one knows."""

    def __init__(self, past: Multipath | None = None) -> None:
        self._past = past
        self._members: Recent[int, _Member] = Recent(MAX_SUBFLOWS)  # by tcp.stream
        self._owners: Recent[int, tuple[_Connection, int]] = Recent(MAX_TOKENS)  # connection and side by token
        self._next = 0

    def see(self, segment: Segment, stream: int) -> Subflow | None:
        """The connection of a segment with options of Multipath TCP, None of one without."""
        options = list(_options(segment.options))
        if not options:
            return None
        if self._past is None:
            for option in options:
                self._take(option, segment, stream)
        member = (self._past or self)._members.get(stream)
        return None if member is None else _told(member, stream, segment)

    def _take(self, option: bytes, segment: Segment, stream: int) -> None:
        subtype = option[2] >> 4
        member = self._members.get(stream)
        if member is None:
            member = self._joined(option, segment) if subtype == _JOIN else None
            member = member or self._new(segment)
        self._members.put(stream, member)
        if subtype in (_CAPABLE, _JOIN):
            member.connection.attach(stream)
        if subtype == _CAPABLE:
            self._capable(option, segment, stream, member)

    def _new(self, segment: Segment) -> _Member:
        here, there = (segment.src, segment.src_port), (segment.dst, segment.dst_port)
        self._next += 1
        return _Member(_Connection(self._next - 1), there if segment.flags & (SYN | ACK) == SYN | ACK else here)

    def _joined(self, option: bytes, segment: Segment) -> _Member | None:
        """The token of a SYN is that of its receiver (section 3.2)."""
        if len(option) != _JOIN_SYN_LEN:
            return None
        owned = self._owners.get(int.from_bytes(option[4:8], "big"))
        if owned is None:
            return None
        connection, side = owned
        return _Member(connection, (segment.src, segment.src_port) if side else (segment.dst, segment.dst_port))

    def _capable(self, option: bytes, segment: Segment, stream: int, member: _Member) -> None:
        connection = member.connection
        if connection.master is None:
            connection.master = stream
        side = int((segment.src, segment.src_port) != member.opener)
        for at, owner in ((4, side), (12, 1 - side)):
            if len(option) >= at + 8 and connection.keys[owner] is None:
                self._learn(connection, owner, option[at : at + 8], option[2] & 0x0F)

    def _learn(self, connection: _Connection, side: int, key: bytes, version: int) -> None:
        digest = sha256(key).digest() if version else sha1(key, usedforsecurity=False).digest()
        connection.keys[side] = int.from_bytes(key, "big")
        connection.bases[side] = int.from_bytes(digest[-8:], "big")
        self._owners.put(int.from_bytes(digest[:4], "big"), (connection, side))


def _told(member: _Member, stream: int, segment: Segment) -> Subflow:
    connection = member.connection
    side = int((segment.src, segment.src_port) != member.opener)
    return Subflow(connection.number, connection.master == stream, tuple(connection.subflows), connection.bases[side],
                   connection.bases[1 - side], connection.keys[1 - side])  # fmt: skip


def _options(raw: bytes) -> Iterator[bytes]:
    """Each option of Multipath TCP; every step reads at least one byte."""
    at = 0
    while at < len(raw) and raw[at]:
        if raw[at] == 1:
            at += 1
            continue
        length = raw[at + 1] if at + 1 < len(raw) else 0
        if length < 2 or at + length > len(raw):
            return
        if raw[at] == _MULTIPATH and length >= _SHORTEST:
            yield raw[at : at + length]
        at += length
