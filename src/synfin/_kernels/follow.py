# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows of `scan` -> connections: the compiled twin of `synfin.watch.tracker`.

A growable hash table leads from a pair of endpoints to its newest connection record; records live in pages that never
move. For every row the tracker can write a fact (layout `FACT_FORMAT`): stream, connection, tshark's analysis flags,
relative numbers. A tracker that is given another, finished one shows what a second pass shows.
"""

import cython
from cython import int as cint
from cython import longlong, schar, uchar, uint, ulonglong, ushort
from cython.cimports.libc.stdlib import calloc, free, realloc
from cython.cimports.libc.string import memset
from cython.cimports.synfin._kernels.row import KIND_FROM_HIGH, KIND_QUOTED, KIND_TCP, KIND_V6, OPT_CUT, Row

if not cython.compiled:
    raise ImportError("the kernel follow is not compiled")

FACT_FORMAT = "<IIIIIiqqHBB4x"
FACT_FIELDS = (
    "stream", "conn", "seq", "ack", "window_size", "scale", "since_first_ns", "since_last_ns", "bits", "completeness",
    "side",
)  # fmt: skip
NO_SCALE = -3  #: `scale` of a fact where no scale factor is shown

Fact = cython.struct(
    stream=uint,
    conn=uint,
    seq=uint,
    ack=uint,
    window_size=uint,
    scale=cint,  # shift 0 to 14, -1 unknown, -2 not in use, NO_SCALE
    since_first_ns=longlong,
    since_last_ns=longlong,
    bits=ushort,  # analysis flags
    completeness=uchar,
    side=uchar,  # 1: sent by the larger endpoint
)

# One direction of a stream (tshark's view) and of a connection (ours).
Side = cython.struct(
    next_seq=uint,
    max_ackable=uint,
    last_ack=uint,
    window=uint,
    dup_acks=uint,
    base=uint,
    next_time_ns=longlong,
    last_ack_time_ns=longlong,
    last_bits=ushort,
    scale=schar,
    has_base=uchar,
    only_syn=uchar,
)

Conn = cython.struct(
    low=uchar[16],
    high=uchar[16],
    low_port=ushort,
    high_port=ushort,
    v6=uchar,
    completeness=uchar,
    stream=uint,
    packets=uint,  # of the stream: its first packet counts differently
    next_same=uint,  # index + 1 of the next connection of the same stream
    first_ns=longlong,
    last_ns=longlong,
    syn_time_ns=longlong,
    initial_rtt_ns=longlong,
    sides=Side[2],
)

FIN = cython.declare(uint, 0x01)
SYN = cython.declare(uint, 0x02)
RST = cython.declare(uint, 0x04)
ACK = cython.declare(uint, 0x10)

# Analysis flags, as in synfin.watch.analysis.
RETRANSMISSION = cython.declare(uint, 1)
FAST = cython.declare(uint, 2)
SPURIOUS = cython.declare(uint, 4)
OUT_OF_ORDER = cython.declare(uint, 8)
LOST_SEGMENT = cython.declare(uint, 16)
ACK_LOST_SEGMENT = cython.declare(uint, 32)
DUPLICATE_ACK = cython.declare(uint, 64)
KEEP_ALIVE = cython.declare(uint, 128)
KEEP_ALIVE_ACK = cython.declare(uint, 256)
ZERO_WINDOW = cython.declare(uint, 512)
ZERO_WINDOW_PROBE = cython.declare(uint, 1024)
ZERO_WINDOW_PROBE_ACK = cython.declare(uint, 2048)
WINDOW_FULL = cython.declare(uint, 4096)
WINDOW_UPDATE = cython.declare(uint, 8192)
REUSED_PORTS = cython.declare(uint, 16384)

ALL_ONES = cython.declare(uint, 0xFFFFFFFF)

PAGE_BITS = cython.declare(uint, 10)
PAGE_SIZE = cython.declare(uint, 1024)
MAX_CONNECTIONS = cython.declare(ulonglong, 0xFFFFFFF0)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def diff(a: uint, b: uint) -> cint:
    """Signed distance from b to a modulo 2**32."""
    return cython.cast(cint, a - b)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def same_again(own: cython.pointer(Side), row: cython.pointer(Row), length: uint) -> cint:
    return (
        length == 0
        and row.seq == own.next_seq
        and row.ack == own.last_ack
        and (row.flags & (SYN | FIN | RST)) == 0
    )


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def window_events(
    own: cython.pointer(Side), peer: cython.pointer(Side), row: cython.pointer(Row), length: uint, decided: cython.p_int
) -> uint:
    """Steps 1 to 7 of tshark's sequence analysis."""
    bits: uint = 0
    shift: cint
    quiet: cint = (row.flags & (SYN | FIN | RST)) == 0
    same: cint
    decided[0] = 1
    if length == 1 and row.seq == own.next_seq and peer.window == 0:
        return ZERO_WINDOW_PROBE
    if row.window == 0 and quiet:
        bits |= ZERO_WINDOW
    if own.next_seq != 0 and diff(row.seq, own.next_seq) > 0 and (row.flags & RST) == 0:
        bits |= LOST_SEGMENT
    if length <= 1 and row.seq == own.next_seq - 1 and quiet:
        bits |= KEEP_ALIVE
    same = same_again(own, row, length)
    if same and row.window != 0 and row.window != own.window:
        bits |= WINDOW_UPDATE
    if length != 0 and quiet and peer.scale != -1:
        shift = 0 if peer.only_syn or peer.scale < 0 else peer.scale
        if row.seq + length == peer.last_ack + (peer.window << shift):
            bits |= WINDOW_FULL
    if same and row.window != 0 and row.window == own.window and peer.last_bits & KEEP_ALIVE:
        return bits | KEEP_ALIVE_ACK
    if same and row.window == 0 and own.window == 0 and peer.last_bits & ZERO_WINDOW_PROBE:
        return bits | ZERO_WINDOW_PROBE_ACK
    decided[0] = 0
    return bits


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def acks_unseen(peer: cython.pointer(Side), row: cython.pointer(Row)) -> uint:
    first: cint
    if peer.max_ackable == 0 or (row.flags & ACK) == 0 or diff(row.ack, peer.max_ackable) <= 0:
        return 0
    if diff(peer.max_ackable, peer.next_seq) < 0:
        peer.max_ackable = peer.next_seq
        return ACK_LOST_SEGMENT
    first = peer.dup_acks == 0
    peer.dup_acks = ALL_ONES
    return ACK_LOST_SEGMENT if first else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sent_before(
    conn: cython.pointer(Conn),
    own: cython.pointer(Side),
    peer: cython.pointer(Side),
    row: cython.pointer(Row),
    length: uint,
) -> uint:
    """Step 11: spurious, fast, out of order or plain retransmission; the first that fits."""
    end: uint = row.seq + length
    old: cint = own.next_seq != 0 and diff(row.seq, own.next_seq) < 0
    limit: ulonglong
    if length > 1 and row.seq == own.next_seq - 1:
        old = 0
    if length != 0 and peer.last_ack != 0 and diff(end, peer.last_ack) <= 0:
        return SPURIOUS
    if not old:
        return 0
    if (
        peer.dup_acks >= 2
        and peer.last_ack == row.seq
        and cython.cast(ulonglong, row.time_ns - peer.last_ack_time_ns) < 20000000
    ):
        return FAST
    limit = cython.cast(ulonglong, conn.initial_rtt_ns) if conn.initial_rtt_ns != 0 else 3000000
    if row.flags & (SYN | FIN):
        end += 1
    if cython.cast(ulonglong, row.time_ns - own.next_time_ns) < limit and own.next_seq != end:
        return OUT_OF_ORDER
    return RETRANSMISSION


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def judge(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> uint:
    """tshark's sequence analysis of a segment whose length is known."""
    own: cython.pointer(Side) = cython.address(conn.sides[side])
    peer: cython.pointer(Side) = cython.address(conn.sides[1 - side])
    length: uint = cython.cast(uint, row.len_bytes)
    decided: cint = 0
    bits: uint = window_events(own, peer, row, length, cython.address(decided))
    end: uint
    if not decided and row.window != 0 and row.window == own.window and same_again(own, row, length):
        own.dup_acks = 1 if own.dup_acks == ALL_ONES else own.dup_acks + 1
        bits |= DUPLICATE_ACK
    if row.ack != own.last_ack:
        own.dup_acks = 0
    bits |= acks_unseen(peer, row)
    if (length != 0 or row.flags & (SYN | FIN)) and (bits & KEEP_ALIVE) == 0:
        bits |= sent_before(conn, own, peer, row, length)
    end = row.seq + length + (1 if row.flags & (SYN | FIN) else 0)
    if (bits & ZERO_WINDOW_PROBE) == 0:
        if own.next_seq == 0 or diff(end, own.next_seq) > 0:
            own.next_seq = end
            own.next_time_ns = row.time_ns
        if own.max_ackable == 0 or row.seq == own.max_ackable:
            own.max_ackable = own.next_seq
    own.window = row.window
    own.last_bits = cython.cast(ushort, bits)
    own.last_ack = row.ack
    own.last_ack_time_ns = row.time_ns
    return bits


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def learn_times(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    if row.flags & SYN:
        conn.sides[side].only_syn = 1
        if (row.flags & ACK) == 0:
            conn.syn_time_ns = row.time_ns
    elif row.flags & ACK:
        if conn.syn_time_ns != 0 and conn.initial_rtt_ns == 0:
            conn.initial_rtt_ns = row.time_ns - conn.syn_time_ns
        conn.sides[side].only_syn = 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def learn_base(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    own: cython.pointer(Side) = cython.address(conn.sides[side])
    peer: cython.pointer(Side) = cython.address(conn.sides[1 - side])
    if not own.has_base:
        own.has_base = 1
        own.base = row.seq if row.flags & SYN else row.seq - 1
    if row.flags & ACK and not peer.has_base:
        peer.has_base = 1
        peer.base = row.ack - 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def learn_scale(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    own: cython.pointer(Side) = cython.address(conn.sides[side])
    peer: cython.pointer(Side) = cython.address(conn.sides[1 - side])
    if row.options & OPT_CUT:
        return
    if row.wscale >= 0:
        own.scale = row.wscale
    if row.flags & SYN:
        if own.scale == -1:
            own.scale = -2
            peer.scale = -2
        elif row.flags & ACK and peer.scale == -2:
            own.scale = -2


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def complete(conn: cython.pointer(Conn), row: cython.pointer(Row), first: cint) -> cython.void:
    """`tcp.completeness`: a stream's first segment counts only when it is a SYN."""
    flags: uint = row.flags
    if first:
        if (flags & (SYN | ACK)) == SYN:
            conn.completeness = 9 if row.len_bytes > 0 and (row.kind & KIND_QUOTED) == 0 else 1
        return
    if flags & ACK:
        if flags & SYN:
            conn.completeness |= 2
        elif row.len_bytes > 0 and (row.kind & KIND_QUOTED) == 0:
            conn.completeness |= 8
        else:
            conn.completeness |= 4
        if flags & FIN:
            conn.completeness |= 16
    if flags & RST:
        conn.completeness |= 32


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def numbers(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), fact: cython.pointer(Fact)) -> cython.void:
    """Relative numbers and the scaled window, as shown."""
    shift: cint = conn.sides[side].scale
    fact.seq = row.seq - conn.sides[side].base
    fact.ack = row.ack - conn.sides[1 - side].base if row.flags & ACK else row.ack
    fact.window_size = row.window
    fact.scale = -3
    if (row.flags & SYN) == 0:
        fact.scale = shift
        if shift > 0:
            fact.window_size = cython.cast(uint, row.window) << shift


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def same_key(conn: cython.pointer(Conn), row: cython.pointer(Row)) -> cint:
    i: cint
    if conn.low_port != row.low_port or conn.high_port != row.high_port:
        return 0
    if conn.v6 != (1 if row.kind & KIND_V6 else 0):
        return 0
    for i in range(16):
        if conn.low[i] != row.low[i] or conn.high[i] != row.high[i]:
            return 0
    return 1


@cython.final
@cython.cclass
class Tracker:
    """Follows every connection of one input; not thread-safe."""

    slots: cython.pointer(ulonglong)
    mask: ulonglong
    pages: cython.pointer(cython.pointer(Conn))
    page_count: uint
    count: uint  # connections
    streams: uint

    def __cinit__(self):
        self.mask = 0xFFF
        self.page_count = 0
        self.count = 0
        self.streams = 0
        self.pages = cython.NULL
        self.slots = cython.cast(
            cython.pointer(ulonglong), calloc(cython.cast(cython.size_t, self.mask) + 1, cython.sizeof(ulonglong))
        )
        if self.slots == cython.NULL:
            raise MemoryError("no room for the flow table")

    def __dealloc__(self):
        i: uint
        for i in range(self.page_count):
            free(self.pages[i])
        free(self.pages)
        free(self.slots)

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def at(self, index: uint) -> cython.pointer(Conn):
        return self.pages[index >> PAGE_BITS] + (index & (PAGE_SIZE - 1))

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def grow(self) -> cint:
        """Twice the slots; 0 when there is no memory."""
        wider: ulonglong = 2 * self.mask + 1
        slots: cython.pointer(ulonglong) = cython.cast(
            cython.pointer(ulonglong), calloc(cython.cast(cython.size_t, wider) + 1, cython.sizeof(ulonglong))
        )
        i: ulonglong
        j: ulonglong
        entry: ulonglong
        if slots == cython.NULL:
            return 0
        for i in range(self.mask + 1):
            entry = self.slots[i]
            if entry == 0:
                continue
            # the upper half of a hash decides the place, so that a slot alone suffices to move it
            j = (entry >> 32) & wider
            while slots[j] != 0:
                j = (j + 1) & wider
            slots[j] = entry
        free(self.slots)
        self.slots = slots
        self.mask = wider
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def new_conn(self, row: cython.pointer(Row)) -> cython.pointer(Conn):
        """A fresh record at index `count`; NULL when there is no memory."""
        conn: cython.pointer(Conn)
        wider: cython.pointer(cython.pointer(Conn))
        i: cint
        if self.count >= MAX_CONNECTIONS:
            return cython.NULL
        if self.count == self.page_count << PAGE_BITS:
            wider = cython.cast(
                cython.pointer(cython.pointer(Conn)),
                realloc(self.pages, (cython.cast(cython.size_t, self.page_count) + 1) * cython.sizeof(cython.p_void)),
            )
            if wider == cython.NULL:
                return cython.NULL
            self.pages = wider
            wider[self.page_count] = cython.cast(cython.pointer(Conn), calloc(PAGE_SIZE, cython.sizeof(Conn)))
            if wider[self.page_count] == cython.NULL:
                return cython.NULL
            self.page_count += 1
        conn = self.at(self.count)
        self.count += 1
        for i in range(16):
            conn.low[i] = row.low[i]
            conn.high[i] = row.high[i]
        conn.low_port = row.low_port
        conn.high_port = row.high_port
        conn.v6 = 1 if row.kind & KIND_V6 else 0
        for i in range(2):
            conn.sides[i].window = ALL_ONES
            conn.sides[i].scale = -1
        return conn

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def slot(self, row: cython.pointer(Row)) -> cython.pointer(ulonglong):
        """The slot of the row's endpoints: empty, or leading to their newest connection."""
        place: ulonglong = (row.hash >> 32) & self.mask
        entry: ulonglong
        while True:
            entry = self.slots[place]
            if entry == 0:
                break
            if (entry >> 32) == (row.hash >> 32) and same_key(self.at(cython.cast(uint, entry) - 1), row):
                break
            place = (place + 1) & self.mask
        return self.slots + place

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def open_stream(self, slot: cython.pointer(ulonglong), row: cython.pointer(Row)) -> cython.pointer(Conn):
        conn: cython.pointer(Conn) = self.new_conn(row)
        if conn != cython.NULL:
            conn.stream = self.streams
            self.streams += 1
            slot[0] = (row.hash & ~cython.cast(ulonglong, 0xFFFFFFFF)) | self.count
        return conn

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def find(self, row: cython.pointer(Row), index: cython.pointer(uint), bits: cython.pointer(uint)) -> cython.pointer(Conn):
        """The record of a row, its index, and REUSED_PORTS where tshark says so; NULL when there is no memory."""
        side: uint = 1 if row.kind & KIND_FROM_HIGH else 0
        slot: cython.pointer(ulonglong)
        conn: cython.pointer(Conn)
        if cython.cast(ulonglong, self.count) * 2 > self.mask and not self.grow():
            return cython.NULL
        slot = self.slot(row)
        bits[0] = 0
        if slot[0] == 0:
            conn = self.open_stream(slot, row)
            index[0] = self.count - 1
            return conn
        index[0] = cython.cast(uint, slot[0]) - 1
        conn = self.at(index[0])
        if (row.flags & SYN) == 0 or not conn.sides[side].has_base:
            return conn
        if conn.sides[side].base != row.seq:
            bits[0] = REUSED_PORTS
            if row.flags & ACK:
                conn.sides[side].base = row.seq
                return conn
            conn = self.open_stream(slot, row)
            index[0] = self.count - 1
            return conn
        if (row.flags & ACK) == 0:
            conn.sides[side].next_seq = conn.sides[side].max_ackable
        return conn

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def one(self, row: cython.pointer(Row), fact: cython.pointer(Fact)) -> cint:
        """Follow one row that holds a TCP header; 0 when there is no memory."""
        index: uint = 0
        bits: uint = 0
        side: uint = 1 if row.kind & KIND_FROM_HIGH else 0
        conn: cython.pointer(Conn) = self.find(row, cython.address(index), cython.address(bits))
        measured: cint = row.len_bytes >= 0 and (row.kind & KIND_QUOTED) == 0
        if conn == cython.NULL:
            return 0
        if conn.packets == 0:
            conn.first_ns = row.time_ns
            conn.last_ns = row.time_ns
        fact.stream = conn.stream
        fact.conn = index
        fact.completeness = conn.completeness
        fact.side = cython.cast(uchar, side)
        fact.since_first_ns = row.time_ns - conn.first_ns
        fact.since_last_ns = row.time_ns - conn.last_ns
        conn.last_ns = row.time_ns
        fact.seq = row.seq
        fact.ack = row.ack
        fact.window_size = row.window
        fact.scale = -3
        fact.bits = 0
        if measured:
            learn_base(conn, side, row)
            bits |= judge(conn, side, row)
            fact.bits = cython.cast(ushort, bits)
            numbers(conn, side, row, fact)
        if row.hdr_len >= 20:
            complete(conn, row, conn.packets == 0)
            if (row.kind & KIND_QUOTED) == 0:
                learn_times(conn, side, row)
        if measured:
            learn_scale(conn, side, row)
        conn.packets += 1
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def second_pass(self, row: cython.pointer(Row), fact: cython.pointer(Fact)) -> cython.void:
        """Show a row as a second pass does: this tracker has seen the whole input."""
        side: uint = fact.side
        conn: cython.pointer(Conn)
        if fact.conn >= self.count:
            return
        conn = self.at(fact.conn)
        while conn.next_same != 0:
            conn = self.at(conn.next_same - 1)
        fact.completeness = conn.completeness
        if row.len_bytes >= 0 and (row.kind & KIND_QUOTED) == 0:
            if (row.flags & (SYN | ACK)) == (SYN | ACK) and conn.sides[side].base != row.seq:
                conn.sides[side].base = row.seq
                fact.bits |= REUSED_PORTS
            numbers(conn, side, row, fact)
        if row.hdr_len >= 20:
            complete(conn, row, 0)

    def follow(self, rows: uchar[::1], n: cython.Py_ssize_t, facts: uchar[::1], finished: Tracker = None):
        """Follow the first `n` rows; facts[i] is filled where row i holds a TCP header, zeroed elsewhere.

        `finished` is a tracker that has followed the whole input already: facts are then those of a second pass.
        Raises MemoryError when there is no room for another connection.
        """
        row: cython.pointer(Row)
        fact: cython.pointer(Fact)
        i: cython.Py_ssize_t
        ok: cint = 1
        if n <= 0:
            return
        if n * cython.sizeof(Row) > rows.shape[0] or n * cython.sizeof(Fact) > facts.shape[0]:
            raise IndexError("fewer rows or facts than asked for")
        row = cython.cast(cython.pointer(Row), cython.address(rows[0]))
        fact = cython.cast(cython.pointer(Fact), cython.address(facts[0]))
        with cython.nogil:
            for i in range(n):
                if (row.kind & KIND_TCP) == 0:
                    memset(fact, 0, cython.sizeof(Fact))
                else:
                    ok = self.one(row, fact)
                    if not ok:
                        break
                    if finished is not None:
                        finished.second_pass(row, fact)
                row += 1
                fact += 1
        if not ok:
            raise MemoryError("no room for another connection")

    def __len__(self):
        return self.count


def fact_size() -> cython.Py_ssize_t:
    return cython.sizeof(Fact)
