"""Tags of bridges, and what stands behind a data unit: as tshark shows them, and as it showed them once."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

import fields_agreement
import link_frames
import needs
from fields_agreement import Report
from link_frames import LONG, SHORT, TINY, hexed
from synfin.capture.reader import open_capture
from synfin.dissect import fields, format
from synfin.wire.frame import dissect
from wire_bytes import MACS, ethernet, packets

ETHERNET, FCS_KNOWN = 1, 0x0400_0000  #: the bit of a link type's word that says how long the check sequence is
FOUR_BYTES = 2 << 28  # counted in words of 16 bits
#: What such frames differ in for reasons that have nothing to do with them.
ELSEWHERE = ("data", "tcp", "arp", "udp", "frame.protocols", "ip.checksum.status")


def told(name: str, data: bytes, fcs_len: int | None = None) -> str:
    (packet,) = packets([data])
    return format.cell(fields.lookup(name), dissect(packet._replace(fcs_len=fcs_len)), None, format.Layout())


def differing(report: Report, *known: str) -> set[str]:
    return {name for _, name in report.differing if name not in known and not name.startswith(ELSEWHERE)}


@pytest.mark.parametrize("word", [ETHERNET, ETHERNET | FCS_KNOWN])
@pytest.mark.parametrize("cut", [0, 1])
def test_tails_as_tshark_parts_them(word: int, cut: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    frames = link_frames.tailed() + link_frames.tagged()
    if cut:  # tshark takes zeros behind a frame that was cut for the bytes of a monitoring switch
        frames = [frame for frame in frames if frame[-2]]
    link_frames.write_cut(tmp_path / "tails.pcap", frames, word, cut)
    report = Report(fields_agreement.rules())
    fields_agreement.compare(str(tmp_path), tmp_path, "tails.pcap", fields_agreement.asked(), report, 1 << 30)
    assert report.packets == len(frames)
    assert not differing(report), "\n".join(report.examples)


def test_a_known_check_sequence_is_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    frames = [frame + b"\x11\x22\x33\x44" for frame in link_frames.tailed() if len(frame) > 60]
    path = link_frames.write_cut(tmp_path / "known.pcap", frames, ETHERNET | FCS_KNOWN | FOUR_BYTES)
    with open_capture(str(path)) as reader:
        assert {packet.fcs_len for packet in reader} == {4}
    report = Report(fields_agreement.rules())
    fields_agreement.compare(str(tmp_path), tmp_path, "known.pcap", fields_agreement.asked(), report, 1 << 30)
    assert report.packets == len(frames)
    assert not differing(report), "\n".join(report.examples)


def test_tails_as_recorded() -> None:
    """tshark 4.0.17's answers."""
    assert told("eth.padding", ethernet(0x800, SHORT, bytes(6) + b"\1\2\3\4")) == "000000000000"
    assert told("eth.fcs", ethernet(0x800, SHORT, bytes(6) + b"\1\2\3\4")) == "0x01020304"
    assert told("eth.fcs", ethernet(0x800, SHORT, bytes(6) + b"\1\2\3\4"), 0) == ""
    assert told("eth.trailer", ethernet(0x800, SHORT, bytes(6) + b"\1\2\3\4"), 0) == "01020304"
    assert told("eth.fcs", ethernet(0x1234, b"h" * 60), 4) == "0x68686868"
    assert told("data.len", ethernet(0x1234, b"h" * 60), 4) == "56"
    tagged = ethernet(0x8100, hexed("00070800") + SHORT, bytes(3))
    assert (told("eth.padding", tagged), told("vlan.trailer", tagged)) == ("0000", "00")
    assert told("eth.padding_bad", ethernet(0x8100, hexed("00070800") + SHORT, b"\1\2\3")) == "1"
    assert told("eth.trailer", ethernet(0x8864, hexed("11000007001b0021") + TINY, b"\1\2\3")) == ""


def test_tags_of_providers_as_recorded() -> None:
    """tshark 4.0.17's answers: two tags of one kind are one header, and so is one with IEEE 802.1ah behind it."""
    two = ethernet(0x88A8, hexed("600788a8b0080800") + LONG)
    assert told("frame.protocols", two).startswith("eth:ethertype:ieee8021ad:ethertype:ip:tcp")
    assert told("ieee8021ad", two) == "IEEE 802.1ad, S-VID: 7, C-VID: 8"
    assert [told(f"ieee8021ad.{name}", two) for name in ("svid", "cvid", "id", "dei")] == ["7", "8", "", "0,1"]
    mixed = ethernet(0x88A8, hexed("60078100a0080800") + LONG)
    assert told("frame.protocols", mixed).startswith("eth:ethertype:ieee8021ad:ethertype:vlan:ethertype:ip:tcp")
    assert (told("ieee8021ad.id", mixed), told("vlan.id", mixed)) == ("7", "8")
    backbone = ethernet(0x88A8, hexed("f00788e7") + link_frames.BACKBONE + LONG)
    assert told("ieee8021ad", backbone) == (
        "IEEE 802.1ah, B-VID: 7, I-SID: 1193046, C-Src: 06:07:08:09:0a:0b, C-Dst: 00:01:02:03:04:05,"
        "B-Tag, B-VID: 7,I-Tag, I-SID: 1193046"
    )
    assert (told("ieee8021ah.isid", backbone), told("ieee8021ah", backbone)) == ("1193046", "")


