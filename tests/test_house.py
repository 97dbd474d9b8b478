"""The project's own promises about how it is built: pins agree, nothing names a download host."""

from __future__ import annotations

import re
import tomllib

import needs

PIN = re.compile(r"([A-Za-z0-9._-]+)==([0-9][A-Za-z0-9.]*)")


def _constraints() -> dict[str, str]:
    lines = (line.partition("#")[0].strip() for line in (needs.ROOT / "constraints.txt").read_text().splitlines())
    pins = {}
    for line in filter(None, lines):
        match = PIN.fullmatch(line)
        assert match, f"not an exact version: {line}"
        pins[_normal(match[1])] = match[2]
    return pins


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _project() -> dict[str, dict[str, object]]:
    return tomllib.loads((needs.ROOT / "pyproject.toml").read_text())


def test_build_requirements_are_pinned_as_in_the_constraints() -> None:
    pins = _constraints()
    requires = _project()["build-system"]["requires"]
    assert isinstance(requires, list)
    for requirement in requires:
        match = PIN.fullmatch(requirement)
        assert match, f"not an exact version: {requirement}"
        assert pins[_normal(match[1])] == match[2]


def test_every_dependency_has_a_pin() -> None:
    project = _project()["project"]
    optional = project["optional-dependencies"]
    assert isinstance(optional, dict) and isinstance(project["dependencies"], list)
    wanted = [*project["dependencies"], *(name for names in optional.values() for name in names)]
    names = {_normal(re.split(r"[^A-Za-z0-9._-]", requirement)[0]) for requirement in wanted}
    assert names - _constraints().keys() == set()


def test_pins_name_no_host() -> None:
    assert "://" not in (needs.ROOT / "constraints.txt").read_text()


def test_cache_keys_cover_the_kernels() -> None:
    uv = _project()["tool"]["uv"]
    assert isinstance(uv, dict)
    patterns = [key["file"] for key in uv["cache-keys"] if "file" in key]
    covered = {path for pattern in patterns for path in needs.ROOT.glob(pattern)}
    kernels = needs.ROOT / "src" / "synfin" / "_kernels"
    assert {*kernels.glob("*.py"), *kernels.glob("*.pxd")} <= covered


def test_the_kernels_are_compiled_here() -> None:
    needs.have("kernels")
