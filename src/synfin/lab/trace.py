"""The kernel's trace read: lines of tracefs become events on the packets' clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LINE = re.compile(r"\s(\d+)\.(\d{6}): (\w+): (.*)$")
_FIELD = re.compile(r"(\w+)=(\S+)")

Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class KernelEvent:
    """One event of the trace: `own` is the end that it happened to, as the kernel saw it."""

    time_ns: int
    kind: str  #: state, reset-sent, reset-received, retransmission
    own: Endpoint
    peer: Endpoint
    old: str = ""  #: of a state: the kernel's names without TCP_
    new: str = ""
    reason: str = ""  #: of a reset that was sent


def read_trace(lines: Iterable[str], tai_offset_ns: int) -> Iterator[KernelEvent]:
    """The events of these lines, in order; lines that are something else are passed over."""
    for line in lines:
        found = _LINE.search(line)
        if found is None:
            continue
        seconds, micros, name, rest = found.groups()
        time_ns = int(seconds) * 1_000_000_000 + int(micros) * 1000 - tai_offset_ns
        fields = dict(_FIELD.findall(rest))
        event = _event(time_ns, name, fields)
        if event is not None:
            yield event


def _event(time_ns: int, name: str, fields: dict[str, str]) -> KernelEvent | None:
    if name == "tcp_send_reset":
        own, peer = _endpoint(fields.get("src", "")), _endpoint(fields.get("dest", ""))
        return KernelEvent(time_ns, "reset-sent", own, peer, fields.get("state", ""), reason=fields.get("reason", ""))
    kinds = {
        "inet_sock_set_state": "state",
        "tcp_receive_reset": "reset-received",
        "tcp_retransmit_skb": "retransmission",
    }
    if name not in kinds or "saddr" not in fields:
        return None
    own = fields["saddr"], int(fields["sport"])
    peer = fields["daddr"], int(fields["dport"])
    old, new = (fields.get(key, "").removeprefix("TCP_") for key in ("oldstate", "newstate"))
    return KernelEvent(time_ns, kinds[name], own, peer, old, new)


def _endpoint(text: str) -> Endpoint:
    """`10.0.0.1:80`."""
    address, _, port = text.rpartition(":")
    return address, int(port) if port.isdigit() else 0
