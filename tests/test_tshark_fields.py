"""`-T fields` prints what tshark prints: every field that is read from bytes, over real captures and made frames."""

from __future__ import annotations

from pathlib import Path

import pytest

import field_frames
import fields_agreement
import fields_covered
import needs
import tshark
from fields_agreement import Report, Rule
from synfin.dissect import fields, format
from synfin.dissect.field import Field
from synfin.dissect.fields_tcp_options import items
from synfin.dissect.option import Item, flatten
from synfin.watch.packets.annotate import annotated
from synfin.wire.frame import dissect
from wire_bytes import RAW, TCP_OPTIONS, assortment, ipv4, packets, tcp, write_pcap

CAPTURES = (
    "tcpflow/bug4.pcap", "tcpflow/bug6.pcap", "zeek/ipv6-http-atomic-frag.pcap", "wireshark/http-ooo2.pcap",
    "wireshark/tcp-exp-option-tarr.pcap.gz", "suricata-verify/tcp-fastopen-05__tfo.pcap",
    "tcpdump/mptcp-v1.pcap", "tcpdump/mptcp-tcprst.pcap", "arkime/tcpseq_synthetic.pcap", "libtrace/sll.pcap.gz",
    "tcptrace/dlt_null.dmp.gz", "pcapplusplus/sll2.pcap", "pcapplusplus/linktype_ipv6.pcap",
    "suricata-verify/issue-3341-tcphdr-01__urgent11_cve_2019_12260.pcap", "pcap4j/TcpPacketTest.pcap",
    "suricata-verify/tcp-fastopen-10-syn-data-ignore__input.pcap", "arkime/cloudshark-bgp-md5.pcap",
)  # fmt: skip

#: What made frames show beside the list of differences: a source route and a home address change the connection in
#: tshark's eyes, and it has more titles of ARP.
MADE_ELSEWHERE = ("tcp", "ip.dst", "ip.addr", "ip.host", "ip", "arp", "ip.opt.qs_ttl_diff", "mptcp")


@pytest.fixture(scope="module")
def asked() -> list[Field]:
    needs.have("tshark")
    return fields_agreement.asked()


def found_by(home: Path, where: Path, name: str, chosen: list[Field], rules: list[Rule]) -> Report:
    report = Report(rules)
    fields_agreement.compare(str(home), where, name, chosen, report, 1 << 30)
    assert report.packets
    return report


@pytest.mark.parametrize("name", CAPTURES)
def test_every_field_and_json_of_captures(
    name: str, captures_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[Field]
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    report = found_by(tmp_path, captures_dir, name, asked, fields_agreement.rules())
    assert not report.differing, "\n".join(report.examples)
    assert report.equal_layers
    needs.captures_ran(captures_dir / name)


def test_generated_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[Field]) -> None:
    monkeypatch.setenv("TZ", "UTC")
    write_pcap(tmp_path / "frames.pcap", assortment())
    report = found_by(tmp_path, tmp_path, "frames.pcap", asked, fields_agreement.rules())
    assert not report.differing, "\n".join(report.examples)


def test_frames_of_what_captures_seldom_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[Field]
) -> None:
    """Options, messages, tunnels and heads of HTTP; here the list of differences does not excuse HTTP."""
    monkeypatch.setenv("TZ", "UTC")
    write_pcap(tmp_path / "made.pcap", field_frames.everything())
    rules = [rule for rule in fields_agreement.rules() if not rule.name.startswith("http")]
    report = found_by(tmp_path, tmp_path, "made.pcap", asked, rules)
    unmeant = {
        name for form, name in report.differing if not (name in MADE_ELSEWHERE or name.startswith(("tcp.", "ip.dst_")))
    }
    assert not unmeant, "\n".join(report.examples)


