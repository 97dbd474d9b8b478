"""Display filters choose the same frames as tshark's, and refuse what tshark refuses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import needs
import tshark
from synfin.errors import FilterError
from synfin.filter import Filter, compile
from synfin.watch.packets.annotate import annotated
from wire_bytes import assortment, write_pcap

FILTERS = Path(__file__).with_name("filters.txt").read_text().splitlines()
#: Every corner of the language, asked of the generated frames only.
CORNERS = Path(__file__).with_name("filters_language.txt").read_text().splitlines()

#: Captures without tunnels, quoted headers or other protocols that would add fields of ours.
CAPTURES = (
    "tcpflow/bug4.pcap", "tcpflow/bug6.pcap", "zeek/ipv6-http-atomic-frag.pcap", "wireshark/http-ooo2.pcap",
    "wireshark/tls-renegotiation.pcap", "suricata-verify/tcp-fastopen-05__tfo.pcap", "tcpdump/mptcp-v1.pcap",
    "arkime/tcpseq_synthetic.pcap", "zeek/syn-then-stuff-then-rst.pcap", "tcptrace/dlt_null.dmp.gz",
)  # fmt: skip


def understood(text: str) -> Filter | None:
    try:
        return compile(text)
    except FilterError:
        return None


def compare(home: Path, capture: Path, filters: Sequence[str] = FILTERS) -> list[str]:
    """The filters that differ, with both answers."""
    ours = [understood(text) for text in filters]
    frames = list(annotated([str(capture)]))
    differing = []
    for text, mine, wanted in zip(filters, ours, tshark.chosen(home, capture, filters), strict=True):
        found = None if mine is None else [frame.packet.number for frame, facts in frames if mine.matches(frame, facts)]
        if found != wanted:
            differing.append(f"{text}: tshark {wanted}, here {found}")
    return differing


def test_generated_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    assert compare(tmp_path, write_pcap(tmp_path / "frames.pcap", assortment()), [*FILTERS, *CORNERS]) == []


@pytest.mark.parametrize("name", CAPTURES)
def test_recorded_captures(name: str, captures_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    assert compare(tmp_path, captures_dir / name) == []
    needs.captures_ran(captures_dir / name)
