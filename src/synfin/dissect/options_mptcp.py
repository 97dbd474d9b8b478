"""Multipath TCP (RFC 8684; version 0 was RFC 6824): the subtypes of option 30."""

from __future__ import annotations

from collections.abc import Iterator

from synfin.dissect.option import Decoder, Item, Option

P = "tcp.options.mptcp."
CAPABLE_V0 = {P + "checksumreq.flags": 0x80, P + "extensibility.flag": 0x40, P + "sha1.flag": 0x01,
              P + "reserved.flag": 0x3E}  # fmt: skip
CAPABLE_V1 = {P + "checksumreq.flags": 0x80, P + "extensibility.flag": 0x40, P + "nomoresubflows.flag": 0x20,
              P + "sha256.flag": 0x01, P + "reserved.flag": 0x3E}  # fmt: skip
DSS = {P + "datafin.flag": 0x10, P + "dseqn8.flag": 0x08, P + "dseqnpresent.flag": 0x04, P + "dataack8.flag": 0x02,
       P + "dataackpresent.flag": 0x01}  # fmt: skip
RESET = {P + "flag_U.flag": 0x8, P + "flag_V.flag": 0x4, P + "flag_W.flag": 0x2, P + "flag_T.flag": 0x1}
BACKUP = {P + "backup.flag": 0x01}
ALGORITHMS, HMAC = 0x3F, 0x01
HMAC_LENGTH = 8  #: of ADD_ADDR, truncated


def capable(option: Option) -> Iterator[Item]:
    """MP_CAPABLE (section 3.1)."""
    version = option.data[2] & 0x0F
    yield from option.number(P + "version", 2, 1, 0x0F)
    for item in option.group(P + "flags", 3, 1, CAPABLE_V1 if version else CAPABLE_V0):
        yield item._replace(children=(*item.children, *_algorithms(item.value)))
    yield from option.number(P + "sendkey", 4, 8)
    if len(option.data) >= 12:
        yield from _implied(option, version)
    yield from option.number(P + "recvkey", 12, 8)
    yield from option.number(P + "datalvllen", 20, 2)
    yield from option.number(P + "checksum", 22, 2)


def _algorithms(flags: int) -> Iterator[Item]:
    """One bit each; only the lowest one is assigned."""
    if not flags & ALGORITHMS:
        yield Item("mptcp.connection.missing_algorithm", True)
    if not flags & HMAC:
        yield Item("mptcp.connection.unsupported_algorithm", True)


def _mismatch(option: Option) -> tuple[Item, ...]:
    """Whether the other end's key is echoed as another one than it has sent."""
    known = None if option.subflow is None else option.subflow.receiver_key
    echoed = int.from_bytes(option.data[12:20], "big")
    wrong = known is not None and len(option.data) >= 20 and echoed != known
    return (Item("mptcp.connection.echoed_key_mismatch", True),) if wrong else ()


def _implied(option: Option, version: int) -> Iterator[Item]:
    """The hash of a key begins with the connection's token and ends with its first data sequence number."""
    from hashlib import sha1, sha256

    key = option.data[4:12]
    found = sha256(key).digest() if version else sha1(key, usedforsecurity=False).digest()
    yield Item("mptcp.expected_token", int.from_bytes(found[:4], "big"))
    yield Item("mptcp.expected_idsn", int.from_bytes(found[-8:], "big"), -1, 0, _mismatch(option))


def join(option: Option) -> Iterator[Item]:
    """MP_JOIN (section 3.2): its length tells SYN, SYN,ACK and ACK apart."""
    if len(option.data) == 24:
        yield from option.number(P + "reserved", 2, 2, 0x0FFF)
        yield from option.bytes(P + "sendhmac", 4, 20)
        return
    yield from option.group(P + "flags", 2, 1, BACKUP)
    yield from option.number(P + "addrid", 3, 1)
    if len(option.data) == 12:
        yield from option.number(P + "recvtok", 4, 4)
        yield from option.number(P + "sendrand", 8, 4)
    elif len(option.data) == 16:
        yield from option.number(P + "sendtrunchmac", 4, 8)
        yield from option.number(P + "sendrand", 12, 4)


