"""The short texts beside an arrow: flags, numbers with their derivation, a look at the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.explain.escape import payload_preview
from synfin.explain.quantity import Language
from synfin.explain.words import text
from synfin.wire.tcp import FIN, RST, SYN

if TYPE_CHECKING:
    from synfin.watch.connections.record import Derivation, Step


def derived(derivation: Derivation) -> str:
    """`Ack = X + 1 = 1`: the formula with its value, once."""
    formula = derivation.formula
    value = str(derivation.value)
    return formula if formula.rpartition("=")[2].strip() == value else f"{formula} = {value}"


def short(derivation: Derivation) -> str:
    """`X = 0` where a letter gets its value, else the formula alone: `Ack = X + 1`."""
    if derivation.formula in {"Seq = X", "Seq = Y", "Ack = Z"}:
        return f"{derivation.formula[-1]} = {derivation.value}"
    return derivation.formula


def numbers(step: Step, lang: Language, preview: int = 18) -> str:
    """`Seq = Y = 0 · Ack = X + 1 = 1`: the numbers that say something, and the beginning of the data."""
    segment = step.segment
    parts = [part for part in (_number("Seq", step.seq, step), _number("Ack", step.ack, step)) if part]
    if not segment.flags & (SYN | FIN | RST) and not segment.length and len(parts) > 1:
        parts = parts[1:]  # a pure acknowledgment: its Seq says nothing new
    if segment.length:
        data = payload_preview(segment.payload, preview) if preview and segment.payload else ""
        shown = f' "{data}"' if data.strip("…") else ""
        size = text("ladder.bytes", lang, bytes=segment.length) + shown
        parts = [*parts[:1], size]
    return " · ".join(parts)


def _number(name: str, value: int | None, step: Step) -> str:
    if value is None:
        return ""
    found = next((d for d in step.derivations if d.holds and d.formula.startswith(f"{name} =")), None)
    return derived(found) if found else f"{name} = {value}"


def brief(step: Step, *, short: bool = False) -> str:
    """`Seq=1 Ack=1 Len=14`, as one line of a terminal holds it; `short`: what says least is left out."""
    length = step.segment.length
    parts = [] if short and step.ack is not None and not length else [f"Seq={step.seq}"]
    if step.ack is not None and not (short and length):
        parts.append(f"Ack={step.ack}")
    if length:
        parts.append(f"Len={length}")
    return " ".join(parts)
