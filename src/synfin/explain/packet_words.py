"""What is said about single fields of a packet besides their values: checksums, expert notes, frames they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synfin.dissect.fields import find
from synfin.dissect.tree import Node, walk
from synfin.explain.checksum import Checksum
from synfin.explain.quantity import Language
from synfin.explain.words import has, placeholders, template_of, text

#: Wireshark's severities by ours
_SEVERITIES = {"comment": "info", "chat": "info", "note": "note", "warning": "warn", "error": "error"}
_VERDICT = "synfin.checksum"
#: fields whose values are themselves catalogue keys
_IDS = frozenset({"synfin.opinion.reason", "synfin.opinion.incarnation_reason"})
#: how a verdict on a checksum looks
CHECKSUM_SEVERITIES = {"good": "ok", "bad": "error", "partial": "note", "unverified": "info", "absent": "info"}


def severity(node: Node) -> str | None:
    """How bad an expert note is, None for other fields."""
    return _SEVERITIES.get(node.severity, "info") if node.severity else None


def meaning_key(node: Node) -> str | None:
    """The catalogue text that says what a node means; None where there is none, or its checksum's verdict says it."""
    if node.name == _VERDICT:
        return None
    if node.name in _IDS and has(str(node.value)) and not placeholders(template_of(str(node.value), "en")):
        return str(node.value)
    return node.key if has(node.key) else None


def repeats(node: Node) -> bool:
    """Whether a node only says again what stands beside the checksum above it."""
    return node.name == _VERDICT and not node.severity


def named_frame(node: Node) -> int | None:
    """The frame that a field names, None where it names none."""
    field = find(node.name)
    return node.value if field is not None and field.kind == "framenum" and isinstance(node.value, int) else None


def named_frames(nodes: tuple[Node, ...]) -> Iterator[int]:
    """The frames that the fields of a tree name, in order, each once."""
    yield from dict.fromkeys(number for node in walk(nodes) if (number := named_frame(node)) is not None)


def checksum_of(node: Node, verdicts: Sequence[Checksum]) -> Checksum | None:
    """The verdict on the checksum that a node shows."""
    if not node.name.endswith(".checksum"):
        return None
    return next((one for one in verdicts if node.name == f"{one.layer}.checksum" and one.start == node.start), None)


def checksum_text(one: Checksum, lang: Language) -> str:
    """The verdict in words."""
    expected = "" if one.expected is None else f"0x{one.expected:04x}"
    return text(f"checksum.{one.verdict}", lang, expected=expected)