def block(kind: int, body: bytes, options: bytes = b"") -> bytes:
    body += bytes(-len(body) % 4) + options
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def test_pcapng_tells_the_check_sequence_of_an_interface_and_of_a_packet(tmp_path: Path) -> None:
    data = MACS + hexed("1234") + b"h" * 60
    interface = block(1, struct.pack("<HHI", 1, 0, 0), struct.pack("<HHB3xI", 13, 1, 4, 0))
    plain = struct.pack("<IIIII", 0, 0, 0, len(data), len(data)) + data
    flagged = block(6, plain, struct.pack("<HHII", 2, 4, 2 << 5, 0))
    path = tmp_path / "told.pcapng"
    path.write_bytes(
        block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + interface + block(6, plain) + flagged
    )
    with open_capture(str(path)) as reader:
        assert [packet.fcs_len for packet in reader] == [4, 2]


def erf(kind: int, flags: int, frame: bytes, wire_len: int, extensions: bytes = b"") -> bytes:
    """A record whose time is 2004-09-16, as a card writes it."""
    pad = b"\x17\x51" if kind & 0x7F == 2 else b""
    body = extensions + pad + frame
    stamp = bytes.fromhex("00472f0081d74841")
    return stamp + struct.pack(">BBHHH", kind, flags, 16 + len(body), 3, wire_len) + body


def test_the_header_of_an_erf_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its fields, the interface that it names, and the check sequence that cards keep: as tshark shows them."""
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    data = ethernet(0x800, LONG) + b"\x11\x22\x33\x44"
    path = tmp_path / "cards.erf"
    path.write_bytes(erf(2, 5, data, len(data)) + erf(2, 4, data[:60], len(data)) + erf(2, 6, data, len(data)))
    report = Report(fields_agreement.rules())
    fields_agreement.compare(str(tmp_path), tmp_path, "cards.erf", fields_agreement.asked(), report, 1 << 30)
    assert report.packets == 3
    assert not differing(report), "\n".join(report.examples)
    with open_capture(str(path)) as reader:
        frames = [dissect(packet) for packet in reader]
    assert [fields.lookup("erf.flags.cap").load(frame) for frame in frames] == [[1], [0], [2]]
    assert fields.lookup("erf.lctr").load(frames[0]) == [3]
    assert fields.lookup("erf.ts").load(frames[0]) == [0x4148D781002F4700]
    assert fields.lookup("eth.fcs").load(frames[0]) == [0x11223344]
    assert [one.name for one in reader.interfaces] == [f"Port {'ABCD'[n]} (ERF Interface {n})" for n in (1, 0, 2)]


def test_other_files_have_no_erf_record() -> None:
    assert told("erf", ethernet(0x800, LONG)) == told("erf.flags.cap", ethernet(0x800, LONG)) == ""


#: Headers of BSD's loopback and what tshark 4.0.17 shows of them.
LOOPBACK = {
    "00000002": ("2", ""), "02000000": ("2", ""), "00020000": ("2", ""), "1e000000": ("30", ""),
    "00000800": ("", "0x0800"), "dd860000": ("", "0x86dd"), "002f006c": ("", "0x006c"), "01020000": ("513", ""),
    "000005dc": ("1500", ""), "05dc0000": ("", "0xdc05"), "01000100": ("1", ""), "ff030021": ("", ""),
    "ffffffff": ("", "0xffff"), "00010001": ("", "0x0001"), "ff000000": ("255", ""),
}  # fmt: skip


@pytest.mark.parametrize("header", LOOPBACK)
def test_a_loopback_header_tells_a_family_or_a_type(header: str) -> None:
    (packet,) = packets([hexed(header) + LONG], 0)
    frame = dissect(packet)
    found = tuple(
        format.cell(fields.lookup(f"null.{name}"), frame, None, format.Layout()) for name in ("family", "type")
    )
    assert found == LOOPBACK[header]
    (packet,) = packets([hexed(header) + LONG], 108)  # OpenBSD's is in network order
    assert fields.lookup("null.family").load(dissect(packet)) == [int(header, 16)]


def test_a_link_type_that_is_not_read_has_its_name() -> None:
    frames = [dissect(one) for link in (140, 165, 235) for one in packets([b"bytes"], link)]
    found = [format.cell(fields.lookup("frame.protocols"), frame, None, format.Layout()) for frame in frames]
    assert found == ["mtp2", "mstp", "dvb-ci"]
