"""The kernel's states in RFC 9293's words: what its trace and its list of sockets say, put in order and in our terms.

The trace and the RFC differ (see docs/lab.md): a server's SYN-RECEIVED leaves no event before the last ACK, TIME-WAIT
never appears (the socket is replaced by a small entry, which the trace calls CLOSE), FIN-WAIT-2 is passed also where a
FIN that acknowledges ours leads on at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synfin.lab.trace import Endpoint, KernelEvent

NAMES = {
    "CLOSE": "CLOSED", "LISTEN": "LISTEN", "SYN_SENT": "SYN-SENT", "SYN_RECV": "SYN-RECEIVED",
    "NEW_SYN_RECV": "SYN-RECEIVED", "ESTABLISHED": "ESTABLISHED", "FIN_WAIT1": "FIN-WAIT-1", "FIN_WAIT2": "FIN-WAIT-2",
    "CLOSE_WAIT": "CLOSE-WAIT", "CLOSING": "CLOSING", "LAST_ACK": "LAST-ACK", "TIME_WAIT": "TIME-WAIT",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """The state of one end as the kernel listed it, between two times."""

    from_ns: int
    to_ns: int
    state: str  #: CLOSED where it had no socket, LISTEN where only the listener was there


def samples_of(
    samples: Sequence[Mapping[str, Any]], at: Sequence[str], own: int, peer: int, listens: bool
) -> list[Sample]:
    """What snapshots say of the end with these ports; `at` names the namespaces that it may be in."""
    found = []
    for entry in samples:
        if entry["at"] not in at:
            continue
        mine = [state for state, local, remote in entry["sockets"] if (local, remote) == (own, peer)]
        alone = listens and any(state == "LISTEN" and local == own for state, local, _ in entry["sockets"])
        state = NAMES[mine[0]] if mine else "LISTEN" if alone else "CLOSED"
        found.append(Sample(entry["from_ns"], entry["to_ns"], state))
    return found


def from_samples(samples: Sequence[Sample], listened: bool) -> list[str]:
    """The states of an end as far as snapshots show them; short ones between two snapshots are missing."""
    found = ["LISTEN" if listened else "CLOSED"]
    for sample in samples:
        state = sample.state
        if state in ("LISTEN", "CLOSED"):
            # beside a listener, or after it, an end that is no more
            state = found[0] if len(found) == 1 or (found[-1] == "SYN-RECEIVED" and listened) else "CLOSED"
        if state != found[-1]:
            found.append(state)
    return found


def from_trace(
    events: Sequence[KernelEvent], samples: Sequence[Sample], listened: bool, peer_fin_ns: int | None
) -> list[str]:
    """The states of an end by its own events; `samples` fill in what the trace does not say.

    `peer_fin_ns` is when the other FIN came in.
    """
    if not events:
        return from_samples(samples, listened)
    found = ["LISTEN" if listened else "CLOSED"]
    for event in events:
        state = NAMES.get(event.new, event.new)
        mini = event.old in ("FIN_WAIT2", "CLOSING") and event.new == "CLOSE"
        if mini:
            found += _after(event.time_ns, samples, peer_fin_ns, found[-1])
            continue
        if event.new == "FIN_WAIT2" and peer_fin_ns is not None and peer_fin_ns <= event.time_ns:
            continue  # FIN and the ACK of ours came as one: the RFC goes straight to TIME-WAIT
        if state != found[-1]:
            found.append(state)
    return [state for at, state in enumerate(found) if not at or state != found[at - 1]]


def _after(time_ns: int, samples: Sequence[Sample], peer_fin_ns: int | None, last: str) -> list[str]:
    """What becomes of an end whose socket was replaced: the list of sockets still shows the small entry."""
    found: list[str] = []
    if peer_fin_ns is not None and peer_fin_ns <= time_ns + 1000:
        found.append("TIME-WAIT")
    for sample in samples:
        if sample.from_ns <= time_ns:
            continue
        state = "CLOSED" if sample.state == "LISTEN" else sample.state
        if state == "CLOSED" and not found and last != "FIN-WAIT-2":
            found.append("TIME-WAIT")  # too short for a snapshot
        if state != (found[-1] if found else last):
            found.append(state)
    return found


#: state events by (end, client's port)
States = dict[tuple[str, int], list[KernelEvent]]
LISTENER = ("listener", 0)


def split(events: Sequence[KernelEvent], server: Endpoint) -> States:
    """State events by (end, client's port): `server` tells which end is which.

    The first event of a client may come before it has a port; it belongs to the next new one.
    """
    found: States = {}
    unnamed: list[KernelEvent] = []
    for event in events:
        if event.kind != "state":
            continue
        if "LISTEN" in (event.old, event.new) and event.peer[1] == 0:
            found.setdefault(LISTENER, []).append(event)
        elif event.own == server:
            found.setdefault(("server", event.peer[1]), []).append(event)
        elif not event.own[1]:
            unnamed.append(event)
        else:
            key = "client", event.own[1]
            if key not in found and event.new != "SYN_SENT" and unnamed:
                found[key] = [unnamed.pop(0)]
            found.setdefault(key, []).append(event)
    if unnamed:
        found.setdefault(("client", 0), []).extend(unnamed)
    return found
