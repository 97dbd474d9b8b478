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
from cython.cimports.libc.string import memset
from cython.cimports.synfin._kernels import calm, collect, flight, record, table, zeek
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
    Work,
)
from cython.cimports.synfin._kernels.judge import REUSED_PORTS, judge
from cython.cimports.synfin._kernels.record import Record
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
from cython.cimports.synfin._kernels.table import Table

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
SLOTS_AHEAD = cython.declare(cython.Py_ssize_t, 16)  # rows for which memory is asked for before it is needed
CONNS_AHEAD = cython.declare(cython.Py_ssize_t, 8)
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

FIN = cython.declare(uint, 0x01)
SYN = cython.declare(uint, 0x02)
RST = cython.declare(uint, 0x04)
ACK = cython.declare(uint, 0x10)

ALL_ONES = cython.declare(uint, 0xFFFFFFFF)
MAX_SHIFT = cython.declare(cint, 14)  # RFC 7323 section 2.3


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
    if not conn.has_base[side]:
        conn.has_base[side] = 1
        conn.base[side] = row.seq if row.flags & SYN else row.seq - 1
    if row.flags & ACK and not conn.has_base[1 - side]:
        conn.has_base[1 - side] = 1
        conn.base[1 - side] = row.ack - 1


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
    fact.seq = row.seq - conn.base[side]
    fact.ack = row.ack - conn.base[1 - side] if row.flags & ACK else row.ack
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
        if conn.closes[1 - side]:
            value.marks |= VALUE_FOLLOWS
        else:
            conn.closes[side] = 1
            value.marks |= VALUE_CLOSES


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def starts_again(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cint:
    """A SYN, or a SYN,ACK with another number, inside a connection that is over: the next incarnation."""
    if (row.flags & SYN) == 0 or row.kind & KIND_QUOTED or not collect.is_over(conn):
        return 0
    return (row.flags & ACK) == 0 or cython.cast(uint, conn.work.ends[side].isn) != row.seq


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
def inherit(conn: cython.pointer(Conn), old: cython.pointer(Conn)) -> cython.void:
    """What is known of a stream goes on in its next connection; what is counted of a connection does not."""
    own: cython.pointer(Flow)
    side: uint
    conn.stream = old.stream
    conn.met = old.met
    conn.stream_first_ns = old.stream_first_ns
    conn.stream_last_ns = old.stream_last_ns
    conn.completeness = old.completeness
    conn.syn_time_ns = old.syn_time_ns
    conn.initial_rtt_ns = old.initial_rtt_ns
    conn.operations = old.operations
    conn.fast_open = old.fast_open
    conn.flights = old.flights
    for side in range(2):
        own = cython.address(conn.flows[side])
        own[0] = old.flows[side]
        own.payload_bytes = 0
        own.wire_bytes = 0
        own.packets = 0
        own.familiar = 0
        conn.has_base[side] = old.has_base[side]
        conn.base[side] = old.base[side]
        conn.closes[side] = old.closes[side]
        conn.flow_operations[side] = old.flow_operations[side]


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def begin_fact(
    conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), fact: cython.pointer(Fact)
) -> cython.void:
    """What is known of a row before it is judged."""
    if not conn.met:
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
    fact.scale = -3 if row.flags & SYN else conn.flows[side].scale
    fact.bits = 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def end_fact(conn: cython.pointer(Conn), fact: cython.pointer(Fact), value: cython.pointer(Value)) -> cython.void:
    """What is known of a row after it was followed."""
    if value != cython.NULL:
        value.initial_rtt_ns = conn.initial_rtt_ns
    fact.conn = conn.number
    fact.record = conn.index
    fact.states[0] = 255 if conn.handed_over else conn.states[0]
    fact.states[1] = 255 if conn.handed_over else conn.states[1]


