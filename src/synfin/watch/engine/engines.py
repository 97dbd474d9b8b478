"""The engine that this machine allows: compiled kernels, or the readable core without them."""

from __future__ import annotations

import os
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES

from synfin.watch.engine.engine import KEEP_ALL, Engine, Limits


def compiled() -> bool:
    """Whether the compiled kernels are there (and wanted: SYNFIN_READABLE=1 in the environment declines them)."""
    if os.environ.get("SYNFIN_READABLE") == "1" or missing_kernels():
        return False
    try:
        import synfin._kernels.follow
        import synfin._kernels.scan  # noqa: F401
    except ImportError:
        return False
    return True


@cache
def missing_kernels() -> tuple[str, ...]:
    """The kernels that are not compiled beside their sources: with one missing, none is used."""
    import synfin._kernels

    found = {entry for folder in synfin._kernels.__path__ for entry in os.listdir(folder)}
    sources = {name.removesuffix(".py") for name in found if name.endswith(".py")} - {"__init__"}
    built = {name.partition(".")[0] for name in found if name.endswith(tuple(EXTENSION_SUFFIXES))}
    return tuple(sorted(sources - built))


def engine(*, records_only: bool = False, limits: Limits = KEEP_ALL, jobs: int = 1, findings: bool = False) -> Engine:
    """A fresh engine, compiled where possible.

    One for records alone is not asked for facts of packets (`see`). The readable one keeps all, whatever the limits.
    Records alone may be followed by several `jobs`, each on a core: they are the same. With `findings` a compiled one
    notices what is unusual, so that records have findings.
    """
    if compiled() and records_only and jobs > 1:
        from synfin.watch.engine.shards import ShardedEngine

        return ShardedEngine(jobs, limits, findings)
    if compiled():
        from synfin.watch.engine.compiled import CompiledEngine

        return CompiledEngine(records_only=records_only, limits=limits, findings=findings)
    from synfin.watch.engine.readable import ReadableEngine

    return ReadableEngine()
