"""Words for input that cannot be read at all, and for input that stops being readable part way."""

from __future__ import annotations

from synfin.errors import UnreadableInput


class Damage(Exception):
    """Inside the readers: the capture cannot be read beyond `offset` of the (decompressed) input, and why."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what


def damage_warning(name: str, damage: Damage, packet: int, *, problem: str | None = None) -> str:
    """The one warning for a capture that ends badly: `packet` is the number of the packet that could not be read,
    `problem` what ails the bytes below the capture format (compression, the device)."""
    below = f" ({problem})" if problem else ""
    kept = "what stands before it is kept" if packet > 1 else "no packet could be read"
    return f"{name}: {damage.what} at offset {damage.offset}, in packet {packet}{below}; {kept}"


def source_warning(name: str, problem: str, packets: int) -> str:
    """The one warning for a capture whose packets are whole, but not the bytes around them."""
    return f"{name}: {problem}, after packet {packets}; what stands before it is kept"


def unreadable(name: str, offset: int, what: str, seen: bytes, advice: str) -> UnreadableInput:
    """The error for an input that is no capture: where, what was seen (as hex), and what to do about it."""
    shown = seen[:16].hex(" ") or "nothing"
    return UnreadableInput(f"{name}: {what} (offset {offset}: {shown}); {advice}")
