# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows of `scan` -> connections: the compiled twin of `synfin.watch.follow.tracker`.

A growable hash table leads from a pair of endpoints to its newest connection record; records live in pages that never
move. For every row the tracker can write a fact (layout `FACT_FORMAT`): stream, connection, tshark's analysis flags,
relative numbers; where asked for, a value (`VALUE_FORMAT`): the numbers beside the flags. A tracker that is given
another, finished one shows what a second pass shows.
"""

import cython
from cython import int as cint
from cython import longlong, uchar, uint, ulonglong, ushort
from cython.cimports.cpython.bytes import PyBytes_AS_STRING
from cython.cimports.libc.stdlib import free
from cython.cimports.libc.string import memcpy, memset
from cython.cimports.synfin._kernels import (
    birth,
    calm,
    clock,
    collect,
    flight,
    leave,
    record,
    sign_store,
    signs,
    stream,
    table,
    zeek,
)
from cython.cimports.synfin._kernels import fact as fact_of
from cython.cimports.synfin._kernels.birth import COUNTS, OPENS, Birth, Births
from cython.cimports.synfin._kernels.clock import Clock
from cython.cimports.synfin._kernels.conn import (
    LIFE_GONE,
    LIFE_PAST,
    VALUE_ANALYSED,
    Conn,
    Flow,
    Value,
    Work,
)
from cython.cimports.synfin._kernels.deal import Deal, Passage
from cython.cimports.synfin._kernels.fact import Fact
from cython.cimports.synfin._kernels.judge import REUSED_PORTS, judge
from cython.cimports.synfin._kernels.leave import Leaver, Leaving
from cython.cimports.synfin._kernels.note import NOTE_SOUND, Note
from cython.cimports.synfin._kernels.noticed import Store
from cython.cimports.synfin._kernels.record import Record
from cython.cimports.synfin._kernels.row import ACK, KIND_FROM_HIGH, KIND_QUOTED, KIND_TCP, KIND_V6, SYN, Row
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
RECORD_FORMAT = "<QQQQQQqqqq16s16sIIIIIIIIIIIHH32sBBBBBB2x"
RECORD_FIELDS = (
    "marks", "signs", "payload_client", "payload_server", "wire_client", "wire_server", "first_ns", "last_ns",
    "leg_0", "leg_1", "client", "server", "conn", "stream", "first_frame", "last_frame", "packets_client",
    "packets_server", "retransmissions_client", "retransmissions_server", "vector_client", "vector_server",
    "completeness", "port_client", "port_server", "history", "history_len", "ttl_client", "ttl_server", "v6",
    "role_guessed", "conn_state",
)  # fmt: skip
SLOTS_AHEAD = cython.declare(cython.Py_ssize_t, 16)  # rows for which memory is asked for before it is needed
CONNS_AHEAD = cython.declare(cython.Py_ssize_t, 8)
NO_STATE = 255
NO_SCALE = -3  #: `scale` of a fact where no scale factor is shown

ALL_ONES = cython.declare(uint, 0xFFFFFFFF)
MIN_SILENCE_S = cython.declare(uint, 4)  # more than what settles a connection
LATEST_NS = cython.declare(longlong, 0x7FFFFFFFFFFFFFFF)


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


@cython.final
@cython.cclass
class Tracker:
    """Follows every connection of one input; not thread-safe.

    `matrix` is the transition table, 12 rows of 32 cells. `detailed` keeps what is in flight: values can be asked for.
    Without `facts` only records can be had, and what they do not need is not done. Connections that have ended leave
    memory when they have been silent for `closed_after_s`, all others for `idle_after_s` (0: never): see `drain`.

    One of several `shards` follows the rows that were dealt to it (`follow_dealt`); `name_births` of all shards then
    numbers streams and connections as one tracker would have.
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
    clock: Clock
    leaving: Leaving
    shard: uint
    shards: uint
    births: Births  # since the last numbering
    noting: cython.bint
    store: Store  # signs, where they are looked for

    def __cinit__(
        self,
        matrix: bytes,
        detailed: cython.bint = False,
        facts: cython.bint = True,
        closed_after_s: uint = 0,
        idle_after_s: uint = 0,
        shard: uint = 0,
        shards: uint = 1,
        limits: bytes = b"",
    ):
        if len(matrix) != 384 or any(cell > 11 and cell != 255 for cell in matrix):
            raise ValueError("the matrix has 12 rows of 32 cells, each a row or 255")
        if detailed and not facts:
            raise ValueError("values stand beside facts")
        if shard >= shards or (facts and shards != 1):
            raise ValueError("a shard is one of several, and keeps no facts")
        if 0 < closed_after_s < MIN_SILENCE_S or 0 < idle_after_s < MIN_SILENCE_S:
            raise ValueError("a connection stays for some seconds at least")
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
        self.shard = shard
        self.shards = shards
        memset(cython.address(self.store), 0, cython.sizeof(Store))
        self.noting = len(limits) > 0
        if self.noting and not sign_store.begin(cython.address(self.store), PyBytes_AS_STRING(limits), len(limits)):
            raise ValueError("the limits are 64-bit floats, one for each of `signs.LIMITS`")
        memset(cython.address(self.births), 0, cython.sizeof(Births))
        clock.wind_up(cython.address(self.clock))
        memset(cython.address(self.leaving), 0, cython.sizeof(Leaving))
        self.leaving.idle_s = idle_after_s if idle_after_s else ALL_ONES
        self.leaving.closed_s = min(closed_after_s if closed_after_s else ALL_ONES, self.leaving.idle_s)
        if not table.begin(cython.address(self.table)):
            raise MemoryError("no room for the flow table")

    def __dealloc__(self):
        table.finish(cython.address(self.table))
        sign_store.finish(cython.address(self.store))
        free(self.leaving.leavers)
        free(self.births.list)

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def is_born(self, conn: cython.pointer(Conn), what: uint) -> cint:
        """A shard leaves to be numbered what a single tracker numbers at once; 0 when there is no memory."""
        if self.shards == 1:
            return 1
        return birth.note(cython.address(self.births), self.frames, conn.index, what)

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
        conn.ended = cython.cast(uchar, collect.has_ended(conn))
        if calm.settle(conn):
            calm.put_away(conn)
            table.give_back(cython.address(self.table), work)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def new_conn(self, slot: cython.pointer(ulonglong), row: cython.pointer(Row)) -> cython.pointer(Conn):
        """A fresh record that the slot leads to; NULL when there is no memory."""
        conn: cython.pointer(Conn) = table.new_conn(cython.address(self.table), row)
        old: cython.pointer(Conn) = cython.NULL
        if conn != cython.NULL:
            zeek.fresh(conn)
            conn.handed_over = not self.factual
            if slot[0] == 0:
                self.table.used += 1
            else:
                old = table.at(cython.address(self.table), cython.cast(uint, slot[0]) - 1)
                if old.life != LIFE_GONE:
                    old.life = LIFE_PAST
                    old.seen_s = self.clock.seen_s  # it stays for a while from now
                old.flows[0].familiar = 0  # nothing goes on in it
                old.flows[1].familiar = 0
                if old.life == LIFE_GONE:  # nobody knows of it any more, whether its slot was emptied by now or not
                    old = cython.NULL
            if self.noting and not sign_store.begin_conn(cython.address(self.store), conn, old):
                return cython.NULL
            slot[0] = (row.hash & ~cython.cast(ulonglong, 0xFFFFFFFF)) | (cython.cast(ulonglong, conn.index) + 1)
        return conn

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def is_gone(self, conn: cython.pointer(Conn)) -> cint:
        """Whether a connection has been silent for too long; it is then one that left when its time was over."""
        if not leave.is_gone(cython.address(self.leaving), conn, self.clock.now_s):
            return 0
        conn.seen_s += self.leaving.closed_s if conn.ended else self.leaving.idle_s
        conn.life = LIFE_GONE
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def open_stream(self, slot: cython.pointer(ulonglong), row: cython.pointer(Row)) -> cython.pointer(Conn):
        conn: cython.pointer(Conn) = self.new_conn(slot, row)
        if conn != cython.NULL:
            conn.stream = self.streams
            self.streams += 1
            if not self.is_born(conn, OPENS):
                return cython.NULL
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
        stream.inherit(conn, old)
        old.flights = cython.NULL
        old.next_same = conn.index + 1
        return conn if self.is_born(conn, old.index) else cython.NULL

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
    def ours(
        self, conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row), bits: uint, was: cython.pointer(Flow)
    ) -> cint:
        """Our own bookkeeping of a row; `was`: both flows before it, for signs. 0 when there is no memory."""
        if row.kind & KIND_QUOTED:
            if self.noting and not signs.quoted(cython.address(self.store), conn, self.frames):
                return 0
            if rejects(row):
                collect.note_unreachable(conn, side, row)
            return 1
        self.segments += 1
        if conn.number == ALL_ONES:
            conn.number = self.numbered
            self.numbered += 1
            if not self.is_born(conn, COUNTS):
                return 0
        if self.noting and row.len_bytes >= 0 and row.hdr_len >= 20:
            if not signs.disturbed(cython.address(self.store), conn, side, row, self.frames, bits, was):
                return 0
        collect.count(conn, side, row, self.frames, bits)
        if row.len_bytes >= 0 and row.hdr_len >= 20:
            if not conn.handed_over:
                step(conn, side, row, self.matrix)
            collect.add(conn, side, row)
            zeek.add(conn, side, row)
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def one(
        self,
        slot: cython.pointer(ulonglong),
        old: cython.pointer(Conn),
        row: cython.pointer(Row),
        fact: cython.pointer(Fact),
        value: cython.pointer(Value),
    ) -> cint:
        """Follow one row that holds a TCP header in full; 0 when there is no memory.

        `old` is the connection that its slot leads to, or NULL.
        """
        bits: uint = 0
        side: uint = 1 if row.kind & KIND_FROM_HIGH else 0
        measured: cint = row.len_bytes >= 0 and (row.kind & KIND_QUOTED) == 0
        was: Flow[2]
        conn: cython.pointer(Conn) = cython.NULL
        if old == cython.NULL or self.is_gone(old):
            conn = self.open_stream(slot, row)
        elif row.flags & SYN:
            conn = self.reopen(slot, old, row, cython.address(bits))
        elif self.take_out(old):
            conn = old
        if conn == cython.NULL or (self.detailed and not flight.reserve(conn, side)):
            return 0
        if conn.flights != cython.NULL:
            conn.flights[side].sacked = 0  # SACK blocks count until the next segment
        if value != cython.NULL and measured:
            # a SYN that is sent again has a record, even without a flag
            if bits or ((row.flags & (SYN | ACK)) == SYN and conn.has_base[side] and conn.base[side] == row.seq):
                value.marks |= VALUE_ANALYSED
        if fact != cython.NULL:
            fact_of.begin_fact(conn, side, row, fact)
        if self.noting:
            memcpy(was, conn.flows, 2 * cython.sizeof(Flow))
        if measured:
            stream.learn_base(conn, side, row)
            bits |= judge(conn, side, row, self.frames, value)
            if fact != cython.NULL:
                fact.bits = cython.cast(ushort, bits)
                fact_of.numbers(conn, side, row, fact)
        else:
            bits = 0
        if row.hdr_len >= 20:
            stream.complete(conn, row, not conn.met and conn.completeness == 0)
            stream.learn_times(conn, side, row)
            stream.learn_options(conn, side, row)
            if value != cython.NULL:
                fact_of.opening_and_closing(conn, side, row, fact.ack, value)
        conn.met = 1
        conn.seen_s = self.clock.seen_s
        if not self.ours(conn, side, row, bits, was):
            return 0
        if fact != cython.NULL:
            fact_of.end_fact(conn, fact, value)
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
        if self.noting and signs.remarkable(cython.address(self.store), own, cython.address(conn.flows[1 - side]), row):
            if not signs.undisturbed(cython.address(self.store), conn, side, row, self.frames):
                return 0
        if fact == cython.NULL:
            calm.advance(own, row)
        else:
            fact_of.begin_fact(conn, side, row, fact)
            if value == cython.NULL:
                fact.bits = cython.cast(ushort, calm.fills_window(own, cython.address(conn.flows[1 - side]), row))
                calm.advance(own, row)
            else:
                if not flight.reserve(conn, side):
                    return 0
                conn.flights[side].sacked = 0
                fact.bits = cython.cast(ushort, judge(conn, side, row, self.frames, value))
                conn.flights[side].sacked = row.sacked
            fact_of.numbers(conn, side, row, fact)
            fact_of.end_fact(conn, fact, value)
        calm.tally(conn, own, row, self.frames, self.clock.seen_s)
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
        conn = leave.newest(cython.address(self.table), table.at(cython.address(self.table), fact.record))
        fact.completeness = conn.completeness
        fact.scale = -3 if row.flags & SYN else conn.flows[side].scale
        if row.len_bytes >= 0 and (row.kind & KIND_QUOTED) == 0:
            if (row.flags & (SYN | ACK)) == (SYN | ACK) and conn.base[side] != row.seq:
                conn.base[side] = row.seq
                fact.bits |= REUSED_PORTS
                if value != cython.NULL:
                    value.marks |= VALUE_ANALYSED
            fact_of.numbers(conn, side, row, fact)
        if row.hdr_len >= 20:
            stream.complete(conn, row, 0)
            stream.learn_times(conn, side, row)  # an ACK before the SYN: tshark counts back from it
            if value != cython.NULL:
                fact_of.fast_open(conn, row, fact.ack, value)
        if value != cython.NULL:
            value.initial_rtt_ns = conn.initial_rtt_ns

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def meet(self, row: cython.pointer(Row), fact: cython.pointer(Fact), value: cython.pointer(Value)) -> cint:
        """Follow one row that holds a TCP header; 0 when there is no memory."""
        known: cython.pointer(Table) = cython.address(self.table)
        slot: cython.pointer(ulonglong)
        conn: cython.pointer(Conn) = cython.NULL
        side: uint = 1 if row.kind & KIND_FROM_HIGH else 0
        if known.used * 2 > known.mask and not table.grow(known):
            return 0
        slot = table.slot_of(known, row)
        if slot[0] != 0:
            conn = table.at(known, cython.cast(uint, slot[0]) - 1)
        self.followed += 1
        if (
            conn != cython.NULL
            and conn.work == cython.NULL
            and not conn.ended
            and not (self.noting and self.is_news(conn, side, row))
            and calm.disturbs(conn, side, row) == 0
            and not leave.is_gone(cython.address(self.leaving), conn, self.clock.now_s)
        ):
            if not self.go_on(conn, side, row, fact, value):
                return 0
            if calm.unfamiliar(conn, side, row):
                calm.acquaint(conn, side, row)
            return 1
        return self.one(slot, conn, row, fact, value)

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def goes_on(self, conn: cython.pointer(Conn), row: cython.pointer(Row), frame: uint, mark: cython.p_ushort) -> cint:
        """Follow a segment that is of `conn` (NULL where nobody knows) and undisturbed, for records; 0 where it is not.

        `conn` was found by an earlier look at the slots: one that was replaced since is nobody's, and not familiar.
        The analysis flags of the segment are written to `mark`, if that is not NULL.
        """
        side: uint = 1 if row.kind & KIND_FROM_HIGH else 0
        own: cython.pointer(Flow)
        if conn == cython.NULL:
            return 0
        if (
            table.other_key(conn, row)
            | calm.disturbs(conn, side, row)
            | calm.unfamiliar(conn, side, row)
            | (self.clock.now_s - conn.seen_s >= self.leaving.closed_s)
        ):  # fmt: skip
            return 0
        own = cython.address(conn.flows[side])
        if self.noting:
            if self.is_news(conn, side, row):
                return 0
            if signs.remarkable(cython.address(self.store), own, cython.address(conn.flows[1 - side]), row):
                if not signs.undisturbed(cython.address(self.store), conn, side, row, frame):
                    return 0
        if mark != cython.NULL:
            mark[0] = cython.cast(ushort, calm.fills_window(own, cython.address(conn.flows[1 - side]), row))
        calm.advance(own, row)
        calm.tally(conn, own, row, frame, self.clock.seen_s)
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def is_news(self, conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.bint:
        """What signs may come of beside those of undisturbed segments: an end says what it never said before."""
        return calm.unfamiliar(conn, side, row) | (conn.flows[1 - side].familiar == 0)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def records_of(
        self, row: cython.pointer(Row), n: cython.Py_ssize_t, mark: cython.p_ushort, stream: cython.p_uint
    ) -> cint:
        """Follow `n` rows for records alone, and where `mark` is not NULL for their analysis flags and streams.

        0 when there is no memory.
        """
        known: cython.pointer(Table) = cython.address(self.table)
        ahead: cython.pointer(Conn)[8]  # of the next CONNS_AHEAD rows
        conn: cython.pointer(Conn)
        told: Fact
        frame: uint = self.frames
        swift: uint = 0
        end_ns: longlong = self.end_ns if frame else row.time_ns
        i: cython.Py_ssize_t
        for i in range(min(n, CONNS_AHEAD)):
            ahead[i] = table.likely(known, row + i)
        for i in range(n):
            if i + SLOTS_AHEAD < n:
                table.ask_slot(known, row + SLOTS_AHEAD)
            conn = ahead[i & 7]
            if i + CONNS_AHEAD < n:
                ahead[i & 7] = table.likely(known, row + CONNS_AHEAD)
                table.ask_conn(ahead[i & 7], 0)
            frame += 1
            end_ns = row.time_ns if row.time_ns > end_ns else end_ns
            clock.tick(cython.address(self.clock), row.time_ns, frame)
            if row.kind & KIND_TCP:
                if self.goes_on(conn, row, frame, mark):
                    swift += 1
                    if mark != cython.NULL:
                        stream[0] = conn.stream
                else:
                    self.frames = frame
                    if not self.meet(row, cython.NULL if mark == cython.NULL else cython.address(told), cython.NULL):
                        return 0
                    if mark != cython.NULL:
                        mark[0] = told.bits
                        stream[0] = told.stream
            elif mark != cython.NULL:
                mark[0] = 0
                stream[0] = 0
            if mark != cython.NULL:
                mark += 1
                stream += 1
            row += 1
        self.frames = frame
        self.end_ns = end_ns
        self.followed += swift
        self.segments += swift
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def pass_by(self, row: cython.pointer(Row)) -> cython.void:
        """Every row counts, and moves the clock."""
        self.frames += 1
        if self.frames == 1 or row.time_ns > self.end_ns:
            self.end_ns = row.time_ns
        clock.tick(cython.address(self.clock), row.time_ns, self.frames)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def own(
        self, first: cython.pointer(Row), place: cython.pointer(ushort), count: cython.Py_ssize_t,
        passage: cython.pointer(Passage),
    ) -> cint:  # fmt: skip
        """Follow those rows, `count` of them, that were dealt to this shard; 0 when there is no memory."""
        known: cython.pointer(Table) = cython.address(self.table)
        ahead: cython.pointer(Conn)[8]
        conn: cython.pointer(Conn)
        tick: uint = 0
        i: cython.Py_ssize_t
        for i in range(min(count, CONNS_AHEAD)):
            ahead[i] = table.likely(known, first + place[i])
        for i in range(count):
            conn = ahead[i & 7]
            if i + SLOTS_AHEAD < count:
                table.ask_slot(known, first + place[i + SLOTS_AHEAD])
            if i + CONNS_AHEAD < count:
                ahead[i & 7] = table.likely(known, first + place[i + CONNS_AHEAD])
                table.ask_conn(ahead[i & 7], 0)
            while tick < passage.tick_count and passage.ticks[tick].index <= place[i]:
                self.clock.now_s = passage.ticks[tick].now_s
                self.clock.seen_s = passage.ticks[tick].seen_s
                tick += 1
            self.frames = passage.frames + place[i] + 1
            if self.goes_on(conn, first + place[i], self.frames, cython.NULL):
                self.followed += 1
                self.segments += 1
            elif not self.meet(first + place[i], cython.NULL, cython.NULL):
                return 0
        return 1

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
        i: cython.Py_ssize_t
        for i in range(n):
            if i + SLOTS_AHEAD < n:
                table.ask_slot(known, row + SLOTS_AHEAD)
                table.ask_conn(table.likely(known, row + CONNS_AHEAD), 1)
            self.pass_by(row)
            if value != cython.NULL:
                memset(value, 0, cython.sizeof(Value))
            if row.kind & KIND_TCP:
                if not self.meet(row, fact, value):
                    return 0
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
        row: cython.pointer(Row)
        fact: cython.pointer(Fact) = cython.NULL
        value: cython.pointer(Value) = cython.NULL
        value_len: cython.Py_ssize_t = cython.sizeof(Value)
        row_len: cython.Py_ssize_t = cython.sizeof(Row)
        fact_len: cython.Py_ssize_t = cython.sizeof(Fact)
        ok: cint = 1
        past: cython.pvoid = cython.NULL
        if n <= 0:
            return
        if self.shards != 1:
            raise ValueError("a shard follows what was dealt to it")
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
        row = cython.cast(cython.pointer(Row), cython.address(rows[0]))
        with cython.nogil:
            if fact == cython.NULL:
                ok = self.records_of(row, n, cython.NULL, cython.NULL)
            else:
                ok = self.all(row, n, fact, value, past)
        if not ok:
            raise MemoryError("no room for another connection")

    def mark(self, rows: uchar[::1], n: cython.Py_ssize_t, marks: ushort[::1], streams: uint[::1]):
        """Follow the first `n` rows for records; marks[i] becomes the analysis flags of row i, 0 without any.

        And streams[i] its stream, 0 without TCP.
        """
        ok: cint
        if n <= 0:
            return
        if self.factual or self.shards != 1:
            raise ValueError("a tracker of facts tells its flags with them")
        if (
            n > marks.shape[0]
            or n > streams.shape[0]
            or n > rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row))
        ):
            raise IndexError("fewer rows or marks than asked for")
        with cython.nogil:
            ok = self.records_of(
                cython.cast(cython.pointer(Row), cython.address(rows[0])), n, cython.address(marks[0]),
                cython.address(streams[0]),
            )  # fmt: skip
        if not ok:
            raise MemoryError("no room for another connection")

    def follow_dealt(self, rows: cython.const[uchar][::1], deal: Deal):
        """Follow those of the rows that were dealt to this shard, after they passed by (`deal.Passer`)."""
        ok: cint = 1
        if self.shards != deal.hands.shards or self.frames != deal.passage.frames:
            raise ValueError("a shard follows what was dealt to so many, block by block")
        if deal.hands.rows > cython.cast(ulonglong, rows.shape[0]) // cython.sizeof(Row):
            raise IndexError("fewer rows than were dealt")
        if deal.hands.rows == 0:
            return
        with cython.nogil:
            ok = self.own(
                cython.cast(cython.pointer(Row), cython.address(rows[0])),
                deal.hands.places + cython.cast(cython.size_t, self.shard) * deal.hands.room,
                deal.hands.counts[self.shard],
                cython.address(deal.passage),
            )
        if not ok:
            raise MemoryError("no room for another connection")
        self.frames = deal.passage.frames + deal.hands.rows
        self.clock = deal.passage.clock
        self.end_ns = deal.passage.end_ns

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
                        leave.newest(cython.address(self.table), conn).completeness,
                        self.end_ns,
                        self.noted(),
                        cython.cast(cython.pointer(Record), cython.address(view[0])) + n,
                    )
                    n += 1
        return bytes(out[: n * cython.sizeof(Record)])

    def drain(self, everything: cython.bint = False, at_most: uint = 4096) -> bytes:
        """Records of connections that have left memory, or with `everything` of all, as RECORD_FORMAT.

        In order of leaving, ties by `conn`. At most so many at a time: until there are none, each call gives more.
        """
        out: bytearray
        view: uchar[::1]
        leaving: cython.pointer(Leaving) = cython.address(self.leaving)
        n: cython.Py_ssize_t = 0
        if leaving.at == leaving.count and (everything or self.is_time()) and not self.gather(everything):
            raise MemoryError("no room to put connections in order")
        at_most = min(at_most, leaving.count - leaving.at)
        if at_most == 0:
            return b""
        out = bytearray(at_most * cython.sizeof(Record))
        view = out
        with cython.nogil:
            while leaving.at < leaving.count and n < at_most:
                n += self.let_go(cython.cast(cython.pointer(Record), cython.address(view[0])) + n)
        return bytes(out[: n * cython.sizeof(Record)])

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def gather(self, everything: cython.bint) -> cint:
        """Line up those whose time is over, with `everything` all of them; 0 when there is no memory."""
        self.leaving.frame = self.frames
        return leave.gather(cython.address(self.table), cython.address(self.leaving), self.clock.now_s, everything)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def noted(self) -> cython.pointer(Store):
        return cython.address(self.store) if self.noting else cython.NULL

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def is_time(self) -> cint:
        """Whether it is worth while to look for those whose time is over."""
        if self.clock.now_s < self.leaving.next_s:
            return 0
        return self.frames - self.leaving.frame >= self.table.count // 4

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def let_go(self, out: cython.pointer(Record)) -> cint:
        """The next one leaves; how many records were written."""
        leaver: cython.pointer(Leaver) = self.leaving.leavers + self.leaving.at
        conn: cython.pointer(Conn) = table.at(cython.address(self.table), leaver.index)
        written: cint = conn.number != ALL_ONES
        # whoever left was silent for long enough to be called settled, whenever the capture ends
        end_ns: longlong = self.end_ns if (leaver.order >> 32) == ALL_ONES else LATEST_NS
        if self.leaving.at + CONNS_AHEAD < self.leaving.count:
            table.ask_whole(table.at(cython.address(self.table), (leaver + CONNS_AHEAD).index))
        self.leaving.at += 1
        if written:
            record.write(conn, leave.newest(cython.address(self.table), conn).completeness, end_ns, self.noted(), out)
        if self.noting:
            sign_store.forget(cython.address(self.store), conn)
        leave.let_go(cython.address(self.table), conn)
        return written

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

    def recall(self, notes: cython.const[uchar][::1], n: cython.Py_ssize_t, rows: uchar[::1], facts: uchar[::1],
               values: uchar[::1], sound: uchar[::1]):  # fmt: skip
        """What a second pass says of the rows that `Columns.fill` has noted, as far as late columns need it.

        This tracker has followed the whole input. sound[i] becomes 1 where row i holds a sound segment.
        """
        note: cython.pointer(cython.const[Note])
        row: cython.pointer(Row)
        fact: cython.pointer(Fact)
        value: cython.pointer(Value)
        i: cython.Py_ssize_t
        if n <= 0:
            return
        if (
            n > notes.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Note))
            or n > rows.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Row))
            or n > facts.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Fact))
            or n > values.shape[0] // cython.cast(cython.Py_ssize_t, cython.sizeof(Value))
            or n > sound.shape[0]
        ):
            raise IndexError("fewer rows than asked for")
        note = cython.cast(cython.pointer(cython.const[Note]), cython.address(notes[0]))
        row = cython.cast(cython.pointer(Row), cython.address(rows[0]))
        fact = cython.cast(cython.pointer(Fact), cython.address(facts[0]))
        value = cython.cast(cython.pointer(Value), cython.address(values[0]))
        with cython.nogil:
            for i in range(n):
                if i + CONNS_AHEAD < n and note[CONNS_AHEAD].record < self.table.count:
                    table.ask_shown(table.at(cython.address(self.table), note[CONNS_AHEAD].record))
                sound[i] = note.flags & NOTE_SOUND != 0
                fact_of.noted(note, row, fact, value)
                if note.kind & KIND_TCP:
                    self.second_pass(row, fact, value)
                note += 1
                row += 1
                fact += 1
                value += 1

    def __len__(self):
        """Records so far (connections, and what only quoted headers reached)."""
        return self.table.count

    def connection_count(self) -> uint:
        """Connections so far; records that only quoted headers reached are none."""
        return self.numbered

    def latest_ns(self) -> longlong:
        """The latest time of a frame so far, 0 before the first."""
        return self.end_ns

    def counts(self) -> tuple:
        """(frames, frames with a TCP header quoted or not, frames with a TCP header of their own) so far."""
        return self.frames, self.followed, self.segments


