"""One packet as JSON: every layer and field with its bytes, the checks, the header's cells, the layer models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synfin.dissect.summary import summarize
from synfin.dissect.tree import Node
from synfin.explain.checksum import Checksum, checksums
from synfin.explain.header import header_cells, is_partial_checksum
from synfin.explain.models import places, why_four
from synfin.explain.packet_words import checksum_of, checksum_text, named_frame, severity
from synfin.explain.quantity import Language
from synfin.explain.words import has, text
from synfin.faces.packet_report import Report, Told


def packet_document(report: Report, lang: Language) -> dict[str, Any]:
    """The packet that was asked for; titles and explanations are in `lang`."""
    told = report.asked
    verdicts = checksums(told.frame)
    return {
        "packet": _summary(told),
        "bytes": told.frame.data.hex(),
        "layers": [_node(node, verdicts, lang) for node in told.nodes],
        "header": _header(told, lang),
        "models": [
            {
                "osi": list(place.osi),
                "five": place.five,
                "four": place.four,
                "here": place.here,
                "present": place.present,
            }
            for place in places(told.frame, lang)
        ],
        "why_four": why_four(told.frame, lang),
        "named": {str(number): _summary(one) for number, one in report.others.items()},
    }


def _summary(told: Told) -> dict[str, Any]:
    row, facts, packet = summarize(told.frame, told.facts), told.facts, told.frame.packet
    return {
        "number": row.number, "time_ns": packet.time_ns if packet.timed else None,
        "source": row.src, "destination": row.dst,
        "protocol": row.protocol, "length": row.length, "info": row.info, "conn": facts.conn, "stream": facts.stream,
        "phase": facts.phase, "client_state": facts.client_state, "server_state": facts.server_state,
    }  # fmt: skip


def _node(node: Node, verdicts: Sequence[Checksum], lang: Language) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": node.name,
        "text": node.text(lang),
        "value": node.plain or None,
        "start": None if node.start < 0 else node.start,
        "length": max(node.length, 0),
        "generated": node.generated,
    }
    if has(node.key):
        found["meaning"] = text(node.key, lang)
    if (said := severity(node)) is not None:
        found["severity"] = said
    if (number := named_frame(node)) is not None:
        found["frame"] = number
    if (checksum := checksum_of(node, verdicts)) is not None:
        expected = None if checksum.expected is None else f"0x{checksum.expected:04x}"
        said_of_it = checksum_text(checksum, lang)
        found["checksum"] = {"verdict": checksum.verdict, "expected": expected, "text": said_of_it}
    if node.children:
        found["children"] = [_node(child, verdicts, lang) for child in node.children]
    return found


def _header(told: Told, lang: Language) -> list[dict[str, Any]] | None:
    frame = told.frame
    if frame.tcp is None or frame.segment is None:
        return None
    start = frame.tcp.start
    header = frame.data[start : start + frame.tcp.header_len]
    partial = is_partial_checksum(frame.segment, header, frame.segment.hdr_len + frame.segment.length)
    return [
        {
            "name": cell.name,
            "value": cell.value,
            "row": cell.row,
            "bit": cell.bit,
            "bits": cell.bits,
            "start": start + cell.offset,
            "length": cell.length,
            "meaning": text(f"flag.{cell.name}" if cell.bits == 1 else f"header.{cell.name}.meaning", lang),
        }
        for cell in header_cells(header, lang, told.step, partial)
    ]
