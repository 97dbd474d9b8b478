"""What other frames tell of a frame: fragments, echoes, neighbours, subflows. Everything here is bounded."""

from __future__ import annotations

from synfin.dissect.context import NOTHING_RECALLED, Recalled
from synfin.watch.recall.assemblies import Assemblies
from synfin.watch.recall.echoes import Echoes
from synfin.watch.recall.multipath import Multipath
from synfin.watch.recall.neighbours import Neighbours
from synfin.wire.frame import Frame

_ECHOES = frozenset({"icmp", "icmpv6"})
_KNOWN = _ECHOES | {"ip", "ipv6.fraghdr", "arp", "tcp"}


class Memory:
    """Sees the frames of a capture in its order. `past` has seen all of them before: it knows what comes later."""

    def __init__(self, past: Memory | None = None) -> None:
        self._assemblies: Assemblies = Assemblies(None if past is None else past._assemblies)
        self._echoes: Echoes = Echoes(None if past is None else past._echoes)
        self._neighbours = Neighbours()
        self._multipath: Multipath = Multipath(None if past is None else past._multipath)

    def see(self, frame: Frame, stream: int | None = None) -> Recalled:
        """What is known of a frame whose fragments were put together; `stream` is that of its segment."""
        names = {layer.name for layer in frame.layers}
        if not names & _KNOWN:
            return NOTHING_RECALLED
        return Recalled(
            assemblies=self._assemblies.see(frame),
            assembled_in=self._assemblies.complete_in(frame),
            echoes=self._echoes.see(frame) if names & _ECHOES else {},
            duplicates=self._neighbours.see(frame) if "arp" in names else {},
            subflow=None if stream is None or frame.segment is None else self._multipath.see(frame.segment, stream),
        )
