"""The colours of drawings and pages: one table for light, one for dark."""

from __future__ import annotations

import re
from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff", "ground": "#f4f6fa",
    "ink": "#101828", "soft": "#475467", "mute": "#5d6b82", "faint": "#98a2b3",
    "rule": "#e1e6ee", "panel": "#f2f4f8", "choice": "#ffffff",
    "open": "#2563eb", "data": "#0b7f5f", "close": "#bd4f12", "reset": "#c8281d", "other": "#5d6b82",
    "open-tint": "#f4f8ff", "data-tint": "#f1faf7", "close-tint": "#fdf6f1", "reset-tint": "#fef3f2",
    "other-tint": "#f6f7f9",
    "state-none": "#d3d8e0", "state-syn": "#8db4ff", "state-established": "#6fd0b1", "state-first": "#f0a878",
    "state-second": "#f4cba9", "state-wait": "#cfbdf0",
    "mark": "#dbe8ff", "mark-ink": "#1d4ed8", "on-tone": "#ffffff", "good": "#067647", "good-tint": "#e9fbf2",
    "warn": "#93500b", "warn-tint": "#fff5df", "bad": "#b42318", "bad-tint": "#fef0ee", "shadow": "rgba(16,24,40,.05)",
}  # fmt: skip

DARK: Mapping[str, str] = {
    "paper": "#141a24", "ground": "#0c1017",
    "ink": "#eef2f8", "soft": "#b9c3d3", "mute": "#94a0b4", "faint": "#657086",
    "rule": "#273042", "panel": "#1c2431", "choice": "#0f141d",
    "open": "#7fabff", "data": "#45d1a2", "close": "#f39a63", "reset": "#ff8279", "other": "#94a0b4",
    "open-tint": "#151f33", "data-tint": "#12241f", "close-tint": "#261c15", "reset-tint": "#2b1817",
    "other-tint": "#1a212d",
    "state-none": "#414c5f", "state-syn": "#4474d8", "state-established": "#259472", "state-first": "#c06c33",
    "state-second": "#8a5a38", "state-wait": "#7a62b5",
    "mark": "#21386b", "mark-ink": "#a9c6ff", "on-tone": "#0c1017", "good": "#54d9a1", "good-tint": "#12291f",
    "warn": "#f2bb62", "warn-tint": "#2e2413", "bad": "#ff8a80", "bad-tint": "#331a18", "shadow": "rgba(0,0,0,.35)",
}  # fmt: skip

_VARIABLE = re.compile(r"var\(--([a-z-]+)\)")


def resolve(css: str, colours: Mapping[str, str]) -> str:
    """The rules with their colours written out, for viewers that know no CSS variables."""
    return _VARIABLE.sub(lambda match: colours[match[1]], css)


def declarations(colours: Mapping[str, str]) -> str:
    """The colours as CSS variables."""
    return ";".join(f"--{name}:{value}" for name, value in colours.items())
