"""Regular expressions of `matches`: PCRE2 on bytes, upper and lower case alike, with a bound on its work."""

from __future__ import annotations

from typing import Any

from synfin.errors import FilterError

MAX_PATTERN = 4_000  #: bytes of an expression
MAX_STEPS = 1_000_000  #: backtracking steps on one value, some milliseconds
MAX_HEAP_KIB = 16_384  #: memory of one match
NEVER_UTF = 0x1000  #: PCRE2's: the bytes of a packet need not be text


class Pattern:
    """An expression, ready to be searched for. One that takes too many steps is refused when it does."""

    __slots__ = ("_plain", "_position", "_search", "_text", "source")

    def __init__(self, source: bytes, text: str = "", position: int = 0) -> None:
        """FilterError, naming the place of the expression in the filter `text`, where PCRE2 cannot use it."""
        self.source = source
        self._text, self._position = text, position
        self._plain: Any = None
        if len(source) > MAX_PATTERN:
            raise self._refused(f"the expression is longer than {MAX_PATTERN:,} bytes")
        self._search = self._compiled(jit=True).search

    def search(self, octets: bytes) -> bool:
        """Whether the expression matches somewhere; what PCRE2 gives up for another reason than its limits does not."""
        try:
            return self._search(octets) is not None
        except Exception as error:
            if "JIT stack" not in str(error):
                return self._given_up(error)
        if self._plain is None:
            self._plain = self._compiled(jit=False)
        try:
            return self._plain.search(octets) is not None
        except Exception as error:
            return self._given_up(error)

    def _given_up(self, error: Exception) -> bool:
        if "limit" not in str(error):
            return False
        advice = "repeats inside repeats such as (a+)+ take very long; write it simpler"
        raise self._refused(f"the expression takes more than {MAX_STEPS:,} steps on one value ({error}): {advice}")

    def _compiled(self, *, jit: bool) -> Any:
        try:
            import pcre2
        except ImportError:
            raise self._refused("'matches' needs PCRE2, which is not installed: pip install pcre2") from None
        limits = b"(*LIMIT_MATCH=%d)(*LIMIT_HEAP=%d)" % (MAX_STEPS, MAX_HEAP_KIB)
        try:
            return pcre2.compile(limits + self.source, flags=pcre2.IGNORECASE | pcre2.ASCII | NEVER_UTF, jit=jit)
        except pcre2.PatternError as error:
            raise self._refused(f"the expression cannot be used: {_told(error, len(limits))}") from None

    def _refused(self, message: str) -> FilterError:
        return FilterError(message, self._text, self._position)


def _told(error: Any, before: int) -> str:
    """PCRE2's own words with the place in the expression."""
    reason = str(error.msg).partition("; ")[2] or str(error.msg)
    return f"{reason} (at its byte {max(error.pos - before, 0)})"
