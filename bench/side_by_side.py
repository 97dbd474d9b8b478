"""What tshark, tcptrace and synfin say of the same ten connections: writes docs/side-by-side.md and its drawings.

    python bench/side_by_side.py [SCENARIO…]

Each scenario of the lab is run for real, with the kernel as witness; then tshark and tcptrace are run on its capture.
Only the words under "The difference" are written by hand (side_by_side.toml). Needs the lab, tshark and tcptrace.
"""

from __future__ import annotations

import argparse
import platform
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from synfin import lab
from synfin.capture.packet import Packet
from synfin.explain.narrative import finding_sentence, findings, verdict
from synfin.explain.words import finding_facts
from synfin.faces.svg import render_svg
from synfin.lab import shelf
from synfin.lab.check import Told, stories

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, IMAGES = DOCS / "side-by-side.md", DOCS / "images" / "side-by-side"
SHOWN_SEGMENTS = 14
WORDS = tomllib.loads((Path(__file__).parent / "side_by_side.toml").read_text(encoding="utf-8"))
_ETHERNET = bytes(12) + b"\x08\x00"
#: lines of `tcptrace -l` that tell of trouble; a pair of zeros says nothing
_TROUBLE = (
    "rexmt data pkts", "rexmt data bytes", "zwnd probe pkts", "outoforder pkts", "missed data", "zero win adv",
    "max # retrans", "window scale", "SYN/FIN pkts sent", "idletime max",
)  # fmt: skip


class Case(NamedTuple):
    """One scenario, where it was captured, and what the three make of it."""

    scenario: str
    at: str
    difference: str
    port: int = 0  #: of the client, where there are several connections; 0: any


def _cases() -> list[Case]:
    return [Case(**one) for one in WORDS["case"]]


def main() -> int:
    """Run the scenarios and the peers, and write the page."""
    parser = argparse.ArgumentParser(description="tshark, tcptrace and synfin on the same captures")
    parser.add_argument("scenario", nargs="*", help="default: all ten")
    asked = parser.parse_args().scenario
    for tool in ("tshark", "tcptrace"):
        if shutil.which(tool) is None:
            parser.error(f"{tool} is needed: its words are made by running it (apt install {tool})")
    cases = _cases()
    chosen = [case for case in cases if not asked or case.scenario in asked]
    IMAGES.mkdir(parents=True, exist_ok=True)
    parts = [list(_section(case)) for case in chosen]
    if asked:
        print("\n".join(line for part in parts for line in part))
        return 0
    PAGE.write_text("\n".join([*_head(cases), *(line for part in parts for line in part)]) + "\n", encoding="utf-8")
    print(f"wrote {PAGE}")
    return 0


def _head(cases: Sequence[Case]) -> Iterator[str]:
    tshark, tcptrace = _version("tshark", "-v"), _version("tcptrace", "-version")
    yield from ("# The same capture, three witnesses", "")
    yield from (line.format(tshark=tshark, tcptrace=tcptrace) for line in WORDS["intro"])
    yield ""
    yield 'Everything but "The difference" is written by `python bench/side_by_side.py`, here on Linux '
    yield f"{platform.release()}; `synfin lab NAME` shows each of them on your machine."
    yield ""
    yield " · ".join(f"[{shelf.take(case.scenario).title['en']}](#{case.scenario})" for case in cases)
    yield ""


def _version(tool: str, option: str) -> str:
    done = subprocess.run([tool, option], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)
    return found.group() if found else "?"