MOST_SHARDS = 64


def name_births(shards: list, streams: uint, connections: uint) -> tuple:
    """Number what began in `shards` (all of one input, all at the same frame) since the last time, in order of frames.

    So many streams and connections were numbered before; returns how many are so now, and of every new record, in
    order, which shard has it (upper half of a number of 64 bits) at which index.
    """
    one: Tracker
    conn: cython.pointer(Conn)
    known: cython.pointer(Table)
    born: cython.pointer(Birth)
    births: cython.pointer(Births)[64]
    tables: cython.pointer(Table)[64]
    heads: uint[64]
    count: cint = len(shards)
    room: cython.size_t = 1
    n: cython.size_t = 0
    which: cint
    place: cint
    if count > MOST_SHARDS:
        raise ValueError("too many shards")
    for place in range(count):
        one = shards[place]
        births[place] = cython.address(one.births)
        tables[place] = cython.address(one.table)
        heads[place] = 0
        room += one.births.count
    out = bytearray(room * cython.sizeof(ulonglong))
    view: uchar[::1] = out
    places: cython.pointer(ulonglong) = cython.cast(cython.pointer(ulonglong), cython.address(view[0]))
    with cython.nogil:
        while True:
            which = -1
            born = cython.NULL
            for place in range(count):
                if heads[place] < births[place].count:
                    if which < 0 or births[place].list[heads[place]].frame < born.frame:
                        which = place
                        born = births[place].list + heads[place]
            if which < 0:
                break
            heads[which] += 1
            known = tables[which]
            conn = table.at(known, born.index)
            if born.what == COUNTS:
                conn.number = connections
                connections += 1
                continue
            if born.what == OPENS:
                conn.stream = streams
                streams += 1
            else:
                conn.stream = table.at(known, born.what).stream
            places[n] = (cython.cast(ulonglong, which) << 32) | born.index
            n += 1
        for place in range(count):
            births[place].count = 0
    return streams, connections, bytes(out[: n * cython.sizeof(ulonglong)])


