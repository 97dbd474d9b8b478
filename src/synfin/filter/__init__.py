"""Wireshark's display-filter language over the field table."""

from synfin.filter.compiled import Filter, compile

__all__ = ["Filter", "compile"]
