"""Crafted captures by both sides: every field that `make agreement` compares, of every frame with TCP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import agreement
import tshark
from synfin.dissect import fields, format
from synfin.watch.packets.annotate import annotated

Item = bytes | tuple[bytes, int]  #: captured bytes, with the length on the wire where the capture cut them


def write(path: Path, items: Sequence[Item], link_type: int = 1) -> Path:
    """A pcap file, a millisecond between the frames."""
    with path.open("wb") as file:
        file.write(b"\xd4\xc3\xb2\xa1\2\0\4\0" + bytes(8) + (65535).to_bytes(4, "little"))
        file.write(link_type.to_bytes(4, "little"))
        for number, item in enumerate(items, 1):
            data, wire_len = item if isinstance(item, tuple) else (item, len(item))
            for value in (1_700_000_000 + number // 100, number % 100 * 1000, len(data), wire_len):
                file.write(value.to_bytes(4, "little"))
            file.write(data)
    return path


def differences(home: Path, path: Path) -> list[str]:
    """What differs between tshark and synfin, a line each."""
    theirs = {int(row[0]): row for row in tshark.rows(home, path, agreement.FIELDS, "-Y", "tcp")}
    chosen = [fields.lookup(name) for name in agreement.FIELDS]
    ours = {
        frame.packet.number: format.row(chosen, frame, facts, format.Layout()).split("\t")
        for frame, facts in annotated([str(path)])
        if frame.tcp is not None
    }
    lines = [f"frame {number}: only {'tshark' if number in theirs else 'synfin'} sees TCP"
             for number in sorted(theirs.keys() ^ ours.keys())]  # fmt: skip
    for number in sorted(theirs.keys() & ours.keys()):
        lines += [
            f"frame {number} {name}: tshark {one!r}, synfin {other!r}"
            for name, one, other in zip(agreement.FIELDS, theirs[number], ours[number], strict=True)
            if one != other
        ]
    return lines
