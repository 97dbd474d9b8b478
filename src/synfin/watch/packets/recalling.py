"""What other frames tell of the rows of blocks: only those that can be told of are taken apart for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from struct import Struct

from synfin._kernels import cells, choose, follow
from synfin.capture.packet import Packet
from synfin.dissect.context import NOTHING_RECALLED, Recalled
from synfin.watch.packets.blocks import Blocks
from synfin.watch.packets.column_fields import Spec, layout
from synfin.watch.recall.memory import Memory
from synfin.wire.fragments import Reassembler
from synfin.wire.frame import dissect

_OPTION = Spec(cells.S_WHOLE_OPTION, mask=30)
_STREAM_AT, _CODE = layout(follow.FACT_FORMAT, follow.FACT_FIELDS)["stream"]
_STREAM = Struct("<" + _CODE)


class Recalling:
    """Follows the blocks of an input; `past` has followed all of it before."""

    def __init__(self, blocks: Blocks, packet: Callable[[int], Packet], past: Memory | None = None) -> None:
        self._blocks = blocks
        self._packet = packet
        self.memory = Memory(past)
        self._fragments = Reassembler()  # those of `blocks` have no numbers
        self._known: Mapping[int, Recalled] = {}

    def see(self) -> None:
        """Follow a whole block: to be called for every block."""
        rows = self._blocks.view.others()
        if self._blocks.facts is not None:
            rows = sorted({*rows, *self._multipath()})
        self._known = {index: self._row(index) for index in rows}
        self._blocks.recalled = self._known.keys()

    def _multipath(self) -> Iterator[int]:
        """The rows of plain segments with options of Multipath TCP."""
        field, count = self._blocks.field(_OPTION), self._blocks.count
        verdicts = bytearray(count)
        choose.present(self._blocks.view, field, bytearray(b"\1") * count, verdicts)
        return (index for index, verdict in enumerate(verdicts) if verdict != choose.NO)

    def _row(self, index: int) -> Recalled:
        frame = dissect(self._packet(index), self._fragments)
        stream = None
        if self._blocks.facts is not None and frame.segment is not None:
            (stream,) = _STREAM.unpack_from(self._blocks.facts, index * follow.fact_size() + _STREAM_AT)
        return self.memory.see(frame, stream)

    def row(self, index: int) -> Recalled:
        """What is known of a row of the block."""
        return self._known.get(index, NOTHING_RECALLED)
