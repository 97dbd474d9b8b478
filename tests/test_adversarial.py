"""Adversarial traffic: every field of every packet as tshark has it, in one pass and in two."""

from __future__ import annotations

from pathlib import Path

import pytest

import adversarial
import needs
from traffic.adversarial import unanswered

PACKETS = 3000


@pytest.mark.parametrize("passes", [1, 2])
def test_no_value_differs_from_tshark(tmp_path: Path, passes: int) -> None:
    needs.have("tshark")
    report = adversarial.Report()
    adversarial.run(PACKETS, 20260102, report, (passes,))
    assert not report.differing, "\n".join(report.examples[:20])
    assert report.packets == PACKETS


def test_every_rule_is_met() -> None:
    """What the traffic is for: that no flag and no number of the analysis stays untried."""
    needs.have("tshark")
    report = adversarial.Report()
    adversarial.run(PACKETS, 7, report, (1,))
    unmet = [name for name in adversarial.FIELDS if name.startswith("tcp.analysis") and not report.seen[name]]
    assert unmet == []


@pytest.mark.parametrize("passes", [1, 2])
def test_too_much_in_flight_as_tshark_has_it(tmp_path: Path, passes: int) -> None:
    needs.have("tshark")
    report = adversarial.Report()
    path = tmp_path / "unanswered.pcap"
    adversarial.write(path, unanswered(10_050))
    adversarial.compare(path, passes, report, "unanswered")
    assert not report.differing, "\n".join(report.examples[:20])
