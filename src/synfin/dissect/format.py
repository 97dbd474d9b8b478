"""`-T fields`: values as tshark 4.0 prints them, and rows of columns with its separators, quotes and occurrences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from synfin.dissect.field import PSEUDO, whole_frame
from synfin.dissect.fields import lookup
from synfin.dissect.values import MPTCP_SUBTYPE
from synfin.errors import UsageError

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.dissect.field import Field
    from synfin.wire.frame import Frame

_NAMED = {"/t": "\t", "/s": " "}
_QUOTES = {"d": '"', "s": "'", "n": ""}


class Layout(NamedTuple):
    """The -E options of tshark."""

    separator: str = "\t"
    occurrence: str = "a"  #: a all, f first, l last
    aggregator: str = ","
    header: bool = False
    quote: str = ""
    bom: bool = False


def layout(options: Sequence[str]) -> Layout:
    """The layout that -E options such as `header=y` and `separator=/t` ask for."""
    found: dict[str, Any] = {}
    for option in options:
        key, _, value = option.partition("=")
        found[key] = _option(key, value)
    found.pop("escape", None)  # it is always so
    return Layout(**found)


def _option(key: str, value: str) -> Any:
    if key in ("header", "bom") and value in ("y", "n"):
        return value == "y"
    if key == "occurrence" and value in ("a", "f", "l"):
        return value
    if key == "quote" and value in _QUOTES:
        return _QUOTES[value]
    if key in ("separator", "aggregator") and (value in _NAMED or len(value) == 1):
        return _NAMED.get(value, value)
    if key == "escape" and value == "y":
        return True
    if key == "escape" and value == "n":
        raise UsageError("-E escape=n is not taken: nothing of a packet is printed raw")
    raise UsageError(
        f"-E {key}={value} is not understood; use header=y|n, separator=/t|/s|C, occurrence=f|l|a, "
        "aggregator=,|/s|C, quote=d|s|n or bom=y|n"
    )


def header(fields: Sequence[Field], style: Layout) -> str:
    """The line of names."""
    return ("\ufeff" if style.bom else "") + style.separator.join(field.name for field in fields)


def row(fields: Sequence[Field], frame: Frame, facts: Facts | None, style: Layout) -> str:
    """One packet's line."""
    return style.separator.join(cell(field, frame, facts, style) for field in fields)


def cell(field: Field, frame: Frame, facts: Facts | None, style: Layout) -> str:
    """All shown values of one field in one packet; empty, without quotes, where it has none."""
    texts = texts_of(field, frame, facts)
    if not texts:
        return ""
    if style.occurrence == "f":
        texts = texts[:1]
    elif style.occurrence == "l":
        texts = texts[-1:]
    inside = style.aggregator.join(texts)
    return f"{style.quote}{inside}{style.quote}"


def texts_of(field: Field, frame: Frame, facts: Facts | None) -> list[str]:
    """Every value of a field as text; a protocol is shown by its title line, plain data by their bytes."""
    if field.name == "mptcp":
        return [_multipath(value) for value in field.load(frame, facts)]
    if field.name == "data":  # tshark shows its bytes
        field = lookup("data.data")
    if field.kind == "protocol":
        from synfin.dissect.titles import lines

        if field.layer in PSEUDO:
            found = whole_frame(frame)
            return lines(field.name, frame, found, facts) if any(field.loader(frame, found, facts)) else []
        layers = field_layers(field, frame)
        return [line for layer in layers for line in lines(field.name, frame, layer, facts)]
    return [field.show(spot.value, spot.length) for spot in field.spots(frame, facts)]


def _multipath(option: bytes) -> str:
    subtype = MPTCP_SUBTYPE.get(option[2] >> 4, "") if len(option) > 2 else ""
    return f"Multipath Transmission Control Protocol: {subtype}"


def field_layers(field: Field, frame: Frame) -> list[Any]:
    """The layers that a protocol field stands for."""
    return [layer for layer in frame.layers if layer.name in field.layers and any(field.loader(frame, layer, None))]
