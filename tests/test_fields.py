"""The field table: complete, in both languages, cheap to load, and safe on any bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfin.capture.packet import Packet
from synfin.dissect import fields, format
from synfin.dissect.context import Facts
from synfin.dissect.field import MAXIMUM, Field
from synfin.errors import UsageError
from synfin.wire.frame import Frame, dissect
from wire_bytes import ETHERNET, RAW, assortment, ethernet, ipv4, packets, tcp, write_pcap

ALL = fields.all_fields()
KINDS = {
    *MAXIMUM,
    "none",
    "str",
    "bytes",
    "ether",
    "ipv4",
    "ipv6",
    "address",
    "protocol",
    "abstime",
    "reltime",
    "double",
}
LINK_TYPES = (0, 1, 12, 101, 108, 113, 228, 229, 276, 147)


def frame(data: bytes, link_type: int = ETHERNET) -> Frame:
    return dissect(Packet(1, 1_700_000_000_000_000_000, link_type, data, len(data)))


def value(name: str, of: Frame, facts: Facts | None = None) -> list[object]:
    return fields.lookup(name).load(of, facts)


@pytest.mark.parametrize("field", ALL.values(), ids=lambda field: field.name)
def test_every_row_is_complete(field: Field) -> None:
    assert field.kind in KINDS
    assert field.title_en and field.title_zh
    assert field.name.partition(".")[0] in fields.TABLES
    assert not field.parent or field.parent.startswith("@") or field.parent in ALL
    assert field.display in ("dec", "hex", "sized", "wide", "custom", "colons", "six", "spaces", "empty")
    assert bool(field.mask) == bool(field.mask_bits)


def test_names_stand_once() -> None:
    parts = dict.fromkeys(part for parts in fields.TABLES.values() for part in parts)
    assert len(ALL) == sum(len(fields.table(part)) for part in parts)


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"tcp\.flags\.syn"):
        fields.lookup("tcp.flag.syn")
    assert fields.find("tcp.nothing") is None
    assert fields.nearest("zzzzzzzz") == []


def test_table_loads_without_the_heavy_modules() -> None:
    script = (
        "import sys; from synfin.dissect import fields; fields.all_fields()\n"
        "print([m for m in ('numpy', 'rich', 'synfin.dissect.options', 'difflib', 'json') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_header_fields() -> None:
    syn = frame(ethernet(0x0800, ipv4(tcp(bytes.fromhex("020405b4"), 0x02, seq=7, ack=0))))
    assert value("eth.type", syn) == [0x0800]
    assert value("ip.addr", syn) == [b"\x0a\0\0\1", b"\x0a\0\0\2"]
    assert value("tcp.port", syn) == [1234, 9501]
    assert value("tcp.flags.syn", syn) == [1]
    assert value("tcp.flags.ack", syn) == [0]
    assert value("tcp.hdr_len", syn) == [24]
    assert value("tcp.options.mss_val", syn) == [1460]
    assert value("tcp.seq_raw", syn) == [7]
    assert value("tcp.len", syn) == [0]
    assert value("udp.port", syn) == []
    assert value("tcp.stream", syn) == []


def test_facts_fill_what_bytes_cannot_tell() -> None:
    facts = Facts(stream=3, seq=1, ack=1, nxtseq=1, window_size=64000, scalefactor=128, completeness=31,
                  analysis=("retransmission",), rto_ns=200_000_000, rto_frame=4, phase="data",
                  client_state="ESTABLISHED")  # fmt: skip
    segment = frame(ipv4(tcp()), RAW)
    assert value("tcp.stream", segment, facts) == [3]
    assert value("tcp.seq", segment, facts) == [1]
    assert value("tcp.seq", segment) == [1000]
    assert value("tcp.window_size", segment, facts) == [64000]
    assert value("tcp.analysis.retransmission", segment, facts) == [True]
    assert value("tcp.analysis.flags", segment, facts) == [True]
    assert value("tcp.analysis.out_of_order", segment, facts) == []
    assert value("synfin.client_state", segment, facts) == ["ESTABLISHED"]
    assert format.texts_of(ALL["tcp.analysis.rto"], segment, facts) == ["0.200000000"]


def test_facts_speak_of_the_innermost_header_only() -> None:
    facts = Facts(stream=3, seq=1)
    assert value("tcp.stream", frame(ethernet(0x0806, bytes(28))), facts) == []


def test_every_layer_counts() -> None:
    tagged = frame(ethernet(0x8100, b"\x60\x07\x81\x00\x10\x08\x08\x00" + ipv4(tcp())))
    assert value("vlan.id", tagged) == [7, 8]


def test_bogus_header_length_hides_what_follows() -> None:
    bogus = frame(ipv4(tcp(offset=3)), RAW)
    assert value("tcp.bogus_header_length", bogus) == [True]
    assert value("tcp.flags", bogus) == []
    assert value("tcp.payload", bogus) == []


def test_connection_fields_add_both_sides() -> None:
    class Side:
        ip, port, packets = "127.0.0.1", 50210, 5

    class Record:
        client = server = Side
        close, handshake_rtt_ns, findings = "close.fin_4seg", None, ("loss.rto",)

    facts = Facts(connection=Record)
    segment = frame(ipv4(tcp()), RAW)
    assert value("conn.packets", segment, facts) == [10]
    assert value("conn.client.ip", segment, facts) == [b"\x7f\0\0\1"]
    assert value("conn.close", segment, facts) == ["close.fin_4seg"]
    assert value("conn.handshake_rtt_ns", segment, facts) == []
    assert value("conn.findings", segment, facts) == ["loss.rto"]
    assert value("conn.close", segment, Facts()) == []


def safe(found: Frame) -> None:
    facts = Facts(stream=0, seq=1, ack=1, base_seq_receiver=5, analysis=("duplicate_ack",))
    for field in ALL.values():
        for spot in field.spots(found, facts):
            assert spot.start == -1 or 0 <= spot.start <= spot.start + spot.length <= len(found.packet.data)
        for text in format.texts_of(field, found, facts):
            assert text.isprintable()


@given(st.binary(max_size=120), st.sampled_from(LINK_TYPES))
def test_any_bytes_are_safe(data: bytes, link_type: int) -> None:
    safe(frame(data, link_type))


@given(st.sampled_from(packets(assortment())), st.data())
def test_cut_and_damaged_frames_are_safe(packet: Packet, data: st.DataObject) -> None:
    octets = bytearray(packet.data[: data.draw(st.integers(0, len(packet.data)))])
    for place in data.draw(st.lists(st.integers(0, max(len(octets) - 1, 0)), max_size=4)):
        if octets:
            octets[place] = data.draw(st.integers(0, 255))
    safe(dissect(Packet(1, 0, packet.link_type, bytes(octets), len(packet.data))))


def annotated_rows(tmp_path: Path, frames: list[bytes], profile: str) -> list[tuple[Frame, Facts]]:
    from synfin.watch.follow.profile import named
    from synfin.watch.packets.annotate import annotated

    capture = write_pcap(tmp_path / "newer.pcap", frames, RAW)
    return list(annotated([str(capture)], profile=named(profile)))


HANDSHAKE = (
    ipv4(tcp(bytes.fromhex("020405b404020000"), 0x02, seq=100, ack=0)),
    ipv4(tcp(bytes.fromhex("020405b4"), 0x12, seq=900, ack=101, ports=(9501, 1234)), src=b"\x0a\0\0\2",
         dst=b"\x0a\0\0\1"),
    ipv4(tcp(bytes.fromhex("0402"), 0x10, seq=101, ack=901)),
    ipv4(tcp(b"", 0x18, b"abc", seq=101, ack=901)),
)  # fmt: skip


def test_fields_of_tshark_4_4_under_its_profile(tmp_path: Path) -> None:
    """Place in the stream, the bits of the completeness, and notes on SACK permitted."""
    rows = annotated_rows(tmp_path, list(HANDSHAKE), "tshark-4.4")
    assert [value("tcp.stream.pnum", *row) for row in rows] == [[1], [2], [3], [4]]
    seen = {name: value(f"tcp.completeness.{name}", *rows[0]) for name in
            ("rst", "fin", "data", "ack", "syn-ack", "syn", "str")}  # fmt: skip
    assert seen == {"rst": [0], "fin": [0], "data": [1], "ack": [1], "syn-ack": [1], "syn": [1], "str": ["··DASS"]}
    absent = [bool(value("tcp.options.sack_perm.absent", *row)) for row in rows]
    present = [bool(value("tcp.options.sack_perm.present", *row)) for row in rows]
    assert absent == [False, True, False, False]
    assert present == [False, False, True, False]


def test_fields_of_tshark_4_4_are_not_those_of_4_0(tmp_path: Path) -> None:
    newer = ("tcp.stream.pnum", "tcp.completeness.str", "tcp.completeness.syn", "tcp.options.sack_perm.absent",
             "tcp.options.sack_perm.present")  # fmt: skip
    for row in annotated_rows(tmp_path, list(HANDSHAKE), "tshark-4.0"):
        assert [value(name, *row) for name in newer] == [[]] * len(newer)
