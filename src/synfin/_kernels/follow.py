# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows of `scan` -> connections: the compiled twin of `synfin.watch.tracker`.

A growable hash table leads from a pair of endpoints to its newest connection record; records live in pages that never
move. For every row the tracker can write a fact (layout `FACT_FORMAT`): stream, connection, tshark's analysis flags,
relative numbers; where asked for, a value (`VALUE_FORMAT`): the numbers beside the flags. A tracker that is given
another, finished one shows what a second pass shows.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong, ushort
from cython.cimports.libc.stdlib import calloc, free, realloc
from cython.cimports.libc.string import memset
from cython.cimports.synfin._kernels import collect, flight, zeek
from cython.cimports.synfin._kernels.conn import (
    VALUE_ANALYSED,
    VALUE_CLOSES,
    VALUE_FAST_OPEN_ACK,
    VALUE_FAST_OPEN_IGNORED,
    VALUE_FAST_OPEN_SYN,
    VALUE_FOLLOWS,
    Conn,
    Flow,
    Value,
)
from cython.cimports.synfin._kernels.judge import REUSED_PORTS, judge
from cython.cimports.synfin._kernels.row import (
    KIND_FROM_HIGH,
    KIND_QUOTED,
    KIND_TCP,
    KIND_V6,
    OPT_COOKIE,
    OPT_CUT,
    Row,
    since,
)
from cython.cimports.synfin._kernels.step import step

if not cython.compiled:
    raise ImportError("the kernel follow is not compiled")

FACT_FORMAT = "<IIIIIiqqHBBIBB6x"
FACT_FIELDS = (
    "stream", "conn", "seq", "ack", "window_size", "scale", "since_first_ns", "since_last_ns", "bits", "completeness",
    "side", "record", "state_low", "state_high",
)  # fmt: skip
VALUE_FORMAT = "<qqqIIIIIIB7x"
VALUE_FIELDS = (
    "ack_rtt_ns", "initial_rtt_ns", "rto_ns", "acks_frame", "rto_frame", "duplicate_ack_num", "duplicate_ack_frame",
    "bytes_in_flight", "push_bytes_sent", "marks",
)  # fmt: skip
ANALYSED, CLOSES, FOLLOWS = 1, 2, 4  #: bits of `marks` of a value
FAST_OPEN = {8: "tfo_syn", 16: "tfo_ack", 32: "tfo_ignored"}  #: bits of `marks` of a value
RECORD_FORMAT = "<QQQQQqqqq16s16sIIIIIIIIIIIHH32sBBBBBB2x"
RECORD_FIELDS = (
    "marks", "payload_client", "payload_server", "wire_client", "wire_server", "first_ns", "last_ns", "leg_0", "leg_1",
    "client", "server", "conn", "stream", "first_frame", "last_frame", "packets_client", "packets_server",
    "retransmissions_client", "retransmissions_server", "vector_client", "vector_server", "completeness",
    "port_client", "port_server", "history", "history_len", "ttl_client", "ttl_server", "v6", "role_guessed",
    "conn_state",
)  # fmt: skip
NO_STATE = 255
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
    record=uint,  # index of the record in this tracker
    states=uchar[2],  # rows of the transition matrix after this segment, NO_STATE once handed over
)

# One connection for the outside, ends in the order client, server.
Record = cython.struct(
    marks=ulonglong,
    payload_bytes=ulonglong[2],
    wire_bytes=ulonglong[2],
    first_ns=longlong,
    last_ns=longlong,
    legs_ns=longlong[2],
    address=uchar[32],  # 16 bytes each
    number=uint,
    stream=uint,
    first_frame=uint,
    last_frame=uint,
    packets=uint[2],
    retransmissions=uint[2],
    vector=uint[2],
    completeness=uint,
    port=ushort[2],
    history=uchar[32],
    history_len=uchar,
    ttl=uchar[2],
    v6=uchar,
    role_guessed=uchar,
    conn_state=uchar,
    spare=uchar[2],
)

FIN = cython.declare(uint, 0x01)
SYN = cython.declare(uint, 0x02)
RST = cython.declare(uint, 0x04)
ACK = cython.declare(uint, 0x10)

