"""Fields of plain data: what no protocol claims, with what preferences make of it (text, hash, inflated)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import md5
from typing import TYPE_CHECKING

from synfin.dissect.field import Field
from synfin.dissect.icmp_walk import STAMP_LEN, sent_at
from synfin.dissect.load import LayerBytes, Loader, Spot, computed, limit, whole
from synfin.dissect.preferences import Preferences, preferences
from synfin.dissect.verified import inflated

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

DATA = ("data",)


def _after_stamp(frame: Frame, layer: Layer) -> int:
    """Where plain data begins: the time that `ping` puts in front of its own is no part of them."""
    place = frame.layers.index(layer)
    above = frame.layers[place - 1] if place else layer
    stamped = above.name == "icmp" and sent_at(frame, above) is not None
    return layer.start + STAMP_LEN if stamped else layer.start


def _plain(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    for spot in whole(frame, layer, facts):
        skipped = _after_stamp(frame, layer) - layer.start
        found = LayerBytes(spot.value[skipped:])
        found.header = len(found)
        yield Spot(found, spot.start + skipped, len(found))


def _octets(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    start, stop = _after_stamp(frame, layer), limit(frame, layer)
    return (Spot(frame.data[start:stop], start, stop - start),) if start < stop else ()


def _size(frame: Frame, layer: Layer, facts: Facts | None) -> int | None:
    return max(limit(frame, layer) - _after_stamp(frame, layer), 0)


def _made(asked: Callable[[Preferences], bool], make: Callable[[bytes, Preferences], object]) -> Loader:
    """What is made of the bytes where the preferences want it, nothing where that is None or empty."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        wanted = preferences(facts)
        for spot in _octets(frame, layer, facts) if asked(wanted) else ():
            value = make(spot.value, wanted)
            if value:
                yield spot._replace(value=value)

    return load


def _hash(octets: bytes, wanted: Preferences) -> str:
    """A name for the bytes, no protection."""
    return md5(octets, usedforsecurity=False).hexdigest()


def _text(octets: bytes, wanted: Preferences) -> str:
    """Up to the first zero; of what is compressed its content."""
    content = (inflated(octets) if wanted.data_uncompress_data else b"") or octets
    return content.partition(b"\0")[0].decode("ascii", "replace")


def _inflated(octets: bytes, wanted: Preferences) -> bytes:
    return inflated(octets)


def _inflates(wanted: Preferences) -> bool:
    return wanted.data_uncompress_data


FIELDS = (
    Field("data", "protocol", DATA, _plain, "Data", "数据"),
    Field("data.data", "bytes", DATA, _octets, "Data", "数据"),
    Field("data.uncompressed.data", "bytes", DATA, _made(_inflates, _inflated), "Uncompressed data", "解压后的数据",
          generated=True),
    Field("data.uncompressed.len", "i32", DATA, _made(_inflates, lambda octets, wanted: len(inflated(octets))),
          "Uncompressed length", "解压后的长度", generated=True),
    Field("data.text", "str", DATA, _made(lambda wanted: wanted.data_show_as_text, _text), "Text", "文本",
          generated=True),
    Field("data.md5_hash", "str", DATA, _made(lambda wanted: wanted.data_md5_hash, _hash), "MD5 hash", "MD5 散列",
          generated=True),
    Field("data.len", "i32", DATA, computed(_size), "Length", "长度", generated=True),
)  # fmt: skip
