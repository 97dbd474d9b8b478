"""`synfin conns`: records as the schema says, forms that agree with one another, errors that say where."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import jsonschema
import polars
import pytest

import needs
from command import synfin

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"
SCHEMA = json.loads((ROOT / "docs" / "schema" / "connections.schema.json").read_text(encoding="utf-8"))
TEXTBOOK = str(DATA / "textbook.pcapng")
ALL = [str(path) for path in sorted(DATA.glob("*.pcapng"))]


def test_the_textbook_connection_as_a_record() -> None:
    done = synfin("conns", "--json", TEXTBOOK)
    document = json.loads(done.out)
    jsonschema.validate(document, SCHEMA)
    (one,) = document["connections"]
    assert (one["open"], one["close"], one["closed_by"]) == ("open.normal", "close.fin_4seg", "client")
    assert (one["client"]["state"], one["server"]["state"]) == ("TIME-WAIT", "CLOSED")
    assert (one["client"]["payload_bytes"], one["server"]["payload_bytes"]) == (14, 0)
    assert (one["completeness"], one["conn_state"], one["history"], one["frames"]) == (31, "SF", "ShADaFf", [1, 9])
    assert one["vantage"] == "both" and one["role_guessed"] is False
    assert one["handshake_rtt_ns"] == sum(one["handshake_legs_ns"])


def test_every_form_tells_the_same() -> None:
    document = json.loads(synfin("conns", "--json", *ALL).out)
    jsonschema.validate(document, SCHEMA)
    records = [json.loads(line) for line in synfin("conns", "--ndjson", *ALL).out.splitlines()]
    assert records == document["connections"] and len(records) == len(ALL)
    plain = list(csv.DictReader(io.StringIO(synfin("conns", "--csv", *ALL).out)))
    tabbed = list(csv.DictReader(io.StringIO(synfin("conns", *ALL).out), delimiter="\t"))
    assert plain == tabbed
    assert [row["close"] for row in plain] == [one["close"] for one in records]
    assert [row["handshake_rtt_ns"] for row in plain] == [str(one["handshake_rtt_ns"] or "") for one in records]


def test_several_files_are_one_input_and_separate_ones_are_not() -> None:
    together = [json.loads(line) for line in synfin("conns", "--ndjson", *ALL).out.splitlines()]
    assert [one["conn"] for one in together] == list(range(len(ALL)))
    assert together[1]["frames"][0] == together[0]["frames"][1] + 1
    apart = [json.loads(line) for line in synfin("conns", "--ndjson", "--separate", *ALL).out.splitlines()]
    assert {one["conn"] for one in apart} == {0} and {one["frames"][0] for one in apart} == {1}


@pytest.mark.parametrize("readable", ["0", "1"])
def test_separate_connections_tell_their_file_and_others_do_not(readable: str, tmp_path: Path) -> None:
    odd = tmp_path / 'one, "two"\tthree.pcapng'
    odd.write_bytes(Path(TEXTBOOK).read_bytes())
    paths, env = [TEXTBOOK, str(odd), *ALL[:2]], {"SYNFIN_READABLE": readable}

    def told(*options: str) -> str:
        return synfin("conns", "--separate", *options, *paths, env=env).out

    document = json.loads(told("--json"))
    jsonschema.validate(document, SCHEMA)
    assert [one["file"] for one in document["connections"]] == paths
    records = [json.loads(line) for line in told("--ndjson").splitlines()]
    assert records == document["connections"] and next(iter(records[0])) == "file"
    shown = [path.replace("\t", "\\t") for path in paths]
    for rows in (
        list(csv.DictReader(io.StringIO(told("--csv")))),
        list(csv.DictReader(io.StringIO(told()), delimiter="\t", quoting=csv.QUOTE_NONE)),
    ):
        assert [row["file"] for row in rows] == shown
        assert [row["client"].rpartition(":")[2] for row in rows] == [str(one["client"]["port"]) for one in records]
    longest = sorted(records, key=lambda one: -one["duration_ns"])
    by_time = [json.loads(line) for line in told("--ndjson", "--sort", "duration_ns", "--reverse").splitlines()]
    assert by_time == longest
    some = [json.loads(line) for line in told("--ndjson", "--since", longest[0]["start"]).splitlines()]
    assert [one["file"] for one in some] == [
        one["file"] for one in records if one["start_ns"] + one["duration_ns"] >= longest[0]["start_ns"]
    ]
    named = told("--columns", "conn,file", "--sort", "file").splitlines()
    assert named == ["conn\tfile", *(f"0\t{name}" for name in sorted(shown))]
    together = synfin("conns", "--ndjson", *paths, env=env)
    assert "file" not in json.loads(together.out.splitlines()[0])
    refused = synfin("conns", "--columns", "file", *paths, env=env)
    assert refused.status == 2 and "--separate" in refused.err


@pytest.mark.parametrize("readable", ["0", "1"])
def test_separate_tables_tell_files_too(readable: str, tmp_path: Path) -> None:
    out = tmp_path / "all.parquet"
    asked = ("conns", "--separate", "--sort", "client.port", "-o", str(out), *ALL)
    assert synfin(*asked, env={"SYNFIN_READABLE": readable}).status == 0
    table = polars.read_parquet(out)
    whole = [json.loads(line) for line in synfin("conns", "--separate", "--ndjson", *ALL).out.splitlines()]
    ports = {one["file"]: one["client"]["port"] for one in whole}
    assert dict(zip(table["file"].to_list(), table["conn.client.port"].to_list(), strict=True)) == ports
    assert set(ports) == set(ALL)


def test_the_command_may_be_left_out_and_files_named_as_tcpdump_names_them() -> None:
    plain = synfin("conns", TEXTBOOK).out
    assert synfin(TEXTBOOK).out == plain
    assert synfin("-r", TEXTBOOK, "-n").out == plain


def test_a_filter_on_packets_chooses_connections_and_keeps_their_counters() -> None:
    done = synfin("conns", "--ndjson", "-Y", "tcp.flags.reset == 1", *ALL)
    chosen = [json.loads(line) for line in done.out.splitlines()]
    assert [one["close"] for one in chosen] == ["close.rst_after_own_fin", "close.never_opened"]
    assert chosen[0]["client"]["packets"] > 1


@pytest.mark.parametrize("readable", ["0", "1"])
def test_a_filter_on_connections_chooses_by_their_records(readable: str) -> None:
    asked = ("conns", "--ndjson", "-Y", 'conn.client.state == "CLOSED" and not conn.close == "close.never_opened"')
    records = [json.loads(line) for line in synfin("conns", "--ndjson", TEXTBOOK, ALL[0]).out.splitlines()]
    wanted = [one for one in records if one["client"]["state"] == "CLOSED" and one["close"] != "close.never_opened"]
    from_files = synfin(*asked, TEXTBOOK, ALL[0], env={"SYNFIN_READABLE": readable})
    assert [json.loads(line)["conn"] for line in from_files.out.splitlines()] == [one["conn"] for one in wanted] != []
    piped = synfin(*asked, "-", stdin=Path(ALL[0]).read_bytes(), env={"SYNFIN_READABLE": readable})
    assert [json.loads(line)["close"] for line in piped.out.splitlines()] == ["close.rst_after_own_fin"]


@pytest.mark.parametrize("readable", ["0", "1"])
def test_sorted_limited_and_with_the_columns_that_were_asked_for(readable: str) -> None:
    def lines(*arguments: str) -> list[str]:
        return synfin("conns", *arguments, *ALL, env={"SYNFIN_READABLE": readable}).out.splitlines()

    head, *rows = lines("--columns", "conn,client.ip,conn.frames,close", "--sort", "close", "--limit", "2")
    everything = [json.loads(line) for line in lines("--ndjson")]
    wanted = sorted(everything, key=lambda one: one["close"])[:2]
    assert head == "conn\tclient.ip\tframes\tclose"
    assert rows == [
        f"{one['conn']}\t{one['client']['ip']}\t{one['frames'][0]};{one['frames'][1]}\t{one['close']}" for one in wanted
    ]
    longest = [json.loads(line)["duration_ns"] for line in lines("--ndjson", "--sort=-duration_ns")]
    assert longest == sorted((one["duration_ns"] for one in everything), reverse=True)
    rtts = [json.loads(line)["handshake_rtt_ns"] for line in lines("--ndjson", "--sort", "handshake_rtt_ns")]
    assert rtts == sorted(rtts, key=lambda rtt: (rtt is None, rtt)) and None in rtts  # unknown last
    assert lines("--sort", "handshake_rtt_ns", "--reverse") == lines("--sort=-handshake_rtt_ns")
    assert lines("--limit", "3") == lines()[:4]


def test_a_range_of_time_chooses_who_lived_in_it() -> None:
    everything = [json.loads(line) for line in synfin("conns", "--ndjson", *ALL).out.splitlines()]
    last = max(everything, key=lambda one: one["start_ns"])

    def chosen(*arguments: str) -> list[int]:
        return [json.loads(line)["conn"] for line in synfin("conns", "--ndjson", *arguments, *ALL).out.splitlines()]

    def lived(since_ns: int, until_ns: int) -> list[int]:
        return [
            one["conn"]
            for one in everything
            if one["start_ns"] + one["duration_ns"] >= since_ns and one["start_ns"] <= until_ns
        ]

    assert chosen("--since", last["start"]) == lived(last["start_ns"], 1 << 80) != []
    assert chosen("--until", everything[0]["start"]) == lived(0, everything[0]["start_ns"]) != []
    zoned = last["start"].replace("Z", "+00:00")
    assert chosen("--since", zoned, "--until", zoned) == lived(last["start_ns"], last["start_ns"])
    assert chosen("--until", "0.000000001") == lived(0, everything[0]["start_ns"] + 1)
    assert chosen("--since", "1970-01-01", "--until", "1970-01-02T00:00:00Z") == []
    stdin = synfin("conns", "--until", "0", "-", stdin=Path(TEXTBOOK).read_bytes()).out
    assert stdin == synfin("conns", TEXTBOOK).out  # its one connection begins with the first packet


def test_gzip_and_standard_input_give_the_same(tmp_path: Path) -> None:
    packed = tmp_path / "textbook.pcapng.gz"
    packed.write_bytes(gzip.compress(Path(TEXTBOOK).read_bytes()))
    assert synfin("conns", str(packed)).out == synfin("conns", TEXTBOOK).out
    assert synfin("conns", "-", stdin=packed.read_bytes()).out == synfin("conns", TEXTBOOK).out


def test_the_readable_core_prints_the_same() -> None:
    assert synfin("conns", *ALL, env={"SYNFIN_READABLE": "1"}).out == synfin("conns", *ALL).out


def test_a_file_cut_short_gives_what_it_holds_and_one_warning(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcapng"
    whole = Path(TEXTBOOK).read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    done = synfin("conns", "--ndjson", str(cut))
    assert done.status == 0 and json.loads(done.out)["open"] == "open.normal"
    assert len(done.err.splitlines()) == 1 and "cut short" in done.err and "offset" in done.err


def test_what_is_no_capture_is_refused_with_file_offset_and_exit_3(tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear Sir or Madam, this is no capture at all.")
    done = synfin("conns", str(other))
    assert done.status == 3 and done.out == ""
    assert "letter.txt" in done.err and "offset 0" in done.err
    assert synfin("conns", str(tmp_path / "missing.pcap")).status == 3


def test_no_tcp_is_said_and_is_no_error(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    done = synfin("conns", str(empty))
    assert done.status == 0 and "no TCP in 0 frames" in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("conns",), 2, "which capture?"),
        (("conns", "-Y", "tcp.prot == 80", TEXTBOOK), 2, "^"),
        (("conns", "--wat", TEXTBOOK), 2, "--wat"),
        (("conns", "--sort", "size", TEXTBOOK), 2, "duration_ns"),
        (("conns", "--reverse", TEXTBOOK), 2, "--sort"),
        (("conns", "--columns", "conn,colour", TEXTBOOK), 2, "'colour'"),
        (("conns", "--ndjson", "--columns", "conn", TEXTBOOK), 2, "tsv and csv"),
        (("conns", "--since", "yesterday", TEXTBOOK), 2, "2026-01-02T03:04:05"),
        (("conns", "--since", "2026-02-30", TEXTBOOK), 2, "2026-02-30"),
        (("packets", "-T", "fields", TEXTBOOK), 2, "-e FIELD"),
        (("explain", "--conn", "7", TEXTBOOK), 2, "there is no connection 7"),
        (("explain", "--packet", "70", TEXTBOOK), 2, "there is no packet 70"),
        (("explain", "-o", "x.pdf", TEXTBOOK), 2, ".svg or .html"),
        (("lab", "nowhere"), 2, "--list"),
    ],
)
def test_mistakes_are_answered_with_what_to_do(arguments: tuple[str, ...], status: int, said: str) -> None:
    done = synfin(*arguments)
    assert done.status == status and said in done.err and done.out == ""


def test_reading_into_a_pipe_loads_no_more_than_it_needs() -> None:
    done = synfin("conns", TEXTBOOK, python=("-X", "importtime"))
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.err.splitlines()}
    assert "synfin" in loaded and not loaded & {"rich", "numpy", "uvloop", "asyncio"}
    needs.have("kernels")
    slow = {
        "dataclasses",
        "inspect",
        "shutil",
        "json",
        "csv",
        "ipaddress",
        "pathlib",
        "datetime",
        "ctypes",
        "threading",
    }
    assert not loaded & slow  # a tiny capture is to be answered at once
