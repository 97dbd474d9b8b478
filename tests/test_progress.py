"""The line that shows how far reading has come: on a terminal, when it takes long, and only then."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from synfin.faces.progress import line

CAPTURE = Path(__file__).parent / "data" / "textbook.pcapng"


def test_the_line_tells_the_part_of_a_file_and_the_rate() -> None:
    assert line(250_000_000, 1_000_000_000, 3_000_000, 1.5) == (
        f"[{'#' * 6}{' ' * 18}] 25% of 1,000 MB, 3,000,000 packets, 2,000,000 packets/s"
    )
    assert line(2_000_000, None, 10, 2.0) == "2 MB, 10 packets, 5 packets/s"
    assert line(120, 100, 1, 1.0).startswith(f"[{'#' * 24}] 100% of"), "a file that grows"


def conns(*, slowly: bool) -> tuple[str, bytes]:
    """What standard error, a terminal, shows, and the output; slowly, the capture comes in two pieces.

    The second piece comes when something is shown, however long that takes.
    """
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "synfin", "conns", "--tsv", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=follower, env=os.environ | {"TERM": "xterm"}
    ) as process:
        os.close(follower)
        shown = bytearray()
        assert process.stdin is not None and process.stdout is not None
        data = CAPTURE.read_bytes()
        if slowly:
            process.stdin.write(data[:1000])
            process.stdin.flush()
            shown += os.read(leader, 4096)
        process.stdin.write(data[1000:] if slowly else data)
        process.stdin.close()
        reader = threading.Thread(target=_read_all, args=(leader, shown))
        reader.start()
        output = process.stdout.read()
        reader.join()
    os.close(leader)
    assert process.returncode == 0
    return shown.decode(), output


def _read_all(descriptor: int, into: bytearray) -> None:
    try:
        while data := os.read(descriptor, 4096):
            into += data
    except OSError:  # the other end is closed
        pass


def test_a_terminal_is_told_when_it_takes_long() -> None:
    shown, output = conns(slowly=True)
    assert "packets/s" in shown
    assert shown.endswith("\r\x1b[K"), "it is wiped away at the end"
    assert conns(slowly=False)[1] == output


def test_a_quick_answer_needs_no_line() -> None:
    assert conns(slowly=False)[0] == ""


@pytest.mark.parametrize("form", ["--tsv", "--json"])
def test_a_pipe_is_not_told(form: str) -> None:
    done = subprocess.run([sys.executable, "-m", "synfin", "conns", form, str(CAPTURE)], capture_output=True)
    assert done.stderr == b""