def records_at(shards: list, places: cython.const[ulonglong][::1]) -> bytes:
    """The records at `places` as RECORD_FORMAT; those that only quoted headers reached are left out."""
    one: Tracker
    conn: cython.pointer(Conn)
    out = bytearray(places.shape[0] * cython.sizeof(Record))
    view: uchar[::1]
    n: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    if places.shape[0] == 0:
        return b""
    view = out
    for i in range(places.shape[0]):
        one = shards[cython.cast(cython.Py_ssize_t, places[i] >> 32)]
        if cython.cast(uint, places[i]) >= one.table.count:
            raise IndexError("no such record")
        conn = table.at(cython.address(one.table), cython.cast(uint, places[i]))
        if conn.number != ALL_ONES:
            record.write(
                conn,
                leave.newest(cython.address(one.table), conn).completeness,
                one.end_ns,
                one.noted(),
                cython.cast(cython.pointer(Record), cython.address(view[0])) + n,
            )
            n += 1
    return bytes(out[: n * cython.sizeof(Record)])


def drain_all(shards: list, everything: cython.bint = False, at_most: uint = 4096) -> bytes:
    """As `Tracker.drain`, of all shards together; `name_births` has been called since they followed something."""
    one: Tracker
    ones: cython.pvoid[64]
    out: bytearray
    view: uchar[::1]
    place: cython.Py_ssize_t
    count: cint = len(shards)
    n: cython.Py_ssize_t
    room: ulonglong = 0
    due: cint = everything
    ok: cint = 1
    if count > MOST_SHARDS:
        raise ValueError("too many shards")
    for place in range(count):
        one = shards[place]
        ones[place] = cython.cast(cython.pvoid, one)
        room += one.leaving.count - one.leaving.at
        due = due or one.is_time()
    if room == 0 and due:
        for place in range(count):
            one = shards[place]
            with cython.nogil:
                ok = one.gather(everything)
            if not ok:
                raise MemoryError("no room to put connections in order")
            room += one.leaving.count
    at_most = min(at_most, room)
    if at_most == 0:
        return b""
    out = bytearray(at_most * cython.sizeof(Record))
    view = out
    with cython.nogil:
        n = let_go_in_order(ones, count, cython.cast(cython.pointer(Record), cython.address(view[0])), at_most)
    return bytes(out[: n * cython.sizeof(Record)])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def let_go_in_order(
    ones: cython.pointer(cython.pvoid), count: cint, out: cython.pointer(Record), at_most: cython.Py_ssize_t
) -> cython.Py_ssize_t:
    """Let go those of the shards that leave first, so many at most; how many records were written."""
    leaving: cython.pointer(Leaving)
    order: ulonglong = 0
    found: cint = 0
    place: cint
    n: cython.Py_ssize_t = 0
    while n < at_most and found >= 0:
        found = -1
        for place in range(count):
            leaving = cython.address(cython.cast(Tracker, ones[place]).leaving)
            if leaving.at < leaving.count and (found < 0 or leaving.leavers[leaving.at].order < order):
                found = place
                order = leaving.leavers[leaving.at].order
        if found >= 0:
            n += cython.cast(Tracker, ones[found]).let_go(out + n)
    return n


def record_size() -> cython.Py_ssize_t:
    return cython.sizeof(Record)


def value_size() -> cython.Py_ssize_t:
    return cython.sizeof(Value)


def fact_size() -> cython.Py_ssize_t:
    return cython.sizeof(Fact)
