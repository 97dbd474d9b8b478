"""Made captures with what tshark 4.0 said of them, so that tests need no tshark.

`python tests/recorded.py` asks it again. A case names the layers that are compared: every field of them, and their
objects of `-T json`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import frames_carrying
import frames_checked
import frames_icmp
import frames_icmpv6
import frames_ip
import frames_ipv6
import frames_l2tp
import frames_labels
import frames_link
import frames_noted
import frames_ppp
import frames_pppoe
import frames_rpl
import frames_transport
from wire_bytes import ETHERNET, write_pcap

ANSWERS = Path(__file__).with_name("data") / "told"
Pairs = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """One capture with the preferences that it is read with."""

    name: str
    make: Callable[[], list[bytes]]
    layers: tuple[str, ...]  #: protocols whose fields and objects are compared
    preferences: tuple[str, ...] = ()
    link_type: int = ETHERNET
    #: fields, and parts of paths of JSON, that are meant to differ
    apart: tuple[str, ...] = ()
    odd: tuple[int, ...] = ()  #: frames that tshark breaks off
    file: Callable[[], bytes] | None = None  #: instead of `make`: the whole file

    def write(self, where: Path) -> Path:
        if self.file is None:
            return write_pcap(where / f"{self.name}.pcap", self.make(), self.link_type)
        path = where / f"{self.name}.pcapng"
        path.write_bytes(self.file())
        return path

    @property
    def answers(self) -> Path:
        return ANSWERS / f"{self.name}.json"


_VERIFIED = ("ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE")
_HASHES = ("data.md5_hash:TRUE", "data.show_as_text:TRUE", "frame.generate_md5_hash:TRUE", "frame.show_file_off:TRUE")
#: The status of 0xffff stands below the checksum there; what an ICMP error quotes has its number before its stream.
_CHECKED = ("/tcp/tcp.checksum.status", "/tcp/tcp.checksum_tree", "/tcp/tcp.checksum_calculated", "/icmp/", "tcp.seg")
_QUOTED = ("/icmp/tcp/", "/icmp/ip/", "/icmp/data")
_BROKEN = (8, 9, 18, 19)  # objects whose names or addresses end where they do, or of an unknown kind
#: No dissector of ASN.1 is here. Where a header breaks off no heading says so.
_ENCODED = ("cga.subject", "x509_Name_tree", "x509_Certificate", "_ws.malformed")
_EXTENDED = ("ipv6", "ipv6.hopopts", "ipv6.dstopts", "ipv6.routing", "ipv6.fraghdr")
CASES: tuple[Case, ...] = (
    Case("checksums", frames_checked.checksums, ("ip", "tcp", "udp"), _VERIFIED, apart=_CHECKED),
    Case("checksums-none", frames_checked.checksums, ("udp",),
         ("udp.check_checksum:TRUE", "udp.ignore_ipv6_zero_checksum:TRUE")),
    Case("gre-checksums", frames_checked.routed, ("gre",)),
    Case("check-sequences", frames_checked.check_sequences, ("eth",), ("eth.check_fcs:TRUE",),
         apart=("eth.padding_bad", "eth.trailer_tree")),
    Case("cookies", frames_checked.cookies, ("tcp",), ("tcp.read_seq_as_syn_cookie:TRUE",)),
    Case("types-of-service", frames_checked.services, ("ip",), ("ip.decode_tos_as_diffserv:FALSE",)),
    Case("evil", frames_checked.services, ("ip",), ("ip.security_flag:TRUE",)),
    Case("contents", frames_checked.contents, ("data", "frame"), _HASHES, apart=("data.text",)),
    Case("ip-options", frames_ip.options, ("ip",), odd=(6, 8, 9, 16, 28, 40, 52, 54)),
    Case("icmp-extensions", frames_icmp.extensions, ("icmp",), apart=_QUOTED, odd=_BROKEN),
    Case("icmp-extensions-favoured", frames_icmp.extensions, ("icmp",), ("icmp.favor_icmp_mpls:TRUE",), apart=_QUOTED,
         odd=_BROKEN),
    Case("icmp-agents", frames_icmp.agents, ("icmp",), apart=("/icmp/data",)),
    Case("icmp-probes", frames_icmp.probes, ("icmp",), apart=("icmp.resp", "icmp.no_resp")),
    Case("neighbours", frames_icmpv6.neighbour, ("icmpv6",), apart=("_ws.malformed",)),
    Case("secured", frames_icmpv6.secured, ("icmpv6",), apart=_ENCODED),
    Case("handed-over", frames_icmpv6.handed_over, ("icmpv6",), apart=("icmpv6.unknown_data",)),
    Case("messages", frames_icmpv6.messages, ("icmpv6",),
         apart=("_ws.malformed", "data", "icmpv6.resp", "icmpv6.no_resp")),
    Case("extended", frames_icmpv6.extended, ("icmpv6", "icmp"), apart=("_ws.malformed",)),
    Case("rpl", frames_rpl.rpl, ("icmpv6",), apart=("_ws.malformed",)),
    Case("vlan-tags", frames_link.tags, ("vlan",), odd=(10, 11, 15, 17)),
    Case("vlan-tags-1998", frames_link.tags, ("vlan",), ("vlan.version:IEEE 802.1Q-1998",), odd=(10, 11, 15, 17)),
    Case("ethernet-lengths", frames_link.lengths, ("eth",), odd=(1, 2)),
    Case("llc-controls", frames_link.controls, ("llc",), apart=("llc.control.ftype",)),
    Case("llc-organizations", frames_link.organizations, ("llc",)),
    Case("cooked", frames_link.cooked, ("sll",), link_type=113, odd=(14,)),
    Case("cooked-2", frames_link.cooked_anew, ("sll",), link_type=276),
    Case("loopback", frames_link.loops, ("null",), link_type=0, odd=(11,)),
    Case("arp-addresses", frames_link.addresses, ("arp",), odd=(29, 31)),
    Case("ipv6-options", frames_ipv6.options, _EXTENDED, apart=("_ws.malformed",)),
    Case("ipv6-traces", frames_ipv6.traces, _EXTENDED, apart=("_ws.malformed",)),
    Case("ipv6-routings", frames_ipv6.routings, _EXTENDED, apart=("_ws.malformed",)),
    Case("ipv6-routings-strict", frames_ipv6.strict, _EXTENDED,
         ("ipv6.perform_strict_rpl_srh_rfc_checking:TRUE",), apart=("_ws.malformed",)),
    Case("ipv6-headers", frames_ipv6.headers, ("icmpv6", *_EXTENDED), apart=("_ws.malformed",)),
    Case("tcp-optimisers", frames_transport.optimisers, ("tcp",), odd=(6,)),
    Case("udp-lite", frames_transport.datagrams, ("udp", "udplite"), odd=(15, 16)),
    Case("udp-lite-checked", frames_transport.datagrams, ("udp", "udplite"), ("udplite.check_checksum:TRUE",),
         odd=(15, 16)),
    Case("udp-lite-strict", frames_transport.datagrams, ("udp", "udplite"),
         ("udplite.check_checksum:TRUE", "udplite.ignore_checksum_coverage:FALSE"), odd=(9, 15, 16)),
    Case("udp-zeros", frames_transport.zeros, ("udp",), odd=(1, 2, 3, 6, 7, 9, 10, 13, 14)),
    Case("gre-routes", frames_carrying.routes, ("gre",), apart=("gre.3gpp2", "gre.ggp2", "/gre/data", "/gre/ppp")),
    Case("erspan", frames_carrying.mirrors, ("erspan",), odd=(13,)),
    Case("geneve", frames_carrying.virtual, ("geneve",), apart=("past end of options",)),
    Case("services", frames_carrying.services, ("nsh", "etherip"), odd=(7, 8, 9, 15)),
    Case("ppp-checked-16", frames_ppp.framed, ("ppp", "data"), ("ppp.fcs_type:16-Bit",), link_type=9),
    Case("ppp-checked-32", frames_ppp.framed, ("ppp", "data"), ("ppp.fcs_type:32-Bit",), link_type=9),
    Case("ppp-carried", frames_ppp.carried, ("ppp", "data"), ("ppp.fcs_type:16-Bit",)),
    Case("pppoe-discovery", frames_pppoe.discovery, ("pppoed", "pppoe"), odd=(107,)),
    Case("pppoe-sessions", frames_pppoe.sessions, ("pppoes", "pppoe")),
    Case("label-stacks", frames_labels.stacks, ("mpls",)),
    Case("associated-channels", frames_labels.channels, ("mpls", "pwach", "mcc"), odd=(20, 21, 24, 25)),
    Case("ppp-negotiation", frames_ppp.negotiation,
         ("ppp", "lcp", "ipcp", "osinlcp", "bcp_ncp", "ipv6cp", "pppmuxcp", "ccp", "cdpcp", "mplscp", "cbcp", "bacp"),
         link_type=9, apart=("Options: (", "lcp.opt", "ipcp.opt", "ipv6cp.", "cp/data")),
    Case("ppp-directed", frames_ppp.directed, ("ppp",), link_type=204),
    Case("l2tp-control", frames_l2tp.control, ("l2tp",)),
    Case("noted", lambda: [], ("frame",), apart=("frame.comment", "pkt_comment"), file=frames_noted.whole_file),
    Case("inflated", frames_checked.contents, ("data",), ("data.uncompress_data:TRUE",)),
)  # fmt: skip


def fields_of(layers: tuple[str, ...]) -> list[str]:
    """The names of tshark's fields of some protocols."""
    text = subprocess.run(["tshark", "-G", "fields"], capture_output=True, check=True).stdout.decode("utf-8", "replace")
    rows = (line.split("\t") for line in text.splitlines())
    return list(
        dict.fromkeys(
            row[2] for row in rows if row[0] == "F" and row[4] in layers and not row[2].endswith("oui_resolved")
        )
    )


