# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Zeek's `conn_state` and `history` of a connection: the compiled twin of `synfin.watch.follow.zeek` and `.pieces`.

The rules and their reasons stand there; names here are the same.
"""

import cython
from cython import int as cint
from cython import uchar, uint
from cython.cimports.synfin._kernels.conn import Conn, Pieces, Tale, ZeekEnd, ZeekView
from cython.cimports.synfin._kernels.row import ACK, FIN, KIND_FROM_HIGH, RST, SYN, Row, diff

if not cython.compiled:
    raise ImportError("the kernel zeek is not compiled")


LIKELY_SERVER_PORTS = (
    21, 22, 25, 53, 79, 80, 81, 88, 110, 135, 139, 143, 389, 443, 445, 502, 563, 585, 587, 614, 631, 636, 989, 990,
    992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222, 5223, 5269, 5432, 6379, 6666, 6667, 6668,
    6669, 8000, 8080, 8888, 20000,
)  # fmt: skip
port_bits = cython.declare(uchar[8192])
for _port in LIKELY_SERVER_PORTS:
    port_bits[_port >> 3] |= 1 << (_port & 7)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def is_likely_server(port: uint) -> cint:
    return port_bits[port >> 3] >> (port & 7) & 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fresh(conn: cython.pointer(Conn)) -> cython.void:
    """A connection before its first segment (what is 0 already is left alone)."""
    view: cython.pointer(ZeekView) = cython.address(conn.work.zeek)
    i: cint
    view.tale = cython.address(conn.tale)
    view.tale.originator = -1
    for i in range(2):
        view.ends[i].pieces.whole = 1
        view.ends[i].pieces.trimmed = 1


# --- pieces -------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def drop(own: cython.pointer(Pieces), count: uint) -> cython.void:
    """Forget the lowest `count` pieces."""
    i: uint
    own.beyond -= cython.cast(uchar, count)
    for i in range(own.beyond):
        own.first[i] = own.first[i + count]
        own.behind[i] = own.behind[i + count]


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def join(own: cython.pointer(Pieces)) -> cython.void:
    end: uint
    while own.beyond and diff(own.first[0], own.whole) <= 0:
        end = own.behind[0]
        drop(own, 1)
        if diff(end, own.whole) > 0:
            own.whole = end


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def insert(own: cython.pointer(Pieces), at: uint, end: uint) -> cython.void:
    before: uint = 0
    after: uint
    i: uint
    while before < own.beyond and diff(own.behind[before], at) < 0:
        before += 1
    after = before
    while after < own.beyond and diff(own.first[after], end) <= 0:
        if diff(own.first[after], at) < 0:
            at = own.first[after]
        if diff(own.behind[after], end) > 0:
            end = own.behind[after]
        after += 1
    if after == before:
        i = own.beyond
        while i > before:
            own.first[i] = own.first[i - 1]
            own.behind[i] = own.behind[i - 1]
            i -= 1
        own.beyond += 1
    else:
        for i in range(after, own.beyond):
            own.first[before + 1 + i - after] = own.first[i]
            own.behind[before + 1 + i - after] = own.behind[i]
        own.beyond -= cython.cast(uchar, after - before - 1)
    own.first[before] = at
    own.behind[before] = end
    if own.beyond > MAX_PIECES:
        own.behind[MAX_PIECES - 1] = own.behind[MAX_PIECES]
        own.beyond = cython.cast(uchar, MAX_PIECES)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def sent(own: cython.pointer(Pieces), at: uint, end: uint, acked: uint) -> cython.void:
    if own.given_up or diff(end, acked) <= 0 or diff(end, own.trimmed) <= 0:
        return
    if diff(at, acked) < 0:
        at = acked
    if diff(at, own.trimmed) < 0:
        at = own.trimmed
    if diff(at, own.whole) <= 0:
        if diff(end, own.whole) > 0:
            own.whole = end
            join(own)
        return
    insert(own, at, end)
    if acked <= 1 and diff(own.behind[own.beyond - 1], own.whole) > MAX_UNACKNOWLEDGED:
        own.given_up = 1
        own.beyond = 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def acknowledged(own: cython.pointer(Pieces), number: uint, faked: cint) -> uint:
    holes: uint = 0
    if diff(number, own.trimmed) <= 0:
        return 0
    own.trimmed = number
    if faked or diff(number, own.whole) <= 0:
        return 0
    while own.beyond and diff(own.first[0], number) < 0:
        holes += 1
        own.whole = own.behind[0]
        drop(own, 1)
    if diff(number, own.whole) > 0:
        holes += 1
        own.whole = number
    join(own)
    return 0 if own.given_up else holes


# --- letters ------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def letter(tale: cython.pointer(Tale), which: uint, side: uint) -> cython.void:
    if tale.history_len >= MAX_HISTORY:
        return
    if tale.history_len == MAX_HISTORY - 1:
        which = 88  # X
    if tale.originator != cython.cast(cint, side) and 65 <= which <= 90:
        which += 32
    tale.history[tale.history_len] = cython.cast(uchar, which)
    tale.history_len += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def scaled(view: cython.pointer(ZeekView), which: uint, side: uint, count: uint) -> cython.void:
    while count >= 10 and count % 10 == 0:
        count //= 10
    if count == 1:
        letter(view.tale, which, side)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def once(view: cython.pointer(ZeekView), which: uint, side: uint, shown: uint) -> cython.void:
    if view.ends[side].shown & shown:
        return
    view.ends[side].shown |= cython.cast(uchar, shown)
    letter(view.tale, which, side)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def again(view: cython.pointer(ZeekView), which: uint, side: uint, shown: uint, same: cint) -> cython.void:
    if view.ends[side].shown & shown and not same:
        letter(view.tale, which, side)
    once(view, which, side, shown)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def letters(view: cython.pointer(ZeekView), side: uint, flags: uint, relative: uint, length: uint) -> cython.void:
    own: cython.pointer(ZeekEnd) = cython.address(view.ends[side])
    control: uint = flags & (SYN | FIN | RST)
    if control == 0:
        if length:
            once(view, 68, side, SHOWN_DATA)
        elif flags & ACK:
            once(view, 65, side, SHOWN_ACK)
    elif control == SYN:
        again(view, 72 if flags & ACK else 83, side, SHOWN_SYN, relative == own.syn_at)
        own.syn_at = relative
    elif control == FIN:
        again(view, 70, side, SHOWN_FIN, relative + length == own.fin_at)
        own.fin_at = relative + length
    elif control == RST:
        again(view, 82, side, SHOWN_RST, relative == own.rst_at)
        own.rst_at = relative
    elif (control & (FIN | RST)) == (FIN | RST):
        once(view, 73, side, SHOWN_FIN_RST)
    else:
        once(view, 81, side, SHOWN_MANY)


# --- numbers ------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def is_old(own: cython.pointer(ZeekEnd), relative: uint) -> cint:
    return not own.wrapped and relative > HALF


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def begin(own: cython.pointer(ZeekEnd), start: uint, last: uint) -> cython.void:
    own.start = start
    own.acked = start
    own.last = last
    own.wrapped = 0


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def begin_again(own: cython.pointer(ZeekEnd), flags: uint, seq: uint, past: uint) -> cython.void:
    if own.state == INACTIVE:
        if flags & SYN:
            begin(own, seq, past)
        else:
            begin(own, seq - 1, seq)
    elif flags & SYN:
        if own.state == ESTABLISHED or own.state == PARTIAL:
            begin(own, seq, past)
        elif (own.state == SYN_SENT or own.state == SYN_ACK_SENT) and seq != own.start:
            begin(own, seq, past)
        elif own.state == RESET and own.before == INACTIVE:
            begin(own, seq, past)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def acknowledge(peer: cython.pointer(ZeekEnd), flags: uint, ack: uint) -> uint:
    relative: uint
    ahead: cint
    if not flags & ACK:
        return 0
    if peer.state == INACTIVE:
        begin(peer, ack - 1, ack - 1)
        return 1
    relative = ack - peer.start
    if is_old(peer, relative):
        return 0
    ahead = diff(ack, peer.acked)
    if not flags & RST and ahead > 0 and not (ack == 0 and ahead > FAR):
        peer.acked = ack
        if WRAPS < relative <= HALF:
            peer.wrapped = 1
    return relative


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def advance(view: cython.pointer(ZeekView), side: uint, flags: uint, past: uint, length: uint) -> cython.void:
    own: cython.pointer(ZeekEnd) = cython.address(view.ends[side])
    ahead: cint = diff(past, own.last)
    distance: uint
    if flags & (SYN | RST) and not -FAR <= ahead <= FAR:
        return
    if flags & FIN and own.last == own.start + 1:
        own.last = past
    elif own.state == RESET:
        return
    elif ahead > 0:
        own.last = past
    elif length:
        own.repeats += 1
        scaled(view, 84, side, own.repeats)
    distance = own.last - own.start
    if WRAPS < distance <= HALF:
        own.wrapped = 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def clean(own: cython.pointer(ZeekEnd)) -> cint:
    return own.state == ESTABLISHED or (own.state == CLOSED and own.before == ESTABLISHED)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def missing(view: cython.pointer(ZeekView), side: uint, acked: uint) -> cython.void:
    own: cython.pointer(ZeekEnd) = cython.address(view.ends[side])
    holes: uint
    i: uint
    if own.has_fin and diff(acked, own.fin_end) >= 0:
        acked = own.fin_end - 1
    holes = acknowledged(cython.address(own.pieces), acked, view.tale.partial and acked <= 2 and not own.wrapped)
    if holes and clean(own) and clean(cython.address(view.ends[1 - side])):
        for i in range(holes):
            own.gaps += 1
            scaled(view, 71, side, own.gaps)


# --- states -------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def turn(own: cython.pointer(ZeekEnd), state: uint) -> cython.void:
    if state != own.state:
        own.before = own.state
        own.state = cython.cast(uchar, state)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def flip(view: cython.pointer(ZeekView)) -> cython.void:
    view.tale.originator = 1 - view.tale.originator
    letter(view.tale, 94, cython.cast(uint, view.tale.originator))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def first_syn(view: cython.pointer(ZeekView), side: uint, flags: uint) -> cython.void:
    own: cython.pointer(ZeekEnd) = cython.address(view.ends[side])
    peer: cython.pointer(ZeekEnd) = cython.address(view.ends[1 - side])
    if cython.cast(cint, side) == view.tale.originator:
        turn(own, SYN_ACK_SENT if flags & ACK else SYN_SENT)
        return
    if not flags & ACK and peer.state == SYN_ACK_SENT:
        view.tale.partial = 0
        flip(view)
        turn(peer, ESTABLISHED)
    elif peer.state == SYN_SENT:
        turn(peer, ESTABLISHED)
    turn(own, ESTABLISHED)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def first(view: cython.pointer(ZeekView), side: uint, flags: uint, length: uint) -> cython.void:
    own: cython.pointer(ZeekEnd) = cython.address(view.ends[side])
    peer: cython.pointer(ZeekEnd) = cython.address(view.ends[1 - side])
    if flags & SYN:
        first_syn(view, side, flags)
    if flags & FIN:
        turn(own, CLOSED)
    if flags & RST:
        turn(own, RESET)
    if own.state != INACTIVE:
        return
    if cython.cast(cint, side) != view.tale.originator and not length and peer.state == SYN_SENT:
        return
    if flags & ACK and peer.state == ESTABLISHED:
        turn(own, ESTABLISHED)
        view.tale.partial = 0
        own.met = 1
    else:
        turn(own, PARTIAL)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def step(view: cython.pointer(ZeekView), side: uint, flags: uint, length: uint) -> cython.void:
    own: cython.pointer(ZeekEnd) = cython.address(view.ends[side])
    peer: cython.pointer(ZeekEnd) = cython.address(view.ends[1 - side])
    if own.state == INACTIVE:
        first(view, side, flags, length)
    elif not flags & (SYN | FIN | RST):
        return
    elif own.state == SYN_SENT or own.state == SYN_ACK_SENT:
        if flags & (FIN | RST):
            turn(own, RESET if flags & RST else CLOSED)
    elif own.state == ESTABLISHED or own.state == PARTIAL:
        if (flags & (SYN | ACK)) == SYN and own.state == PARTIAL and peer.state == INACTIVE:
            turn(own, SYN_SENT)
        if flags & RST:
            turn(own, RESET)
        elif flags & FIN:
            turn(own, CLOSED)
            if peer.state == RESET and peer.before == CLOSED:
                turn(peer, CLOSED)
    elif own.state == CLOSED and flags & RST and peer.state != CLOSED:
        turn(own, RESET)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def open_view(view: cython.pointer(ZeekView), side: uint, row: cython.pointer(Row)) -> cython.void:
    from_high: cint = row.kind & KIND_FROM_HIGH
    here: uint = row.high_port if from_high else row.low_port
    there: uint = row.low_port if from_high else row.high_port
    view.tale.originator = 1 if side else 0
    if (row.flags & (SYN | ACK)) == SYN or not is_likely_server(here):
        return
    if not is_likely_server(there) or (not row.flags & SYN and here < there):
        flip(view)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def add(conn: cython.pointer(Conn), side: uint, row: cython.pointer(Row)) -> cython.void:
    """Note a segment whose header is whole and whose length is known."""
    view: cython.pointer(ZeekView) = cython.address(conn.work.zeek)
    own: cython.pointer(ZeekEnd) = cython.address(view.ends[side])
    peer: cython.pointer(ZeekEnd) = cython.address(view.ends[1 - side])
    flags: uint = row.flags
    length: uint = row.len_bytes
    past: uint = (0 if flags & RST else length) + (flags >> 1 & 1) + (flags & FIN)
    relative: uint
    old: cint
    acked: uint
    if view.tale.originator < 0:
        open_view(view, side, row)
    if not own.met:
        if cython.cast(cint, side) == view.tale.originator:
            view.tale.partial = (flags & (SYN | ACK)) != SYN
        elif not view.tale.partial:
            view.tale.partial = not flags & SYN
    begin_again(own, flags, row.seq, row.seq + past)
    relative = row.seq - own.start
    old = is_old(own, relative)
    letters(view, side, flags, relative, length)
    if row.window == 0 and not flags & RST and peer.state != CLOSED and own.state != RESET:
        own.zero_windows += 1
        scaled(view, 87, side, own.zero_windows)
    if flags & FIN:
        own.has_fin = 1
        own.fin_end = relative + past
    acked = acknowledge(peer, flags, row.ack)
    advance(view, side, flags, row.seq + past, length)
    step(view, side, flags, length)
    if flags & ACK:
        missing(view, 1 - side, acked)
    if length and row.captured >= length and not flags & RST and not old:
        relative += flags >> 1 & 1
        sent(cython.address(own.pieces), relative, relative + length, own.acked - own.start)
    own.met = 1


# --- judgement ----------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def is_empty(own: cython.pointer(ZeekEnd)) -> cint:
    size: uint
    if own.wrapped:
        return 0
    size = (own.last if diff(own.last, own.acked) > 0 else own.acked) - own.start
    return size <= 1 or (own.has_fin and size == 2)


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def syn_then_rst(view: cython.pointer(ZeekView)) -> cint:
    i: uint
    start: uint = 1 if view.tale.history_len and view.tale.history[0] == 94 else 0
    which: uint
    if start >= view.tale.history_len or view.tale.history[start] != 83:
        return 0
    for i in range(start + 1, view.tale.history_len):
        which = view.tale.history[i]
        if which == 82:
            return 1
        if which == 72 or which == 65 or which == 70 or which == 71 or which == 73 or which == 81:
            return 0
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def conn_state(view: cython.pointer(ZeekView)) -> uchar:
    orig: cython.pointer(ZeekEnd)
    resp: cython.pointer(ZeekEnd)
    orig_silent: cint
    resp_silent: cint
    if view.tale.originator < 0:
        return OTH
    orig = cython.address(view.ends[view.tale.originator])
    resp = cython.address(view.ends[1 - view.tale.originator])
    orig_silent = orig.state == INACTIVE or orig.state == PARTIAL
    resp_silent = resp.state == INACTIVE or resp.state == PARTIAL
    if resp.state == RESET:
        if orig.state == SYN_SENT or orig.state == SYN_ACK_SENT:
            return REJ
        if orig.state == RESET and is_empty(orig) and is_empty(resp):
            return REJ
        return RSTRH if orig_silent else RSTR
    if orig.state == RESET:
        if resp_silent:
            return RSTOS0 if syn_then_rst(view) else OTH
        return RSTO
    if orig.state == CLOSED:
        return SF if resp.state == CLOSED else SH if resp_silent else S2
    if resp.state == CLOSED:
        return SHR if orig_silent else S3
    if orig.state == SYN_SENT and resp.state == INACTIVE:
        return S0
    return S1 if orig.state == ESTABLISHED and resp.state == ESTABLISHED else OTH
