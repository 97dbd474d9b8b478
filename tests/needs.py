"""What a test needs of the machine: `have("tshark")` returns, or ends the test saying what is missing.

A test that cannot run fails, so that nothing goes untested unseen; ALLOW_MISSING=tshark,chromium makes it a skip.
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent


class Need(NamedTuple):
    """One thing that tests ask for: `present` tries it, `remedy` says how to get it."""

    present: Callable[[], bool]
    remedy: str


def _program(name: str) -> Callable[[], bool]:
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    return lambda: shutil.which(name, path=path) is not None


def _succeeds(*command: str) -> Callable[[], bool]:
    def attempt() -> bool:
        try:
            return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    return attempt


def _chinese_font() -> bool:
    try:
        listed = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(listed.stdout.strip())


def _wire() -> bool:
    """A TUN device in a namespace of one's own, made with iproute2 rather than with our own code."""
    command = "ip link set lo up && ip tuntap add dev t0 mode tun"
    return _succeeds("unshare", "--user", "--map-root-user", "--net", "sh", "-c", command)()


def _kernels_compiled() -> bool:
    suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
    names = [source.stem for source in (ROOT / "src/synfin/_kernels").glob("*.py") if source.stem != "__init__"]
    specs = [importlib.util.find_spec(f"synfin._kernels.{name}") for name in names]
    return bool(specs) and all(spec is not None and (spec.origin or "").endswith(suffixes) for spec in specs)


NEEDS = {
    "tshark": Need(_program("tshark"), "apt-get install tshark"),
    "tcptrace": Need(_program("tcptrace"), "apt-get install tcptrace"),
    "chromium": Need(_program("chromium"), "apt-get install chromium"),
    "fonts-noto-cjk": Need(_chinese_font, "apt-get install fonts-noto-cjk"),
    "gcc": Need(_program("gcc"), "apt-get install gcc python3-dev"),
    "nft": Need(_program("nft"), "apt-get install nftables"),
    "ip": Need(_program("ip"), "apt-get install iproute2"),
    "zsh": Need(_program("zsh"), "apt-get install zsh"),
    "fish": Need(_program("fish"), "apt-get install fish"),
    "wire": Need(_wire, "allow private namespaces and /dev/net/tun in them (synfin doctor tells what forbids it)"),
    "root": Need(lambda: os.geteuid() == 0, "run as root"),
    "namespaces": Need(
        _succeeds("unshare", "--user", "--map-root-user", "--net", "true"),
        "allow private user and network namespaces (synfin doctor tells what forbids them)",
    ),
    "kernels": Need(_kernels_compiled, "apt-get install gcc python3-dev, then make build"),
}

missing_now: list[tuple[str, str]] = []  #: (name, remedy) that the running test asked for; drained by the plugin
captures_now: list[str] = []  #: capture files that the running test went through; drained by the plugin


@functools.cache
def is_there(name: str) -> bool:
    """Whether the machine has `name` (a key of NEEDS); tried once."""
    return NEEDS[name].present()


def allowed_missing() -> frozenset[str]:
    """The names in ALLOW_MISSING."""
    return frozenset(word.strip() for word in os.environ.get("ALLOW_MISSING", "").split(",") if word.strip())


def have(*names: str) -> None:
    """Return when the machine has all of `names`; else fail the test, or skip it where ALLOW_MISSING names them."""
    absent = [name for name in names if not is_there(name)]
    if not absent:
        return
    missing_now.extend((name, NEEDS[name].remedy) for name in absent)
    reason = "could not run: needs " + "; ".join(f"{name} ({NEEDS[name].remedy})" for name in absent)
    if allowed_missing().issuperset(absent):
        pytest.skip(reason)
    pytest.fail(reason, pytrace=False)


def captures_folder() -> Path | None:
    """The folder of recorded captures: $CAPTURES, else ../shared/captures beside the checkout, None without either."""
    named = os.environ.get("CAPTURES")
    folder = Path(named) if named else ROOT.parent / "shared" / "captures"
    return folder if folder.is_dir() else None


def captures() -> Path:
    """The folder of recorded captures; without it the test is skipped, and fails in CI or where CAPTURES names one."""
    folder = captures_folder()
    if folder is not None:
        return folder
    reason = "could not run: needs captures (a folder that CAPTURES names, or ../shared/captures)"
    missing_now.append(("captures", "CAPTURES=FOLDER"))
    demanded = os.environ.get("CI") == "true" or "CAPTURES" in os.environ
    if demanded and "captures" not in allowed_missing():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def captures_ran(*paths: str | os.PathLike[str]) -> None:
    """Count capture files that the running test went through; a file counts once in the closing line."""
    captures_now.extend(os.fspath(path) for path in paths)
