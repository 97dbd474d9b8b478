"""Filters drawn at random pass the frames that they pass in tshark; `bench/filters_agreement.py` does it at length."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import filters_agreement
import needs
import tshark
from synfin.errors import FilterError
from synfin.filter import compile
from wire_bytes import assortment, write_pcap

REFUSED = Path(__file__).with_name("filters_refused.tsv")

#: A few captures of each sort: small, with many kinds of layers, and none that a field's known difference fills.
CAPTURES = (
    "tcpflow/bug6.pcap", "zeek/ipv6-http-atomic-frag.pcap", "wireshark/http-ooo2.pcap", "tcpdump/mptcp-v1.pcap",
    "suricata-verify/tcp-fastopen-05__tfo.pcap", "tcptrace/dlt_null.dmp.gz",
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_drawn_filters(seed: int, captures_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs.have("tshark")
    monkeypatch.setenv("TZ", "UTC")
    report = filters_agreement.run(captures_dir, 240, seed, CAPTURES)
    known = filters_agreement.reasons()
    unknown = [one.told() for one in report.differences if not filters_agreement.why(one, known)]
    assert unknown == []
    assert report.filters == 240
    assert report.matching >= 40, "too few filters choose anything"
    needs.captures_ran(*(captures_dir / name for name in CAPTURES))


def refused() -> list[tuple[str, str]]:
    with REFUSED.open(encoding="utf-8", newline="") as file:
        return [(row["kind"], row["filter"]) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def test_refused_filters_are_of_every_kind() -> None:
    kinds = [kind for kind, _ in refused()]
    assert len(kinds) >= 100
    for kind in ("unknown name", "bad literal", "out of range", "kind mismatch", "syntax"):
        assert kinds.count(kind) >= 15, kind


@pytest.mark.parametrize("text", [text for _, text in refused()])
def test_what_is_refused_names_a_place(text: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile(text)
    assert 0 <= caught.value.position <= len(text)
    assert caught.value.with_caret().endswith("^")


def test_tshark_refuses_them_too(tmp_path: Path) -> None:
    needs.have("tshark")
    capture = write_pcap(tmp_path / "frames.pcap", assortment())
    texts = [text for _, text in refused()]
    answers = tshark.chosen(tmp_path, capture, texts)
    assert [text for text, answer in zip(texts, answers, strict=True) if answer is not None] == []
