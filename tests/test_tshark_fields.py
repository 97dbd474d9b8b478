"""`-T fields` prints what tshark prints: every field that is read from bytes, over real captures and made frames."""

from __future__ import annotations

from pathlib import Path

import pytest

import needs
import tshark
from synfin.dissect import fields, format
from synfin.dissect.field import Field
from synfin.dissect.fields_tcp_options import items
from synfin.dissect.option import Item, flatten
from synfin.watch.annotate import annotated
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

#: What the comparison leaves out: names of application protocols, the direction in the title of a frame, what the
#: watch computes (it has its own tests), bytes behind the data unit where Wireshark guesses, and the text of a routing
#: header, which depends on its type.
ELSEWHERE = frozenset({
    "frame", "frame.protocols", "frame.time_delta_displayed", "data", "data.data", "data.len", "tcp.analysis",
    "ipv6.routing", "tcp.connection.fin_active", "tcp.connection.fin_passive", "eth.padding", "vlan.trailer",
    "tcp.nop",
})  # fmt: skip
#: tshark takes the check of a mapping's checksum as decided by the handshake; the option's own length tells it too.
ELSEWHERE |= {"tcp.options.mptcp.checksum"}


def names() -> list[str]:
    """Every field that Wireshark has too and that the bytes of the packet decide."""
    return [
        name
        for name, field in fields.all_fields().items()
        if field.layer not in ("conn", "synfin") and not name.startswith("tcp.analysis.") and name not in ELSEWHERE
    ]


def compare(home: Path, capture: Path) -> list[str]:
    asked = names()
    chosen = [fields.lookup(name) for name in asked]
    differing = []
    wanted = tshark.rows(home, capture, ["frame.protocols", *asked])
    for cells, (frame, facts) in zip(wanted, annotated([str(capture)]), strict=True):
        if "icmp:ip" in cells[0] or "icmpv6:ip" in cells[0]:
            continue  # headers quoted in an error are not the packet's own
        found = format.row(chosen, frame, facts, format.Layout()).split("\t")
        differing += [
            f"frame {frame.packet.number} {name}: tshark {theirs!r}, here {ours!r}"
            for name, theirs, ours in zip(asked, cells[1:], found, strict=True)
            if theirs != ours
        ]
    return differing


@pytest.mark.parametrize("name", CAPTURES)
def test_recorded_captures(name: str, captures_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    assert compare(tmp_path, captures_dir / name) == []
    needs.captures_ran(captures_dir / name)


def test_generated_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    assert compare(tmp_path, write_pcap(tmp_path / "frames.pcap", assortment())) == []


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
