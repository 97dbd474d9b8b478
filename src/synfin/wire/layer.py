"""A protocol layer inside a frame: where its header and its data unit lie."""

from __future__ import annotations

from typing import NamedTuple


class Layer(NamedTuple):
    """One protocol header; names are those of Wireshark's `frame.protocols`."""

    name: str
    start: int  #: offset of the header in the frame
    header_len: int  #: bytes of header by its own length field, cut at what was captured
    end: int  #: end of the data unit by its own length field (padding excluded); beyond the data when truncated
