"""The catalogues: both languages, the same placeholders, and every key that the source uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from synfin.explain import words
from synfin.explain.ladder import Band
from synfin.explain.narrative import phase_name
from synfin.explain.quantity import duration
from synfin.tcp.state import RULES, State

SOURCE = Path(words.__file__).parent.parent
KEY = re.compile(
    r"(derive|phase|phase-name|ui|verdict|detail|why|aside|band|ladder|story|say|how|severity|side|lab|layer)"
    r"\.[A-Za-z0-9_./+-]*[A-Za-z0-9]"
)

OPENINGS = (
    "tfo simultaneous refused icmp_rejected rejected_by_client unsolicited_synack no_answer half_open pending normal "
    "syn_missing midstream"
).split()
CLOSINGS = (
    "never_opened keepalive_timeout rst_after_own_fin rst_after_peer_fin abort rst_reply silent_death simultaneous "
    "half_close_data fin_3seg fin_4seg fin_incomplete fin_unanswered still_open"
).split()
PHASES = (
    "handshake-1/3 handshake-2/3 handshake-3/3 simultaneous-open data half-close-data close-1/4 close-2/4 close-3/4 "
    "close-4/4 close-1/3 close-2/3 close-3/3 simultaneous-close reset keep-alive window unknown"
).split()
BANDS = (
    "open open-simultaneous open-unfinished data half-close close close-3 close-4 close-simultaneous reset "
    "keep-alive unknown"
).split()


def test_both_languages_have_every_text_and_the_same_placeholders() -> None:
    wrong = [key for key, entry in words.texts().items() if not _complete(entry)]
    assert not wrong


def test_states_are_spelled_with_hyphens() -> None:
    spelled = re.compile(r"\b(SYN_SENT|SYN_RECEIVED|FIN_WAIT_?[12]|CLOSE_WAIT|LAST_ACK|TIME_WAIT)\b")
    wrong = [key for key, entry in words.texts().items() if any(map(spelled.search, entry.values()))]
    assert not wrong


def test_every_rule_has_both_texts() -> None:
    for rule in RULES:
        english, chinese = words.text(f"rule.{rule}", "en"), words.text(f"rule.{rule}", "zh")
        assert english.isascii() and english
        assert not chinese.isascii()


def test_every_key_that_the_source_uses_exists() -> None:
    missing = sorted({f"{path.name}: {key}" for path, key in _keys_used() if not words.has(key)})
    assert not missing


@pytest.mark.parametrize("finding", [f"open.{name}" for name in OPENINGS] + [f"close.{name}" for name in CLOSINGS])
def test_every_pinned_id_has_words_advice_and_facts(finding: str) -> None:
    facts = words.finding_facts(finding)
    assert facts.severity in {"ok", "info", "note", "warn", "error"} and facts.rule and facts.ref
    assert words.has(f"{finding}.text") and words.has(f"{finding}.next")


def test_the_catalogue_of_findings_is_whole() -> None:
    ids = words.finding_ids()
    assert len(ids) == 78
    assert all(words.has(f"{finding}.text") and words.has(f"{finding}.next") for finding in ids)


@pytest.mark.parametrize("closing", [name for name in CLOSINGS if name != "never_opened"])
def test_every_ending_has_a_verdict(closing: str) -> None:
    assert words.has(f"verdict.{closing}")


def test_every_phase_band_and_state_has_words() -> None:
    for phase in PHASES:
        assert words.has(f"phase.{phase}")
        assert phase == "unknown" or phase_name(phase, "en") != phase_name("unknown", "en")
    assert all(words.has(f"band.{band}") for band in BANDS)
    assert {Band(band, 0, 0, 0, 0).tone for band in BANDS} == {"open", "data", "close", "reset", "other"}
    assert all(words.has(f"state.{state.label}") for state in State)


def test_placeholders_are_worded_for_people() -> None:
    assert words.text("close.fin_4seg.text", "en", A="client").startswith("Clean four-way close; the client closed")
    assert words.text("close.rst_after_peer_fin.text", "en", A="client", B="server").startswith("The server closed")
    assert words.text("close.fin_4seg.text", "zh", A="client").startswith("正常四次挥手；客户端先关闭")
    assert words.text("open.no_answer.text", "en", n=4, dt=7_031_000_000).endswith(
        "sent 4 times over 7.031 s and nobody answered."
    )
    assert "1, 2" in words.text("ui.evidence", "en", frames=(1, 2))


def test_a_missing_number_leaves_a_mark_and_braces_in_values_stay() -> None:
    assert "…" in words.text("open.refused.text", "en")
    assert "{A}" in words.text("rst.injected.text", "en", B="client", evidence="{A}")
    assert "SO_LINGER{1,0}" in words.text("close.abort.next", "en", A="client")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "de_DE"}, "en"),
        ({"LANG": "de_DE", "LC_ALL": "zh_TW"}, "zh"),
        ({"LANG": "C"}, "en"),
        ({"LC_ALL": "", "LANG": "zh"}, "zh"),
    ],
)
def test_the_locale_chooses_the_language(environment: dict[str, str], language: str) -> None:
    assert words.detect_language(environment) == language


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (0, "0 µs"), (17, "17 ns"), (17_600, "17.6 µs"), (20_000, "20 µs"), (158_000, "158 µs"), (999_600, "1 ms"),
        (2_782_000, "2.782 ms"), (205_300_000, "205.3 ms"), (1_030_000_000, "1.03 s"), (60_000_000_000, "60 s"),
        (924_000_000_000, "15 min 24 s"), (7_500_000_000_000, "2 h 5 min"), (-2_000_000, "-2 ms"),
    ],
)  # fmt: skip
def test_durations_read_well(ns: int, shown: str) -> None:
    assert duration(ns) == shown


def _complete(entry: Mapping[str, str]) -> bool:
    if set(entry) != {"en", "zh"} or not all(text and text == text.strip() for text in entry.values()):
        return False
    return words.placeholders(entry["en"]) == words.placeholders(entry["zh"])


def _keys_used() -> Iterator[tuple[Path, str]]:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value):
                if not node.value.endswith((".toml", ".tsv", ".py", ".css", ".js")):
                    yield path, node.value
