"""Which of a sender's data was captured, and which was acknowledged without having been: holes, as Zeek counts them.

Numbers are relative to the sender's SYN and wrap at 2**32. At most MAX_PIECES lie beyond a hole; with more of them the
two highest become one, the hole between them with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from synfin.wire.seq import diff

MAX_PIECES = 4
MAX_UNACKNOWLEDGED = 16384  #: bytes beyond a hole after which data that nobody acknowledges is given up


@dataclass(slots=True)
class Pieces:
    """One sender's data."""

    whole: int = 1  #: everything before it was captured, or is known to be missing
    trimmed: int = 1  #: the furthest acknowledgment so far
    given_up: bool = False
    beyond: list[tuple[int, int]] = field(default_factory=list)  #: captured beyond a hole: (first, behind the last)

    def sent(self, at: int, end: int, acked: int) -> None:
        """Captured data from `at` to before `end`; `acked` is the furthest number that was acknowledged."""
        if self.given_up or diff(end, acked) <= 0 or diff(end, self.trimmed) <= 0:
            return
        for least in (acked, self.trimmed):
            if diff(at, least) < 0:
                at = least
        if diff(at, self.whole) <= 0:
            if diff(end, self.whole) > 0:
                self.whole = end
                self._join()
        else:
            self._insert(at, end)
            if acked <= 1 and diff(self.beyond[-1][1], self.whole) > MAX_UNACKNOWLEDGED:
                self.given_up = True
                self.beyond.clear()

    def acknowledged(self, number: int, faked: bool) -> int:
        """An acknowledgment of all before `number`; the holes that it covers. `faked`: what is missing never was."""
        if diff(number, self.trimmed) <= 0:
            return 0
        self.trimmed = number
        if faked or diff(number, self.whole) <= 0:
            return 0
        holes = 0
        while self.beyond and diff(self.beyond[0][0], number) < 0:
            holes += 1
            self.whole = self.beyond.pop(0)[1]
        if diff(number, self.whole) > 0:
            holes += 1
            self.whole = number
        self._join()
        return 0 if self.given_up else holes

    def _join(self) -> None:
        while self.beyond and diff(self.beyond[0][0], self.whole) <= 0:
            _, end = self.beyond.pop(0)
            if diff(end, self.whole) > 0:
                self.whole = end

    def _insert(self, at: int, end: int) -> None:
        before = [one for one in self.beyond if diff(one[1], at) < 0]
        after = [one for one in self.beyond if diff(one[0], end) > 0]
        for first, last in self.beyond[len(before) : len(self.beyond) - len(after)]:
            at = first if diff(first, at) < 0 else at
            end = last if diff(last, end) > 0 else end
        self.beyond = [*before, (at, end), *after]
        if len(self.beyond) > MAX_PIECES:
            self.beyond[-2:] = [(self.beyond[-2][0], self.beyond[-1][1])]
