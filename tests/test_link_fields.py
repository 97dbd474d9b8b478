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
