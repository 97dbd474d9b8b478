"""`synfin completion`: a script for a shell."""

from __future__ import annotations

import argparse
import sys

from synfin.faces.completion import script


def run(asked: argparse.Namespace) -> int:
    """Print the script."""
    sys.stdout.write(script(asked.shell))
    return 0
