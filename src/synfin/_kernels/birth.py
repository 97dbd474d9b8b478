# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What a shard leaves to be numbered: a list that grows until `follow.name_births` has gone through it."""

import cython
from cython import int as cint
from cython import uint
from cython.cimports.libc.stdlib import realloc
from cython.cimports.synfin._kernels.birth import Birth, Births

if not cython.compiled:
    raise ImportError("the kernel birth is not compiled")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def note(births: cython.pointer(Births), frame: uint, index: uint, what: uint) -> cint:
    """0 when there is no memory."""
    wider: cython.pointer(Birth)
    room: uint
    if births.count == births.room:
        room = 2 * births.room + 64
        wider = cython.cast(
            cython.pointer(Birth), realloc(births.list, cython.cast(cython.size_t, room) * cython.sizeof(Birth))
        )
        if wider == cython.NULL:
            return 0
        births.list = wider
        births.room = room
    births.list[births.count].frame = frame
    births.list[births.count].index = index
    births.list[births.count].what = what
    births.count += 1
    return 1
