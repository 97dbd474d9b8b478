"""Zeek's one-word summary of a connection (`conn_state`) and its history letters, from our facts.

`conn_state` is derived from what each end was captured sending, as Zeek derives it from its endpoint states. The
history holds the letters s h a d f r, each once for each end; Zeek's repeated and logarithmic letters are not kept.
"""

from __future__ import annotations

from functools import lru_cache

from synfin.watch import verdict as v

_LETTERS = "shadfr??"


@lru_cache(maxsize=4096)
def history(letters: bytes) -> str:
    """`ShADadFf`: capitals for the client."""
    return "".join(_LETTERS[one & 7] if one & 8 else _LETTERS[one & 7].upper() for one in letters)


@lru_cache(maxsize=65536)
def conn_state(marks: int, letters: bytes) -> str:
    """S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR or OTH."""
    seen = set(history(letters))
    established = "S" in seen and "h" in seen
    if "R" in seen or "r" in seen:
        return _reset(marks, seen, established)
    if established:
        ours, theirs = "F" in seen, "f" in seen
        if ours and theirs:
            return "SF"
        return "S2" if ours else "S3" if theirs else "S1"
    if "S" in seen:
        return "SH" if "F" in seen else "S0" if seen <= set("SADF") else "OTH"
    if "h" in seen and "f" in seen:
        return "SHR"
    return "OTH"


def _reset(marks: int, seen: set[str], established: bool) -> str:
    if established or (marks & v.CLIENT_WORKS and "S" in seen):
        if "F" in seen and "f" in seen:
            return "SF"
        return "RSTO" if marks & v.RST_BY_CLIENT or "r" not in seen else "RSTR"
    if "S" in seen:
        return "REJ" if "r" in seen else "RSTOS0"
    return "RSTRH" if "h" in seen and "r" in seen else "OTH"
