"""The picture of a TCP header: every field at its bits, with the values of one packet (RFC 9293 section 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from synfin.dissect.values import MPTCP_SUBTYPE
from synfin.explain.quantity import Language
from synfin.explain.words import has, text
from synfin.wire import tcp

if TYPE_CHECKING:
    from synfin.watch.connections.record import Step

#: the control bits from the left, with their position in the row and their mask
FLAGS: tuple[tuple[str, int], ...] = (
    ("AE", tcp.AE), ("CWR", tcp.CWR), ("ECE", tcp.ECE), ("URG", tcp.URG), ("ACK", tcp.ACK),
    ("PSH", tcp.PSH), ("RST", tcp.RST), ("SYN", tcp.SYN), ("FIN", tcp.FIN),
)  # fmt: skip

_FIRST_FLAG_BIT = 7
_NAMING_ORDER = ("SYN", "FIN", "RST", "PSH", "URG", "ACK", "ECE", "CWR", "AE")
#: fields of the fixed part: name, row, first bit, bits
_FIXED = (
    ("srcport", 0, 0, 16), ("dstport", 0, 16, 16), ("seq", 1, 0, 32), ("ack", 2, 0, 32), ("offset", 3, 0, 4),
    ("reserved", 3, 4, 3), ("flags", 3, 7, 9), ("window", 3, 16, 16), ("checksum", 4, 0, 16), ("urgent", 4, 16, 16),
)  # fmt: skip
_SACK_PERMITTED, _SACK, _TIMESTAMPS, _SCALE, _MSS, _FAST_OPEN = 4, 5, 8, 3, 2, 34
_MULTIPATH, _NAMED_ONLY = 30, (19, 28, 29, 69, 172, 174)


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of the drawing."""

    name: str  #: `header.<name>` is its title; a flag's cell is named by the flag
    row: int
    bit: int  #: first bit in the row, 0 to 31
    bits: int  #: width; the options take whole rows
    value: str
    offset: int  #: of its first byte in the TCP header
    length: int  #: bytes it touches
    on: bool = False  #: a flag that is set


def flag_names(flags: int) -> list[str]:
    """The control bits that are set, SYN and FIN first, as people say them: SYN, ACK."""
    masks = dict(FLAGS)
    return [name for name in _NAMING_ORDER if flags & masks[name]]


def segment_name(flags: int) -> str:
    """`SYN, ACK`; a segment without any flag is `none`."""
    return ", ".join(flag_names(flags)) or "none"


def header_cells(header: bytes, lang: Language, step: Step | None = None, partial_checksum: bool = False) -> list[Cell]:
    """The cells for the captured bytes of a header; relative numbers and letters come from `step` where it is known."""
    cells: list[Cell] = []
    for name, row, bit, bits in _FIXED:
        offset, length = row * 4 + bit // 8, max((bit % 8 + bits + 7) // 8, 1)
        whole = offset + length <= len(header)
        if name == "flags":
            cells += _flag_cells(header, whole)
            continue
        number = _bits(header, row * 32 + bit, bits)
        value = _value(name, number, lang, step, partial_checksum) if whole else text("header.truncated", lang)
        cells.append(Cell(name, row, bit, bits, value, offset, length))
    options = header[tcp.MIN_HEADER_LEN :]
    if options:
        value = " · ".join(option_texts(options, lang)) or options[:16].hex(" ")
        cells.append(Cell("options", 5, 0, 32, value, tcp.MIN_HEADER_LEN, len(options)))
    return cells


def option_texts(raw: bytes, lang: Language) -> Iterator[str]:
    """Each option that says something, in words; padding is left out."""
    for option in tcp.options(raw):
        if option.kind > 1:
            yield _option(option, lang)


def option_cells(header: bytes, lang: Language) -> list[Cell]:
    """The captured options at their bits, one cell for each row that an option touches; its words in its widest one.

    An option's value is its words in that cell, else its bytes; its `name` is `option` or, for padding, `padding`.
    """
    cells: list[Cell] = []
    at = tcp.MIN_HEADER_LEN
    for option in tcp.options(header[tcp.MIN_HEADER_LEN :]):
        at = tcp.MIN_HEADER_LEN + option.offset
        name = "padding" if option.kind <= 1 else "option"
        for size, words in _parts(option, lang):
            cells += _pieces(header, at, size, words, name)
            at += size
    if at < len(header):  # behind the end of the options, or not an option at all
        cells += _pieces(header, at, len(header) - at, "", "padding")
    return cells


