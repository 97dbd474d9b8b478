# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Where what is noticed of connections stands: 8 bytes each, and `Signs` from the first sign on."""

import cython
from cython import int as cint
from cython import longlong, uint
from cython.cimports.libc.stdlib import calloc, free, realloc
from cython.cimports.libc.string import memcpy, memset
from cython.cimports.synfin._kernels.conn import Conn
from cython.cimports.synfin._kernels.moment import Moment
from cython.cimports.synfin._kernels.noticed import PAGE, Entry, Limits, Signs, Store, signs_at
from cython.cimports.synfin._kernels.sign import REUSED, sign

if not cython.compiled:
    raise ImportError("the kernel sign_store is not compiled")

ETHERNET_MSS = cython.declare(cint, 1460)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def begin(store: cython.pointer(Store), limits: cython.p_const_void, size: cython.Py_ssize_t) -> cint:
    """Take the limits into a cleared store; 0 where they are not as many as there must be."""
    if size != cython.cast(cython.Py_ssize_t, cython.sizeof(Limits)):
        return 0
    memcpy(cython.address(store.limits), limits, size)
    store.longest = ETHERNET_MSS
    store.patience_ns = cython.cast(
        longlong, min(store.limits.delayed_ack_min_ns, store.limits.late_resume_ns, store.limits.slow_end_ns)
    )
    store.tiny_bytes = cython.cast(cint, store.limits.silly_bytes)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def finish(store: cython.pointer(Store)) -> cython.void:
    """Give all memory back."""
    i: uint
    for i in range(store.page_count):
        free(store.pages[i])
    free(store.pages)
    free(store.entries)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def another_page(store: cython.pointer(Store)) -> cint:
    wider: cython.pointer(cython.pointer(Signs)) = cython.cast(
        cython.pointer(cython.pointer(Signs)),
        realloc(store.pages, (cython.cast(cython.size_t, store.page_count) + 1) * cython.sizeof(cython.p_void)),
    )
    if wider == cython.NULL:
        return 0
    store.pages = wider
    store.pages[store.page_count] = cython.cast(cython.pointer(Signs), calloc(PAGE, cython.sizeof(Signs)))
    if store.pages[store.page_count] == cython.NULL:
        return 0
    store.page_count += 1
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def have(m: cython.pointer(Moment)) -> cython.pointer(Signs):
    """The signs of the segment's connection; where there is no memory a place that nobody reads."""
    store: cython.pointer(Store) = m.store
    index: uint
    if m.signs == cython.NULL:
        if store.free_signs:
            index = store.free_signs - 1
            store.free_signs = cython.cast(uint, signs_at(store, index).bits)
        else:
            index = store.count
            if index == store.page_count * PAGE and not another_page(store):
                store.failed = 1
                return cython.address(store.scratch)
            store.count += 1
        m.signs = signs_at(store, index)
        memset(m.signs, 0, cython.sizeof(Signs))
        m.signs.frames[0] = m.frame
        m.entry.signs = index + 1
    m.signs.frames[1] = m.frame
    return m.signs


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def begin_conn(store: cython.pointer(Store), conn: cython.pointer(Conn), before: cython.pointer(Conn)) -> cint:
    """A connection begins; `before` had the same endpoints, or is NULL. 0 when there is no memory."""
    room: uint = store.entry_room
    wider: cython.pointer(Entry)
    m: Moment
    if conn.index >= room:
        room = room + room // 2 if room else 1024
        room = max(room, conn.index + 1)
        wider = cython.cast(
            cython.pointer(Entry), realloc(store.entries, cython.cast(cython.size_t, room) * cython.sizeof(Entry))
        )
        if wider == cython.NULL:
            return 0
        store.entries = wider
        store.entry_room = room
    memset(store.entries + conn.index, 0, cython.sizeof(Entry))
    if before != cython.NULL and before.first_frame:
        memset(cython.address(m), 0, cython.sizeof(Moment))
        m.store = store
        m.entry = store.entries + conn.index
        have(cython.address(m)).bits |= sign(REUSED)
    return not store.failed


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def forget(store: cython.pointer(Store), conn: cython.pointer(Conn)) -> cython.void:
    """A connection leaves memory."""
    entry: cython.pointer(Entry) = store.entries + conn.index
    if entry.signs:
        signs_at(store, entry.signs - 1).bits = store.free_signs
        store.free_signs = entry.signs
        entry.signs = 0
