"""What this machine allows, found out by trying it; no setting is read to guess."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from synfin.capture.live import Sniffer
from synfin.errors import SynfinError
from synfin.explain.quantity import Language
from synfin.explain.words import has, text
from synfin.lab.experiment import try_place
from synfin.lab.rig import witness
from synfin.lab.trial import try_wire

_KERNELS = ("synfin._kernels.scan", "synfin._kernels.follow")
#: a program that does not tell its version in this time does not work
_PROGRAM_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried."""

    name: str  #: namespaces, capture, tracing …: also the key of its texts
    ok: bool
    required: bool  #: whether synfin is of little use without it
    seen: str  #: what was tried and what came of it

    def title(self, lang: Language) -> str:
        return text(f"lab.doctor.{self.name}", lang)

    def evidence(self, lang: Language) -> str:
        """`seen` in the language, where it is no message of a program."""
        key = f"lab.doctor.{self.name}.seen"
        return text(key, lang) if self.ok and has(key) else self.seen

    def remedy(self, lang: Language) -> str:
        """What to do about it; empty when there is nothing to do."""
        return "" if self.ok else text(f"lab.doctor.{self.name}.remedy", lang)


def examine() -> list[Check]:
    """Try everything; takes about a second."""
    return [
        _check("python", True, _python),
        _check("kernels", False, _kernels),
        _check("uvloop", False, _uvloop),
        _check("namespaces", True, _namespaces),
        _check("wire", False, _wire),
        _check("nft", False, lambda: _program("nft")),
        _check("capture", False, _capture),
        _check("tracing", False, _tracing),
        _check("tshark", False, lambda: _program("tshark")),
        _check("tcptrace", False, lambda: _program("tcptrace", "-version")),
        _check("chromium", False, lambda: _program("chromium")),
    ]


class _Missing(Exception):
    """The thing that was tried does not work; the message tells what was seen."""


def _check(name: str, required: bool, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name, True, required, attempt())
    except _Missing as missing:
        return Check(name, False, required, str(missing))


def _python() -> str:
    return f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})"


def _kernels() -> str:
    """Import each, and see whether it came from a compiled file."""
    for name in _KERNELS:
        try:
            origin = import_module(name).__file__ or ""
        except ImportError as error:
            raise _Missing(f"import {name}: {error}") from error
        if not origin.endswith(tuple(EXTENSION_SUFFIXES)):
            raise _Missing(f"import {name}: the uncompiled {Path(origin).name}")
    return f"imported {', '.join(name.rpartition('.')[2] for name in _KERNELS)}"


def _uvloop() -> str:
    try:
        module = import_module("uvloop")
    except ImportError as error:
        raise _Missing(f"import uvloop: {error}") from error
    module.new_event_loop().close()
    return f"{module.__version__}, made an event loop"


def _namespaces() -> str:
    """Enter one, in a process of its own."""
    refusal = try_place("user")
    if refusal is not None:
        raise _Missing(f"{refusal.operation}: {refusal.reason}")
    return text("lab.doctor.namespaces.seen", "en")


def _capture() -> str:
    try:
        with Sniffer("lo"):
            return text("lab.doctor.capture.seen", "en")
    except (SynfinError, OSError) as error:
        raise _Missing(f"open a packet socket on lo: {error}") from error


def _wire() -> str:
    """Make one end of it, in a process of its own."""
    refusal = try_wire()
    if refusal is not None:
        raise _Missing(f"{refusal.operation}: {refusal.reason}")
    return text("lab.doctor.wire.seen", "en")


def _tracing() -> str:
    """Have an instance of it for a moment."""
    refused = witness.available()
    if refused:
        raise _Missing(refused)
    return text("lab.doctor.tracing.seen", "en")


def _program(name: str, option: str = "--version") -> str:
    """Run it; its first line."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        raise _Missing(f"no {name} on the path")
    try:
        answer = subprocess.run(
            [path, option], stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROGRAM_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _Missing(f"{path} {option}: {error}") from error
    lines = (answer.stdout + answer.stderr).decode(errors="replace").split("\n")
    if answer.returncode != 0:
        raise _Missing(f"{path} {option}: exit status {answer.returncode}")
    return next((line.strip() for line in lines if line.strip()), path)
