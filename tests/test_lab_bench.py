"""The bench: every scenario for real, once, against what it expects and against what the kernel says."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import needs
from synfin import lab
from synfin.errors import SynfinError, UsageError
from synfin.explain.words import LANGUAGES, has
from synfin.faces import cli
from synfin.lab import referee, scenario, shelf
from synfin.lab.check import check, known_findings
from synfin.lab.rig.steps import VERBS
from synfin.lab.script import LESSON, Script, parse_script
from synfin.lab.series import run_all
from synfin.lab.trial import _SILENT_STEPS

NAMES = tuple(name for group in shelf.GROUPS for name in shelf.names(group))
SCRIPTS = {script.name: script for script in shelf.scripts()}
FIREWALLED = {
    name for name, script in SCRIPTS.items() if "firewall" in json.dumps(script.data, ensure_ascii=False)
}  # fmt: skip


@functools.cache
def results() -> Mapping[str, lab.Result]:
    """Every scenario, run once for all tests of this module, side by side."""
    return {result.name: result for result in run_all(NAMES, observe=True)}


def result_of(name: str) -> lab.Result:
    needs.have("namespaces", "wire", *(["nft"] if name in FIREWALLED else []))
    return results()[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_shows_what_it_expects_at_every_vantage_point(name: str) -> None:
    result = result_of(name)
    assert not result.failure
    assert result.rows
    assert [(row.at, row.differences) for row in result.rows if row.differences] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_kernel_agrees(name: str) -> None:
    """Its states are in `seen`, its reasons among those that packets allow; undisturbed, likely states are its own."""
    result, script = result_of(name), SCRIPTS[name]
    assert result.ruling is not None
    assert result.ruling.outside == []
    assert [one for one in result.ruling.resets if not one.agrees] == []
    if script.undisturbed:
        assert [(one.end, one.kernel, one.inferred) for one in result.ruling.ends if not one.agrees] == []


@pytest.mark.parametrize("name", [name for name in NAMES if any(SCRIPTS[name].kernel.states.values())])
def test_the_kernel_takes_the_states_that_the_scenario_names(name: str) -> None:
    """As root all of them; its list of sockets alone may be too slow for short ones."""
    ruling, script = result_of(name).ruling, SCRIPTS[name]
    assert ruling is not None and (os.geteuid() or not ruling.no_trace)
    for one in ruling.ends:
        named = script.kernel.states[one.end]
        if named and one.source == "trace":
            assert one.kernel == named, one.end
        elif named and ruling.no_trace:
            left = iter(named)
            assert all(state in left for state in one.kernel), (one.end, one.kernel)


@pytest.mark.parametrize("name", [name for name in NAMES if SCRIPTS[name].kernel.reset])
def test_the_kernel_gives_the_reasons_that_the_scenario_names(name: str) -> None:
    needs.have("root")
    ruling = result_of(name).ruling
    assert ruling is not None
    assert tuple(one.kernel for one in ruling.resets) == SCRIPTS[name].kernel.reset


def test_the_comparison_has_substance() -> None:
    """Snapshots were compared in most scenarios, and packets decided the reason of some resets."""
    needs.have("root", "namespaces", "wire", "nft")
    rulings = [result.ruling for result in results().values() if result.ruling is not None]
    assert sum(one.compared > 0 for one in rulings) >= 75
    assert sum(one.compared for one in rulings) >= 1000
    assert sum(reset.decided for one in rulings for reset in one.resets) >= 8
    assert sum(end.source == "trace" for one in rulings for end in one.ends) >= 140


# --- the comparison can fail ---


@functools.cache
def observed(name: str) -> lab.Trial:
    needs.have("namespaces", "wire")
    return lab.perform(SCRIPTS[name], observe=True)


def tampered(trial: lab.Trial, **changes: Any) -> lab.Trial:
    return replace(trial, observed={**trial.observed, **changes})


def test_a_state_that_packets_do_not_allow_is_found() -> None:
    trial = observed("close_unread_data")
    samples = json.dumps(trial.observed["samples"])
    wrong = json.loads(samples.replace('"ESTABLISHED"', '"CLOSE_WAIT"'))
    assert referee.judge(trial).outside == []
    ruling = referee.judge(tampered(trial, samples=wrong))
    assert ruling.outside and "CLOSE-WAIT not in" in ruling.outside[0]
    assert not ruling.agrees


def test_a_reason_that_packets_do_not_allow_is_found() -> None:
    needs.have("root")
    trial = observed("close_unread_data")
    wrong = [line.replace("reason=TCP_ABORT_ON_CLOSE", "reason=NO_SOCKET") for line in trial.observed["trace"]]
    assert [one.agrees for one in referee.judge(trial).resets] == [True]
    assert [one.agrees for one in referee.judge(tampered(trial, trace=wrong)).resets] == [False]


def test_a_state_that_the_kernel_did_not_take_is_found() -> None:
    needs.have("root")
    trial = observed("close_unread_data")
    wrong = [line for line in trial.observed["trace"] if "newstate=TCP_ESTABLISHED" not in line]
    assert all(end.agrees for end in referee.judge(trial).ends)
    assert not any(end.agrees for end in referee.judge(tampered(trial, trace=wrong)).ends)


def test_an_end_that_packets_leave_alive_after_the_kernel_buried_it_is_found() -> None:
    trial = observed("close_3seg")
    end = next(one for one in referee.judge(trial).ends if one.end == "server")
    assert end.died and end.buried
    alive = replace(end, inferred=("LISTEN", "SYN-RECEIVED", "ESTABLISHED"))
    assert not alive.buried and not replace(alive, kernel=alive.kernel[:2]).explained
    ruling = referee.Ruling(ends=[alive])
    assert not ruling.agrees and any("destroyed" in one for one in ruling.complaints(undisturbed=False))


def test_a_difference_is_explained_only_where_no_capture_can_tell() -> None:
    gave_up = next(one for one in referee.judge(observed("user_timeout")).ends if one.end == "client")
    assert (gave_up.agrees, gave_up.why, gave_up.died) == (False, "silent", True)
    dropped = next(one for one in referee.judge(observed("keepalive_dead")).ends if one.end == "server")
    assert (dropped.agrees, dropped.why) == (False, "hidden")
    assert all(one.agrees for one in referee.judge(observed("fin_wait2_timeout")).ends)


def test_without_the_trace_the_list_of_sockets_speaks() -> None:
    ruling = referee.judge(tampered(observed("close_unread_data"), trace=None, no_trace="refused"))
    assert ruling.no_trace == "refused" and ruling.resets == [] and ruling.compared
    assert {end.source for end in ruling.ends} == {"sock_diag"}
    assert all(end.agrees for end in ruling.ends)


@pytest.mark.parametrize(
    "change, complaint",
    [
        ({"open": "open.refused"}, "open: expected open.refused, found open.normal"),
        ({"close": "close.fin_4seg"}, "close: expected close.fin_4seg, found close.abort"),
        ({"closed_by": "server"}, "closed by: expected server, found client"),
        ({"findings": []}, "not expected: close.unread_data_likely"),
        (
            {"findings": ["close.unread_data_likely", "app.write_after_peer_close"]},
            "missing: app.write_after_peer_close",
        ),
        ({"port": 1}, "the connection was not seen"),
        ({"known_wrong": ["missing: close.other"]}, "right now, take it out of known_wrong: missing: close.other"),
    ],
)
def test_what_is_not_as_expected_is_found(change: dict[str, Any], complaint: str) -> None:
    trial = observed("close_unread_data")
    assert lab.check(trial)
    data = {**SCRIPTS["close_unread_data"].data}
    data["expect"] = [{**data["expect"][0], **change}]
    report = lab.check(replace(trial, script=parse_script("mine", data)))
    assert not report
    assert any(complaint in difference for row in report.rows for difference in row.differences)


def test_a_connection_too_many_is_found() -> None:
    trial = observed("close_unread_data")
    data = {**SCRIPTS["close_unread_data"].data}
    data["expect"] = [{**data["expect"][0], "at": "client"}]
    rows = lab.check(replace(trial, script=parse_script("mine", data))).rows
    assert [(row.at, row.differences) for row in rows] == [("client", ()), ("server", ("not expected: a connection",))]


def test_lost_frames_make_a_run_worthless() -> None:
    assert not lab.check(replace(observed("close_unread_data"), drops=1))


def test_a_finding_that_no_rule_makes_yet_is_awaited() -> None:
    data = {**SCRIPTS["close_unread_data"].data}
    data["expect"] = [{**data["expect"][0], "findings": ["close.unread_data_likely", "some.future_rule"]}]
    report = lab.check(replace(observed("close_unread_data"), script=parse_script("mine", data)))
    assert report
    assert {row.awaited for row in report.rows} == {("some.future_rule",)}
    assert "close.unread_data_likely" in known_findings()


def test_a_program_whose_step_goes_wrong_is_told() -> None:
    needs.have("namespaces", "wire")
    data = {**SCRIPTS["close_unread_data"].data}
    data["program"] = [{"name": "client", "steps": ["connect"]}]
    with pytest.raises(SynfinError, match="client: connect: ECONNREFUSED"):
        lab.perform(parse_script("mine", data))


def test_nothing_of_the_bench_outlives_it() -> None:
    """Killed in the middle: its programs are gone, and so is its instance of the kernel's trace."""
    needs.have("namespaces", "wire")
    script = SCRIPTS["close_wait_leak"]
    addresses = {"client": "10.99.0.1", "server": "10.99.0.2"}
    order = {"name": script.name, "script": script.data, "observe": True, "port": 9501, "place": "user"}
    command = [sys.executable, "-m", "synfin.lab.rig.perform"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bench:
        assert bench.stdin is not None and bench.stdout is not None
        bench.stdin.write(json.dumps({**order, "addresses": addresses}).encode() + b"\n")
        bench.stdin.close()
        children = Path(f"/proc/{bench.pid}/task/{bench.pid}/children")
        wanted = 3 if os.geteuid() == 0 else 2  # server, client and the witness
        until = time.monotonic() + 60
        while len(children.read_text().split()) < wanted:
            assert time.monotonic() < until, "the bench did not start its programs"
            time.sleep(0.01)
        family = children.read_text().split()
        bench.kill()
        assert bench.stdout.read() == b""  # returns when the last process that could write has gone
    assert len(family) == wanted
    while any(map(is_alive, family)):  # they have closed their files; the rest of their end takes a moment
        assert time.monotonic() < until, "a process of the bench still runs"
        time.sleep(0.01)
    if os.geteuid() == 0:
        assert {f"synfin-lab-{pid}" for pid in family}.isdisjoint(instances())


def is_alive(pid: str) -> bool:
    """Whether it still runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def instances() -> set[str]:
    """The instances of the kernel's trace, with tracefs mounted for this look alone."""
    look = "mount --make-rprivate / && mount -t tracefs tracefs /sys/kernel/tracing && ls /sys/kernel/tracing/instances"
    command = ["unshare", "--mount", "sh", "-c", look]
    return set(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split())


def test_where_there_is_no_device_it_says_so_and_what_to_do() -> None:
    needs.have("root", "namespaces")
    script = 'mount --make-rprivate / && mount --bind /dev/null /dev/net/tun && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-m", "synfin", "lab", "open_refused"]
    answer = subprocess.run([*command, "--lang", "en"], capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 4
    assert "refused at a TUN device of /dev/net/tun" in answer.stderr
    assert "--device /dev/net/tun" in answer.stderr and "apparmor" not in answer.stderr


# --- scenarios as data ---


def test_all_of_them_are_there() -> None:
    assert (len(shelf.names("wire")), len(shelf.names("loopback"))) == (67, 35)
    assert len({*NAMES, *shelf.names("tutorial")}) == 107


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_a_lesson_in_both_languages(name: str) -> None:
    script = SCRIPTS[name]
    for told in (script.title, *(script.lesson[part] for part in LESSON)):
        assert set(told) == set(LANGUAGES)
        assert told["en"].strip() and not told["zh"].isascii()
    for expect in script.expects:
        for found in (expect.open, expect.close, *expect.findings, *expect.may):
            assert has(f"{found}.text"), found


def test_every_step_has_words() -> None:
    silent = {verb for verb in VERBS if verb.startswith("await")} | _SILENT_STEPS
    assert [verb for verb in sorted(set(VERBS) - silent) if not has(f"lab.step.{verb}")] == []


def good() -> dict[str, Any]:
    words = {"en": "t", "zh": "t"}
    return {
        **dict.fromkeys(("title", *LESSON), words),
        "program": [{"name": "client", "steps": ["connect", {"send": "x"}]}],
        "wire": [{"name": "lose", "from": "client", "has": ["SYN"], "do": "drop"}],
        "expect": [{"open": "open.normal", "close": "close.fin_4seg"}],
    }


CLIENT = {"name": "client"}
RULE = {"name": "r", "do": "drop"}
EXPECT = {"open": "open.normal", "close": "close.fin_4seg"}


@pytest.mark.parametrize(
    "change, complaint",
    [
        ({"clinet": 1}, "unknown key 'clinet'"),
        ({"title": {"en": "t"}}, "title needs a text in en and in zh"),
        ({"program": []}, "at least one"),
        ({"program": {}}, "written"),
        ({"expect": []}, "at least one"),
        ({"stage": {"on": "moon"}}, "on is wire or loopback"),
        ({"stage": {"delay_ms": "5"}}, "stage.delay_ms cannot be '5'"),
        ({"stage": {"delay_ms": -1}}, "cannot be -1"),
        ({"stage": {"on": "loopback"}}, "rules of the wire need"),
        ({"program": [{**CLIENT, "steps": []}]}, "a list of steps"),
        ({"program": [{**CLIENT, "steps": ["fly"]}]}, "exactly one of these"),
        ({"program": [{**CLIENT, "steps": [{"send": "x", "read": 1}]}]}, "exactly one of these"),
        ({"program": [{**CLIENT, "steps": [{"read": "x"}]}]}, "another type"),
        ({"program": [{**CLIENT, "steps": [{"close": 3}]}]}, "takes no value"),
        ({"program": [{**CLIENT, "steps": [{"close": True, "port": 1}]}]}, "close knows no 'port'"),
        ({"program": [{**CLIENT, "steps": [{"wire": "nosuch"}]}]}, "no rule of the wire called 'nosuch'"),
        ({"program": [{**CLIENT, "steps": [7]}]}, "neither a word nor a table"),
        ({"program": [{"name": "x", "steps": ["connect"]}]}, "at = client or server"),
        ({"program": [{**CLIENT, "steps": ["close"]}] * 2}, "same name"),
        ({"wire": [{**RULE, "do": "eat"}]}, "do is one of"),
        ({"wire": [{"do": "drop"}]}, "needs a name"),
        ({"wire": [{**RULE, "ms": 4}]}, "drop knows no 'ms'"),
        ({"wire": [{**RULE, "from": "x"}]}, "client or server"),
        ({"wire": [{**RULE, "has": ["XYZ"]}]}, "there is no 'XYZ'"),
        ({"wire": [{**RULE, "nth": "first"}]}, "nth is a number"),
        ({"wire": [{**RULE, "min_len": "x"}]}, "min_len is a number"),
        ({"wire": [{**RULE, "after": "nosuch"}]}, "no rule of the wire called 'nosuch'"),
        ({"wire": [RULE, RULE]}, "the same name"),
        ({"wire": [{"name": "r", "do": "inject", "segment": [{"seq": 1}]}]}, "as = client or server"),
        ({"expect": [{"open": "normal", "close": "close.abort"}]}, "begins with 'open.'"),
        ({"expect": [{**EXPECT, "at": "middle"}]}, "at is client, server or both"),
        ({"expect": [{**EXPECT, "findings": "x"}]}, "findings is a list"),
        ({"kernel": {"client": "FLYING"}}, "there is no state 'FLYING'"),
        ({"kernel": {"silent": ["wire"]}}, "silent and hidden are lists of ends"),
    ],
)
def test_a_wrong_scenario_is_told(change: dict[str, Any], complaint: str) -> None:
    assert isinstance(parse_script("mine", good()), Script)
    with pytest.raises(UsageError, match=complaint):
        parse_script("mine", {**good(), **change})


def test_a_scenario_may_come_from_any_file(tmp_path: Path) -> None:
    source = (scenario.FOLDER / "wire" / "open_refused.toml").read_text(encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(source, encoding="utf-8")
    taken = shelf.take(str(mine))
    assert isinstance(taken, Script) and taken.name == "mine"
    mine.write_text("= 1")
    with pytest.raises(UsageError, match=r"mine\.toml"):
        shelf.take(str(mine))
    with pytest.raises(UsageError, match="did you mean"):
        shelf.take("linger0")


# --- the command ---


def test_the_command_tells_the_lesson_and_saves_both_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs.have("namespaces", "wire", "tshark")
    saved, drawing = tmp_path / "lab.pcapng", tmp_path / "lab.svg"
    arguments = ["lab", "close_linger0_after_data", "--kernel", "--lang", "en", "-w", str(saved), "-o", str(drawing)]
    assert cli.main(arguments) == 0
    shown = capsys.readouterr().out
    for part in ("Aborted on purpose", "What to look for", "client: close() with SO_LINGER 0", "The kernel as referee"):
        assert part in shown
    assert "✓ ESTABLISHED" in shown and "As expected at every vantage point." in shown
    assert drawing.read_text().startswith("<svg")
    times = {}
    for at in ("client", "server"):
        file = tmp_path / f"lab.{at}.pcapng"
        command = ["tshark", "-n", "-r", str(file), "-T", "fields", "-e", "tcp.flags", "-e", "frame.time_epoch"]
        lines = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout.splitlines()
        times[at] = {line.split("\t")[0]: float(line.split("\t")[1]) for line in reversed(lines)}
    syn, reset = "0x0002", "0x0014"
    for flags in (syn, reset):
        assert 0.002 <= times["server"][flags] - times["client"][flags] < 5, "the wire takes 2 ms each way"


def test_the_command_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    needs.have("namespaces", "wire")
    assert cli.main(["lab", "open_refused", "--json", "--kernel"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["as_expected"] is True and document["drops"] == 0
    assert [one["connection"]["open"] for one in document["captures"]["server"]] == ["open.refused"]
    if os.geteuid() == 0:
        assert [one["reason"] for one in document["kernel"]["resets"]] == ["NO_SOCKET"]


def test_the_list_has_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    for lang in LANGUAGES:
        assert cli.main(["lab", "--list", "--lang", lang]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert {*NAMES, *shelf.names("tutorial")} <= {line.split()[0] for line in lines if line.startswith("  ")}


@pytest.mark.parametrize(
    "arguments",
    [["nosuch"], ["textbook", "--kernel"], ["open_refused", "--place", "host"], ["open_refused", "-w", "-"]],
)
def test_what_cannot_be_asked_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lab", *arguments]) == 2
    assert capsys.readouterr().err.startswith("synfin: ")


def test_what_is_known_to_be_wrong_is_no_difference() -> None:
    data = {**SCRIPTS["close_unread_data"].data}
    wrong = {"close": "close.fin_4seg", "known_wrong": ["close: expected close.fin_4seg, found close.abort"]}
    data["expect"] = [{**data["expect"][0], **wrong}]
    assert lab.check(replace(observed("close_unread_data"), script=parse_script("mine", data)))


def _crowd(**changes: Any) -> list[str]:
    needs.have("namespaces", "wire")
    script = SCRIPTS["fleet_restart"]
    assert script.crowd is not None
    trial = replace(observed("fleet_restart"), script=replace(script, crowd=replace(script.crowd, **changes)))
    return [difference for row in check(trial).rows for difference in row.differences]


def test_a_crowd_is_counted_and_judged_together() -> None:
    assert _crowd() == []
    assert "connections: expected 5, found 4" in _crowd(count=5)
    assert "not expected: open.normal close.rst_reply" in _crowd(verdicts=frozenset())
    assert "not expected: fleet.server_restarted" in _crowd(fleet={"client": frozenset(), "server": frozenset()})
    asked = frozenset({"fleet.server_restarted", "fleet.scan"})
    assert "missing: fleet.scan" in _crowd(fleet={"client": asked, "server": asked})
