"""How many of tshark's fields there are of each protocol that is read; the others stand, with reasons, in a table.

Exit 1 where a field is neither here nor in fields_left_out.tsv, or where a line of that table says nothing any more.
"""

from __future__ import annotations

import csv
import fnmatch
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from synfin.dissect import fields

TABLE = Path(__file__).with_name("fields_left_out.tsv")
PROTOCOLS = (
    "frame", "eth", "llc", "vlan", "sll", "null", "arp", "ip", "ipv6", "ipv6.hopopts", "ipv6.dstopts", "ipv6.routing",
    "ipv6.fraghdr", "icmp", "icmpv6", "tcp", "mptcp", "udp", "data", "http", "vxlan", "gre", "erspan", "geneve", "gtp",
    "l2tp", "pppoe", "ppp", "ah", "teredo", "mpls", "nsh", "etherip", "ipcomp", "ieee8021ah", "ieee8021ad", "chdlc",
)  # fmt: skip


@dataclass(slots=True)
class Coverage:
    """Of one protocol."""

    known: int = 0  #: fields that tshark has
    here: int = 0
    reasons: Counter[str] = field(default_factory=Counter)  #: why the others are left out
    unexplained: list[str] = field(default_factory=list)


def coverage() -> tuple[dict[str, Coverage], list[str]]:
    """By protocol, and the patterns of the table that no field needs."""
    with TABLE.open(encoding="utf-8") as file:
        left_out = [(row["name"], row["reason"]) for row in csv.DictReader(file, delimiter="\t")]
    ours, found, used = fields.all_fields(), {name: Coverage() for name in PROTOCOLS}, set()
    text = subprocess.run(["tshark", "-G", "fields"], capture_output=True, check=True).stdout.decode("utf-8", "replace")
    for line in text.splitlines():
        kind, _, name, *rest = line.split("\t")
        if kind != "F" or rest[1] not in found:
            continue
        of = found[rest[1]]
        of.known += 1
        if name in ours:
            of.here += 1
            continue
        pattern, reason = next(((p, r) for p, r in left_out if fnmatch.fnmatchcase(name, p)), ("", ""))
        used.add(pattern)
        if reason:
            of.reasons[reason] += 1
        else:
            of.unexplained.append(name)
    return found, [pattern for pattern, _ in left_out if pattern not in used]


def main() -> int:
    found, unused = coverage()
    print(f"{'protocol':<14}{'tshark':>8}{'here':>8}{'left out':>10}")
    for name, of in found.items():
        print(f"{name:<14}{of.known:>8}{of.here:>8}{of.known - of.here:>10}")
        for reason, count in of.reasons.most_common():
            print(f"{'':<32}{count:>8}  {reason}")
    total, here = sum(of.known for of in found.values()), sum(of.here for of in found.values())
    print(f"{'all':<14}{total:>8}{here:>8}{total - here:>10}")
    unexplained = [name for of in found.values() for name in of.unexplained]
    for name in unexplained:
        print(f"neither here nor left out: {name}", file=sys.stderr)
    for pattern in unused:
        print(f"nothing is left out by {pattern} any more", file=sys.stderr)
    return 1 if unexplained or unused else 0


if __name__ == "__main__":
    sys.exit(main())
