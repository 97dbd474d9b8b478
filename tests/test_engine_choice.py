"""Kernels are used together or not at all: half of them built is as good as none."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import synfin._kernels
from synfin.watch.engine.engines import compiled, missing_kernels


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    missing_kernels.cache_clear()
    yield
    missing_kernels.cache_clear()


def folder_of(where: Path, sources: str, built: str) -> str:
    for name in sources.split():
        (where / f"{name}.py").write_text("")
    for name in built.split():
        (where / f"{name}{EXTENSION_SUFFIXES[0]}").write_bytes(b"")
    return str(where)


def test_a_kernel_that_is_not_built_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path, "__init__ scan follow choose", "scan follow")
    monkeypatch.setattr(synfin._kernels, "__path__", [folder])
    assert missing_kernels() == ("choose",)
    assert not compiled()


def test_all_kernels_built_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synfin._kernels, "__path__", [folder_of(tmp_path, "__init__ scan", "scan")])
    assert missing_kernels() == ()


def test_an_installation_without_sources_lacks_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synfin._kernels, "__path__", [folder_of(tmp_path, "", "scan follow")])
    assert missing_kernels() == ()
