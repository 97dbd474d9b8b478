# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The flow table's memory: slots that grow, pages of records that never move, and `Work` for the disturbed."""

import cython
from cython import int as cint
from cython import uint, ulonglong
from cython.cimports.libc.stdlib import calloc, free, malloc, realloc
from cython.cimports.libc.string import memcpy, memset
from cython.cimports.synfin._kernels import flight
from cython.cimports.synfin._kernels.conn import LIFE_PRESENT, Conn, Work
from cython.cimports.synfin._kernels.roomy import LARGE_PAGE, in_large_pages
from cython.cimports.synfin._kernels.row import KIND_V6, Row
from cython.cimports.synfin._kernels.table import FIRST_MASK, PAGE_BITS, PAGE_SIZE, Table, at, give_back

if not cython.compiled:
    raise ImportError("the kernel table is not compiled")

ALL_ONES = cython.declare(uint, 0xFFFFFFFF)
MAX_RECORDS = cython.declare(uint, 0xFFFFFFF0)
WORK_AT_ONCE = cython.declare(uint, 64)
LINE = cython.declare(cython.size_t, 64)  # of the cache
SINGLE_PAGES = cython.declare(uint, 4)
PAGES_OF_A_BLOCK = cython.declare(uint, 32)  # whole large pages, if a record has 448 bytes


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def begin(table: cython.pointer(Table)) -> cint:
    """An empty table; 0 when there is no memory."""
    memset(table, 0, cython.sizeof(Table))
    table.mask = FIRST_MASK
    table.slots = cython.cast(
        cython.pointer(ulonglong), calloc(cython.cast(cython.size_t, table.mask) + 1, cython.sizeof(ulonglong))
    )
    return table.slots != cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def finish(table: cython.pointer(Table)) -> cython.void:
    i: uint
    for i in range(table.count):
        flight.release(at(table, i))
    for i in range(table.page_count):
        free(table.blocks[i])
    for i in range(table.work_block_count):
        free(table.work_blocks[i])
    free(table.pages)
    free(table.blocks)
    free(table.work_blocks)
    free(table.slots)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def grow(table: cython.pointer(Table)) -> cint:
    """Twice the slots; 0 when there is no memory."""
    wider: ulonglong = 2 * table.mask + 1
    slots: cython.pointer(ulonglong) = cython.cast(
        cython.pointer(ulonglong), calloc(cython.cast(cython.size_t, wider) + 1, cython.sizeof(ulonglong))
    )
    i: ulonglong
    j: ulonglong
    entry: ulonglong
    if slots == cython.NULL:
        return 0
    for i in range(table.mask + 1):
        entry = table.slots[i]
        if entry == 0:
            continue
        # the upper half of a hash decides the place, so that a slot alone suffices to move it
        j = (entry >> 32) & wider
        while slots[j] != 0:
            j = (j + 1) & wider
        slots[j] = entry
    free(table.slots)
    table.slots = slots
    table.mask = wider
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def slot_to(table: cython.pointer(Table), conn: cython.pointer(Conn)) -> cython.pointer(ulonglong):
    """The slot that leads to a record which one leads to."""
    place: ulonglong = conn.hash & table.mask
    while cython.cast(uint, table.slots[place]) != conn.index + 1:
        place = (place + 1) & table.mask
    return table.slots + place


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def clear(table: cython.pointer(Table), slot: cython.pointer(ulonglong)) -> cython.void:
    """Empty a slot; those behind it that it kept from their place move up."""
    hole: ulonglong = slot - table.slots
    place: ulonglong = hole
    entry: ulonglong
    while True:
        place = (place + 1) & table.mask
        entry = table.slots[place]
        if entry == 0:
            break
        if ((place - (entry >> 32)) & table.mask) >= ((place - hole) & table.mask):
            table.slots[hole] = entry
            hole = place
    table.slots[hole] = 0
    table.used -= 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def aligned(block: cython.p_void, to: cython.size_t) -> cython.p_void:
    return cython.cast(cython.p_void, (cython.cast(cython.size_t, block) + to - 1) & ~(to - 1))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def another_page(table: cython.pointer(Table)) -> cint:
    """Room for PAGE_SIZE more records, each in cache lines of its own; 0 when there is no memory.

    The first pages are asked for one by one. Later ones share a block, of which the system gives what is used.
    """
    wider: cython.pointer(cython.p_void)
    block: cython.p_void = cython.NULL
    page: uint = table.page_count
    shared: cython.size_t = PAGES_OF_A_BLOCK * PAGE_SIZE * cython.sizeof(Conn)
    count: cython.size_t = cython.cast(cython.size_t, page) + 1
    wider = cython.cast(cython.pointer(cython.p_void), realloc(table.pages, count * cython.sizeof(cython.p_void)))
    if wider == cython.NULL:
        return 0
    table.pages = cython.cast(cython.pointer(cython.pointer(Conn)), wider)
    wider = cython.cast(cython.pointer(cython.p_void), realloc(table.blocks, count * cython.sizeof(cython.p_void)))
    if wider == cython.NULL:
        return 0
    table.blocks = wider
    if page < SINGLE_PAGES:
        block = malloc(PAGE_SIZE * cython.sizeof(Conn) + LINE)
        if block == cython.NULL:
            return 0
        table.pages[page] = cython.cast(cython.pointer(Conn), aligned(block, LINE))
    elif (page - SINGLE_PAGES) % PAGES_OF_A_BLOCK == 0:
        block = malloc(shared + LARGE_PAGE)
        if block == cython.NULL:
            return 0
        table.pages[page] = cython.cast(cython.pointer(Conn), aligned(block, LARGE_PAGE))
        in_large_pages(table.pages[page], shared)
    else:
        table.pages[page] = table.pages[page - 1] + PAGE_SIZE
    table.blocks[page] = block
    table.page_count += 1
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def new_work(table: cython.pointer(Table)) -> cython.pointer(Work):
    """Memory for a `Work`, not cleared; NULL when there is none."""
    work: cython.pointer(Work)
    wider: cython.pointer(cython.p_void)
    count: cython.size_t = cython.cast(cython.size_t, table.work_block_count) + 1
    i: uint
    if table.free_work == cython.NULL:
        wider = cython.cast(
            cython.pointer(cython.p_void), realloc(table.work_blocks, count * cython.sizeof(cython.p_void))
        )
        if wider == cython.NULL:
            return cython.NULL
        table.work_blocks = wider
        work = cython.cast(cython.pointer(Work), malloc(WORK_AT_ONCE * cython.sizeof(Work)))
        if work == cython.NULL:
            return cython.NULL
        table.work_blocks[table.work_block_count] = work
        table.work_block_count += 1
        for i in range(WORK_AT_ONCE):
            give_back(table, work + i)
    work = table.free_work
    table.free_work = cython.cast(cython.pointer(Work), work.next)
    return work


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def new_conn(table: cython.pointer(Table), row: cython.pointer(Row)) -> cython.pointer(Conn):
    """A record between the row's endpoints, with a cleared `Work`; NULL when there is no memory."""
    conn: cython.pointer(Conn)
    work: cython.pointer(Work)
    index: uint = table.free_conn - 1
    i: cint
    if table.free_conn == 0:
        index = table.count
        if index >= MAX_RECORDS or (index == table.page_count << PAGE_BITS and not another_page(table)):
            return cython.NULL
    work = new_work(table)
    if work == cython.NULL:
        return cython.NULL
    conn = at(table, index)
    if table.free_conn == 0:
        table.count += 1
    else:
        table.free_conn = conn.next_same
    memset(conn, 0, cython.sizeof(Conn))
    memset(work, 0, cython.sizeof(Work))
    conn.index = index
    conn.life = LIFE_PRESENT
    conn.hash = cython.cast(uint, row.hash >> 32)
    memcpy(conn.low, row.low, 16)
    memcpy(conn.high, row.high, 16)
    conn.low_port = row.low_port
    conn.high_port = row.high_port
    conn.v6 = 1 if row.kind & KIND_V6 else 0
    conn.work = work
    conn.number = ALL_ONES
    conn.first_side = -1
    conn.syn_side = -1
    conn.reset_by = -1
    for i in range(2):
        conn.flows[i].window = ALL_ONES
        conn.flows[i].scale = -1
        conn.legs_ns[i] = -1
        work.ends[i].window = -1
        work.ends[i].fin_ack_min = cython.cast(cython.longlong, 1) << 62
    return conn
