"""What `-z follow` is to follow: a stream by its number or its ends, and which pieces of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple


class Chosen(NamedTuple):
    """What is to be followed."""

    filter: str  #: which packets, as a display filter
    pieces: range  #: which of the pieces, counted from 1, are shown


def chosen_stream(protocol: str, words: Sequence[str]) -> Chosen | None:
    """What the last words of `-z follow` choose: a number or two ends, and pieces; None where they say nothing."""
    if not words:
        return None
    if words[0].isascii() and words[0].isdigit():
        filter, rest = f"{protocol}.stream eq {int(words[0])}", words[1:]
    elif len(words) >= 2 and (one := _written_end(words[0])) and (other := _written_end(words[1])):
        there, back = _from_to(protocol, one, other), _from_to(protocol, other, one)
        filter, rest = f"{there} or {back}", words[2:]
    else:
        return None
    shown = _range(rest[0]) if rest else range(1, sys.maxsize)
    if shown is None or len(rest) > 1:
        return None
    return Chosen(filter, shown)


def _written_end(word: str) -> tuple[str, str, str] | None:
    """The field, the address and the port of `10.0.0.1:80` or `[::1]:80`."""
    found = re.fullmatch(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+)):(?P<port>\d{1,5})", word, re.ASCII)
    if found is None or int(found["port"]) > 0xFFFF:
        return None
    try:
        ip_address(found["six"] or found["four"])
    except ValueError:
        return None
    return ("ipv6", found["six"], found["port"]) if found["six"] else ("ip", found["four"], found["port"])


def _from_to(protocol: str, source: tuple[str, str, str], target: tuple[str, str, str]) -> str:
    (layer, address, port), (other_layer, other_address, other_port) = source, target
    return (
        f"(({layer}.src eq {address} and {protocol}.srcport eq {port}) and "
        f"({other_layer}.dst eq {other_address} and {protocol}.dstport eq {other_port}))"
    )


def _range(word: str) -> range | None:
    found = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", word, re.ASCII)
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    return range(first, last + 1) if 0 < first <= last else None
