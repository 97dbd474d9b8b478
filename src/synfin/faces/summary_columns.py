"""`-e _ws.col.Info` and its like: the columns of the summary line as cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from synfin.dissect.context import Facts
from synfin.dissect.field import Field
from synfin.dissect.load import Spot
from synfin.dissect.summary import summarize
from synfin.faces.packet_times import time_text
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer

PREFIX = "_ws.col."
_Teller = Callable[[Frame, Facts], str]
_COLUMNS: Mapping[str, _Teller] = {
    "No.": lambda frame, facts: str(frame.packet.number),
    "Source": lambda frame, facts: summarize(frame, facts).src,
    "Destination": lambda frame, facts: summarize(frame, facts).dst,
    "Protocol": lambda frame, facts: summarize(frame, facts).protocol,
    "Length": lambda frame, facts: str(frame.packet.wire_len),
    "Info": lambda frame, facts: summarize(frame, facts).info,
}
NAMES = tuple(f"{PREFIX}{name}" for name in ("No.", "Time", *list(_COLUMNS)[1:]))


def column(name: str, times: str) -> Field | None:
    """The column of that name, written as Wireshark 4.0 or in small letters; `times` as -t has them."""
    found = next((one for one in NAMES if one.lower() == name.lower()), None)
    if found is None:
        return None
    short = found.removeprefix(PREFIX)
    tell = _COLUMNS.get(short)

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        known = facts or Facts()
        text = time_text(times, frame, known) if tell is None else tell(frame, known)
        return (Spot(text),) if text else ()

    return Field(name, "str", ("frame",), load, short, short)
