"""Runs a piece of Python in a private user and network namespace of its own, as root of it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

import needs

_ENTER = """
import json, os, sys
from synfin.lab.namespace import enter
enter("user")
"""


def run(script: str, *arguments: str) -> Any:
    """What `script` assigned to `result`, as JSON carries it; it finds `arguments` in sys.argv[1:]."""
    needs.have("namespaces")
    code = f"{_ENTER}{textwrap.dedent(script)}\nsys.stderr.flush()\nprint(json.dumps(result))\n"
    answer = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])
