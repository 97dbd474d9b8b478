"""What other frames tell of the rows of blocks: only those that can be told of are taken apart for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from synfin.capture.packet import Packet
from synfin.dissect.context import NOTHING_RECALLED, Recalled
from synfin.watch.packets.blocks import Blocks
from synfin.watch.recall.memory import Memory
from synfin.wire.fragments import Reassembler
from synfin.wire.frame import dissect


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
        self._known = {index: self._row(index) for index in self._blocks.view.others()}

    def _row(self, index: int) -> Recalled:
        return self.memory.see(dissect(self._packet(index), self._fragments))

    def row(self, index: int) -> Recalled:
        """What is known of a row of the block."""
        return self._known.get(index, NOTHING_RECALLED)