def data_sequence(option: Option) -> Iterator[Item]:
    """DSS (section 3.3): flags tell which numbers follow and how long they are."""
    if len(option.data) < 4:
        return
    yield from option.group(P + "flags", 3, 1, DSS)
    flags, at = option.data[3], 4
    if flags & 0x01:
        size = 8 if flags & 0x02 else 4
        for item in option.number(P + "rawdataack", at, size):
            yield item
            yield from _relative("mptcp.ack", item, None if option.subflow is None else option.subflow.ack_base)
        at += size
    if flags & 0x04:
        size = 8 if flags & 0x08 else 4
        first = list(option.number(P + "rawdataseqno", at, size))
        yield from first
        yield from option.number(P + "subflowseqno", at + size, 4)
        for item in option.number(P + "datalvllen", at + size + 4, 2):
            yield item
            if item.value == 0:
                yield Item("mptcp.dss.infinite_mapping", True)
        for item in first:
            yield from _relative("mptcp.dss.dsn", item, None if option.subflow is None else option.subflow.base)
        yield from option.number(P + "checksum", at + size + 6, 2)


def _relative(name: str, raw: Item, base: int | None) -> Iterator[Item]:
    """The number counted from the connection's first one; of a short one, from that one's lower half, as Wireshark."""
    if base is not None:
        wide = raw.length == 8
        yield Item(name, (raw.value - (base if wide else base & 0xFFFFFFFF)) & 0xFFFFFFFFFFFFFFFF)


def add_address(option: Option) -> Iterator[Item]:
    """ADD_ADDR (section 3.4.1). Version 0 has the IP version where version 1 has the echo bit."""
    low = option.data[2] & 0x0F
    yield from option.number(P + ("ipver" if low in (4, 6) else "echo"), 2, 1, 0x0F if low in (4, 6) else 0x01)
    yield from option.number(P + "addrid", 3, 1)
    wide = low == 6 or (low != 4 and len(option.data) in (20, 22, 28, 30))
    size = 16 if wide else 4
    yield from option.bytes(P + ("ipv6" if wide else "ipv4"), 4, size)
    at = 4 + size
    rest = len(option.data) - at
    if rest in (2, 2 + HMAC_LENGTH):
        yield from option.number(P + "port", at, 2)
        at += 2
    if rest >= HMAC_LENGTH:
        yield from option.number(P + "addaddrtrunchmac", at, HMAC_LENGTH)


def remove_address(option: Option) -> Iterator[Item]:
    """REMOVE_ADDR (section 3.4.2)."""
    yield Item("mptcp.rm_addr.count", len(option.data) - 3)
    for at in range(3, len(option.data)):
        yield from option.number(P + "addrid", at, 1)


def priority(option: Option) -> Iterator[Item]:
    """MP_PRIO (section 3.3.8)."""
    yield from option.group(P + "flags", 2, 1, BACKUP)
    yield from option.number(P + "addrid", 3, 1)


def fail(option: Option) -> Iterator[Item]:
    """MP_FAIL (section 3.7)."""
    yield from option.number(P + "reserved", 2, 2, 0x0FFF)
    yield from option.number(P + "rawdataseqno", 4, 8)


def fast_close(option: Option) -> Iterator[Item]:
    """MP_FASTCLOSE (section 3.5)."""
    yield from option.number(P + "reserved", 2, 2, 0x0FFF)
    yield from option.number(P + "recvkey", 4, 8)


def reset(option: Option) -> Iterator[Item]:
    """MP_TCPRST (section 3.6)."""
    yield from option.group(P + "flags", 2, 1, RESET)
    yield from option.number(P + "rst_reason", 3, 1)


SUBTYPES: dict[int, Decoder] = {
    0: capable, 1: join, 2: data_sequence, 3: add_address, 4: remove_address, 5: priority, 6: fail, 7: fast_close,
    8: reset,
}  # fmt: skip


def mptcp(option: Option) -> Iterator[Item]:
    yield from option.number(P + "subtype", 2, 1, 0xF0)
    decode = SUBTYPES.get(option.data[2] >> 4)
    if decode is not None:
        yield from decode(option)