def _parts(option: tcp.Option, lang: Language) -> Iterator[tuple[int, str]]:
    """What an option consists of: lengths in bytes, and words."""
    numbers = [int.from_bytes(option.data[at : at + 4], "big") for at in range(0, len(option.data), 4)]
    if option.kind <= 1:
        yield option.length, text(f"option.{option.kind}", lang)
    elif option.kind == _TIMESTAMPS and len(option.data) == 8:
        yield 2, text("option.8", lang, value="").strip()
        yield 4, f"TSval = {numbers[0]}"
        yield 4, f"TSecr = {numbers[1]}"
    elif option.kind == _SACK and option.data and len(option.data) % 8 == 0:
        yield 2, text("option.5", lang, value="").strip()
        for at, number in enumerate(numbers):
            yield 4, f"{'SLE' if at % 2 == 0 else 'SRE'} = {number}"
    else:
        yield option.length, _option(option, lang)


def _pieces(header: bytes, at: int, size: int, words: str, name: str) -> Iterator[Cell]:
    """One stretch of bytes as a cell for each row."""
    bounds = [at, *range(at // 4 * 4 + 4, at + size, 4), at + size]
    stretches = list(pairwise(bounds))
    widest = max(stretches, key=lambda one: one[1] - one[0])
    for start, stop in stretches:
        value = words if (start, stop) == widest and words else header[start:stop].hex(" ")
        yield Cell(name, start // 4, start % 4 * 8, (stop - start) * 8, value, start, stop - start)


def _flag_cells(header: bytes, captured: bool) -> Iterable[Cell]:
    flags = int.from_bytes(header[12:14], "big") & 0xFFF if captured else 0
    for position, (name, mask) in enumerate(FLAGS):
        bit, on = _FIRST_FLAG_BIT + position, bool(flags & mask)
        yield Cell(name, 3, bit, 1, "1" if on else "0", 12 + bit // 8, 1, on)


def _bits(header: bytes, first: int, bits: int) -> int:
    number = int.from_bytes(header[: tcp.MIN_HEADER_LEN].ljust(tcp.MIN_HEADER_LEN, b"\0"), "big")
    return number >> (tcp.MIN_HEADER_LEN * 8 - first - bits) & (1 << bits) - 1


def _value(name: str, number: int, lang: Language, step: Step | None, partial: bool) -> str:
    if name == "checksum":
        note = f" · {text('header.checksum.partial', lang)}" if partial else ""
        return f"0x{number:04x}{note}"
    if name not in {"seq", "ack"} or step is None:
        return str(number)
    if name == "ack" and step.ack is None:
        return f"{number} ({text('header.not-valid', lang)})"
    relative = step.seq if name == "seq" else step.ack
    return f"{_letters(name, step)}{number} ({text('header.relative', lang, n=str(relative))})"


def _letters(name: str, step: Step) -> str:
    """`X + 1 = ` where the story derives the number in letters."""
    label = f"{name.capitalize()} = "
    for derivation in step.derivations:
        formula = derivation.formula
        if formula.startswith(label) and derivation.holds and any(letter.isalpha() for letter in formula[len(label) :]):
            return f"{formula[len(label) :]} = "
    return ""


def _option(option: tcp.Option, lang: Language) -> str:
    kind, data = option.kind, option.data
    number = int.from_bytes(data[:8], "big")
    if kind == _MSS and len(data) == 2:
        value = str(number)
    elif kind == _SCALE and len(data) == 1:
        value = str(1 << min(number, 14))  # RFC 7323 section 2.3: larger shifts count as 14
    elif kind == _TIMESTAMPS and len(data) == 8:
        value = f"{number >> 32}, {number & 0xFFFFFFFF}"
    elif kind == _SACK and data and len(data) % 8 == 0:
        edges = [int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4)]
        value = " ".join(f"{left}–{right}" for left, right in zip(edges[::2], edges[1::2], strict=True))
    elif kind == _MULTIPATH and data:
        value = MPTCP_SUBTYPE.get(data[0] >> 4, str(data[0] >> 4))
    elif kind in (_SACK_PERMITTED, _FAST_OPEN, *_NAMED_ONLY):
        value = ""
    else:
        return text("option.other", lang, value=str(kind))
    return text(f"option.{kind}", lang, value=value) if has(f"option.{kind}") else str(kind)


def is_partial_checksum(segment: tcp.Segment, header: bytes, tcp_length: int) -> bool:
    """Whether the checksum field holds the pseudo-header's sum only: the network card was to finish it."""
    if len(header) < tcp.MIN_HEADER_LEN:
        return False
    pseudo = segment.src + segment.dst + (6).to_bytes(2, "big") + tcp_length.to_bytes(4, "big")
    total = sum(int.from_bytes(pseudo[at : at + 2], "big") for at in range(0, len(pseudo), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int.from_bytes(header[16:18], "big") == total
