"""Where the time went: by written connections, and beside what tshark and tcptrace say of recorded ones."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import needs
from command import synfin
from segments import HANDSHAKE, REQUEST, TEXTBOOK, told
from synfin.explain import words
from synfin.explain.metric_words import metric_lines
from synfin.watch.measure.limits import Limits
from synfin.watch.measure.metrics import Metrics, metrics_of
from synfin.watch.story.stories import listen

MS = 1_000_000
STEP = MS  #: between two written segments
DATA = Path(__file__).parent / "data"
OFFERED = "C SYN seq=0 mss=1460 scale=7\nS SYN,ACK seq=0 ack=1 mss=1460 scale=7\nC ACK seq=1 ack=1\n"


def of(text: str) -> Metrics:
    found = metrics_of(told(text))
    assert found is not None
    return found


def test_the_legs_of_the_handshake_and_karn() -> None:
    plain = of(HANDSHAKE).handshake
    assert (plain.server_leg_ns, plain.client_leg_ns, plain.rtt_ns) == (STEP, STEP, 2 * STEP)
    again = of(f"C SYN seq=0\n+1\n{HANDSHAKE}").handshake
    assert again.server_leg_ns is None and again.rtt_ns is None and again.syns_again == 1
    assert again.connect_ns == 1_000 * MS + 3 * STEP


def test_round_trips_by_rank_and_the_timer_that_follows() -> None:
    text = OFFERED + "".join(
        f"C PSH,ACK seq={1 + k} ack=1 len=1\n+{wait}\nS ACK seq=1 ack={2 + k}\n"
        for k, wait in enumerate((0.009, 0.019, 0.029, 0.099))
    )
    trips = of(text).trips[0]
    assert (trips.samples, trips.min_ns, trips.max_ns, trips.delayed_acks) == (5, STEP, 100 * MS, 1)
    assert (trips.p50_ns, trips.p95_ns) == (20 * MS, 100 * MS)
    # RFC 6298 by hand: 1, 10, 20, 30, 100 ms
    smoothed, variation = 1.0, 0.5
    for one in (10, 20, 30, 100):
        variation = 0.75 * variation + 0.25 * abs(smoothed - one)
        smoothed = 0.875 * smoothed + 0.125 * one
    assert trips.srtt_ns == round(smoothed * MS) and trips.rttvar_ns == round(variation * MS)
    assert trips.rto_ns == max(200 * MS, round((smoothed + 4 * variation) * MS))


def test_what_the_sender_waited_for() -> None:
    first, second = (
        "C PSH,ACK seq=1 ack=1 len=9\nS ACK seq=1 ack=10",
        "C PSH,ACK seq=10 ack=1 len=9\nS ACK seq=1 ack=19",
    )
    idle = f"{OFFERED}{first}\n+2\n{second}\n"
    assert of(idle).limits[0] == Limits(application_ns=2_001 * MS, receiver_ns=0, network_ns=2 * STEP)
    assert of(f"{idle}+60\nC FIN,ACK seq=19 ack=1").limits[0] == of(idle).limits[0]  # nothing more was to be sent
    small = OFFERED.replace(" scale=7", "")
    full = f"{small}S ACK seq=1 ack=1 win=100\nC ACK seq=1 ack=1 len=100\n+3\nS ACK seq=1 ack=101 win=100\n"
    assert of(full).limits[0].most == "receiver"
    closed = "C ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15 win=0\n+3\nS ACK seq=1 ack=15 win=500\n"
    shut = f"{small}{closed}C ACK seq=15 ack=1 len=9\n"
    assert of(shut).limits[0].receiver_ns == 3_001 * MS
    assert of(HANDSHAKE).limits[0].most is None


def test_how_long_a_window_was_closed() -> None:
    text = (
        f"{OFFERED}C ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15 win=0\n+1\nS ACK seq=1 ack=15 win=9\n"
        "C ACK seq=15 ack=1 len=9\nS ACK seq=1 ack=24 win=0\n+2\nC ACK seq=23 ack=1"
    )
    shut = of(text).zero_windows[1]
    assert (shut.count, shut.total_ns, shut.longest_ns) == (2, 3_002 * MS, 2_001 * MS)
    assert of(text).zero_windows[0].count == 0


def test_the_latency_is_split_between_client_wire_and_server() -> None:
    text = (
        f"{HANDSHAKE}+0.5\nC PSH,ACK seq=1 ack=1 len=14\nS ACK seq=1 ack=15\n+0.3\nS PSH,ACK seq=1 ack=15 len=22\n"
        "C ACK seq=15 ack=23\n+0.1\nC PSH,ACK seq=15 ack=23 len=4\n+0.7\nS PSH,ACK seq=23 ack=19 len=4"
    )
    found = of(text).exchange
    assert (found.client_ns, found.turns, found.answers) == (501 * MS, 3, 2)
    assert (found.first_answer_ns, found.wire_ns, found.server_ns) == (302 * MS, 2 * STEP, 300 * MS)
    assert found.slowest_answer_ns == 701 * MS and found.slowest_answer_frame == 9


@pytest.mark.parametrize(
    ("text", "phase", "stage", "end"),
    [
        (TEXTBOOK, "closing", "first_data", "fin"),
        ("C SYN seq=0\nS RST,ACK seq=#0 ack=1 bare", "opening", "syn", "rejected"),
        (f"{HANDSHAKE}+1\nC RST,ACK seq=1 ack=1", "idle", "ack", "rst_client"),
        (f"{REQUEST}+1\nS RST,ACK seq=1 ack=15", "request", "first_data", "rst_server"),
        (f"{REQUEST}S ACK seq=1 ack=15 len=22\n+1\nC RST,ACK seq=15 ack=1", "response", "later", "rst_client"),
        (
            f"{REQUEST}S ACK seq=1 ack=15 len=22\nC ACK seq=15 ack=23\n+5\nS RST,ACK seq=23 ack=15",
            "idle",
            "later",
            "rst_server",
        ),
    ],
)
def test_who_ended_it_when(text: str, phase: str, stage: str, end: str) -> None:
    found = of(text).ending
    assert (found.phase, found.stage, found.end) == (phase, stage, end)


def test_how_long_the_close_took() -> None:
    found = of(TEXTBOOK).ending
    assert (found.close_wait_ns, found.close_ns) == (2 * STEP, 3 * STEP)


@pytest.mark.parametrize("lang", words.LANGUAGES)
def test_every_metric_has_its_words(lang: words.Language) -> None:
    for vantage in ("client", "server", "both", "middle", "unknown"):
        found = of(f"{REQUEST}S ACK seq=1 ack=15 len=22 win=0\nC ACK seq=15 ack=23")
        found.vantage = vantage
        lines = metric_lines(found, lang)
        assert len(lines) >= 6 and all(label and value and "{" not in value for label, value in lines)


def test_explain_has_them_as_table_as_json_and_on_the_page(tmp_path: Path) -> None:
    capture = str(DATA / "half-close.pcapng")
    shown = synfin("explain", "--measure", "--lang", "en", capture).out
    assert "Where the time went" in shown and "in the server" in shown
    document = json.loads(synfin("explain", "--json", capture).out)["metrics"]
    assert document["ending"]["phase"] == "closing" and document["client"]["limited_by"]["most"] == "network"
    page = tmp_path / "page.html"
    assert synfin("explain", capture, "-o", str(page)).status == 0
    assert "时间花在哪里" in page.read_text(encoding="utf-8")


def test_the_summary_counts_what_the_records_say() -> None:
    """Stage and end of one connection are those under which `conns --summary` counts it."""
    for capture in sorted(DATA.glob("*.pcapng")):
        table = json.loads(synfin("conns", "--summary", "--json", str(capture)).out)
        stages = table.get("summary", table)["stages"]
        for story in listen([str(capture)]).stories():
            found = metrics_of(story)
            assert found is not None and stages[found.ending.stage][found.ending.end] >= 1, capture


def test_the_connection_table_has_them_where_they_are_named() -> None:
    capture = str(DATA / "half-close.pcapng")
    columns = "conn,metrics.client.limited_by.most,metrics.ending.phase,metrics.zero,vantage"
    done = synfin("conns", "--columns", columns.replace("metrics.zero,", ""), capture)
    assert done.out.splitlines()[1].split("\t") == ["0", "network", "closing", "both"]
    wrong = synfin("conns", "--columns", columns, capture)
    assert wrong.status == 2 and "metrics.idle_max_ns" in wrong.err
    apart = synfin("conns", "--separate", "--columns", "conn,metrics.idle_max_ns", capture)
    assert apart.status == 2


# --- others -----------------------------------------------------------------------------------------------------------


def initial_rtts(capture: Path) -> dict[int, float]:
    """By tcp.stream, as tshark says."""
    command = ["tshark", "-n", "-2", "-r", str(capture), "-T", "fields", "-e", "tcp.stream"]
    done = subprocess.run([*command, "-e", "tcp.analysis.initial_rtt"], capture_output=True, text=True, check=False)
    pairs = (line.split("\t") for line in done.stdout.splitlines())
    return {int(pair[0]): float(pair[1]) for pair in pairs if len(pair) == 2 and all(pair)}


def test_the_handshakes_round_trip_is_tsharks(captures_dir: Path) -> None:
    needs.have("tshark")
    compared = 0
    recorded = [path for name in ("wireshark", "ndpi") for path in sorted((captures_dir / name).glob("*"))[:40]]
    for capture in [*sorted(DATA.glob("*.pcapng")), *recorded]:
        if not capture.is_file() or capture.stat().st_size > 300_000 or "fuzz" in capture.name:
            continue
        theirs = initial_rtts(capture)
        if not theirs:
            continue
        needs.captures_ran(capture)
        for story in listen([str(capture)]).stories():
            found = metrics_of(story)
            assert found is not None
            rtt = found.handshake.rtt_ns
            if rtt is not None and story.connection.stream in theirs and not found.handshake.syn_acks_again:
                assert abs(rtt / 1e9 - theirs[story.connection.stream]) < 2e-9, (capture, story.connection.conn)
                compared += 1
    assert compared >= 20
