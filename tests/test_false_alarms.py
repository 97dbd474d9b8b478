"""What looks like trouble and is none, or is less than it looks: each was a false alarm on a real capture once."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from segments import HANDSHAKE, REQUEST, exchange, record_of
from synfin.explain.narrative import finding_sentence
from synfin.watch.connections.brief import of_record
from synfin.watch.connections.record import Finding
from synfin.watch.findings.translated import going_on_elsewhere, initial
from synfin.watch.findings.weaken import resting_on_absence_softened
from synfin.watch.story.story import tell
from synfin.wire.tcp import SYN

ROOT = Path(__file__).resolve().parent.parent
TLS = Path(__file__).parent / "data"


def found(text: str) -> dict[str, Finding]:
    """The findings of a written connection by id, in their order; every packet has the next IP ID of its sender."""
    read = exchange(text)
    segments = [replace(one, ip_id=(100 if one.src_port > 9501 else 50_000) + one.frame) for one in read.segments]
    times = [one.time_ns for one in segments[:3]]
    legs = (times[1] - times[0], times[2] - times[1]) if segments[0].has(SYN) and len(times) == 3 else (None, None)
    connection = replace(record_of(read), handshake_legs_ns=legs)
    return {one.id: one for one in tell(segments, connection, capture_end_ns=read.end_ns).findings}


def severity(text: str, name: str) -> str:
    one = found(text).get(name)
    return "" if one is None else one.severity


AGAIN = "".join(f"+{wait}\nC PSH,ACK seq=1 ack=1 len=5\n" for wait in ("0.2", "0.4", "0.8"))


def test_one_direction_is_said_first_and_nobody_is_declared_dead() -> None:
    alone = found(f"C PSH,ACK seq=1 ack=1 len=5\n{AGAIN}+5")
    assert [*alone][:3] == ["open.midstream", "close.still_open", "path.asymmetric"]
    assert alone["path.asymmetric"].severity == "info"
    assert (alone["loss.rto"].severity, alone["loss.rto"].confidence) == ("note", "likely")
    heard = found(f"C ACK seq=1 ack=1\nS ACK seq=1 ack=1\nC PSH,ACK seq=1 ack=1 len=5\n{AGAIN}+5")
    assert [*heard][1] == "close.silent_death" and "path.asymmetric" not in heard


@pytest.mark.parametrize("reset", ["C RST,ACK seq=9 ack=9", "C RST seq=9 bare", "C RST,ACK,FIN seq=9 ack=9 len=4"])
def test_a_reset_alone_has_no_known_reason(reset: str) -> None:
    verdict = [*found(reset).values()][1]
    assert verdict.severity == "note" and verdict.numbers["case"] == "only"
    assert "nothing but the RST" in finding_sentence(verdict, "en")[0]


def test_an_unanswered_fin_of_which_the_other_direction_is_missing_is_a_note() -> None:
    assert severity("C FIN,ACK seq=1 ack=1\n+9", "close.fin_unanswered") == "note"
    assert severity(f"{REQUEST}C FIN,ACK seq=15 ack=1\n+9", "close.fin_unanswered") == "warn"


def test_acks_over_holes_of_a_direction_that_is_there_are_missing_segments() -> None:
    acks = "S ACK seq=1 ack=1001\nS ACK seq=1 ack=2001\nS ACK seq=1 ack=3001\n"
    holes = found(f"{HANDSHAKE}{acks}")
    assert holes["capture.missing_segments"].numbers["bytes"] in (2999, 3000) and "path.asymmetric" not in holes
    assert "path.asymmetric" in found(f"S ACK seq=1 ack=1\n{acks}")


@pytest.mark.parametrize(
    "answer",
    [
        "+9\nS FIN,ACK seq=5 ack=9000",  # long after, and no ACK of something else
        "S ACK seq=5 ack=0",  # acknowledges nothing
        "S PSH,ACK seq=5 ack=9000 len=4",  # data of an older connection
    ],
)
def test_not_every_answer_is_of_an_older_connection(answer: str) -> None:
    assert "open.stale_connection_ack" not in found(f"C SYN seq=0\n{answer}\n+9")
    assert "open.stale_connection_ack" in found("C SYN seq=0\nS ACK seq=5 ack=9000\n+9")


def test_a_syn_captured_behind_its_answer() -> None:
    turned = "S SYN,ACK seq=0 ack=1\nC SYN seq=0\nC ACK seq=1 ack=1\nC PSH,ACK seq=1 ack=1 len=4\nS ACK seq=1 ack=5"
    assert "open.stale_connection_ack" not in found(turned)


def test_a_stray_segment_long_after_the_syns_is_no_answer() -> None:
    syns = "C SYN seq=0\n+1\nC SYN seq=0\n+2\nC SYN seq=0\n"
    assert "case" not in found(f"{syns}+60\nS FIN,ACK seq=5 ack=9000\n+9")["open.no_answer"].numbers
    assert found(f"{syns}S ACK seq=5 ack=9000\n+9")["open.no_answer"].numbers["case"] == "other"


# --- loss ---

FULL = "C PSH,ACK seq=15 ack=1 len=10\nS ACK seq=1 ack=25 win=0\n"


def test_the_byte_of_a_window_probe_is_not_lost() -> None:
    probe = "+0.3\nC ACK seq=25 ack=1 len=1\nS ACK seq=1 ack=25 win=0\n"
    opened = "+0.3\nS ACK seq=1 ack=25 win=500\nC ACK seq=25 ack=1 len=1\nS ACK seq=1 ack=26\n"
    assert "loss.rto" not in found(f"{REQUEST}{FULL}{probe}{opened}")
    sent = "C ACK seq=15 ack=1 len=10\n+0.3\nC ACK seq=15 ack=1 len=10\nS ACK seq=1 ack=25\n"
    assert "loss.rto" in found(f"{REQUEST}{sent}")


def test_an_ack_sooner_than_any_round_trip_is_of_the_original() -> None:
    far = "C SYN seq=0\n+0.4\nS SYN,ACK seq=0 ack=1\nC ACK seq=1 ack=1\n"
    asked = "C PSH,ACK seq=1 ack=1 len=9\n+0.4\nS ACK seq=1 ack=10\nC PSH,ACK seq=10 ack=1 len=9\n"
    early = found(f"{far}{asked}+0.35\nC PSH,ACK seq=10 ack=1 len=9\n+0.05\nS ACK seq=1 ack=19\n")
    assert "loss.rto" not in early and early["loss.spurious_retransmission"].frames[0] == 7
    assert "loss.rto" in found(f"{far}{asked}+0.8\nC PSH,ACK seq=10 ack=1 len=9\n+0.4\nS ACK seq=1 ack=19\n")


def test_what_the_receiver_took_in_part_has_arrived() -> None:
    end = "C FIN,PSH,ACK seq=15 ack=1 len=100\nS ACK seq=1 ack={}\n+0.3\nC FIN,PSH,ACK seq={} ack=1 len={}\n"
    assert "loss.rto" not in found(REQUEST + end.format(16, 16, 99))
    assert "loss.rto" in found(REQUEST + end.format(15, 15, 100))


def test_nothing_can_have_been_sent_unseen_into_a_closed_window() -> None:
    lines = "".join(
        f"C ACK seq={1 + 10 * k} ack=1 len=10\nS ACK seq=1 ack={11 + 10 * k} win={90 - 10 * k}\n" for k in range(10)
    )
    read = exchange(
        f"C SYN seq=0\nS SYN,ACK seq=0 ack=1 win=100\nC ACK seq=1 ack=1\n{lines}"
        "+0.3\nS ACK seq=1 ack=101 win=500\nC ACK seq=101 ack=1 len=10\nC ACK seq=111 ack=1 len=10\n"
    )
    numbers = {"C": iter([*range(100, 112), 120, 121]), "S": iter(range(500, 540))}
    segments = [replace(one, ip_id=next(numbers["C" if one.src_port > 9501 else "S"])) for one in read.segments]
    story = tell(segments, record_of(read), capture_end_ns=read.end_ns)
    assert not [step.segment.frame for step in story.steps if step.opinion and step.opinion.kind == "retransmission"]


# --- time ---


def _dialogue(rtt_s: float, ack_s: float) -> str:
    lines = [f"C SYN seq=0 mss=1460\n+{rtt_s}\nS SYN,ACK seq=0 ack=1 mss=1460\nC ACK seq=1 ack=1\n"]
    for at in range(4):
        a, said = 1 + 18 * at, 1 + at
        lines.append(
            f"C PSH,ACK seq={a} ack={said} len=9\n+{ack_s}\nS ACK seq={said} ack={a + 9}\n"
            f"C PSH,ACK seq={a + 9} ack={said} len=9\n+{rtt_s}\nS PSH,ACK seq={said} ack={a + 18} len=1\n"
        )
    return "".join(lines)


def test_an_ack_that_takes_a_round_trip_is_not_delayed() -> None:
    assert "app.nagle_delayed_ack" not in found(_dialogue(0.08, 0.09))
    assert severity(_dialogue(0.001, 0.045), "app.nagle_delayed_ack") == "warn"
    without = _dialogue(0.001, 0.045).partition("C ACK seq=1 ack=1\n")[2]
    assert severity(without, "app.nagle_delayed_ack") == "note"


def test_a_piece_that_the_window_held_back_did_not_wait_for_nagle() -> None:
    full = _dialogue(0.001, 0.045).replace("mss=1460\nC ACK", "mss=1460 win=9\nC ACK")
    narrow = "\n".join(
        f"{line} win=9" if line.startswith("S ") and "win" not in line else line for line in full.splitlines()
    )
    assert "app.nagle_delayed_ack" not in found(narrow)


def test_a_wait_is_the_servers_only_where_the_request_had_been_acknowledged() -> None:
    ask = f"{HANDSHAKE}C PSH,ACK seq=1 ack=1 len=9\n"
    assert "latency.server" not in found(f"{ask}+0.9\nS PSH,ACK seq=1 ack=10 len=9")
    assert severity(f"{ask}S ACK seq=1 ack=10\n+0.9\nS PSH,ACK seq=1 ack=10 len=9", "latency.server") == "warn"


def test_a_server_that_speaks_unasked_need_not_have_been_asked() -> None:
    ask = "C PSH,ACK seq=1 ack=1 len=9\nS ACK seq=1 ack=10\n+0.9\nS PSH,ACK seq=1 ack=10 len=9\n"
    assert severity(f"{HANDSHAKE}{ask}+2\nS PSH,ACK seq=10 ack=10 len=9", "latency.server") == "note"


def test_nobody_waits_for_what_comes_after_the_client_has_gone() -> None:
    gone = f"{REQUEST}C PSH,ACK seq=15 ack=1 len=9\nC FIN,ACK seq=24 ack=1\nS ACK seq=1 ack=25\n+0.9\n"
    late = found(f"{gone}S PSH,ACK seq=1 ack=25 len=9\nC RST seq=25 bare")
    assert "latency.server" not in late and late["app.write_after_peer_close"].severity == "error"


# --- closing ---


def test_last_words_to_a_client_that_has_gone_are_a_note() -> None:
    gone = f"{REQUEST}C FIN,ACK seq=15 ack=1\nS ACK seq=1 ack=16\n"
    last = found(f"{gone}+3\nS FIN,PSH,ACK seq=1 ack=16 len=9\nC RST seq=16 bare")
    assert last["app.write_after_peer_close"].severity == "note"
    assert "close.finwait2_expired" not in last
    assert "close.finwait2_expired" in found(f"{gone}+3\nS FIN,ACK seq=1 ack=16\nC RST seq=16 bare")


def test_mp_fastclose_names_who_aborted() -> None:
    read = exchange(f"{REQUEST}C ACK seq=15 ack=1\nS RST,ACK seq=1 ack=15")
    asked = read.segments[-2]
    options = bytes([30, 12, 7 << 4, 0]) + bytes(8)
    fast = replace(asked, options=options, hdr_len=20 + len(options))
    story = tell([*read.segments[:-2], fast, read.segments[-1]], record_of(read), capture_end_ns=read.end_ns)
    assert "MP_FASTCLOSE" in finding_sentence(story.findings[1], "en")[0]
    assert finding_sentence(story.findings[1], "en")[0].startswith("The client")


def test_the_other_record_of_a_translated_connection_tells_how_it_went_on() -> None:
    first = exchange(f"{REQUEST}C FIN,ACK seq=15 ack=1\n+9")
    second = exchange(f"{REQUEST}C FIN,ACK seq=15 ack=1\nS FIN,ACK seq=1 ack=16\nC ACK seq=16 ack=2")
    stories = [
        tell(read.segments, replace(record_of(read), conn=conn), capture_end_ns=first.end_ns)
        for conn, read in enumerate((first, second))
    ]
    shorter = going_on_elsewhere((of_record(one.connection), initial(one.steps)) for one in stories)
    assert shorter == {0}
    assert {one.severity for one in stories[0].findings} >= {"warn"}
    assert not {one.severity for one in resting_on_absence_softened(stories[0].findings)} & {"warn", "error"}
    assert not going_on_elsewhere([(of_record(stories[0].connection), initial(stories[0].steps))])


# --- whole captures ---


@pytest.mark.parametrize("name", ["textbook", "three-segment", "half-close"])
def test_a_clean_capture_gives_no_finding_at_warn_or_above(name: str) -> None:
    done = _check(TLS / f"{name}.pcapng", "--min", "warn", "--fail-on", "warn")
    assert (done.returncode, done.stdout) == (0, "")


def test_generated_connections_that_closed_in_order_give_none_either(tmp_path: Path) -> None:
    made = tmp_path / "clean.pcap"
    quiet = ["--packets", "5000", "--concurrent", "20", "--loss", "0", "--reorder", "0"]
    subprocess.run([sys.executable, ROOT / "bench/generate.py", made, *quiet], check=True, capture_output=True)
    lines = made.with_suffix(".truth.ndjson").read_text().splitlines()
    closed = {one["conn"] for one in map(json.loads, lines) if one["close"].startswith(("close.fin", "close.half"))}
    done = _check(made, "--min", "warn", "--fail-on", "never", "--json")
    severe = [one for one in json.loads(done.stdout)["findings"] if closed & {*one["connections"]}]
    assert len(closed) > 20 and not severe


def test_the_reviewed_list_names_no_false_alarm() -> None:
    rows = (ROOT / "bench/findings_reviewed.tsv").read_text(encoding="utf-8").splitlines()
    verdicts = [row.split("\t")[5] for row in rows[1:]]
    assert verdicts and not {*verdicts} - {"right", "undecided"}
    assert len({tuple(row.split("\t")[:5]) for row in rows}) == len(rows)


def test_reference_captures_give_what_was_reviewed(captures_dir: Path) -> None:
    asked = [sys.executable, str(ROOT / "bench/findings_precision.py"), "--captures", str(captures_dir)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _check(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "synfin", "check", "--lang", "en", *options, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
