"""Every text that explains, in English and Chinese: one lookup by key.

The catalogues are TOML files, both languages side by side; texts of RFC 9293's rules come from the transition table.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from synfin.explain import quantity
from synfin.explain.quantity import Language

__all__ = [
    "LANGUAGES", "FindingFacts", "Language", "Value", "detect_language", "finding_facts", "finding_ids", "has",
    "placeholders", "template_of", "text", "texts",
]  # fmt: skip

LANGUAGES: tuple[Language, ...] = ("en", "zh")

_CATALOGUE = Path(__file__).parent / "catalogue"
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
#: a template sets names apart by spaces; between Chinese characters there is none
_BETWEEN_CHINESE = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
#: what stands behind a count in English, in the plural
#: what one of is no plural, and the verb that follows it
_COUNTED = re.compile(
    r"\{([a-z_]+)\} ((?:more |keep-alive |received )?(?:byte|segment|packet|connection|time|frame|stall|probe"
    r"|repetition|target|run|scenario|snapshot))s\b(?: (are|were|have|show|look|appear|cover)\b)?"
)
_OF_ONE = {"are": " is", "were": " was", "have": " has", "": ""}
_SENTENCE_START = re.compile(r"(?:^|[.!?] )$")
#: placeholders that hold nanoseconds when they are given a number
_DURATIONS = frozenset({"dt", "gap", "gaps", "total", "interval", "rtt", "wait"})
#: placeholders that hold a count to be grouped in threes
_COUNTS = frozenset({"bytes", "n", "segments", "client_bytes", "server_bytes", "retransmissions"})
_SIDES = frozenset({"client", "server", "both", "middle"})
#: what stands for an end of the connection that nobody named
_UNNAMED = {
    "A": "side.one",
    "B": "side.other",
    "C": "side.client",
    "S": "side.server",
    "X": "side.one",
    "Y": "side.other",
}

Value = int | float | str | Iterable[int]


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """What the catalogue knows about a finding besides its words."""

    id: str
    severity: str  #: ok, info, note, warn or error
    rule: str  #: when it holds
    guards: str  #: when it must not be reported although the rule matches
    ref: str  #: RFC section or kernel behaviour


def text(key: str, lang: Language, **numbers: Value) -> str:
    """The text `key` in `lang` with its placeholders filled; KeyError when no catalogue has it."""
    template = template_of(key, lang)
    if "{" not in template:
        return template
    return _fill(template, lang, numbers)


def template_of(key: str, lang: Language) -> str:
    """The text `key` with its placeholders still open."""
    if key.startswith("rule."):
        return _rule_text(key.removeprefix("rule."), lang)
    return texts()[key][lang]


def has(key: str) -> bool:
    """Whether some catalogue holds `key`."""
    try:
        template_of(key, "en")
    except KeyError:
        return False
    return True


def finding_facts(finding: str) -> FindingFacts:
    """Severity, rule, guards and reference of a finding's id; KeyError when unknown."""
    entry = _entries()[finding]
    return FindingFacts(finding, entry["severity"], entry["rule"], entry["guards"], entry["ref"])


def rfc_section(rule: str) -> str:
    """Where RFC 9293 asks for a requirement of its list (MUST-14); KeyError when the catalogue lacks it."""
    section: str = _entries()[f"rfc.{rule}"]["section"]
    return section


def finding_ids() -> tuple[str, ...]:
    """Every id that the catalogue of findings holds."""
    return tuple(key for key, entry in _entries().items() if "severity" in entry)


def placeholders(template: str) -> frozenset[str]:
    """Names of the placeholders in a template."""
    return frozenset(_PLACEHOLDER.findall(template))


def detect_language(environ: Mapping[str, str] | None = None) -> Language:
    """The language that the locale asks for: Chinese for `zh*`, else English."""
    environ = os.environ if environ is None else environ
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """All catalogue texts by key (rules excluded: they stand in the transition table)."""
    return {key: entry for key, entry in _entries().items() if "en" in entry or "zh" in entry}


@cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    merged: dict[str, Mapping[str, Any]] = {}
    for path in sorted(_CATALOGUE.glob("*.toml")):
        with path.open("rb") as file:
            entries = tomllib.load(file)
        for key in entries.keys() & merged.keys():
            raise ValueError(f"{path.name}: the text {key!r} stands in another catalogue too")
        merged.update(entries)
    return merged


def _rule_text(rule: str, lang: Language) -> str:
    from synfin.tcp.state import RULES

    row = RULES[rule]
    return row.text_en if lang == "en" else row.text_zh


def _fill(template: str, lang: Language, numbers: Mapping[str, Value]) -> str:
    def one(match: re.Match[str]) -> str:
        value = _worded(match[1], numbers.get(match[1]), lang)
        starts = lang == "en" and _SENTENCE_START.search(match.string[: match.start()])
        return value[:1].upper() + value[1:] if starts else value

    if lang == "zh":
        return _BETWEEN_CHINESE.sub("", _PLACEHOLDER.sub(one, template))
    counted = _COUNTED.sub(lambda match: _of_one(match) if numbers.get(match[1]) == 1 else match[0], template)
    return _PLACEHOLDER.sub(one, counted)


def _of_one(counted: re.Match[str]) -> str:
    """The plural of a template in the singular, with its verb."""
    verb = counted[3] or ""
    return f"{{{counted[1]}}} {counted[2]}{_OF_ONE.get(verb, f' {verb}s')}"


def _worded(name: str, value: Value | None, lang: Language) -> str:
    if value is None:
        return text(_UNNAMED[name], lang) if name in _UNNAMED else "…"
    if isinstance(value, str):
        return text(f"side.{value}", lang) if value in _SIDES else value
    if isinstance(value, int | float):
        if name in _DURATIONS or name.endswith("_ns"):
            return quantity.duration(value, lang)
        return quantity.count(int(value)) if name in _COUNTS else str(value)
    separator = ", " if lang == "en" else "、"
    return separator.join(_worded(name, item, lang) for item in value)