def _section(case: Case) -> Iterator[str]:
    script = shelf.take(case.scenario)
    assert isinstance(script, lab.Script)
    report = lab.attempt(script, observe=True)
    if not report:
        raise SystemExit(f"{case.scenario}: not as expected: {[row.differences for row in report.rows]}")
    trial = report.trial
    told = next(one for one in stories(trial.capture(case.at)) if case.port in (0, one.port))
    names = {trial.addresses["client"]: "10.0.0.1", trial.addresses["server"]: "10.0.0.2"}
    packets = [one for one in trial.capture(case.at) if one.number in told.frames]
    drawing = IMAGES / f"{case.scenario}.svg"
    drawing.write_text(_named(render_svg(told.story, "en", max_segments=SHOWN_SEGMENTS), names), encoding="utf-8")
    yield from (
        f'<a id="{case.scenario}"></a>', "", f"## {script.title['en']}", "",
        f"`synfin lab {case.scenario}`, captured at the {case.at}'s end. {script.lesson['happens']['en']}", "",
        f"![ladder](images/side-by-side/{case.scenario}.svg)", "",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "capture.pcap"
        _write(file, packets)
        for title, lines in (("tshark", _tshark(file)), ("tcptrace", _tcptrace(file)), ("synfin", _synfin(told))):
            yield from (f"**{title}**", "", "```", *(_named(line, names) for line in lines), "```", "")
    resets = lab.judge(trial).resets
    if reasons := [f"{one.end}: {one.kernel}" for one in resets if case.at in ("both", one.end)]:
        why = "; ".join(reasons)
        yield f"The kernel's own reason for the RST, from its trace, which none of the three could see: {why}."
        yield ""
    yield f"**The difference.** {case.difference}"
    yield ""


def _named(text: str, names: dict[str, str]) -> str:
    """Addresses differ from run to run; the page has the same ones always."""
    for address, name in names.items():
        text = text.replace(address, name)
    return text


def _write(file: Path, packets: Sequence[Packet]) -> None:
    """A classic capture of Ethernet, which every peer reads."""
    with file.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 1))
        for one in packets:
            data = _ETHERNET + one.data if one.link_type == 101 else one.data
            out.write(struct.pack("<IIII", *divmod(one.time_ns, 10**9), len(data), len(data)) + data)


def _tshark(file: Path) -> Iterator[str]:
    """The expert table, and each packet's own notes."""
    table = _run("tshark", "-r", str(file), "-o", "nameres.network_name:FALSE", "-q", "-z", "expert")
    kept = [line for line in table if line.strip() and not set(line.strip()) <= {"="} and "Frequency" not in line]
    yield from (re.sub(r"\s{2,}", "  ", line.rstrip()) for line in kept)
    fields = ("frame.number", "tcp.flags.str", "tcp.seq", "tcp.ack", "tcp.len", "_ws.expert.message")
    rows = _run("tshark", "-r", str(file), "-2", "-T", "fields", *(word for name in fields for word in ("-e", name)))
    noted = [row.split("\t") for row in rows if row.count("\t") == len(fields) - 1 and row.split("\t")[-1]]
    noted = [row for row in noted if not row[-1].startswith(("Connection establish", "Connection finish"))]
    if noted:
        yield ""
    for number, flags, seq, ack, length, message in noted[:SHOWN_SEGMENTS]:
        letters = flags.replace("·", "")
        yield f"packet {number} [{letters} seq={seq} ack={ack or '-'} len={length}]: {message}"
    if len(noted) > SHOWN_SEGMENTS:
        yield f"… and {len(noted) - SHOWN_SEGMENTS} more"


def _tcptrace(file: Path) -> Iterator[str]:
    """How it calls the connection, and its numbers that are not zero."""
    for line in _run("tcptrace", "-nl", str(file)):
        left = line.strip()
        if left.startswith("complete conn"):
            yield re.sub(r"\s{2,}", " ", left)
        elif any(left.startswith(name) for name in _TROUBLE):
            halves = re.split(r"\s{3,}", left)
            values = re.findall(r":\s*([\d.NA/]+)", left)
            if any(value.strip("0./NA") for value in values):
                yield "  ".join(re.sub(r"\s+", " ", half) for half in halves)


def _synfin(told: Told) -> Iterator[str]:
    headline = verdict(told.story, "en")
    yield headline.headline
    for one in findings(told.story):
        if finding_facts(one.id).severity in ("ok",):
            continue
        sentence, todo = finding_sentence(one, "en")
        sure = "" if one.confidence == "certain" else ", likely"
        yield f"{one.severity} {one.id}{sure}: {sentence}"
        yield f"  → {todo}"


def _run(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
