"""Types of the compiled kernel `field`; see field.py for the contracts."""

NUMBERS: tuple[str, ...]
TEXTS: tuple[str, ...]
KEYS: tuple[str, ...]
FIELDS: tuple[str, ...]
VANTAGES: tuple[str, ...]