ALL_ONES = cython.declare(uint, 0xFFFFFFFF)
MAX_SHIFT = cython.declare(cint, 14)  # RFC 7323 section 2.3

PAGE_BITS = cython.declare(uint, 10)
PAGE_SIZE = cython.declare(uint, 1024)
MAX_CONNECTIONS = cython.declare(ulonglong, 0xFFFFFFF0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def learn_times(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    if row.flags & SYN:
        conn.flows[side].only_syn = 1
        if (row.flags & ACK) == 0:
            conn.syn_time_ns = row.time_ns
    elif row.flags & ACK:
        if conn.syn_time_ns != 0 and conn.initial_rtt_ns == 0:
            conn.initial_rtt_ns = since(row.time_ns, conn.syn_time_ns)
        conn.flows[side].only_syn = 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def learn_base(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    own: cython.pointer(Flow) = cython.address(conn.flows[side])
    peer: cython.pointer(Flow) = cython.address(conn.flows[1 - side])
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
def learn_options(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    own: cython.pointer(Flow) = cython.address(conn.flows[side])
    peer: cython.pointer(Flow) = cython.address(conn.flows[1 - side])
    if (row.options & OPT_CUT) == 0:
        conn.operations |= row.operations  # they count once all options are read
    if row.options & OPT_COOKIE and row.len_bytes > 0 and (row.flags & (SYN | ACK)) == SYN:
        if (row.kind & KIND_QUOTED) == 0:
            conn.fast_open = 1
    if conn.flights != cython.NULL:
        conn.flights[side].sacked = row.sacked
    if 0 <= row.wscale <= MAX_SHIFT:
        own.scale = row.wscale
    if row.flags & SYN and (row.options & OPT_CUT) == 0:
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
def numbers(
    conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), fact: cython.pointer(Fact)
) -> cython.void:
    """Relative numbers and the scaled window, as shown."""
    shift: cint = conn.flows[side].scale
    fact.seq = row.seq - conn.flows[side].base
    fact.ack = row.ack - conn.flows[1 - side].base if row.flags & ACK else row.ack
    fact.window_size = row.window
    if (row.flags & SYN) == 0 and shift > 0:
        fact.window_size = cython.cast(uint, row.window) << shift


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fast_open(
    conn: cython.pointer(Conn), row: cython.pointer(Row), ack: uint, value: cython.pointer(Value)
) -> cython.void:
    """What tshark says of Fast Open; `ack` as shown."""
    value.marks &= ~(VALUE_FAST_OPEN_ACK | VALUE_FAST_OPEN_IGNORED)
    if (row.flags & (SYN | ACK)) == (SYN | ACK):
        if ack > 1:
            value.marks |= VALUE_FAST_OPEN_ACK  # more than the SYN is acknowledged
        elif conn.fast_open:
            value.marks |= VALUE_FAST_OPEN_IGNORED
    elif row.flags & SYN and row.options & OPT_COOKIE:
        value.marks |= VALUE_FAST_OPEN_SYN


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def opening_and_closing(
    conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), ack: uint, value: cython.pointer(Value)
) -> cython.void:
    """Fast Open, and who closes first."""
    fast_open(conn, row, ack, value)
    if row.flags & FIN:
        if conn.flows[1 - side].closes:
            value.marks |= VALUE_FOLLOWS
        else:
            conn.flows[side].closes = 1
            value.marks |= VALUE_CLOSES


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


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fresh(conn: cython.pointer(Conn)) -> cython.void:
    """Our view of a connection before its first segment (what is 0 already is left alone)."""
    i: cint
    conn.number = ALL_ONES
    conn.first_side = -1
    conn.syn_side = -1
    conn.reset_by = -1
    zeek.fresh(cython.address(conn.zeek))
    for i in range(2):
        conn.legs_ns[i] = -1
        conn.ends[i].window = -1
        conn.ends[i].fin_ack_min = cython.cast(longlong, 1) << 62


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def starts_again(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cint:
    """A SYN, or a SYN,ACK with another number, inside a connection that is over: the next incarnation."""
    if (row.flags & SYN) == 0 or row.kind & KIND_QUOTED or not collect.is_over(conn):
        return 0
    return (row.flags & ACK) == 0 or cython.cast(uint, conn.ends[side].isn) != row.seq


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def rejects(row: cython.pointer(Row)) -> cint:
    """Whether the ICMP error that quotes this header rejects a connection (RFC 1122 4.2.3.9, RFC 4443 3.1)."""
    kind: uint = row.icmp >> 8
    code: uint = row.icmp & 255
    if row.kind & KIND_V6:
        return kind == 1
    return kind == 3 and (code <= 1 or code == 3 or code == 9 or code == 10 or code == 13)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def guess_client(conn: cython.pointer(Conn)) -> cint:
    """The client where no SYN tells: the larger port calls; with equal ports, who was seen first."""
    if conn.high_port != conn.low_port:
        return conn.high_port > conn.low_port
    return conn.first_side if conn.first_side > 0 else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def write_record(
    conn: cython.pointer(Conn), completeness: uint, end_ns: longlong, out: cython.pointer(Record)
) -> cython.void:
    """A connection as the outside sees it, its client first."""
    client: cint = collect.client_side(conn)
    side: uint
    i: uint
    j: uint
    out.role_guessed = client < 0
    if client < 0:
        client = guess_client(conn)
    elif (conn.ends[client].sent & 1) == 0:
        out.role_guessed = 1
    out.marks = collect.marks(conn, client, end_ns)
    out.number = conn.number
    out.stream = conn.stream
    out.first_frame = conn.first_frame
    out.last_frame = conn.last_frame
    out.first_ns = conn.first_ns
    out.last_ns = conn.last_ns
    out.completeness = completeness
    out.v6 = conn.v6
    out.history_len = conn.zeek.history_len
    for i in range(32):
        out.history[i] = conn.zeek.history[i]
    out.conn_state = zeek.conn_state(cython.address(conn.zeek))
    for i in range(2):
        side = i ^ client
        out.legs_ns[i] = conn.legs_ns[i]
        out.payload_bytes[i] = conn.counts[side].payload_bytes
        out.wire_bytes[i] = conn.counts[side].wire_bytes
        out.packets[i] = conn.counts[side].packets
        out.retransmissions[i] = conn.counts[side].retransmissions
        out.ttl[i] = conn.counts[side].ttl
        out.vector[i] = collect.end_facts(conn, side, client)
        out.port[i] = conn.high_port if side else conn.low_port
        for j in range(16):
            out.address[16 * i + j] = conn.high[j] if side else conn.low[j]


@cython.final
@cython.cclass
class Tracker:
    """Follows every connection of one input; not thread-safe.

    `matrix` is the transition table, 12 rows of 32 cells. `detailed` keeps what is in flight: values can be asked for.
    """

    matrix: uchar[384]
    slots: cython.pointer(ulonglong)
    mask: ulonglong
    pages: cython.pointer(cython.pointer(Conn))
    page_count: uint
    count: uint  # records
    numbered: uint  # connections
    streams: uint
    frames: uint  # rows so far
    followed: ulonglong  # of them with a TCP header, quoted ones included
    segments: ulonglong  # of them with a TCP header of their own
    end_ns: longlong  # time of the latest frame
    detailed: cython.bint

    def __cinit__(self, matrix: bytes, detailed: cython.bint = False):
        if len(matrix) != 384 or any(cell > 11 and cell != 255 for cell in matrix):
            raise ValueError("the matrix has 12 rows of 32 cells, each a row or 255")
        for place, cell in enumerate(matrix):
            self.matrix[place] = cell
        self.mask = 0xFFF
        self.page_count = 0
        self.count = 0
        self.numbered = 0
        self.streams = 0
        self.frames = 0
        self.followed = 0
        self.segments = 0
        self.end_ns = 0
        self.detailed = detailed
        self.pages = cython.NULL
        self.slots = cython.cast(
            cython.pointer(ulonglong), calloc(cython.cast(cython.size_t, self.mask) + 1, cython.sizeof(ulonglong))
        )
        if self.slots == cython.NULL:
            raise MemoryError("no room for the flow table")

    def __dealloc__(self):
        i: uint
        for i in range(self.count):
            flight.release(self.at(i))
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
        conn.index = self.count
        self.count += 1
        for i in range(16):
            conn.low[i] = row.low[i]
            conn.high[i] = row.high[i]
        conn.low_port = row.low_port
        conn.high_port = row.high_port
        conn.v6 = 1 if row.kind & KIND_V6 else 0
        for i in range(2):
            conn.flows[i].window = ALL_ONES
            conn.flows[i].scale = -1
        fresh(conn)
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
    def incarnate(self, slot: cython.pointer(ulonglong), row: cython.pointer(Row)) -> cython.pointer(Conn):
        """A new connection that goes on in the stream of the old one; NULL when there is no memory."""
        old: cython.pointer(Conn) = self.at(cython.cast(uint, slot[0]) - 1)
        conn: cython.pointer(Conn) = self.new_conn(row)
        i: cint
        if conn == cython.NULL:
            return cython.NULL
        conn.stream = old.stream
        conn.stream_packets = old.stream_packets
        conn.stream_first_ns = old.stream_first_ns
        conn.stream_last_ns = old.stream_last_ns
        conn.completeness = old.completeness
        conn.syn_time_ns = old.syn_time_ns
        conn.initial_rtt_ns = old.initial_rtt_ns
        conn.operations = old.operations
        conn.fast_open = old.fast_open
        conn.flights = old.flights
        old.flights = cython.NULL
        for i in range(2):
            conn.flows[i] = old.flows[i]
        old.next_same = self.count
        slot[0] = (row.hash & ~cython.cast(ulonglong, 0xFFFFFFFF)) | self.count
        return conn

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def find(self, row: cython.pointer(Row), bits: cython.pointer(uint)) -> cython.pointer(Conn):
        """The record of a row, and REUSED_PORTS where tshark says so; NULL when there is no memory."""
        side: uint = 1 if row.kind & KIND_FROM_HIGH else 0
        slot: cython.pointer(ulonglong)
        conn: cython.pointer(Conn)
        bits[0] = 0
        if cython.cast(ulonglong, self.count) * 2 > self.mask and not self.grow():
            return cython.NULL
        slot = self.slot(row)
        if slot[0] == 0:
            return self.open_stream(slot, row)
        conn = self.at(cython.cast(uint, slot[0]) - 1)
        if (row.flags & SYN) == 0:
            return conn
        if conn.flows[side].has_base:
            if conn.flows[side].base != row.seq:
                bits[0] = REUSED_PORTS
                if (row.flags & ACK) == 0:
                    conn = self.open_stream(slot, row)
                    if conn != cython.NULL:
                        conn.completeness = 1  # known at once, so that this segment counts like a later one
                    return conn
                conn.flows[side].base = row.seq
            elif (row.flags & ACK) == 0:
                conn.flows[side].next_seq = conn.flows[side].max_ackable
        if starts_again(conn, side, row):
            return self.incarnate(slot, row)
        return conn

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def ours(self, conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), bits: uint) -> cython.void:
        """Our own bookkeeping of a row."""
        if row.kind & KIND_QUOTED:
            if rejects(row):
                collect.note_unreachable(conn, side, row)
            return
        self.segments += 1
        if conn.number == ALL_ONES:
            conn.number = self.numbered
            self.numbered += 1
        collect.count(conn, side, row, self.frames, bits)
        if row.len_bytes >= 0 and row.hdr_len >= 20:
            step(conn, side, row, self.matrix)
            collect.add(conn, side, row)
            zeek.add(cython.address(conn.zeek), side, row)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def one(self, row: cython.pointer(Row), fact: cython.pointer(Fact), value: cython.pointer(Value)) -> cint:
        """Follow one row that holds a TCP header; 0 when there is no memory."""
        own: cython.pointer(Flow)
        bits: uint = 0
        side: uint = 1 if row.kind & KIND_FROM_HIGH else 0
        measured: cint = row.len_bytes >= 0 and (row.kind & KIND_QUOTED) == 0
        conn: cython.pointer(Conn) = self.find(row, cython.address(bits))
        if conn == cython.NULL or (self.detailed and not flight.reserve(conn, side)):
            return 0
        own = cython.address(conn.flows[side])
        if conn.flights != cython.NULL:
            conn.flights[side].sacked = 0  # SACK blocks count until the next segment
        if value != cython.NULL and measured:
            # a SYN that is sent again has a record, even without a flag
            if bits or ((row.flags & (SYN | ACK)) == SYN and own.has_base and own.base == row.seq):
                value.marks |= VALUE_ANALYSED
        if conn.stream_packets == 0:
            conn.stream_first_ns = row.time_ns
            conn.stream_last_ns = row.time_ns
        fact.stream = conn.stream
        fact.completeness = conn.completeness
        fact.side = cython.cast(uchar, side)
        fact.since_first_ns = since(row.time_ns, conn.stream_first_ns)
        fact.since_last_ns = since(row.time_ns, conn.stream_last_ns)
        conn.stream_last_ns = row.time_ns
        fact.seq = row.seq
        fact.ack = row.ack
        fact.window_size = row.window
        fact.scale = -3 if row.flags & SYN else own.scale
        fact.bits = 0
        if measured:
            learn_base(conn, side, row)
            bits |= judge(conn, side, row, self.frames, value)
            fact.bits = cython.cast(ushort, bits)
            numbers(conn, side, row, fact)
        if row.hdr_len >= 20:
            complete(conn, row, conn.stream_packets == 0 and conn.completeness == 0)
            learn_times(conn, side, row)
            learn_options(conn, side, row)
            if value != cython.NULL:
                opening_and_closing(conn, side, row, fact.ack, value)
        if value != cython.NULL:
            value.initial_rtt_ns = conn.initial_rtt_ns
        conn.stream_packets += 1
        self.followed += 1
        self.ours(conn, side, row, fact.bits)
        fact.conn = conn.number
        fact.record = conn.index
        fact.states[0] = 255 if conn.handed_over else conn.states[0]
        fact.states[1] = 255 if conn.handed_over else conn.states[1]
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def second_pass(
        self, row: cython.pointer(Row), fact: cython.pointer(Fact), value: cython.pointer(Value)
    ) -> cython.void:
        """Show a row as a second pass does: this tracker has seen the whole input."""
        side: uint = fact.side
        conn: cython.pointer(Conn)
        if fact.record >= self.count:
            return
        conn = self.newest(self.at(fact.record))
        fact.completeness = conn.completeness
        fact.scale = -3 if row.flags & SYN else conn.flows[side].scale
        if row.len_bytes >= 0 and (row.kind & KIND_QUOTED) == 0:
            if (row.flags & (SYN | ACK)) == (SYN | ACK) and conn.flows[side].base != row.seq:
                conn.flows[side].base = row.seq
                fact.bits |= REUSED_PORTS
                if value != cython.NULL:
                    value.marks |= VALUE_ANALYSED
            numbers(conn, side, row, fact)
        if row.hdr_len >= 20:
            complete(conn, row, 0)
            learn_times(conn, side, row)  # an ACK before the SYN: tshark counts back from it
            if value != cython.NULL:
                fast_open(conn, row, fact.ack, value)
        if value != cython.NULL:
            value.initial_rtt_ns = conn.initial_rtt_ns

    def follow(
        self,
        rows: uchar[::1],
        n: cython.Py_ssize_t,
        facts: uchar[::1],
        finished: Tracker = None,
        values: uchar[::1] = None,
    ):
        """Follow the first `n` rows; facts[i] is filled where row i holds a TCP header, zeroed elsewhere.

        So are `values`, if given: a detailed tracker needs them, others have none.

        `finished` is a tracker that has followed the whole input already: facts are then those of a second pass.
        Raises MemoryError when there is no room for another connection.
        """
        row: cython.pointer(Row)
        fact: cython.pointer(Fact)
        value: cython.pointer(Value) = cython.NULL
        value_len: cython.Py_ssize_t = cython.sizeof(Value)
        row_len: cython.Py_ssize_t = cython.sizeof(Row)
        fact_len: cython.Py_ssize_t = cython.sizeof(Fact)
        i: cython.Py_ssize_t
        ok: cint = 1
        if n <= 0:
            return
        if n > rows.shape[0] // row_len or n > facts.shape[0] // fact_len:
            raise IndexError("fewer rows or facts than asked for")
        if self.detailed != (values is not None):
            raise ValueError("values go with a detailed tracker")
        if values is not None:
            if n > values.shape[0] // value_len:
                raise IndexError("fewer values than asked for")
            value = cython.cast(cython.pointer(Value), cython.address(values[0]))
        row = cython.cast(cython.pointer(Row), cython.address(rows[0]))
        fact = cython.cast(cython.pointer(Fact), cython.address(facts[0]))
        with cython.nogil:
            for i in range(n):
                self.frames += 1
                if self.frames == 1 or row.time_ns > self.end_ns:
                    self.end_ns = row.time_ns
                if value != cython.NULL:
                    memset(value, 0, cython.sizeof(Value))
                if (row.kind & KIND_TCP) == 0:
                    memset(fact, 0, cython.sizeof(Fact))
                else:
                    ok = self.one(row, fact, value)
                    if not ok:
                        break
                    if finished is not None:
                        finished.second_pass(row, fact, value)
                row += 1
                fact += 1
                if value != cython.NULL:
                    value += 1
        if not ok:
            raise MemoryError("no room for another connection")

    def records(self, start: uint, stop: uint) -> bytes:
        """The records `start` to `stop` (not included) as RECORD_FORMAT, in order of `conn`.

        Records that only quoted headers reached are left out.
        """
        out: bytearray
        view: uchar[::1]
        conn: cython.pointer(Conn)
        n: cython.Py_ssize_t = 0
        i: uint
        stop = min(stop, self.count)
        if start >= stop:
            return b""
        out = bytearray((stop - start) * cython.sizeof(Record))
        view = out
        with cython.nogil:
            for i in range(start, stop):
                conn = self.at(i)
                if conn.number != ALL_ONES:
                    write_record(
                        conn,
                        self.newest(conn).completeness,
                        self.end_ns,
                        cython.cast(cython.pointer(Record), cython.address(view[0])) + n,
                    )
                    n += 1
        return bytes(out[: n * cython.sizeof(Record)])

    def from_client(self, facts: uchar[::1], n: cython.Py_ssize_t, out: uchar[::1]):
        """out[i] = 1 where the client of its connection sent the segment of facts[i], as known by now, else 0."""
        fact: cython.pointer(Fact)
        conn: cython.pointer(Conn)
        client: cint
        i: cython.Py_ssize_t
        if n <= 0:
            return
        if n > out.shape[0] or n > facts.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Fact)):
            raise IndexError("fewer facts or places than asked for")
        fact = cython.cast(cython.pointer(Fact), cython.address(facts[0]))
        with cython.nogil:
            for i in range(n):
                out[i] = 0
                if fact.record < self.count:
                    conn = self.at(fact.record)
                    client = collect.client_side(conn)
                    if client < 0:
                        client = guess_client(conn)
                    out[i] = client == fact.side
                fact += 1

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def newest(self, conn: cython.pointer(Conn)) -> cython.pointer(Conn):
        """The connection in which the stream of `conn` goes on.

        Each step shortens the way for those who follow: a stream may have as many incarnations as packets.
        """
        following: cython.pointer(Conn)
        while conn.next_same != 0:
            following = self.at(conn.next_same - 1)
            if following.next_same != 0:
                conn.next_same = following.next_same
            conn = following
        return conn

    def __len__(self):
        """Records so far (connections, and what only quoted headers reached)."""
        return self.count

    def connection_count(self) -> uint:
        """Connections so far; records that only quoted headers reached are none."""
        return self.numbered

    def counts(self) -> tuple:
        """(frames, frames with a TCP header quoted or not, frames with a TCP header of their own) so far."""
        return self.frames, self.followed, self.segments


def record_size() -> cython.Py_ssize_t:
    return cython.sizeof(Record)


def value_size() -> cython.Py_ssize_t:
    return cython.sizeof(Value)


def fact_size() -> cython.Py_ssize_t:
    return cython.sizeof(Fact)
