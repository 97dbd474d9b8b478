# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The capture's clock where it moves."""

import cython
from cython import longlong, uint
from cython.cimports.synfin._kernels.clock import Clock
from cython.cimports.synfin._kernels.row import since

if not cython.compiled:
    raise ImportError("the kernel clock is not compiled")

SECOND_NS = cython.declare(longlong, 1000000000)
JUMP_NS = cython.declare(longlong, 60000000000)
CONFIRMED = cython.declare(uint, 64)  # frames
LATEST_S = cython.declare(longlong, 0xFFFFFFFE)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def later_s(clock: cython.pointer(Clock), ahead_ns: longlong) -> uint:
    """What the clock would show so much later."""
    return cython.cast(uint, min(clock.now_s + ahead_ns // SECOND_NS, LATEST_S))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def turn(clock: cython.pointer(Clock), time_ns: longlong, frame: uint) -> cython.void:
    """A frame that is not of the present second."""
    ahead_ns: longlong = since(time_ns, clock.second_ns)
    clock.seen_s = clock.now_s
    if not clock.started:
        clock.started = 1
        clock.second_ns = time_ns
    elif not -JUMP_NS < ahead_ns < JUMP_NS:
        jump(clock, time_ns, frame)
    elif ahead_ns > 0:
        clock.now_s = clock.seen_s = later_s(clock, ahead_ns)
        clock.second_ns += ahead_ns // SECOND_NS * SECOND_NS


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def jump(clock: cython.pointer(Clock), time_ns: longlong, frame: uint) -> cython.void:
    """A frame that is far from the present second.

    Ahead, it was seen at its own time, whether that is confirmed or not: whoever spoke on the way is not aged by it.
    """
    ahead_ns: longlong = since(time_ns, clock.second_ns)
    counted_ns: longlong = ahead_ns - clock.behind_ns if ahead_ns > clock.behind_ns else 0
    direction: cython.schar = 1 if ahead_ns > 0 else -1
    clock.jumps = clock.jumps + 1 if frame == clock.jump_frame + 1 and direction == clock.direction else 1
    clock.jump_frame = frame
    clock.direction = direction
    if direction > 0:
        clock.seen_s = later_s(clock, counted_ns)
    if clock.jumps < CONFIRMED:
        return
    clock.jumps = 0
    if direction > 0:
        clock.now_s = clock.seen_s
        clock.second_ns = time_ns - counted_ns % SECOND_NS
        clock.behind_ns = 0
    else:
        clock.behind_ns = max(since(clock.behind_ns, ahead_ns), 0)  # 0 where 64 bits do not hold it
        clock.second_ns = time_ns
