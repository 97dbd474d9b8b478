"""Types of the compiled kernel `signs`; see signs.py for the contracts."""

LIMITS: tuple[str, ...]
SIGNS: tuple[str, ...]
