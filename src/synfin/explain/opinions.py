"""The second opinion in words, where it says something else than tshark's flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.explain.quantity import Language
from synfin.explain.words import text

if TYPE_CHECKING:
    from synfin.watch.connections.record import Step
    from synfin.watch.opinion.record import Opinion

#: what a flag claims a segment to be, the claim that says more first
_CLAIMS = (
    ("spurious_retransmission", "spurious-retransmission"), ("fast_retransmission", "retransmission"),
    ("retransmission", "retransmission"), ("out_of_order", "reordered"), ("zero_window_probe", "zero-window-probe"),
    ("keep_alive", "keep-alive"), ("duplicate_ack", "duplicate-ack"),
)  # fmt: skip
#: kinds for which no flag is needed
_PLAIN = ("new", "acknowledgment", "reset", "unreadable")


def second(step: Step, lang: Language) -> str:
    """What the second opinion says of a segment; "" where it agrees with the flags, or is not known."""
    opinion = step.opinion
    if opinion is None:
        return ""
    said = "" if _agrees(opinion, step.flags) else named(opinion, lang)
    hole = text(f"opinion-hole.{opinion.hole}", lang) if opinion.hole and opinion.hole != "undecided" else ""
    if hole and not opinion.hole_certain:
        hole = f"{hole} ({text('ui.likely', lang)})"
    late = text("opinion-late", lang) if opinion.late else ""
    return ", ".join(part for part in (late, said, hole) if part)


def named(opinion: Opinion, lang: Language) -> str:
    """`retransmission (fast)`, `capture duplicate (likely)`."""
    beside = [text(f"opinion-cause.{opinion.cause}", lang)] if opinion.cause else []
    if not opinion.certain:
        beside.append(text("ui.likely", lang))
    kind = text(f"opinion-kind.{opinion.kind}", lang)
    return f"{kind} ({', '.join(beside)})" if beside else kind


def sentence(step: Step, lang: Language) -> str:
    """The second opinion with its reasons, "" where it agrees with the flags."""
    said = second(step, lang)
    return text("opinion-says", lang, what=said, why=_reasons(step, lang)) if said else ""


def judgement(step: Step, lang: Language) -> str:
    """The same under a heading that says whose opinion it is."""
    said = second(step, lang)
    colon = ": " if lang == "en" else "："
    return f"{said}{colon}{_reasons(step, lang)}" if said else ""


def _reasons(step: Step, lang: Language) -> str:
    opinion = step.opinion
    if opinion is None:
        return ""
    reasons = [text("opinion.late", lang)] if opinion.late else []
    if not _agrees(opinion, step.flags):
        reasons.append(text(opinion.reason, lang))
    if opinion.hole and opinion.hole != "undecided":
        reasons.append(text(opinion.hole_reason, lang))
    return (" " if lang == "en" else "").join(reasons)


def _agrees(opinion: Opinion, flags: tuple[str, ...]) -> bool:
    claim = next((kind for flag, kind in _CLAIMS if flag in flags), "")
    if not claim:
        return opinion.kind in _PLAIN
    if opinion.kind != claim:
        return False
    return "fast_retransmission" not in flags or opinion.cause in ("fast", "")
