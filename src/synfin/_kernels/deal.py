# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows dealt to shards: each follows those that its hand names, at the frame and the time that the deal knows.

Rows are dealt by whoever scanned them, in any order of blocks; what passes by them, the numbers of frames and the
clock, goes through the blocks in order of frames, and seldom looks at a row.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong, ushort
from cython.cimports.libc.stdlib import free, malloc, realloc
from cython.cimports.libc.string import memset
from cython.cimports.synfin._kernels import clock
from cython.cimports.synfin._kernels.clock import Clock
from cython.cimports.synfin._kernels.deal import MOST_ROWS, MOST_SHARDS, Hands, Passage, Tick, hand_out, start
from cython.cimports.synfin._kernels.row import KIND_SLOW, Row, since

if not cython.compiled:
    raise ImportError("the kernel deal is not compiled")

SECOND_NS = cython.declare(ulonglong, 1000000000)


@cython.final
@cython.cclass
class Deal:
    """Room for the hands of so many `shards` in a block of so many rows at most; used again from block to block."""

    def __cinit__(self, shards: uint, room: uint):
        memset(cython.address(self.hands), 0, cython.sizeof(Hands))
        memset(cython.address(self.passage), 0, cython.sizeof(Passage))
        if not 0 < shards <= MOST_SHARDS or not 0 < room <= MOST_ROWS:
            raise ValueError("1 to 64 shards, 1 to 65536 rows")
        self.hands.shards = shards
        self.hands.room = room
        self.hands.places = cython.cast(
            cython.pointer(ushort), malloc(cython.cast(cython.size_t, shards) * room * cython.sizeof(ushort))
        )
        if self.hands.places == cython.NULL:
            raise MemoryError("no room to deal rows")

    def __dealloc__(self):
        free(self.hands.places)
        free(self.passage.ticks)

    def deal(self, rows: cython.const[uchar][::1], n: uint):
        """Deal the first `n` rows, instead of what was dealt before."""
        if n > self.hands.room or n > cython.cast(ulonglong, rows.shape[0]) // cython.sizeof(Row):
            raise IndexError("fewer rows or less room than asked for")
        start(cython.address(self.hands))
        if n:
            with cython.nogil:
                hand_out(cython.address(self.hands), cython.cast(cython.pointer(Row), cython.address(rows[0])), n)

    def __len__(self):
        """Rows that were dealt."""
        return self.hands.rows

    @property
    def slow(self) -> bool:
        """Whether some of them were left to the readable code: once they are complete, deal again."""
        return (self.hands.kinds & KIND_SLOW) != 0


@cython.final
@cython.cclass
class Passer:
    """Goes through all blocks of rows in order, and leaves in each deal what passed by."""

    clock: Clock
    frames: uint
    end_ns: longlong

    def __cinit__(self):
        clock.wind_up(cython.address(self.clock))
        self.frames = 0
        self.end_ns = 0

    def pass_by(self, rows: cython.const[uchar][::1], deal: Deal):
        """The rows of a deal come next."""
        n: uint = deal.hands.rows
        ok: cint = 1
        if n > cython.cast(ulonglong, rows.shape[0]) // cython.sizeof(Row):
            raise IndexError("fewer rows than were dealt")
        deal.passage.frames = self.frames
        deal.passage.tick_count = 0
        if n:
            if self.frames == 0 or deal.hands.most_ns > self.end_ns:
                self.end_ns = deal.hands.most_ns
            with cython.nogil:
                if not self.is_same_second(cython.address(deal.hands)):
                    ok = self.turn(
                        cython.cast(cython.pointer(Row), cython.address(rows[0])), n, cython.address(deal.passage)
                    )
            self.frames += n
        if not ok:
            raise MemoryError("no room for the seconds that passed")
        deal.passage.clock = self.clock
        deal.passage.end_ns = self.end_ns

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def is_same_second(self, hands: cython.pointer(Hands)) -> cint:
        """Whether no row moves the clock."""
        return (
            self.clock.seen_s == self.clock.now_s
            and hands.least_ns >= self.clock.second_ns
            and cython.cast(ulonglong, since(hands.most_ns, self.clock.second_ns)) < SECOND_NS
        )

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def turn(self, row: cython.pointer(Row), n: uint, passage: cython.pointer(Passage)) -> cint:
        """Let the clock pass by all rows; 0 when there is no memory."""
        place: uint
        before_s: uint
        seen_before_s: uint
        for place in range(n):
            before_s = self.clock.now_s
            seen_before_s = self.clock.seen_s
            clock.tick(cython.address(self.clock), row.time_ns, self.frames + place + 1)
            if self.clock.now_s != before_s or self.clock.seen_s != seen_before_s:
                if not note(passage, place, cython.address(self.clock)):
                    return 0
            row += 1
        return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def note(passage: cython.pointer(Passage), place: uint, shown: cython.pointer(Clock)) -> cint:
    wider: cython.pointer(Tick)
    room: uint
    if passage.tick_count == passage.tick_room:
        room = 2 * passage.tick_room + 64
        wider = cython.cast(
            cython.pointer(Tick), realloc(passage.ticks, cython.cast(cython.size_t, room) * cython.sizeof(Tick))
        )
        if wider == cython.NULL:
            return 0
        passage.ticks = wider
        passage.tick_room = room
    passage.ticks[passage.tick_count].index = place
    passage.ticks[passage.tick_count].now_s = shown.now_s
    passage.ticks[passage.tick_count].seen_s = shown.seen_s
    passage.tick_count += 1
    return 1