@pytest.mark.parametrize(
    "options",
    [
        ["occurrence=a"], ["occurrence=f"], ["occurrence=l"], ["aggregator=;"], ["aggregator=/s"], ["separator=;"],
        ["separator=/s"], ["quote=d"], ["quote=s", "header=y"], ["header=y", "separator=,", "quote=d", "occurrence=f"],
    ],
)  # fmt: skip
def test_layout(options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    capture = write_pcap(tmp_path / "frames.pcap", assortment())
    asked = ["frame.number", "ip.addr", "vlan.id", "tcp.port", "tcp.flags", "tcp.payload", "eth.type"]
    arguments = [word for option in options for word in ("-E", option)]
    wanted = tshark.lines(tmp_path, capture, "-T", "fields", *arguments, *(w for name in asked for w in ("-e", name)))
    style, chosen = format.layout(options), [fields.lookup(name) for name in asked]
    found = [format.header(chosen, style)] if style.header else []
    found += [format.row(chosen, dissect(packet), None, style) for packet in packets(assortment())]
    assert found == wanted


#: Where the two read a broken or half-specified option differently.
OWN_WAY = frozenset({"tcp.options.mptcp.checksum", "mptcp.expected_token", "mptcp.expected_idsn"})


def test_every_option(tmp_path: Path) -> None:
    """Each option alone in a segment: the same names and values, in the same places of the tree."""
    needs.have("tshark")
    frames = [ipv4(tcp(option)) for option in TCP_OPTIONS]
    capture = write_pcap(tmp_path / "options.pcap", frames, RAW)
    table = fields.all_fields()
    documents = tshark.documents(tmp_path, capture)
    for option, document, (frame, facts) in zip(TCP_OPTIONS, documents, annotated([str(capture)]), strict=True):
        assert frame.tcp is not None
        found = flatten(items(frame, frame.tcp, facts))
        ours = sorted(
            (item.name, shown(table[item.name], item))
            for item in found
            if item.name in table and item.name not in OWN_WAY
        )
        theirs = sorted(pair for pair in told(document) if pair[0] in table and pair[0] not in OWN_WAY)
        assert ours == theirs, option.hex()


def shown(field: Field, item: Item) -> str:
    """An item's value as tshark's JSON has it."""
    if item.name == "mptcp" or field.kind == "none":
        return ""
    return str(item.value.hex(":")) if field.kind == "bytes" else field.show(item.value)


def told(document: object) -> list[tuple[str, str]]:
    """The options of one packet in tshark's JSON as pairs of name and value."""
    layers = dict(dict(dict(document)["_source"])["layers"])  # type: ignore[call-overload]
    tree = dict(layers["tcp"]).get("tcp.options_tree", [])
    return list(_leaves(tree))


def _leaves(pairs: list[tuple[str, object]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in pairs:
        if isinstance(value, list):
            found += [("mptcp", "")] if name == "mptcp" else []
            found += _leaves(value)
        else:
            found.append((name, str(value)))
    return found


def test_accurate_ecn_turns_three_flags_into_a_counter(tmp_path: Path, asked: list[Field]) -> None:
    """Every answer to a SYN that asks for it, and to one that asks for plain ECN."""
    frames = []
    for asks in (7, 3):
        for answer in range(8):
            ports, back = (asks * 1000 + answer, 80), (80, asks * 1000 + answer)
            here, there = b"\x0a\0\0\1", b"\x0a\0\0\2"
            frames += [
                ipv4(tcp(b"", 0x02 | asks << 6, seq=100, ack=0, ports=ports)),
                ipv4(tcp(b"", 0x12 | answer << 6, seq=500, ack=101, ports=back), src=there, dst=here),
                ipv4(tcp(b"", 0x10 | 5 << 6, seq=101, ack=501, ports=ports)),
                ipv4(tcp(b"", 0x10 | 2 << 6, seq=501, ack=101, ports=back), src=there, dst=here),
            ]  # fmt: skip
    write_pcap(tmp_path / "ecn.pcap", frames, RAW)
    report = found_by(tmp_path, tmp_path, "ecn.pcap", asked, fields_agreement.rules())
    assert not report.differing, "\n".join(report.examples)


def test_every_field_of_tshark_is_here_or_left_out_with_a_reason() -> None:
    needs.have("tshark")
    found, unused = fields_covered.coverage()
    assert [name for of in found.values() for name in of.unexplained] == []
    assert unused == []
    assert all(of.known >= of.here > 0 for of in found.values())
