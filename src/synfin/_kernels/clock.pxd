# cython: language_level=3
"""The capture's clock, in whole seconds: how long connections have been silent is read from it.

It goes as the frames' times do, and never back. A jump of a minute or more, either way, counts only once
so many frames in succession have confirmed it: a broken time stamp, or files in the wrong order, make nobody old.
Nor does a jump ahead make those old who were heard of in the frames that confirmed it: they were seen behind it.
What a clock that was set back is then set ahead again is no time that passed.
"""
from libc.string cimport memset

from synfin._kernels.row cimport since

ctypedef struct Clock:
    unsigned int now_s
    unsigned int seen_s  # when the present frame is seen: `now_s`, or later where it is ahead by an unconfirmed jump
    unsigned int jumps  # frames in succession that are a jump away, in one direction
    unsigned int jump_frame  # the last of them
    signed char direction
    unsigned char started
    long long second_ns  # where the second `now_s` began, in the frames' time
    long long behind_ns  # by how much it was set back and not yet ahead again

# No frame is of its first second: whichever comes first moves it, also one of the year 1970.
cdef inline void wind_up(Clock* clock) noexcept nogil:
    memset(clock, 0, sizeof(Clock))
    clock.second_ns = -0x7FFFFFFFFFFFFFFF

cdef void turn(Clock* clock, long long time_ns, unsigned int frame) noexcept nogil

cdef inline void tick(Clock* clock, long long time_ns, unsigned int frame) noexcept nogil:
    if <unsigned long long> since(time_ns, clock.second_ns) >= 1000000000:
        turn(clock, time_ns, frame)
    else:
        clock.seen_s = clock.now_s