@cython.final
@cython.cclass
class Tracker:
    """Follows every connection of one input; not thread-safe.

    `matrix` is the transition table, 12 rows of 32 cells. `detailed` keeps what is in flight: values can be asked for.
    Without `facts` only records can be had, and what they do not need is not done.
    """

    matrix: uchar[384]
    table: Table
    numbered: uint  # connections
    streams: uint
    frames: uint  # rows so far
    followed: ulonglong  # of them with a TCP header, quoted ones included
    segments: ulonglong  # of them with a TCP header of their own
    end_ns: longlong  # time of the latest frame
    detailed: cython.bint
    factual: cython.bint

    def __cinit__(self, matrix: bytes, detailed: cython.bint = False, facts: cython.bint = True):
        if len(matrix) != 384 or any(cell > 11 and cell != 255 for cell in matrix):
            raise ValueError("the matrix has 12 rows of 32 cells, each a row or 255")
        if detailed and not facts:
            raise ValueError("values stand beside facts")
        for place, cell in enumerate(matrix):
            self.matrix[place] = cell
        self.numbered = 0
        self.streams = 0
        self.frames = 0
        self.followed = 0
        self.segments = 0
        self.end_ns = 0
        self.detailed = detailed
        self.factual = facts
        if not table.begin(cython.address(self.table)):
            raise MemoryError("no room for the flow table")

    def __dealloc__(self):
        table.finish(cython.address(self.table))

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def take_out(self, conn: cython.pointer(Conn)) -> cint:
        """The `Work` of a connection that is to be followed in full; 0 when there is no memory."""
        work: cython.pointer(Work)
        if conn.work == cython.NULL:
            work = table.new_work(cython.address(self.table))
            if work == cython.NULL:
                return 0
            calm.take_out(conn, work)
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def put_away(self, conn: cython.pointer(Conn)) -> cython.void:
        """After a segment that was followed in full."""
        work: cython.pointer(Work) = conn.work
        if calm.settle(conn):
            calm.put_away(conn)
            table.give_back(cython.address(self.table), work)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def new_conn(self, slot: cython.pointer(ulonglong), row: cython.pointer(Row)) -> cython.pointer(Conn):
        """A fresh record that the slot leads to; NULL when there is no memory."""
        conn: cython.pointer(Conn) = table.new_conn(cython.address(self.table), row)
        if conn != cython.NULL:
            zeek.fresh(conn)
            conn.handed_over = not self.factual
            if slot[0] == 0:
                self.table.used += 1
            slot[0] = (row.hash & ~cython.cast(ulonglong, 0xFFFFFFFF)) | (cython.cast(ulonglong, conn.index) + 1)
        return conn

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def open_stream(self, slot: cython.pointer(ulonglong), row: cython.pointer(Row)) -> cython.pointer(Conn):
        conn: cython.pointer(Conn) = self.new_conn(slot, row)
        if conn != cython.NULL:
            conn.stream = self.streams
            self.streams += 1
        return conn

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def incarnate(
        self, slot: cython.pointer(ulonglong), old: cython.pointer(Conn), row: cython.pointer(Row)
    ) -> cython.pointer(Conn):
        """A new connection that goes on in the stream of the old one; NULL when there is no memory."""
        conn: cython.pointer(Conn) = self.new_conn(slot, row)
        if conn == cython.NULL:
            return cython.NULL
        inherit(conn, old)
        old.flights = cython.NULL
        old.next_same = conn.index + 1
        return conn

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def reopen(
        self,
        slot: cython.pointer(ulonglong),
        conn: cython.pointer(Conn),
        row: cython.pointer(Row),
        bits: cython.pointer(uint),
    ) -> cython.pointer(Conn):
        """The record of a SYN between endpoints that are known; NULL when there is no memory."""
        side: uint = 1 if row.kind & KIND_FROM_HIGH else 0
        if not self.take_out(conn):
            return cython.NULL
        if conn.has_base[side]:
            if conn.base[side] != row.seq:
                bits[0] = REUSED_PORTS
                if (row.flags & ACK) == 0:
                    conn = self.open_stream(slot, row)
                    if conn != cython.NULL:
                        conn.completeness = 1  # known at once, so that this segment counts like a later one
                    return conn
                conn.base[side] = row.seq
            elif (row.flags & ACK) == 0:
                conn.flows[side].next_seq = conn.flows[side].max_ackable
        if starts_again(conn, side, row):
            return self.incarnate(slot, conn, row)
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
            if not conn.handed_over:
                step(conn, side, row, self.matrix)
            collect.add(conn, side, row)
            zeek.add(conn, side, row)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def one(
        self,
        slot: cython.pointer(ulonglong),
        row: cython.pointer(Row),
        fact: cython.pointer(Fact),
        value: cython.pointer(Value),
    ) -> cint:
        """Follow one row that holds a TCP header in full; 0 when there is no memory."""
        bits: uint = 0
        side: uint = 1 if row.kind & KIND_FROM_HIGH else 0
        measured: cint = row.len_bytes >= 0 and (row.kind & KIND_QUOTED) == 0
        conn: cython.pointer(Conn)
        if slot[0] == 0:
            conn = self.open_stream(slot, row)
        else:
            conn = table.at(cython.address(self.table), cython.cast(uint, slot[0]) - 1)
            if row.flags & SYN:
                conn = self.reopen(slot, conn, row, cython.address(bits))
            elif not self.take_out(conn):
                return 0
        if conn == cython.NULL or (self.detailed and not flight.reserve(conn, side)):
            return 0
        if conn.flights != cython.NULL:
            conn.flights[side].sacked = 0  # SACK blocks count until the next segment
        if value != cython.NULL and measured:
            # a SYN that is sent again has a record, even without a flag
            if bits or ((row.flags & (SYN | ACK)) == SYN and conn.has_base[side] and conn.base[side] == row.seq):
                value.marks |= VALUE_ANALYSED
        if fact != cython.NULL:
            begin_fact(conn, side, row, fact)
        if measured:
            learn_base(conn, side, row)
            bits |= judge(conn, side, row, self.frames, value)
            if fact != cython.NULL:
                fact.bits = cython.cast(ushort, bits)
                numbers(conn, side, row, fact)
        else:
            bits = 0
        if row.hdr_len >= 20:
            complete(conn, row, not conn.met and conn.completeness == 0)
            learn_times(conn, side, row)
            learn_options(conn, side, row)
            if value != cython.NULL:
                opening_and_closing(conn, side, row, fact.ack, value)
        conn.met = 1
        self.ours(conn, side, row, bits)
        if fact != cython.NULL:
            end_fact(conn, fact, value)
        self.put_away(conn)
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def go_on(
        self,
        conn: cython.pointer(Conn),
        side: uint,
        row: cython.pointer(Row),
        fact: cython.pointer(Fact),
        value: cython.pointer(Value),
    ) -> cint:
        """Follow an undisturbed segment; 0 when there is no memory."""
        own: cython.pointer(Flow) = cython.address(conn.flows[side])
        if fact == cython.NULL:
            calm.advance(own, row)
        else:
            begin_fact(conn, side, row, fact)
            if value == cython.NULL:
                fact.bits = cython.cast(ushort, calm.fills_window(own, cython.address(conn.flows[1 - side]), row))
                calm.advance(own, row)
            else:
                if not flight.reserve(conn, side):
                    return 0
                conn.flights[side].sacked = 0
                fact.bits = cython.cast(ushort, judge(conn, side, row, self.frames, value))
                conn.flights[side].sacked = row.sacked
            numbers(conn, side, row, fact)
            end_fact(conn, fact, value)
        calm.tally(conn, own, row, self.frames)
        self.segments += 1
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
        if fact.record >= self.table.count:
            return
        conn = self.newest(table.at(cython.address(self.table), fact.record))
        fact.completeness = conn.completeness
        fact.scale = -3 if row.flags & SYN else conn.flows[side].scale
        if row.len_bytes >= 0 and (row.kind & KIND_QUOTED) == 0:
            if (row.flags & (SYN | ACK)) == (SYN | ACK) and conn.base[side] != row.seq:
                conn.base[side] = row.seq
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

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def all(
        self,
        row: cython.pointer(Row),
        n: cython.Py_ssize_t,
        fact: cython.pointer(Fact),
        value: cython.pointer(Value),
        finished: cython.pvoid,
    ) -> cint:
        """Follow `n` rows; 0 when there is no memory."""
        known: cython.pointer(Table) = cython.address(self.table)
        slot: cython.pointer(ulonglong)
        conn: cython.pointer(Conn)
        side: uint
        done: cint
        i: cython.Py_ssize_t
        for i in range(n):
            if i + SLOTS_AHEAD < n:
                table.ask_slot(known, row + SLOTS_AHEAD)
                table.ask_conn(known, row + CONNS_AHEAD, fact != cython.NULL)
            self.frames += 1
            if self.frames == 1 or row.time_ns > self.end_ns:
                self.end_ns = row.time_ns
            if value != cython.NULL:
                memset(value, 0, cython.sizeof(Value))
            if row.kind & KIND_TCP:
                if known.used * 2 > known.mask and not table.grow(known):
                    return 0
                side = 1 if row.kind & KIND_FROM_HIGH else 0
                slot = table.slot_of(known, row)
                done = 0
                if slot[0] != 0:
                    conn = table.at(known, cython.cast(uint, slot[0]) - 1)
                    if calm.undisturbed(conn, side, row):
                        if not self.go_on(conn, side, row, fact, value):
                            return 0
                        done = 1
                if not done and not self.one(slot, row, fact, value):
                    return 0
                self.followed += 1
                if finished != cython.NULL:
                    cython.cast(Tracker, finished).second_pass(row, fact, value)
            elif fact != cython.NULL:
                memset(fact, 0, cython.sizeof(Fact))
            row += 1
            if fact != cython.NULL:
                fact += 1
            if value != cython.NULL:
                value += 1
        return 1

    def follow(
        self,
        rows: uchar[::1],
        n: cython.Py_ssize_t,
        facts: uchar[::1] = None,
        finished: Tracker = None,
        values: uchar[::1] = None,
    ):
        """Follow the first `n` rows; facts[i] is filled where row i holds a TCP header, zeroed elsewhere.

        So are `values`, if given: a detailed tracker needs them, others have none.

        `finished` is a tracker that has followed the whole input already: facts are then those of a second pass.
        Raises MemoryError when there is no room for another connection.
        """
        fact: cython.pointer(Fact) = cython.NULL
        value: cython.pointer(Value) = cython.NULL
        value_len: cython.Py_ssize_t = cython.sizeof(Value)
        row_len: cython.Py_ssize_t = cython.sizeof(Row)
        fact_len: cython.Py_ssize_t = cython.sizeof(Fact)
        ok: cint = 1
        past: cython.pvoid = cython.NULL
        if n <= 0:
            return
        if self.factual != (facts is not None) or self.detailed != (values is not None):
            raise ValueError("facts go with a tracker that was made for them, values with a detailed one")
        if n > rows.shape[0] // row_len or (facts is not None and n > facts.shape[0] // fact_len):
            raise IndexError("fewer rows or facts than asked for")
        if facts is not None:
            fact = cython.cast(cython.pointer(Fact), cython.address(facts[0]))
        if values is not None:
            if n > values.shape[0] // value_len:
                raise IndexError("fewer values than asked for")
            value = cython.cast(cython.pointer(Value), cython.address(values[0]))
        if finished is not None:
            if facts is None:
                raise ValueError("a second pass shows facts")
            past = cython.cast(cython.pvoid, finished)
        with cython.nogil:
            ok = self.all(cython.cast(cython.pointer(Row), cython.address(rows[0])), n, fact, value, past)
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
        stop = min(stop, self.table.count)
        if start >= stop:
            return b""
        out = bytearray((stop - start) * cython.sizeof(Record))
        view = out
        with cython.nogil:
            for i in range(start, stop):
                conn = table.at(cython.address(self.table), i)
                if conn.number != ALL_ONES:
                    record.write(
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
        i: cython.Py_ssize_t
        if n <= 0:
            return
        if n > out.shape[0] or n > facts.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Fact)):
            raise IndexError("fewer facts or places than asked for")
        fact = cython.cast(cython.pointer(Fact), cython.address(facts[0]))
        with cython.nogil:
            for i in range(n):
                out[i] = 0
                if fact.record < self.table.count:
                    conn = table.at(cython.address(self.table), fact.record)
                    out[i] = record.client_of(conn) == fact.side
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
            following = table.at(cython.address(self.table), conn.next_same - 1)
            if following.next_same != 0:
                conn.next_same = following.next_same
            conn = following
        return conn

    def __len__(self):
        """Records so far (connections, and what only quoted headers reached)."""
        return self.table.count

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
