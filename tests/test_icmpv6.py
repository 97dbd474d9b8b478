"""What messages of ICMPv6 say where tshark reads them otherwise than their standards do, and how long a walk can be."""

from __future__ import annotations

import pytest

from craft6 import EUI64, GLOBAL, LINK, H, carried, message, option
from frames_icmpv6 import FQDN, USE, solicitation
from frames_rpl import inform
from synfin.dissect import fields
from synfin.dissect.icmpv6_walk import coded
from synfin.dissect.tree import build, walk
from synfin.wire.frame import dissect
from wire_bytes import packets


def texts(frame: bytes, name: str) -> list[str]:
    """All values of a field of one made frame, as they are printed."""
    field = fields.lookup(name)
    return [field.show(value) for value in field.load(dissect(packets([frame])[0]))]


def test_names_of_trust_anchors_are_read_as_names() -> None:
    """RFC 3971 section 6.4.3: as DNS writes them."""
    frame = solicitation(option(15, b"\2\0" + FQDN))
    assert texts(frame, "icmpv6.opt.name_type.fqdn") == ["example.org"]


def test_a_supplied_address_stands_behind_what_is_reserved() -> None:
    """RFC 5568 section 6.4.5."""
    frame = solicitation(option(20, b"\0\2" + bytes(4) + GLOBAL))
    assert texts(frame, "icmpv6.opt.naack.supplied_ncoa") == ["2001:db8:1:2:3:4:5:6"]


def test_several_operations_of_a_renumbering() -> None:
    """RFC 2894 section 3.2: each is as long as it tells."""
    rule = b"\7\x40\x20\x80\0\0" + GLOBAL
    frame = message(138, 0, b"\0\0\0\1\5\0\0\x64" + bytes(4), b"\1\7", rule, USE, b"\3\x0b", rule, USE, USE)
    assert texts(frame, "icmpv6.rr.pco.mp.opcode") == ["1", "3"]
    assert texts(frame, "icmpv6.rr.pco.up.uselen") == ["64"] * 3


@pytest.mark.parametrize(
    ("told", "source", "index"),
    [(0x00, False, True), (0x41, False, False), (0x83, True, True), (0xC1, True, True), (0xC2, False, False)],
)
def test_what_tells_a_key(told: int, source: bool, index: bool) -> None:
    """RFC 6550 section 6.1, figure 10."""
    frame = message(155, 0x80, b"\0\0", bytes([told]), b"\0\0\0\0\7", bytes(range(9)), b"\0\0")
    assert bool(texts(frame, "icmpv6.rpl.secure.key.source")) is source
    assert bool(texts(frame, "icmpv6.rpl.secure.key.index")) is index


def test_addresses_of_a_route_without_what_they_have_in_common() -> None:
    """RFC 6997 section 7."""
    frame = inform(carried(10, b"\x88\x85" + LINK[8:] + EUI64 + GLOBAL[8:]))
    assert texts(frame, "icmpv6.rpl.opt.routediscovery.targetaddr") == ["::200:1ff:fe02:304"]
    assert texts(frame, "icmpv6.rpl.opt.routediscovery.addrvec.addr") == ["::11:2233:4455:6677", "::3:4:5:6"]


def test_an_option_is_not_read_beyond_its_end() -> None:
    frame = solicitation(option(3, b"\x40\xe0" + bytes(4)), option(5, H("0000000005dc")))
    assert texts(frame, "icmpv6.opt.prefix.valid_lifetime") == ["0"]
    assert texts(frame, "icmpv6.opt.prefix.preferred_lifetime") == []
    assert texts(frame, "icmpv6.opt.mtu") == ["1500"]


def test_coded_times() -> None:
    """RFC 3810 sections 5.1.3 and 5.1.9."""
    assert [coded(value, 16) for value in (0, 0x7FFF, 0x8000, 0xFFFF)] == [0, 0x7FFF, 0x8000, 0x1FFF << 10]
    assert [coded(value, 8) for value in (0x7F, 0x80, 0xFF)] == [127, 128, 0x1F << 10]


@pytest.mark.parametrize(
    "content", [bytes(60_000), b"\1" * 60_000, b"\x1f\2" * 30_000, b"\2\xff\1\0\0\0" * 10_000, b"\x0f\2\2\0" * 15_000]
)
@pytest.mark.parametrize(("kind", "code"), [(133, 0), (155, 1), (155, 0x81), (140, 0), (143, 0), (159, 0), (138, 0)])
def test_a_walk_is_no_longer_than_its_bytes(kind: int, code: int, content: bytes) -> None:
    frame = dissect(packets([message(kind, code, content)])[0])
    assert sum(1 for _ in walk(build(frame, hidden=True))) < 12 * len(content)


def test_types_and_options_have_chinese_names() -> None:
    frame = dissect(packets([solicitation(option(33, b"\1" + bytes(3) + H("003c") + EUI64))])[0])
    lines = [node.text("zh") for node in walk(build(frame))]
    assert "类型：路由器请求（133）" in lines
    assert "类型：地址注册（33）" in lines
    assert "状态：地址重复（1）" in lines
