"""The bench: runs server, client and sniffer of one scenario as three processes, in a place of its own.

Run by `experiment` as a fresh process: python -m synfin.lab.bench; order in, result out, as JSON.
"""

from __future__ import annotations

import asyncio
import base64
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from synfin.capture.packet import Packet
from synfin.errors import SynfinError
from synfin.lab import lifeline
from synfin.lab.control import Message, decode, encode, hear, say
from synfin.lab.namespace import PlaceRefused, enter
from synfin.lab.scenario import Scenario, parse
from synfin.lab.signature import is_over
from synfin.wire.frame import dissect
from synfin.wire.tcp import Segment

#: nothing in a scenario takes longer, on the slowest machine
LIMIT_S = 30.0
#: once both programs are done and the connection is over: that long without a segment ends the capture
SETTLE_S = 0.02
#: the same where the segments seen do not complete the connection
QUIET_S = 1.0
_LINE_LIMIT = 1 << 20


class BenchFailed(SynfinError):
    """The experiment could not be run as the scenario says."""


class Bench:
    """What the three processes have told so far."""

    def __init__(self, order: Message, scenario: Scenario) -> None:
        self.order = order
        self.scenario = scenario
        self.packets: list[Message] = []
        self.segments: list[Segment] = []
        self.events: list[Message] = []
        self.ready: set[str] = set()
        self.ended: set[str] = set()
        self.drops: int | None = None
        self._input: dict[str, asyncio.StreamWriter] = {}
        self._awaited: list[str] = []
        self._failure: str | None = None
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def process(self, role: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Start `python -m synfin.lab.<role>`, give it the order and listen to it; it has ended at the exit."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"synfin.lab.{role}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_LIMIT,
        )
        assert process.stdin is not None and process.stdout is not None
        self._input[role] = process.stdin
        self.tell(role, self.order)
        listener = asyncio.create_task(self._listen(role, process.stdout))
        try:
            yield process
        finally:
            if role not in self.ended:
                with suppress(ProcessLookupError):
                    process.terminate()
            await process.wait()
            await listener

    def tell(self, role: str, message: Message) -> None:
        self._input[role].write(encode(message))

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for what the processes tell; raises BenchFailed when one fails or LIMIT_S pass."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while True:
                    if self._failure is not None:
                        raise BenchFailed(self._failure)
                    if condition():
                        return
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise BenchFailed(f"{self.scenario.name}: waited {LIMIT_S:g} s for {what}") from None

    async def until_quiet(self) -> None:
        """Wait until no more segments come: shortly when the connection is over, longer when it does not look so."""
        while True:
            seen = len(self.packets)
            try:
                async with asyncio.timeout(SETTLE_S if is_over(self.segments) else QUIET_S):
                    while len(self.packets) == seen:
                        self._changed.clear()
                        await self._changed.wait()
            except TimeoutError:
                return

    def server_saw(self, name: str) -> bool:
        return any(event["who"] == "server" and event["name"] == name for event in self.events)

    async def _listen(self, role: str, output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            self._heard(role, decode(line))
            self._changed.set()
        self.ended.add(role)
        self._changed.set()

    def _heard(self, role: str, message: Message) -> None:
        if "ready" in message:
            self.ready.add(role)
        elif "packet" in message:
            self._captured(message["packet"])
        elif "event" in message:
            self.events.append(message["event"])
        elif "awaits" in message:
            self._awaited.append(message["awaits"])
        elif "drops" in message:
            self.drops = int(message["drops"])
        elif "failed" in message:
            self._failure = f"{role}: {message['failed']}"
        for name in [name for name in self._awaited if self.server_saw(name)]:
            self._awaited.remove(name)
            self.tell("client", {"happened": name})

    def _captured(self, packet: Message) -> None:
        self.packets.append(packet)
        data = base64.b64decode(packet["data"])
        whole = Packet(len(self.packets), packet["time_ns"], packet["link_type"], data, packet["wire_len"])
        segment = dissect(whole).segment
        if segment is not None:
            self.segments.append(segment)


async def perform(bench: Bench) -> Message:
    """Run the experiment: sniffer and server stand ready before the client goes."""
    roles = {"sniffer", "client"} | ({"server"} if bench.scenario.listens else set())
    async with bench.process("sniffer") as sniffer:
        async with _server(bench):
            async with bench.process("client"):
                await bench.until(lambda: bench.ready == roles or bool(bench.ended), "the three processes to be ready")
                if bench.ended:
                    raise BenchFailed(f"the {min(bench.ended)} ended before the experiment began")
                bench.tell("client", {"go": True})
                await bench.until(lambda: "client" in bench.ended, "the client to finish")
            if bench.scenario.listens:
                await bench.until(lambda: bench.server_saw("close"), "the server to see the connection close")
            await bench.until_quiet()
        sniffer.send_signal(signal.SIGTERM)
        await bench.until(lambda: "sniffer" in bench.ended, "the sniffer to finish")
    if bench.drops is None:
        raise BenchFailed("the sniffer ended without telling how many packets it lost")
    return {"packets": bench.packets, "events": bench.events, "drops": bench.drops}


@asynccontextmanager
async def _server(bench: Bench) -> AsyncIterator[None]:
    if not bench.scenario.listens:
        yield
        return
    async with bench.process("server"):
        yield


def main() -> int:
    """Enter the place, run, tell the result: `result`, `refused` (the place) or `failed`."""
    lifeline.hold()
    order = hear()
    try:
        enter(order["place"])
        lifeline.hold()
        if order.get("only_try"):
            say(entered=True)
            return 0
        result: dict[str, Any] = asyncio.run(perform(Bench(order, parse(order["name"], order["scenario"]))))
    except PlaceRefused as refusal:
        say(refused={"operation": refusal.operation, "reason": refusal.reason})
        return refusal.exit_code
    except SynfinError as error:
        say(failed=str(error))
        return error.exit_code
    say(result=result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
