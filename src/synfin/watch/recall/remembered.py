"""Which fields need a memory between packets."""

from __future__ import annotations

#: Beginnings of the names of fields that need it.
FIELDS = (
    "ip.fragment", "ip.reassembled", "ipv6.fragment", "ipv6.reassembled", "icmp.resp", "icmp.no_resp", "icmpv6.resp",
    "icmpv6.no_resp", "arp.duplicate-address", "arp.seconds-since-duplicate", "mptcp.",
)  # fmt: skip


def remembered(name: str) -> bool:
    """Whether a field needs a memory."""
    return name.startswith(FIELDS)
