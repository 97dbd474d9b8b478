"""The lab: every scenario shows its signature for real, wherever the machine lets it run."""

from __future__ import annotations

import io
import itertools
import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import needs
import private_network
from serving import LOOPS
from synfin import lab
from synfin.capture.reader import open_capture
from synfin.errors import SynfinError, UsageError
from synfin.explain.words import LANGUAGES, has
from synfin.lab.experiment import REMEDIES
from synfin.lab.namespace import PLACES, PlaceRefused
from synfin.lab.scenario import CLIENT_ACTS, Outcome, load, parse, scenarios
from synfin.lab.signature import compare, is_over, signature
from synfin.watch.connections.records import record
from synfin.watch.engine.engines import engine
from synfin.wire.tcp import ACK, FIN, PSH, RST, SYN, Segment

SCENARIOS = tuple(scenarios())


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_shows_its_signature(name: str, loop: str) -> None:
    needs.have("namespaces")
    for _ in range(3):
        run = lab.run(name, loop=loop)
        match = run.check()
        assert match, match.difference
        assert run.drops == 0
        assert run.place.name == "user"
        assert [packet.number for packet in run.packets] == list(range(1, len(run.packets) + 1))
        assert match.outcome is not None
        assert verdict(run) == (match.outcome.open, match.outcome.close, match.outcome.closed_by), match.outcome.name


def verdict(run: lab.LabRun) -> tuple[str, str, str]:
    """What the watch says about the one connection of a run: open, close, closed by."""
    watcher = engine()
    for packet in run.packets:
        watcher.see(packet)
    (connection,) = (record(raw) for raw in watcher.connections())
    return connection.open, connection.close, connection.closed_by


def test_what_the_servers_callbacks_saw() -> None:
    needs.have("namespaces")
    run = lab.run("textbook")
    seen = [event for event in run.events if event.who == "server"]
    assert [event.name for event in seen] == ["connect", "receive", "eof", "close"]
    assert seen[1].detail == {"bytes": 14, "data": r"Just a test.\r\n"}
    assert seen[3].sentence("en") == "close: in order, the client closed first"
    first, last = run.packets[0].time_ns, run.packets[-1].time_ns
    assert first < seen[0].time_ns and seen[2].time_ns < last, "programs and packets share one clock"
    for event in run.events:
        assert all(event.sentence(lang) for lang in LANGUAGES)


def test_as_written_is_seen_as_a_reset() -> None:
    needs.have("namespaces")
    *_, ending = (event for event in lab.run("as-written").events if event.who == "server")
    assert ending.sentence("en") == "close: reset by the client"
    assert ending.sentence("zh") == "close：被客户端重置"


def test_refused_is_an_event_of_the_client() -> None:
    needs.have("namespaces")
    assert [(event.who, event.name) for event in lab.run("refused", port=7).events] == [("client", "refused")]


