"""Short ways to say what is asked for most: each becomes a display filter."""

from __future__ import annotations

import re
from collections.abc import Sequence

from synfin.dissect.address import parse_ip
from synfin.errors import UsageError

_PORT = re.compile(r"[0-9]{1,5}")


def ports(text: str) -> str:
    """`80`, `80,443` or `8000-8080`: connections and packets with one of these TCP ports."""
    return f"tcp.port in {{{', '.join(_ports(part.strip(), text) for part in text.split(','))}}}"


def _ports(part: str, text: str) -> str:
    first, dash, last = part.partition("-")
    numbers = [first, last] if dash else [first]
    if not all(_PORT.fullmatch(number) and int(number) <= 0xFFFF for number in numbers):
        raise UsageError(f"--port {text}: ports are 0 to 65535, such as 80, 80,443 or 8000-8080")
    return " .. ".join(str(int(number)) for number in numbers)


def host(text: str) -> str:
    """An address, perhaps with a prefix length: packets from or to it."""
    return f"{_family(text, '--host')}.addr == {text}"


def between(text: str) -> str:
    """`A,B`: packets from one to the other; each an address, `ADDRESS:PORT` or `[ADDRESS]:PORT`."""
    sides = text.split(",")
    if len(sides) != 2:
        raise UsageError(f"--between {text}: two ends were expected, such as 10.0.0.1,10.0.0.2:80")
    a, b = (_end(side.strip(), text) for side in sides)
    return f"(({_from(a, 'src')} and {_from(b, 'dst')}) or ({_from(b, 'src')} and {_from(a, 'dst')}))"


def _end(text: str, whole: str) -> tuple[str, str]:
    """Address and port, the port "" where none is given."""
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    else:
        address, port = text, ""
    if port and not (_PORT.fullmatch(port) and int(port) <= 0xFFFF):
        raise UsageError(f"--between {whole}: {port!r} is no port")
    _family(address, "--between")
    return address, port


def _from(end: tuple[str, str], side: str) -> str:
    address, port = end
    test = f"{_family(address, '--between')}.{side} == {address}"
    return f"{test} and tcp.{side}port == {int(port)}" if port else test


def _family(text: str, option: str) -> str:
    base, slash, prefix = text.partition("/")
    found = parse_ip(base)
    if found is None or (slash and not (prefix.isascii() and prefix.isdigit() and int(prefix[:4]) <= 8 * len(found))):
        message = f"{option}: {text!r} is no IP address such as 10.0.0.1, 10.0.0.0/8 or 2001:db8::1"
        raise UsageError(f"{message}; names are not looked up")
    return "ip" if len(found) == 4 else "ipv6"


def joined(
    written: str | None, *, port: Sequence[str], hosts: Sequence[str], ends: Sequence[str], follow: int | None
) -> str | None:
    """The filter that -Y and the shorthands make together, None where none is given."""
    parts = [ports(text) for text in port] + [host(text) for text in hosts] + [between(text) for text in ends]
    if follow is not None:
        parts.append(f"synfin.conn == {follow}")
    if not parts or written is None:
        return " and ".join(parts) or written
    return " and ".join([*parts, f"({written})"]) if written.strip() else " and ".join(parts)
