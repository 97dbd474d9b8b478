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
@cython.exceptval(check=False)
def turn(clock: cython.pointer(Clock), time_ns: longlong, frame: uint) -> cython.void:
    """A frame that is not of the present second."""
    ahead_ns: longlong = since(time_ns, clock.second_ns)
    steps: longlong
    direction: cython.schar = 1 if ahead_ns > 0 else -1
    if not clock.started:
        clock.started = 1
        clock.second_ns = time_ns
        return
    if not -JUMP_NS < ahead_ns < JUMP_NS:
        clock.jumps = clock.jumps + 1 if frame == clock.jump_frame + 1 and direction == clock.direction else 1
        clock.jump_frame = frame
        clock.direction = direction
        if clock.jumps < CONFIRMED:
            return
        clock.jumps = 0
        if ahead_ns < 0:
            clock.second_ns = time_ns
            return
    elif ahead_ns < 0:
        return
    steps = ahead_ns // SECOND_NS
    clock.now_s = cython.cast(uint, min(clock.now_s + steps, LATEST_S))
    clock.second_ns += steps * SECOND_NS
