"""A first pass over an input whose packets are shown by a second one: what only its end tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synfin._kernels import follow
from synfin.watch.packets.blocks import Blocks
from synfin.watch.packets.column_fields import Needs

if TYPE_CHECKING:
    from synfin.watch.recall.memory import Memory


def foreseen(
    paths: Sequence[str], needs: Needs, *, findings: bool = False, last: int | None = None
) -> tuple[follow.Tracker | None, Memory | None]:
    """A tracker that has followed the whole input, and a memory that has seen it; each where it is needed.

    The input ends with frame number `last`. With `findings` the tracker has noticed what was unusual.
    """
    following = bool(needs & (Needs.HINDSIGHT | Needs.RECORD))
    blocks = Blocks(paths, Needs.FOLLOWING if following else Needs.BYTES, findings=findings and following, last=last)
    if not needs & Needs.MEMORY:
        for _ in blocks:
            pass
        return blocks.tracker, None
    from synfin.watch.packets.told import Told

    recalling = Told(blocks).recalling
    for _ in blocks:
        recalling.see()
    return blocks.tracker, recalling.memory
