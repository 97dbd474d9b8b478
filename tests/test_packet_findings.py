"""`conn.findings` of a packet: what `conns` says of its connection."""

from __future__ import annotations

from pathlib import Path

import pytest

import needs
from command import synfin


def told(*arguments: str) -> dict[str, str]:
    """Findings by connection, out of two columns."""
    rows = [line.split("\t") for line in synfin(*arguments).out.splitlines()]
    return {row[0]: row[1].replace(",", ";") for row in rows if row[0].isdigit()}


@pytest.mark.parametrize("chosen", ["tcp", "synfin.phase"])
def test_findings_of_a_packet_are_those_of_its_connection(chosen: str) -> None:
    path = needs.captures() / "suricata-verify/bug-4376__syn_retransmit_with_ts.pcap"
    needs.captures_ran(path)
    records = told("conns", str(path), "--columns", "conn,findings")
    fields = ("-T", "fields", "-e", "conn.conn", "-e", "conn.findings")
    assert told("packets", str(path), "-Y", chosen, *fields) == records
    assert "open.syn_retransmitted" in records["0"]


def test_packets_are_chosen_by_the_findings_of_their_connection() -> None:
    path: Path = needs.captures() / "suricata-verify/bug-4376__syn_retransmit_with_ts.pcap"
    needs.captures_ran(path)
    all_of_it = synfin("packets", str(path), "-Y", "tcp.stream == 0").out
    assert synfin("packets", str(path), "-Y", 'conn.findings == "path.reordering"').out == all_of_it != ""
    assert synfin("packets", str(path), "-Y", 'conn.findings == "close.abort"').out == ""
