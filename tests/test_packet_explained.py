"""`synfin explain --packet N` in its forms: terminal, JSON, the header's drawing, the page's markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import needs
import tshark
from command import synfin
from stories import HOSTILE, frames, textbook
from synfin.dissect.context import Facts
from synfin.explain.checksum import checksums
from synfin.explain.header import option_cells
from synfin.explain.quantity import Language
from synfin.explain.words import text
from synfin.faces.header_svg import render_header_svg
from synfin.faces.packet_page import render_packet_page
from synfin.faces.packet_report import Report, Told, gather
from synfin.watch.packets.annotate import annotated

DATA = Path(__file__).parent / "data"
GOLDEN = Path(__file__).parent / "golden"
TEXTBOOK = DATA / "textbook.pcapng"
SVG = "{http://www.w3.org/2000/svg}"

# --- checksums ---

#: whole packets, offload, damaged ones, tunnels, IPv6, UDP without a sum, fragments
SUMS = (
    "arkime/gtp-iphone.pcap", "dpkt/nb6-http.pcap", "ndpi/6in4tunnel.pcap", "arkime/tcpseq_synthetic.pcap",
    "zeek/ipv6-http-atomic-frag.pcap", "suricata-verify/bug-6887-defrag-ipv4-tcp-syn__frag-ip-tcp-syn.pcap",
    "arkime/arkime_synthetic.pcap",
)  # fmt: skip
_CHECKED = ("ip.checksum.status", "tcp.checksum.status", "udp.checksum.status")
_CHECKS = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE")


@pytest.mark.parametrize("name", SUMS)
def test_checksums_are_judged_as_tshark_judges_them_and_offload_is_told_apart(name: str, tmp_path: Path) -> None:
    needs.have("tshark")
    path = needs.captures() / name
    needs.captures_ran(path)
    names = {"0": "bad", "1": "good", "2": "unverified", "3": "absent"}
    rows = tshark.rows(tmp_path, path, [*_CHECKED, "frame.protocols"], *_CHECKS)
    compared = 0
    for cells, (frame, _) in zip(rows, annotated([str(path)], passes=1), strict=False):
        if "icmp" in cells[3]:
            continue
        for layer, cell in zip(("ip", "tcp", "udp"), cells, strict=False):
            ours = [one.verdict for one in checksums(frame) if one.layer == layer]
            theirs = [names[value] for value in cell.split(",") if value]
            assert [value.replace("partial", "bad") for value in ours] == theirs, f"frame {frame.packet.number}"
            compared += len(ours)
    assert compared


def test_a_sum_that_the_card_was_to_finish_is_named_with_what_it_becomes() -> None:
    written = next(iter(annotated([str(DATA / "as-written.pcapng")])))[0]
    (found,) = [one for one in checksums(written) if one.layer == "tcp"]
    assert found.verdict == "partial" and found.expected != found.found
    shown = synfin("explain", str(DATA / "as-written.pcapng"), "--packet", "1").out
    assert f"finished it is 0x{found.expected:04x}" in shown.replace("\n", " ")


# --- the terminal ---


def test_the_terminal_names_checksums_notes_frames_and_control_bits() -> None:
    shown = synfin("explain", str(TEXTBOOK), "--packet", "2", "--lang", "en").out
    said = re.sub(r"\s+", " ", shown)
    assert "→ correct" in said
    assert "→ packet 1 is 55556 → 9501 [SYN] Seq=0" in said
    assert re.search(r"\[for information: [^\]]*SYN", said)
    for name in ("AE = 0", "CWR = 0", "ECE = 0", "URG = 0", "ACK = 1", "PSH = 0", "RST = 0", "SYN = 1", "FIN = 0"):
        assert name in said
    assert "opens: my first sequence number is in Seq" in said


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_header_alone(lang: Language) -> None:
    shown = synfin("explain", str(TEXTBOOK), "--packet", "2", "--header", "--lang", lang).out
    assert shown == (GOLDEN / f"header-alone.{lang}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--header",), "say which with --packet"), (("--packet", "10"), "the last one is 9"),
        (("--packet", "99999999999"), "the last one is 9"),
        (("--packet", "1", "-o", "x.pdf"), "use .svg or .html"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused(options: tuple[str, ...], says: str) -> None:
    done = synfin("explain", str(TEXTBOOK), *options)
    assert done.status == 2 and says in done.err


# --- JSON ---


def test_json_holds_every_field_with_its_bytes() -> None:
    found = json.loads(synfin("explain", str(TEXTBOOK), "--packet", "5", "--json", "--lang", "zh").out)
    assert found["schema"] == 1 and found["packet"]["number"] == 5 and found["packet"]["conn"] == 0
    (ip,) = [layer for layer in found["layers"] if layer["name"] == "ip"]
    (source,) = [node for node in ip["children"] if node["name"] == "ip.src"]
    assert bytes.fromhex(found["bytes"])[source["start"] :][: source["length"]] == b"\x7f\0\0\1"
    assert source["value"] == "127.0.0.1" and source["text"].startswith("源地址")
    every = list(_nodes(found["layers"]))
    (checksum,) = [node for node in every if node["name"] == "ip.checksum"]
    assert checksum["checksum"]["verdict"] == "good"
    (named,) = [node for node in every if "frame" in node]
    assert named["frame"] == 4 and found["named"]["4"]["info"].startswith("55556 → 9501 [PSH, ACK]")
    assert {"srcport", "SYN", "checksum", "options"} <= {cell["name"] for cell in found["header"]}
    assert len(found["models"]) == 5


def _nodes(nodes: list[Any]) -> list[Any]:
    return [one for node in nodes for one in (node, *_nodes(node.get("children", [])))]


# --- the drawing ---


def told(number: int, payload: bytes | None = None) -> Told:
    story = textbook() if payload is None else textbook(payload)
    frame = frames(story)[number]
    step = next(step for step in story.steps if step.segment.frame == number)
    return Told(frame, Facts(seq=step.seq, ack=step.ack, phase=step.phase), step)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_drawing_is_as_it_was_looked_at(lang: Language) -> None:
    one = told(2)
    drawn = render_header_svg(one.frame, lang, step=one.step, facts=one.facts)
    assert drawn == (GOLDEN / f"header.{lang}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", range(1, 10))
def test_the_drawing_is_well_formed_and_every_bit_is_in_one_cell(number: int) -> None:
    one = told(number)
    drawn = render_header_svg(one.frame, "en", step=one.step)
    root = ElementTree.fromstring(drawn)
    assert "http" not in drawn.replace('xmlns="http://www.w3.org/2000/svg"', "") and "url(" not in drawn
    boxes = [box for box in root.iter(f"{SVG}rect") if "box" in (box.get("class") or "").split()]
    area = sum(float(box.get("width") or 0) * float(box.get("height") or 0) for box in boxes)
    assert one.frame.tcp is not None
    rows = one.frame.tcp.header_len // 4
    assert area == 32 * 24 * (50 * 4 + 78 + 36 * (rows - 5))
    assert len({(box.get("x"), box.get("y")) for box in boxes}) == len(boxes) >= 18


def test_options_stand_at_their_bytes() -> None:
    header = bytes(20) + bytes.fromhex("0101050a000000640000012c0204")
    cells = [(cell.row, cell.bit, cell.bits, cell.value) for cell in option_cells(header, "en")]
    assert cells == [
        (5, 0, 8, "NOP"), (5, 8, 8, "NOP"), (5, 16, 16, "SACK"), (6, 0, 32, "SLE = 100"), (7, 0, 32, "SRE = 300"),
        (8, 0, 16, "02 04"),
    ]  # fmt: skip


def test_hostile_bytes_do_not_leave_their_place() -> None:
    for number in range(1, 10):
        one = told(number, HOSTILE)
        ElementTree.fromstring(render_header_svg(one.frame, "en", step=one.step))
        page = render_packet_page(Report(one), "en", title="</title><script>alert(1)</script>\u202e")
        tags = _Tags()
        tags.feed(page)
        assert tags.scripts == 2 and "alert(1)</script>" not in page
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page)


class _Tags(HTMLParser):
    scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs)
        self.scripts += tag == "script"


# --- the page ---


def test_the_page_holds_the_packet_those_it_names_and_its_neighbours() -> None:
    report = gather([str(TEXTBOOK)], 5, neighbours=True)
    assert [(one.number, one.reason) for one in report.packets] == [(4, "named"), (5, "asked"), (6, "next")]
    page = render_packet_page(report, "en", title="x.pcapng")
    assert re.findall(r'id="(packet-\d+)"', page) == ["packet-5", "packet-4", "packet-6"]
    targets = set(re.findall(r'href="#(packet-\d+)"', page))
    assert targets == {"packet-4", "packet-5", "packet-6"}
    assert text("checksum.good", "en") in page and text("checksum.good", "zh") in page
    assert page.count('data-byte="0"') == 6


def test_a_packet_without_tcp_has_a_page_and_no_drawing(tmp_path: Path) -> None:
    from wire_bytes import assortment, write_pcap

    path, out = tmp_path / "mixed.pcap", tmp_path / "x.html"
    write_pcap(path, assortment())
    for number in range(1, len(assortment()) + 1):
        done = synfin("explain", str(path), "--packet", str(number), "-o", str(out)) if number in (11, 12) else None
        if done is not None:
            assert done.status == 0, done.err
            assert 'class="tcp-header"' not in out.read_text(encoding="utf-8")
    done = synfin("explain", str(path), "--packet", "12", "--header")
    assert done.status == 2 and "no TCP header" in done.err