def test_the_saved_capture_has_phases_and_opens_in_tshark(tmp_path: Path) -> None:
    needs.have("namespaces", "tshark")
    run = lab.run()
    phases = {1: "handshake-1/3", 2: "handshake-2/3", 3: "handshake-3/3", 9: "close-4/4"}
    file = tmp_path / "lab.pcapng"
    with file.open("wb") as output:
        lab.save(run, output, phases)
    with open_capture(file) as reader:
        packets = list(reader)
        assert not reader.warnings
        assert [interface.name for interface in reader.interfaces] == ["lo"]
        assert [interface.drops for interface in reader.interfaces] == [0]
    assert [packet.comments for packet in packets] == [(phases[n],) if n in phases else () for n in range(1, 10)]
    assert [packet.time_ns for packet in packets] == [packet.time_ns for packet in run.packets]
    command = ["tshark", "-n", "-r", str(file), "-T", "fields", "-e", "tcp.seq", "-e", "frame.comment"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert answer.stdout.splitlines()[:3] == ["0\thandshake-1/3", "0\thandshake-2/3", "1\thandshake-3/3"]
    assert "cut short" not in answer.stderr and "damaged" not in answer.stderr


def test_comments_are_added_to_those_that_are_there() -> None:
    from synfin.capture.packet import Packet

    packet = Packet(1, 0, 1, b"", 0, comments=("before",))
    assert [p.comments for p in lab.commented([packet], {1: "data"})] == [("before", "data")]
    assert list(lab.commented([packet], {})) == [packet]


# --- where it runs ---

#: allows no more user namespaces below this one (and, with the second, no network namespaces)
_NO_USER = "open('/proc/sys/user/max_user_namespaces', 'w').write('0')\n"
_NO_NET = "open('/proc/sys/user/max_net_namespaces', 'w').write('0')\n"
_RUN = """
from synfin import lab
run = lab.run("textbook")
result = [run.place.name, [refusal.operation for refusal in run.place.refusals], bool(run.check()), run.drops]
"""


def test_without_user_namespaces_it_takes_a_network_namespace() -> None:
    place, refused, matches, drops = private_network.run(_NO_USER + _RUN)
    assert (place, matches, drops) == ("net", True, 0)
    assert refused == ["unshare(CLONE_NEWUSER | CLONE_NEWNET)"]


def test_without_namespaces_it_takes_the_real_loopback_when_it_may() -> None:
    place, refused, matches, drops = private_network.run(_NO_USER + _NO_NET + _RUN)
    assert (place, matches, drops) == ("host", True, 0)
    assert refused == ["unshare(CLONE_NEWUSER | CLONE_NEWNET)", "unshare(CLONE_NEWNET)"]


def test_on_the_real_loopback_a_port_in_use_is_told() -> None:
    message = private_network.run(
        """
        import socket
        from synfin import lab
        from synfin.errors import SynfinError
        with socket.create_server(("127.0.0.1", 9501)):
            try:
                lab.run("textbook", place="host")
            except SynfinError as error:
                result = str(error)
        """
    )
    assert "cannot listen on 127.0.0.1:9501" in message


def forbidden(script: str) -> Any:
    """Run where neither namespaces nor capturing are allowed: in a user namespace, in the machine's own network."""
    needs.have("namespaces")
    code = f"import json\n{_NO_USER}{_NO_NET}{script}"
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_where_nothing_is_allowed_it_says_why_and_what_to_do() -> None:
    code, english, chinese = forbidden(
        "from synfin import lab\n"
        "try: lab.run()\n"
        "except lab.LabForbidden as error: print(json.dumps([error.exit_code, str(error), error.sentences('zh')]))"
    )
    assert code == 4
    assert "refused at unshare(CLONE_NEWUSER | CLONE_NEWNET): No space left on device" in english
    assert "loopback interface was refused at socket(AF_PACKET): Operation not permitted" in english
    for remedy in ("unprivileged_userns_clone", "apparmor_restrict_unprivileged_userns", "sudo", "NET_RAW"):
        assert remedy in english
    assert len(chinese) == len(english.splitlines())


def test_the_doctor_tells_what_is_refused() -> None:
    checks = forbidden(
        "from synfin import lab\nprint(json.dumps({c.name: [c.ok, c.seen, c.remedy('en')] for c in lab.examine()}))"
    )
    ok, seen, remedy = checks["namespaces"]
    assert not ok and "unshare" in seen and "sysctl" in remedy
    ok, seen, remedy = checks["capture"]
    assert not ok and "not permitted" in seen and "CAP_NET_RAW" in remedy


# --- when the machine is too busy ---


def run_of(name: str, segments: Sequence[Segment], fin_gap_ns: int) -> lab.LabRun:
    """A run as the lab would hand it over, the second FIN `fin_gap_ns` after the first."""
    from synfin.capture.packet import Packet

    fins = 0
    packets = []
    for number, one in enumerate(segments, 1):
        fins += one.has(FIN)
        packets.append(Packet(number, fin_gap_ns if fins > 1 else 0, 101, ip_packet(one), 40 + one.length))
    return lab.LabRun(scenarios()[name], packets, [], 0, lab.Place("user"), "127.0.0.1", 9501)


def ip_packet(one: Segment) -> bytes:
    """A raw IPv4 packet without checksums."""
    total = 40 + one.length
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 0, 0, 64, 6, 0, one.src, one.dst)
    tcp = struct.pack("!HHIIHHHH", one.src_port, one.dst_port, one.seq, one.ack, 5 << 12 | one.flags, 0, 0, 0)
    return ip + tcp + bytes(one.length)


def test_only_a_mismatch_that_came_too_late_asks_for_another_run() -> None:
    three = FOUR[:6] + FOUR[7:]
    late, soon = 36_000_000, 34_000_000
    assert run_of("three-segment", three, late).check()
    assert not run_of("three-segment", three, late).too_slow
    assert run_of("three-segment", FOUR, late).too_slow
    assert not run_of("three-segment", FOUR, soon).too_slow
    assert not run_of("textbook", three, late).too_slow


# --- scenarios as data ---


