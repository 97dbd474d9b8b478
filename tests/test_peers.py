"""Agreement with tcptrace, Arkime, tcpdump and Suricata: every difference stands in the table, with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

import needs
import peer_tcpdump
import peers
from peer_difference import Comparison, table
from segments import HANDSHAKE, exchange


@pytest.fixture(scope="module")
def comparisons() -> list[Comparison]:
    needs.have("tcptrace")
    folder = needs.captures_folder()
    return peers.compare(folder) if folder is not None else []


def test_every_difference_has_a_reason(comparisons: list[Comparison], captures_dir: Path) -> None:
    unexplained = [one for comparison in comparisons for one in comparison.differences if not one.why]
    assert not unexplained
    for comparison in comparisons:
        needs.captures_ran(*(captures_dir / name for name in comparison.captures))


def test_the_table_of_differences_is_exact(comparisons: list[Comparison], captures_dir: Path) -> None:
    assert peers.TABLE.read_text(encoding="utf-8").splitlines() == table(comparisons)


def test_the_page_shows_the_table_that_is_printed(comparisons: list[Comparison], captures_dir: Path) -> None:
    text = peers.PAGE.read_text(encoding="utf-8")
    assert peers.page(text, comparisons) == text


def test_much_is_compared_and_little_differs(comparisons: list[Comparison], captures_dir: Path) -> None:
    by_peer = {one.peer: one for one in comparisons}
    assert by_peer["tcptrace, run"].values > 60_000 and by_peer["tcptrace, its own"].values > 8_000
    assert by_peer["Arkime"].values > 2_000 and by_peer["tcpdump"].values > 4_800
    assert by_peer["tcpdump"].differing == by_peer["Suricata"].differing == 0
    assert all(one.differing < one.values * 0.12 for one in comparisons)


def test_tcpdumps_words_for_a_handshake() -> None:
    shown = peer_tcpdump.Relative()
    syn, syn_ack, ack = (shown.values(segment, 0) for segment in exchange(HANDSHAKE).segments)
    assert (syn["flags"], syn["seq"], "ack" in syn) == ("S", "4266208251", False)
    assert (syn_ack["flags"], syn_ack["seq"], syn_ack["ack"]) == ("S.", "3352121683", "4266208252")
    assert (ack["flags"], "seq" in ack, ack["ack"]) == (".", False, "1")
    assert ack["options"] == "nop,nop,TS val 0 ecr 0"


def test_tcpdumps_lines_are_read_with_their_values() -> None:
    text = (
        "    7  2020-01-13 15:51:06.676845 IP 10.0.1.1.33306 > 10.0.2.1.80: Flags [P.], seq 1:11, ack 1, win 256, "
        "options [nop,nop,TS val 4 ecr 3,mptcp 22 dss ack 1 {a,b}], length 10: HTTP\n"
        "    8  2020-01-13 15:51:06.676846 IP (tos 0x0, proto TCP (6), length 40)\n"
        "    10.0.2.1.80 > 10.0.1.1.33306: Flags [.], cksum 0x1 (incorrect -> 0x2), ack 11, win 3, length 0\n"
        "\tinner text 1.1.1.1.1 > 2.2.2.2.2: Flags [S], seq 1, win 2, length 0\n"
    )
    (first, one), (second, other) = peer_tcpdump.lines(text)
    assert (first, one["seq"], one["options"]) == (7, "1:11", "nop,nop,TS val 4 ecr 3,mptcp 22")
    assert (second, other["source"], other["ack"], "seq" in other) == (8, "10.0.2.1.80", "11", False)
