"""What the capture allows of both ends beside the likely state, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.explain.quantity import Language
from synfin.explain.words import text
from synfin.tcp.state import State

if TYPE_CHECKING:
    from synfin.watch.connections.claims import Claim


def also(claim: Claim, likely: State, lang: Language) -> str:
    """The other states that the capture allows; that there is none; or that nothing explains the capture."""
    if claim.hidden:
        return text("states.hidden", lang)
    if claim.certain and likely in claim.seen:
        return text("states.certain", lang)
    return text("states.also", lang, states=_listed(claim.seen - {likely}, lang))


def excluded(claim: Claim, lang: Language) -> str:
    """The states that are impossible whatever was not captured; "" where there is none."""
    left = frozenset(State) - claim.could
    return text("states.excluded", lang, states=_listed(left, lang)) if left else ""


def _listed(states: frozenset[State], lang: Language) -> str:
    return ("、" if lang == "zh" else ", ").join(state.label for state in sorted(states))
