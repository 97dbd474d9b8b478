"""Numbers as people read them: times with a fitting unit, counts with grouped digits."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "zh"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_UNITS: dict[Language, tuple[str, str, str]] = {"en": ("d", "h", "min"), "zh": ("天", "小时", "分")}


def duration(ns: int | float, lang: Language = "en") -> str:
    """A time span in nanoseconds as text: `17.6 µs`, `158 µs`, `2.782 ms`, `1.03 s`, `15 min 24 s`."""
    sign, ns = ("-", -ns) if ns < 0 else ("", ns)
    if ns < 1_000:
        return f"{sign}{round(ns)} {'µs' if ns == 0 else 'ns'}"
    if ns < 99_950:
        return f"{sign}{_short(ns / 1e3, 1)} µs"
    if ns < 999_500:
        return f"{sign}{round(ns / 1e3)} µs"
    if ns < 99_999_500:
        return f"{sign}{_short(ns / 1e6, 3)} ms"
    if ns < 999_950_000:
        return f"{sign}{_short(ns / 1e6, 1)} ms"
    if ns < 120 * 1_000_000_000:
        return f"{sign}{_short(ns / 1e9, 3 if ns < 10_000_000_000 else 1)} s"
    return sign + _long(round(ns / 1e9), lang)


def milliseconds(ns: int) -> str:
    """A time on the ladder's scale: milliseconds with three decimals, whole seconds where they would not fit."""
    return f"{ns / 1e6:.3f}" if abs(ns) < 1_000_000_000_000 else f"{ns / 1e9:.0f} s"


def count(number: int) -> str:
    """A whole number with its digits in groups of three."""
    return f"{number:,}"


def _short(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _long(seconds: int, lang: Language) -> str:
    day, hour, minute = _UNITS[lang]
    parts = []
    for size, unit in ((_DAY, day), (_HOUR, hour), (_MINUTE, minute)):
        whole, seconds = divmod(seconds, size)
        if whole:
            parts.append(f"{whole} {unit}")
    if seconds:
        parts.append(f"{seconds} s")
    return " ".join(parts[:2])
