"""Types of the compiled kernel `carrier`; see carrier.py for the contracts."""

SLOW_LINKS: tuple[int, ...]
SLOW_ETHERTYPES: tuple[int, ...]
SLOW_PROTOCOLS: tuple[int, ...]
SLOW_PORTS: tuple[int, ...]
