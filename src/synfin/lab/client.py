"""The lab's client: a synfin.Client that does what the scenario says.

Run by the bench as a process of its own: python -m synfin.lab.client
"""

from __future__ import annotations

import sys
import time
from typing import Any

from synfin.errors import ConnectionReset, Refused, SynfinError
from synfin.lab import lifeline
from synfin.lab.control import hear, say
from synfin.lab.scenario import Act, parse
from synfin.serve import Client

MAX_WAIT_NS = 5_000_000_000


def main() -> int:
    """Wait for the order and the word to go, act, exit; how the acts end is an event, no failure."""
    lifeline.hold()
    order = hear()
    acts = parse(order["name"], order["scenario"]).client
    client = Client(timeout_s=10)
    say(ready=True)
    if not hear():
        return 1
    try:
        for act in acts:
            _perform(client, act, (order["host"], order["port"]))
    except Refused:
        _tell("refused", {"peer": f"{order['host']}:{order['port']}"})
    except ConnectionReset:
        _tell("reset_by_peer", {})
    except SynfinError as error:
        _tell("failed", {"error": str(error)})
    finally:
        client.close()
    return 0


def _perform(client: Client, act: Act, target: tuple[str, int]) -> None:
    if act.do == "await":
        say(awaits=act.text)
        hear()
        return
    if act.do == "wait_acknowledged":
        _wait_acknowledged(client)
        return
    time_ns = time.time_ns()
    detail = _do(client, act, target)
    _tell(act.do, detail, time_ns)


def _do(client: Client, act: Act, target: tuple[str, int]) -> dict[str, Any]:
    if act.do == "connect":
        client.connect(*target)
        return {"peer": str(client.peer)}
    if act.do == "send":
        client.send(act.text)
        return {"bytes": len(act.text.encode()), "data": repr(act.text.encode())[2:-1]}
    if act.do == "read_to_end":
        data = client.recv_to_end()
        return {"bytes": len(data), "data": repr(data)[2:-1]}
    if act.do == "shutdown":
        client.shutdown()
    elif act.do == "close":
        client.close()
    elif act.do == "reset":
        client.reset()
    return {}


def _wait_acknowledged(client: Client) -> None:
    limit_ns = time.monotonic_ns() + MAX_WAIT_NS
    while client.unacknowledged_bytes and time.monotonic_ns() < limit_ns:
        time.sleep(0.0005)  # the kernel has no event for "all was acknowledged"


def _tell(name: str, detail: dict[str, Any], time_ns: int | None = None) -> None:
    stamp = time.time_ns() if time_ns is None else time_ns
    say(event={"time_ns": stamp, "who": "client", "name": name, "detail": detail})


if __name__ == "__main__":
    sys.exit(main())
