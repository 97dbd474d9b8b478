"""The lab's server: a synfin.Server whose handlers do what the scenario says and tell the bench what they saw.

Run by the bench as a process of its own: python -m synfin.lab.server
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from synfin.errors import SynfinError
from synfin.lab import lifeline
from synfin.lab.control import hear, say
from synfin.lab.scenario import SERVER_EVENTS, Act, parse
from synfin.serve import Connection, Server

#: how long `wait_acknowledged` waits at most; loopback needs microseconds
MAX_WAIT_NS = 5_000_000_000


def main() -> int:
    """Serve until SIGTERM; the first line of input is the order."""
    lifeline.hold()
    order = hear()
    scenario = parse(order["name"], order["scenario"])
    server = Server(order["host"], order["port"], loop=order["loop"])
    for event in SERVER_EVENTS:
        server.on(event)(_handler(event, scenario.server))
    server.on("close")(_closed)
    try:
        server.run(started=lambda: say(ready=True))
    except SynfinError as error:
        say(failed=str(error), kind=type(error).__name__)
        return error.exit_code
    return 0


def _handler(event: str, handlers: Mapping[str, Sequence[Act]]) -> Callable[..., Coroutine[Any, Any, None] | None]:
    acts = handlers.get(event, ())

    def handle(connection: Connection, data: bytes = b"") -> Coroutine[Any, Any, None] | None:
        time_ns = time.time_ns()
        rest = _perform(connection, data, acts)
        _tell(time_ns, event, _detail(connection, event, data))
        return rest

    return handle


def _closed(connection: Connection) -> None:
    _tell(time.time_ns(), "close", {"how": connection.ended_by or "error", "by": connection.closed_by or ""})


def _perform(connection: Connection, data: bytes, acts: Sequence[Act]) -> Coroutine[Any, Any, None] | None:
    """Do the acts at once; from the first that has to wait on, what is left as a coroutine."""
    for number, act in enumerate(acts):
        if act.do == "wait_acknowledged":
            return _wait_and_go_on(connection, data, acts[number + 1 :])
        _act(connection, data, act)
    return None


async def _wait_and_go_on(connection: Connection, data: bytes, acts: Sequence[Act]) -> None:
    limit_ns = time.monotonic_ns() + MAX_WAIT_NS
    while connection.unacknowledged_bytes and time.monotonic_ns() < limit_ns:
        await asyncio.sleep(0.001)  # the kernel has no event for "all was acknowledged"
    rest = _perform(connection, data, acts)
    if rest is not None:
        await rest


def _act(connection: Connection, data: bytes, act: Act) -> None:
    if act.do == "send":
        connection.send(act.text)
    elif act.do == "reply":
        connection.send(act.text.encode() + data)
    elif act.do == "acknowledge_now":
        connection.acknowledge_now()
    elif act.do == "close":
        connection.close()
    elif act.do == "reset":
        connection.reset()


def _detail(connection: Connection, event: str, data: bytes) -> dict[str, Any]:
    if event == "connect":
        return {"peer": str(connection.peer)}
    return {"bytes": len(data), "data": repr(data)[2:-1]} if event == "receive" else {}


def _tell(time_ns: int, name: str, detail: dict[str, Any]) -> None:
    say(event={"time_ns": time_ns, "who": "server", "name": name, "detail": detail})


if __name__ == "__main__":
    sys.exit(main())
