# cython: language_level=3
"""The capture's clock, in whole seconds: how long connections have been silent is read from it.

It goes as the frames' times do, and never back. A jump of a minute or more, either way, counts only once
so many frames in succession have confirmed it: a broken time stamp, or files in the wrong order, make nobody old.
"""
from synfin._kernels.row cimport since

ctypedef struct Clock:
    unsigned int now_s
    unsigned int jumps  # frames in succession that are a jump away, in one direction
    unsigned int jump_frame  # the last of them
    signed char direction
    unsigned char started
    long long second_ns  # where the second `now_s` began, in the frames' time

cdef void turn(Clock* clock, long long time_ns, unsigned int frame) noexcept nogil

cdef inline void tick(Clock* clock, long long time_ns, unsigned int frame) noexcept nogil:
    if <unsigned long long> since(time_ns, clock.second_ns) >= 1000000000:
        turn(clock, time_ns, frame)
