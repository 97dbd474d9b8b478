"""Runs one scenario of the bench in namespaces of its own: order in, result out, as JSON.

A fresh process, for only one without threads may change its user namespace: python -m synfin.lab.rig.perform
"""

from __future__ import annotations

import base64
import os
import sys
from typing import Any

from synfin.errors import SynfinError
from synfin.lab import lifeline
from synfin.lab.control import Message, hear, say
from synfin.lab.namespace import PlaceRefused, enter
from synfin.lab.rig import witness
from synfin.lab.rig.ground import settle
from synfin.lab.rig.line import Line
from synfin.lab.rig.stand import Stand
from synfin.lab.script import Script, parse_script


def main() -> int:
    """Enter the place, run, tell the result: `result`, `refused` (the place) or `failed`."""
    lifeline.hold()
    order = hear()
    if order.get("only_try"):
        return _try(order["place"])
    script = parse_script(order["name"], order["script"])
    watching: tuple[Line, int] | None = None
    no_trace = ""
    if order.get("observe"):
        try:
            watching = witness.start(order["port"])
        except witness.NoTrace as refused:
            no_trace = str(refused)
    trace: list[str] = []
    try:
        enter(order["place"])
        lifeline.hold()
        result = _run(script, order, watching, trace)
    except PlaceRefused as refusal:
        say(refused={"operation": refusal.operation, "reason": refusal.reason})
        return refusal.exit_code
    except SynfinError as error:
        say(failed=str(error))
        return error.exit_code
    finally:
        if watching is not None and not trace:
            witness.stop(*watching)
    say(result={**result, "trace": trace if watching is not None else None, "no_trace": no_trace})
    return 0


def _try(place: str) -> int:
    """Make one end of the wire, and nothing else."""
    try:
        enter(place)
        settle("client", "10.0.0.1", 1500, {}, ()).diag.sockets()
    except PlaceRefused as refusal:
        say(refused={"operation": refusal.operation, "reason": refusal.reason})
        return refusal.exit_code
    except (SynfinError, OSError) as error:
        say(failed=str(error))
        return 1
    say(entered=True)
    return 0


def _run(script: Script, order: Message, watching: tuple[Line, int] | None, trace: list[str]) -> dict[str, Any]:
    stand = Stand(script, order["addresses"], order["port"], bool(order.get("observe")))
    stand.furnish()
    try:
        stand.run()
        drops = {ground.name: ground.sniffer.statistics().dropped for ground in stand.grounds.values()}
        if watching is not None:
            # before the programs are ended: what their end does to their sockets is not part of the scenario
            trace += witness.stop(*watching) or [""]
    finally:
        stand.clear_up()
    return _result(stand, drops)


def _result(stand: Stand, drops: dict[str, int]) -> dict[str, Any]:
    wire = stand.wire
    return {
        "captures": {
            name: [[time_ns, link, base64.b64encode(data).decode()] for time_ns, data, link in packets]
            for name, packets in stand.packets.items()
        },
        "drops": drops,
        "events": stand.events,
        "samples": stand.samples,
        "late_ns": stand.late_ns,
        "deaths": stand.deaths,
        "fired": wire.fired if wire else {},
        "forged": [name for _, name in wire.forged] if wire else [],
        "lost": [name for _, name, _ in wire.lost] if wire else [],
        "tai_offset_ns": witness.tai_offset_ns(),
    }


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
