"""Multipath TCP over several subflows: what its fields show is what tshark 4.0 shows in two passes."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from hashlib import sha1, sha256
from pathlib import Path

import needs
from command import synfin as run
from synfin.dissect import format
from synfin.dissect.context import Facts
from synfin.dissect.fields import lookup
from synfin.watch.packets.annotate import annotated
from synfin.wire.frame import Frame
from wire_bytes import RAW, ipv4, tcp, write_pcap

SYN, ACK = 0x02, 0x10
KEY_A, KEY_B = 0x1111111122222222, 0x3333333344444444
NAMES = ("mptcp.stream", "mptcp.master", "mptcp.analysis.subflows", "mptcp.ack", "mptcp.dss.dsn")
Rows = list[tuple[str, ...]]


def implied(key: int, version: int = 0) -> tuple[int, int]:
    """Token and first data sequence number."""
    raw = key.to_bytes(8, "big")
    digest = sha256(raw).digest() if version else sha1(raw).digest()
    return int.from_bytes(digest[:4], "big"), int.from_bytes(digest[-8:], "big")


(TOKEN_A, FIRST_A), (TOKEN_B, FIRST_B) = implied(KEY_A), implied(KEY_B)


def option(body: bytes) -> bytes:
    return bytes([30, 2 + len(body)]) + body


def capable(*keys: int, version: int = 0, flags: int = 1) -> bytes:
    return option(bytes([version, flags]) + b"".join(key.to_bytes(8, "big") for key in keys))


def join(token: int) -> bytes:
    return option(b"\x10\1" + struct.pack(">II", token, 7))


JOINED = option(b"\x10\2" + bytes(12))  # the answer to it


def dss(ack: int | None = None, first: int | None = None, length: int = 0, wide: bool = False) -> bytes:
    """A data ACK, a mapping, or both, in numbers of 4 or 8 bytes."""
    mask, code = (2**64 - 1, ">Q") if wide else (2**32 - 1, ">I")
    flags = (ack is not None) * (3 if wide else 1) | (first is not None) * (12 if wide else 4)
    body = b"\x20" + bytes([flags]) + (b"" if ack is None else struct.pack(code, ack & mask))
    if first is not None:
        body += struct.pack(code, first & mask) + struct.pack(">IH", 1, length)
    return option(body)


class Way:
    """One TCP stream between two hosts."""

    def __init__(self, client: int, server: int = 2) -> None:
        self._hosts = (bytes([10, 0, 0, client]), bytes([10, 0, 0, server]))
        self._ports = (1000 + client, 80)

    def sent(self, side: int, flags: int, options: bytes = b"") -> bytes:
        here, there = self._hosts[side], self._hosts[1 - side]
        ports = (self._ports[side], self._ports[1 - side])
        padded = options + b"\1" * (-len(options) % 4)
        ack = 1000 * bool(flags & ACK)
        return ipv4(tcp(padded, flags, seq=1000 - bool(flags & SYN), ack=ack, ports=ports), src=here, dst=there)


def opened(path: Way, key_a: int = KEY_A, key_b: int = KEY_B) -> list[bytes]:
    return [path.sent(0, SYN, capable(key_a)), path.sent(1, SYN | ACK, capable(key_b)),
            path.sent(0, ACK, capable(key_a, key_b))]  # fmt: skip


def shown(path: Path, names: tuple[str, ...] = NAMES) -> Rows:
    """What both engines show, which is the same."""
    chosen = [lookup(name) for name in names]

    def texts(rows: Iterable[tuple[Frame, Facts]]) -> Rows:
        return [tuple(format.cell(field, *row, format.Layout()) for field in chosen) for row in rows]

    readable = texts(annotated([str(path)]))
    if needs.is_there("kernels"):
        from synfin.filter.selection import Selection

        assert texts(Selection([str(path)], None, names).rows()) == readable
    return readable


def test_data_is_counted_from_what_the_keys_imply(tmp_path: Path) -> None:
    a = Way(1)
    frames = [
        *opened(a), a.sent(0, ACK, dss(FIRST_B + 1, FIRST_A + 1, 10)), a.sent(1, ACK, dss(FIRST_A + 11)),
        a.sent(1, ACK, dss(FIRST_A + 11, FIRST_B + 1, 5, wide=True)), a.sent(0, ACK),
    ]  # fmt: skip
    found = shown(write_pcap(tmp_path / "a.pcap", frames, RAW))
    assert [row[3:] for row in found] == [("", "")] * 3 + [("1", "1"), ("11", ""), ("11", "1"), ("", "")]
    assert {row[:3] for row in found[:6]} == {("0", "1", "0 ")} and found[6] == ("",) * 5


def test_the_token_of_a_join_names_the_connection(tmp_path: Path) -> None:
    a, other, b, stranger = Way(1), Way(7), Way(3), Way(5)
    frames = [
        *opened(a), *opened(other, KEY_A + 1, KEY_B + 1), b.sent(0, SYN, join(TOKEN_B)), b.sent(1, SYN | ACK, JOINED),
        b.sent(0, ACK, dss(FIRST_B + 6, FIRST_A + 11, 4)), stranger.sent(0, SYN, join(0xDEADBEEF)),
        stranger.sent(0, ACK, dss(5, 6, 3)),
    ]  # fmt: skip
    found = shown(write_pcap(tmp_path / "a.pcap", frames, RAW))
    assert found[0] == ("0", "1", "2 0 ", "", ""), "the second pass knows what has joined later"
    assert found[3] == ("1", "1", "1 ", "", "")
    assert found[6:9] == [("0", "0", "2 0 ", "", "")] * 2 + [("0", "0", "2 0 ", "6", "11")]
    assert found[9:] == [("2", "0", "3 ", "", "")] * 2, "a token that nobody has"


def test_a_join_by_the_other_end(tmp_path: Path) -> None:
    """Its numbers are those of the end that it comes from; tshark takes who joins for who has opened."""
    a, b = Way(1), Way(3)
    frames = [*opened(a), b.sent(1, SYN, join(TOKEN_A)), b.sent(1, ACK, dss(FIRST_A + 1, FIRST_B + 1, 3)),
              b.sent(0, ACK, dss(FIRST_B + 4, FIRST_A + 1, 3))]  # fmt: skip
    assert [row[3:] for row in shown(write_pcap(tmp_path / "a.pcap", frames, RAW))[4:]] == [("1", "1"), ("4", "1")]


def test_version_1_hashes_otherwise(tmp_path: Path) -> None:
    a, first_a, first_b = Way(1), implied(KEY_A, 1)[1], implied(KEY_B, 1)[1]
    frames = [
        a.sent(0, SYN, capable(version=1)), a.sent(1, SYN | ACK, capable(KEY_B, version=1)),
        a.sent(0, ACK, capable(KEY_A, KEY_B, version=1)), a.sent(1, ACK, dss(first_a + 8, first_b + 1, 4, wide=True)),
    ]  # fmt: skip
    assert shown(write_pcap(tmp_path / "a.pcap", frames, RAW))[3] == ("0", "1", "0 ", "8", "1")


def test_options_without_a_beginning(tmp_path: Path) -> None:
    a = Way(1)
    frames = [a.sent(0, ACK, dss(5, 6, 3)), a.sent(0, ACK, option(b"\x40\1"))]
    assert shown(write_pcap(tmp_path / "a.pcap", frames, RAW)) == [("0", "0", "", "", "")] * 2


def test_notes_on_the_handshake_and_on_mappings(tmp_path: Path) -> None:
    kinds = ("connection.echoed_key_mismatch", "connection.missing_algorithm", "connection.unsupported_algorithm",
             "dss.infinite_mapping")  # fmt: skip
    names = tuple(f"mptcp.{kind}" for kind in kinds)
    a, b = Way(1), Way(3)
    frames = [
        a.sent(0, SYN, capable(KEY_A)), a.sent(1, SYN | ACK, capable(KEY_B)), a.sent(0, ACK, capable(KEY_A, KEY_B + 9)),
        a.sent(0, ACK, dss(FIRST_B + 1, FIRST_A + 5, 0)), b.sent(0, SYN, capable(1, flags=0x80)),
        b.sent(1, SYN | ACK, capable(2, flags=0x02)),
    ]  # fmt: skip
    none = ("",) * 4
    assert shown(write_pcap(tmp_path / "a.pcap", frames, RAW), names) == [
        none, none, ("1", "", "", ""), ("", "", "", "1"), ("", "1", "1", ""), ("", "", "1", ""),
    ]  # fmt: skip


def test_filters_over_subflows(tmp_path: Path) -> None:
    a, b = Way(1), Way(3)
    frames = [*opened(a), a.sent(0, ACK), b.sent(0, SYN, join(TOKEN_B)), b.sent(0, ACK, dss(FIRST_B + 6))]
    path = write_pcap(tmp_path / "a.pcap", frames, RAW)
    for wanted, numbers in (("mptcp.stream == 0", "1 2 3 5 6"), ("mptcp.master == 0", "5 6"), ("mptcp.ack > 5", "6")):
        done = run("packets", str(path), "-Y", wanted, "-T", "fields", "-e", "frame.number")
        assert done.out.split() == numbers.split()