def test_the_default_scenario_comes_first() -> None:
    assert [scenario.name for scenario in lab.list_scenarios()] == list(SCENARIOS)
    assert SCENARIOS[0] == "textbook"
    assert set(SCENARIOS) == {"textbook", "as-written", "three-segment", "half-close", "refused"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_told_in_both_languages(name: str) -> None:
    scenario = scenarios()[name]
    for told in (scenario.title, scenario.summary, scenario.look, *(outcome.why for outcome in scenario.outcomes)):
        assert set(told) == set(LANGUAGES) and all(told.values())
    for outcome in scenario.outcomes:
        assert has(f"{outcome.open}.text") and has(f"{outcome.close}.text")


def test_every_event_refusal_and_remedy_has_words() -> None:
    client_names = {act for act in CLIENT_ACTS if act not in ("await", "wait_acknowledged")}
    keys = {f"lab.client.{name}" for name in client_names | {"refused", "reset_by_peer", "failed"}}
    keys |= {f"lab.server.{name}" for name in ("connect", "receive", "eof")}
    keys |= {f"lab.server.close.{how}" for how in ("fin", "reset", "timeout", "error")}
    keys |= {f"lab.{kind}.{place}" for kind in ("place", "refused") for place in PLACES} | {"lab.forbidden", *REMEDIES}
    assert [key for key in sorted(keys) if not has(key)] == []
    assert str(PlaceRefused("user", "unshare", "no")) == "user: unshare: no"


GOOD: dict[str, Any] = {
    "title": {"en": "t", "zh": "t"},
    "summary": {"en": "s", "zh": "s"},
    "look": {"en": "l", "zh": "l"},
    "client": {"steps": ["connect", {"send": "x"}]},
    "outcome": [
        {"name": "o", "open": "open.normal", "close": "close.fin_4seg", "closed_by": "client", "segments": ["> SYN 0"]}
    ],
}


@pytest.mark.parametrize(
    "change, complaint",
    [
        ({"clinet": {}}, "unknown key 'clinet'"),
        ({"fin_within_ms": "40"}, "fin_within_ms is a number of milliseconds"),
        ({"listens": "yes"}, "listens is true or false"),
        ({"title": {"en": "only"}}, "title needs a text in en and in zh"),
        ({"client": {"steps": ["fly"]}}, "unknown step 'fly'"),
        ({"client": {"steps": ["send"]}}, "send needs a text"),
        ({"client": {"steps": [{"close": "x"}]}}, "close takes no text"),
        ({"client": {"steps": [7]}}, "unknown step 7"),
        ({"client": {}}, "a list of steps"),
        ({"client": []}, "client must be a table"),
        ({"server": {"recieve": []}}, "unknown key 'recieve'"),
        ({"server": {"eof": [{"await": "x"}]}}, "unknown step"),
        ({"outcome": []}, "at least one"),
        ({"outcome": ["x"]}, "a table is needed"),
        ({"outcome": [{**GOOD["outcome"][0], "open": 1}]}, "open must be a text"),
        ({"outcome": [{**GOOD["outcome"][0], "segments": [1]}]}, "neither a line nor a list"),
        ({"outcome": [{**GOOD["outcome"][0], "segments": []}]}, "segments must be a list"),
    ],
)
def test_a_wrong_scenario_is_told(change: dict[str, Any], complaint: str) -> None:
    assert parse("mine", GOOD).name == "mine"
    with pytest.raises(UsageError, match=complaint):
        parse("mine", {**GOOD, **change})


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("= 1")
    for name in ("mine.toml", "none.toml"):
        with pytest.raises(UsageError, match=name):
            load(tmp_path / name)


@pytest.mark.parametrize(
    "arguments", [{"scenario": "nosuch"}, {"loop": "fast"}, {"place": "moon"}, {"port": 0}, {"port": 65536}]
)
def test_unknown_choices_are_told(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        lab.run(**arguments)


def test_a_scenario_that_cannot_end_is_a_failure_not_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client whose step raises ends; the run then shows what was seen."""
    needs.have("namespaces")
    steps = ["connect", "close", {"send": "x"}]
    run = lab.run(parse("broken", {**GOOD, "server": {}, "client": {"steps": steps}}))
    assert not run.check()
    assert [event.name for event in run.events if event.who == "client"] == ["connect", "close", "failed"]


# --- signatures ---

A, B = b"\x7f\x00\x00\x01", b"\x7f\x00\x00\x02"
X, Y = 0xFFFFFFF0, 77


def segment(from_a: bool, flags: int, seq: int, ack: int = 0, length: int = 0) -> Segment:
    ends = (A, B, 4000, 9501) if from_a else (B, A, 9501, 4000)
    return Segment(1, 0, *ends, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, flags, 0, 20, length)


FOUR = [
    segment(True, SYN, X),
    segment(False, SYN | ACK, Y, X + 1),
    segment(True, ACK, X + 1, Y + 1),
    segment(True, PSH | ACK, X + 1, Y + 1, 14),
    segment(False, ACK, Y + 1, X + 15),
    segment(True, FIN | ACK, X + 15, Y + 1),
    segment(False, ACK, Y + 1, X + 16),
    segment(False, FIN | ACK, Y + 1, X + 16),
    segment(True, ACK, X + 16, Y + 2),
]


def test_the_signature_of_the_tutorials_connection() -> None:
    """Numbers count from each side's first, also across 2**32."""
    (outcome,) = scenarios()["textbook"].outcomes
    assert compare(signature(FOUR), [outcome]).outcome is outcome
    assert signature([]) == ()


def test_a_signature_without_the_opening() -> None:
    assert signature(FOUR[5:]) == ("> FIN,ACK 0/0", "< ACK 0/1", "< FIN,ACK 0/1", "> ACK 1/1")
    assert signature([segment(True, 0, 5)]) == ("> none 0",)


FLAGS = {"FIN": FIN, "SYN": SYN, "RST": RST, "PSH": PSH, "ACK": ACK}


def segments_of(lines: Sequence[str]) -> list[Segment]:
    """The segments that have these lines as signature."""
    found = []
    for line in lines:
        arrow, names, numbers, *length = line.split()
        own, _, other = numbers.partition("/")
        first, peer = (X, Y) if arrow == ">" else (Y, X)
        flags = sum(FLAGS[name] for name in names.split(","))
        ack = peer + int(other) if other else 0
        found.append(segment(arrow == ">", flags, first + int(own), ack, int(length[1]) if length else 0))
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_outcome_is_what_the_watch_calls_it(name: str) -> None:
    """Also those that a run shows rarely, with lines that cross in either order."""
    for outcome in scenarios()[name].outcomes:
        for lines in itertools.product(*(itertools.permutations(group) for group in outcome.segments)):
            flat = [line for group in lines for line in group]
            run = run_of(name, segments_of(flat), 1000)
            assert run.check().outcome is outcome
            assert verdict(run) == (outcome.open, outcome.close, outcome.closed_by), (outcome.name, flat)


def test_a_mismatch_shows_the_difference_to_the_nearest_outcome() -> None:
    match = compare(signature(FOUR[:6] + FOUR[7:]), scenarios()["textbook"].outcomes)
    assert not match
    assert "--- expected (four-segment-close)" in match.difference
    assert "\n-< ACK 1/16\n" in match.difference


@pytest.mark.parametrize(
    "lines, matches", [("abcd", True), ("acbd", True), ("abd", False), ("abcde", False), ("adbc", False), ("", False)]
)
def test_lines_that_cross_may_come_in_any_order(lines: Sequence[str], matches: bool) -> None:
    outcome = Outcome("o", (("a",), ("b", "c"), ("d",)), "", "", "")
    assert bool(compare(tuple(lines), [outcome])) is matches


def test_when_a_connection_is_over() -> None:
    assert [is_over(FOUR[:count]) for count in range(len(FOUR) + 1)] == [False] * 9 + [True]
    assert is_over([FOUR[0], segment(False, RST | ACK, 0, X + 1)])


def test_save_writes_to_any_binary_file() -> None:
    needs.have("namespaces")
    output = io.BytesIO()
    lab.save(lab.run("refused"), output, {})
    assert output.getvalue()[:4] == b"\x0a\x0d\x0d\x0a"


def test_errors_are_ours() -> None:
    assert issubclass(lab.LabForbidden, SynfinError)


def test_a_process_of_the_lab_ends_with_who_started_it() -> None:
    starter = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'synfin.lab.server'])"
    order = {
        "name": "textbook",
        "scenario": scenarios()["textbook"].data,
        "host": "127.0.0.1",
        "port": 0,
        "loop": "asyncio",
    }
    with subprocess.Popen([sys.executable, "-c", starter], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bench:
        assert bench.stdin is not None and bench.stdout is not None
        bench.stdin.write(json.dumps(order).encode() + b"\n")
        bench.stdin.flush()
        assert json.loads(bench.stdout.readline()) == {"ready": True}
        bench.kill()
        assert bench.stdout.read() == b""  # returns when the last process that could write has gone
