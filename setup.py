"""Builds the kernels: pure-Python-mode Cython beside their sources, each optional (see pyproject.toml for the rest)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

FOLDER = Path("src/synfin/_kernels")
KERNELS = sorted(source.stem for source in FOLDER.glob("*.py") if source.stem != "__init__")


class OptionalKernels(build_ext):  # type: ignore[misc]  # setuptools leaves its base untyped
    """`build_ext` that ends well without a compiler, saying so once, and never leaves an older kernel in place."""

    extensions: list[Any]

    def run(self) -> None:
        if self.inplace:
            for stale in FOLDER.glob("*.so"):
                stale.unlink()
        self.missing: dict[str, str] = {}
        if os.environ.get("SYNFIN_NO_COMPILE") == "1":
            self.missing = dict.fromkeys(KERNELS, "SYNFIN_NO_COMPILE=1")
            self.extensions = []
        super().run()
        if self.missing:
            reason = next(iter(self.missing.values()))
            print(
                f"warning: synfin kernels not compiled: {', '.join(self.missing)} ({reason}); "
                "the readable Python core runs instead, slower. A compiler and Python's headers "
                "(Debian: gcc python3-dev) change that.",
                file=sys.stderr,
            )

    def build_extension(self, ext: Any) -> None:
        # The base class would warn for each extension; one warning for all is enough.
        try:
            ext.optional = False
            super().build_extension(ext)
        except Exception as error:
            self.missing[ext.name.rpartition(".")[2]] = str(error).splitlines()[0] if str(error) else repr(error)
            ext.optional = True

    def copy_extensions_to_source(self) -> None:
        self.extensions = [ext for ext in self.extensions if not ext.optional]
        super().copy_extensions_to_source()


def kernels() -> list[Any]:
    """The extensions of all kernels, as C where Cython is there to make it."""
    extensions = [
        Extension(
            f"synfin._kernels.{kernel}",
            [str(FOLDER / f"{kernel}.py")],
            optional=True,
            extra_compile_args=[] if sys.platform == "win32" else ["-O3"],
        )
        for kernel in KERNELS
    ]
    if os.environ.get("SYNFIN_NO_COMPILE") == "1":
        return extensions
    try:
        from Cython.Build import cythonize
    except ImportError:
        return extensions
    compiled: list[Any] = cythonize(  # type: ignore[no-untyped-call,unused-ignore]
        extensions,
        build_dir="build/cython",
        include_path=["src"],  # for `cimport synfin._kernels.…`
        force=True,  # C newer than the source but made by another Cython must not survive
        language_level=3,  # every other directive stands in the kernel that wants it
    )
    return compiled


setup(ext_modules=kernels(), cmdclass={"build_ext": OptionalKernels})
