"""TCP options: each kind, each rule of the walk, and no harm from any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfin.dissect import fields
from synfin.dissect.option import Item, flatten
from synfin.dissect.options import walk
from wire_bytes import TCP_OPTIONS


def read(text: str, *, ack: int = 1, base: int = 0, syn: bool = True) -> dict[str, object]:
    """All items of the options, the last value of each name."""
    return {item.name.removeprefix("tcp.options."): item.value for item in every(bytes.fromhex(text), ack, base, syn)}


def every(raw: bytes, ack: int = 1, base: int = 0, syn: bool = True) -> list[Item]:
    return list(flatten(walk(raw, 54, base, ack, syn)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("020405b4", {"mss_val": 1460}),
        ("030307", {"wscale.shift": 7, "wscale.multiplier": 128}),
        ("030314", {"wscale.shift": 20, "wscale.multiplier": 16384, "wscale.shift.invalid": True}),
        ("080a0000006f000000de", {"timestamp.tsval": 111, "timestamp.tsecr": 222}),
        ("1c048005", {"user_to_granularity": 1, "user_to_val": 5}),
        ("1d0601020304", {"ao.keyid": 1, "ao.rnextkeyid": 2, "ao.mac": b"\3\4"}),
        ("2202", {"tfo.request": True}),
        ("220601020304", {"tfo.cookie": b"\1\2\3\4"}),
        ("fe04f989", {"experimental.exid": 0xF989, "tfo.request": True}),
        ("fe08f98901020304", {"tfo.cookie": b"\1\2\3\4"}),
        ("ac0b000102030405060708", {"acc_ecn.ee0b": 0x102, "acc_ecn.eceb": 0x30405, "acc_ecn.ee1b": 0x60708}),
        ("ae0b000102030405060708", {"acc_ecn.ee1b": 0x102, "acc_ecn.eceb": 0x30405, "acc_ecn.ee0b": 0x60708}),
        ("fd0500ac85", {"tarr.rate": 66, "tar.reserved": 1}),
        ("1e0c20030001020304050607", {"mptcp.subtype": 2, "mptcp.rawdataack": 0x0001020304050607}),
        ("1e0834050a000007", {"mptcp.subtype": 3, "mptcp.addrid": 5, "mptcp.ipv4": b"\x0a\0\0\7"}),
        ("63040102", {"unknown.payload": b"\1\2"}),
    ],
)
def test_values(text: str, expected: dict[str, object]) -> None:
    assert expected.items() <= read(text).items()


def test_sack_edges_are_relative_and_duplicates_are_told() -> None:
    plain = read("050a0000083400000898", base=1999, ack=1)
    assert (plain["sack_le"], plain["sack_re"], plain["sack.count"]) == (101, 201, 1)
    assert "sack.dsack" not in plain
    below = read("050a0000083400000898", base=1999, ack=300)
    assert (below["sack.dsack"], below["sack.dsack_le"], below["sack.dsack_re"]) == (True, 101, 201)
    inside = read("0512000000c8000000fa000000960000012c", ack=100)
    assert (inside["sack.dsack_le"], inside["sack.dsack_re"]) == (200, 250)


def test_what_follows_the_end_of_the_list_must_be_zero() -> None:
    names = [item.name for item in walk(bytes.fromhex("01000000"), 54, 0, 0, True)]
    assert names == ["tcp.options.nop", *["tcp.options.eol"] * 3]
    assert every(bytes.fromhex("00010203"))[-1].name == "tcp.non_zero_bytes_after_eol"


@pytest.mark.parametrize("text", ["0201", "0200", "02", "0209ffff", "0109"])
def test_a_length_that_does_not_fit_ends_the_walk(text: str) -> None:
    assert every(bytes.fromhex(text))[-1].name == "tcp.option.len.invalid"


@pytest.mark.parametrize("text", ["020300", "080600000001", "040300", "1c0300", "fd02"])
def test_a_wrong_length_of_a_known_option_is_noted(text: str) -> None:
    found = [item.name for item in every(bytes.fromhex(text))]
    assert "tcp.option.len.invalid" in found
    assert "tcp.options.mss_val" not in found


def test_an_mss_outside_a_syn_is_noted() -> None:
    assert "mss.present" in read("020405b4", syn=False)
    assert "mss.present" not in read("020405b4", syn=True)


def test_four_nops_are_noted_once() -> None:
    assert [item.name for item in every(b"\1" * 7)].count("tcp.nop") == 1
    # as tshark counts: not only in a row, but anew after one that begins a word of four bytes
    assert "tcp.nop" in [item.name for item in every(bytes.fromhex("0101010402010101"))]
    assert "tcp.nop" not in [item.name for item in every(bytes.fromhex("0101080a000000000000000001010101"))]


def test_every_item_is_in_the_field_table() -> None:
    table = fields.all_fields()
    names = {item.name for option in TCP_OPTIONS for item in every(option) if item.value is not None}
    assert names <= table.keys()
    assert len(names) > 90


@given(st.binary(max_size=44), st.booleans())
def test_any_bytes_give_items_inside_them(raw: bytes, syn: bool) -> None:
    for item in every(raw, syn=syn):
        assert item.start == -1 or 54 <= item.start <= item.start + item.length <= 54 + len(raw)
        assert (fields.find(item.name) is None) == (item.value is None)  # a heading is no field
