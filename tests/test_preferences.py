"""`-o` names a file or sets a preference; what is set holds in every output and in filters."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import synfin
from synfin.dissect.preferences import DEFAULT, names, parse
from synfin.errors import UsageError
from synfin.faces.arguments import parse as parse_arguments

TEXTBOOK = str(Path(__file__).with_name("data") / "textbook.pcapng")


@pytest.mark.parametrize(
    ("word", "preferences", "output"),
    [
        ("tcp.check_checksum:TRUE", ["tcp.check_checksum:TRUE"], None),
        ("ppp.fcs_type:16-Bit", ["ppp.fcs_type:16-Bit"], None),
        ("a.nonsense:x.csv", ["a.nonsense:x.csv"], None),
        ("./a.b:c.csv", [], "./a.b:c.csv"),
        ("x.csv", [], "x.csv"),
        ("C:\\x.csv", [], "C:\\x.csv"),
        ("-", [], "-"),
    ],
)
def test_a_dot_and_a_colon_tell_a_preference(word: str, preferences: list[str], output: str | None) -> None:
    asked = parse_arguments(["packets", "-o", word, "x.pcap"])
    assert (asked.preferences, asked.output) == (preferences, output)


def test_long_names_say_what_is_meant() -> None:
    asked = parse_arguments(["packets", "--output", "a.b:c.csv", "--preference", "x", "x.pcap"])
    assert (asked.output, asked.preferences) == ("a.b:c.csv", ["x"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tcp.chek_checksum:TRUE", "did you mean tcp.check_checksum"), ("zzz.q:TRUE", "there are data.md5_hash"),
        ("tcp.check_checksum:1", "TRUE or FALSE"), ("tcp.check_checksum", "NAME:VALUE"),
        ("tcp.default_window_scaling:15", "0 to 14"), ("vlan.version:2005", "IEEE 802.1Q-2005"),
    ],
)  # fmt: skip
def test_what_is_no_preference_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse([text])
    done = synfin("packets", TEXTBOOK, "--preference", text)
    assert done.status == 2 and not done.out


def test_every_preference_is_taken_and_the_last_counts() -> None:
    for name in names():
        value = getattr(DEFAULT, name.replace(".", "_", 1))
        text = str(value) if isinstance(value, bool) else {"ppp.fcs_type": "none", "vlan.version": "ieee 802.1q-2011"}
        assert parse([f"{name}:{text if isinstance(text, str) else text.get(name, 'not known')}"]) == DEFAULT
    assert parse(["ip.check_checksum:true", "ip.check_checksum:FALSE"]) == DEFAULT


def test_filters_and_columns_follow() -> None:
    given = ("packets", TEXTBOOK, "-Y", "tcp.checksum.status == 0 && tcp.seq == 911886836")
    assert not synfin(*given).out
    shown = (
        "-o",
        "tcp.check_checksum:TRUE",
        "-o",
        "tcp.relative_sequence_numbers:FALSE",
        "-T",
        "fields",
        "-e",
        "tcp.ack",
    )
    assert synfin(*given, *shown).out == "0\n"


def test_a_table_of_packets_has_none(tmp_path: Path) -> None:
    output = tmp_path / "x.csv"
    done = synfin("packets", TEXTBOOK, "-o", str(output), "-o", "ip.check_checksum:TRUE")
    assert done.status == 2 and "preferences" in done.err and not output.exists()