def told(case: Case, home: str) -> dict[str, Any]:
    """What tshark says: cells that are not empty, and flat objects of JSON, of each frame."""
    capture = case.write(Path(home))
    names = fields_of(case.layers)
    cells = _run(home, capture, case, "-T", "fields", *(word for name in names for word in ("-e", name)))
    documents = json.loads(_run(home, capture, case, "-T", "json"), object_pairs_hook=list)
    return {
        "fields": [
            {name: cell for name, cell in zip(names, line.split("\t"), strict=True) if cell}
            for line in cells.split("\n") if line
        ],
        "json": [chosen(dict(dict(one)["_source"])["layers"], case) for one in documents],
    }  # fmt: skip


def _run(home: str, capture: Path, case: Case, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "HOME": home, "XDG_CONFIG_HOME": home}
    wanted = [word for text in case.preferences for word in ("-o", text)]
    command = ["tshark", "-n", "-2", "-r", str(capture), *wanted, *arguments]
    return subprocess.run(command, capture_output=True, env=environment, check=True).stdout.decode("utf-8", "replace")


def chosen(layers: Any, case: Case) -> list[list[str]]:
    """Paths and values of the objects of a case's layers, wherever they stand; texts of notes are left out."""
    return [
        [path, value]
        for path, value in flat(layers)
        if set(path.split("/")) & set(case.layers) and not is_apart(path, case)
    ]


def is_apart(path: str, case: Case) -> bool:
    """Whether the place of an object is one that is not compared."""
    if path.endswith(("_ws.expert.message", "oui_resolved")) or path == "/frame/frame.protocols":
        return True
    return "_ws.malformed" in path or any(part in path for part in case.apart)


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every name with its path; of an object only that it begins."""
    if not isinstance(value, list | dict):
        yield path, value
        return
    for key, inner in value.items() if isinstance(value, dict) else value:
        if isinstance(inner, list | dict):
            yield f"{path}/{key}", "{"
        yield from flat(inner, f"{path}/{key}")


def main() -> None:
    ANSWERS.mkdir(exist_ok=True)
    for case in CASES:
        if len(sys.argv) > 1 and case.name not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory() as home:
            text = json.dumps(told(case, home), indent=0, ensure_ascii=True)
        case.answers.write_text(text.replace('[\n"/', '["/').replace(',\n"', ',"').replace('"\n]', '"]') + "\n")


if __name__ == "__main__":
    main()
