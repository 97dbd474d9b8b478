"""The field table as a whole: every field by its name. Tables load on first use, so that starting stays cheap."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from synfin.errors import UsageError

if TYPE_CHECKING:
    from synfin.dissect.field import Field

#: The first component of a name tells its tables.
TABLES: dict[str, tuple[str, ...]] = {
    "frame": ("fields_frame",), "synfin": ("fields_frame",), "conn": ("fields_frame",),
    "erf": ("fields_erf",), "eth": ("fields_link",), "llc": ("fields_link",), "vlan": ("fields_link",),
    "mpls": ("fields_link", "fields_channel"), "pwach": ("fields_channel",), "mcc": ("fields_channel",),
    "sll": ("fields_sll", "fields_link"), "null": ("fields_link",), "mausb": ("fields_link",),
    "data": ("fields_data",),
    "ip": ("fields_ip",), "ipv6": ("fields_ipv6", "fields_ipv6_options"),
    "_ws": ("fields_tcp",),
    "tcp": ("fields_tcp", "fields_tcp_options", "fields_segments"), "mptcp": ("fields_tcp_options", "fields_tcp"),
    "udp": ("fields_udp",), "udplite": ("fields_udp",),
    "icmp": ("fields_icmp",), "arp": ("fields_icmp",),
    "icmpv6": ("fields_icmpv6", "fields_icmpv6_neighbour", "fields_icmpv6_messages", "fields_icmpv6_rpl"),
    "ah": ("fields_ipv6",), "http": ("fields_http",),
    "gre": ("fields_tunnel",), "erspan": ("fields_tunnel",), "vxlan": ("fields_tunnel",),
    "geneve": ("fields_tunnel",), "gtp": ("fields_tunnel",), "l2tp": ("fields_tunnel", "fields_l2tp"),
    "pppoe": ("fields_pppoe",), "pppoes": ("fields_pppoe",), "pppoed": ("fields_pppoe",), "ppp": ("fields_ppp",),
    **dict.fromkeys(("lcp", "ipcp", "osinlcp", "bcp_ncp", "ipv6cp", "pppmuxcp", "ccp", "cdpcp", "mplscp", "cbcp",
                     "bacp"), ("fields_ppp",)),

    "teredo": ("fields_tunnel",), "nsh": ("fields_tunnel",), "etherip": ("fields_tunnel",),
    "ipcomp": ("fields_tunnel",), "chdlc": ("fields_tunnel",),
    "ieee8021ad": ("fields_bridge", "fields_link"), "ieee8021ah": ("fields_bridge", "fields_link"),
}  # fmt: skip


@cache
def table(name: str) -> dict[str, Field]:
    """One table, in the order in which the packet tree shows it."""
    module = import_module(f"synfin.dissect.{name}")
    return {field.name: field for field in module.FIELDS}


def find(name: str) -> Field | None:
    """The field of that name, None where there is none."""
    for part in TABLES.get(name.partition(".")[0], ()):
        found = table(part).get(name)
        if found is not None:
            return found
    return None


def lookup(name: str) -> Field:
    """The field of that name; UsageError with the nearest names where there is none."""
    found = find(name)
    if found is None:
        near = nearest(name)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f"there is no field {name!r}{hint}")
    return found


def all_fields() -> dict[str, Field]:
    """Every field of every table by name."""
    parts = dict.fromkeys(part for parts in TABLES.values() for part in parts)
    return {name: field for part in parts for name, field in table(part).items()}


def nearest(name: str, count: int = 2) -> list[str]:
    """The names that look most like `name`, best first, at most `count`."""
    from difflib import get_close_matches

    return get_close_matches(name[:80], list(all_fields()), count, 0.6)
