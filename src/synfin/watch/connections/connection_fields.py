"""The fields of a connection record by name, as the tables and the options `--columns` and `--sort` take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synfin.watch.connections.record import Connection


def _side(name: str) -> tuple[tuple[str, str], ...]:
    kinds = (
        ("ip", "text"), ("port", "u16"), ("packets", "u64"), ("payload_bytes", "u64"), ("wire_bytes", "u64"),
        ("retransmissions", "u64"), ("state", "word"), ("states_seen", "texts"),
    )  # fmt: skip
    return tuple((f"{name}.{field}", kind) for field, kind in kinds)


#: every field in the order of the record, and its kind of column
KINDS = dict((
    ("conn", "u32"), ("stream", "u32"), ("start", "time"), ("start_ns", "i64"), ("duration_ns", "i64"),
    ("frames", "numbers"), *_side("client"), *_side("server"), ("role_guessed", "bool"), ("open", "word"),
    ("close", "word"), ("closed_by", "word"), ("handshake_rtt_ns", "i64"), ("handshake_legs_ns", "numbers"),
    ("completeness", "u8"), ("conn_state", "word"), ("history", "text"), ("vantage", "word"), ("findings", "texts"),
))  # fmt: skip

#: what the plain forms and `--sort` know: the fields, and the two endpoints whole
NAMES = ("conn", "client", "server", *(name for name in KINDS if name != "conn"))

#: fields of several numbers: the parts, as the kernel `render` calls them
PARTS = {"frames": ("first_frame", "last_frame"), "handshake_legs_ns": ("leg_0", "leg_1")}


def getter(name: str) -> Callable[[Connection], Any]:
    """From a record to the value of a field; a list is a tuple, unknown is None."""
    from operator import attrgetter

    from synfin.watch.connections.record import utc

    if name in ("client", "server"):
        return attrgetter(f"{name}.endpoint")
    if name == "start":
        return lambda one: utc(one.start_ns)
    for whole, parts in PARTS.items():
        if name in parts:
            return lambda one: getattr(one, whole)[parts.index(name)]
    return attrgetter(name)


def plain(value: object) -> str:
    """A value in the plain forms: empty where unknown, the parts of a list separated by semicolons."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(map(plain, value)) if isinstance(value, tuple) else str(value)
