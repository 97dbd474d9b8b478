"""What Zeek says of a connection: `conn_state` and `history`, in Zeek's meaning, computed segment by segment.

Zeek keeps one state for each end and writes a letter for what it sees, capitals for the originator: s SYN, h SYN,ACK,
a pure ACK, d data, f FIN, r RST, q SYN with FIN or RST, i FIN with RST, g data that was acknowledged but not captured,
t data at or below what was already sent, w a window of 0, ^ the roles were changed. g, t and w stand at the 1st, 10th,
100th … time. s, h, f and r stand again for another sequence number. Roles are Zeek's: who sent the first segment is
the originator, unless its port looks like a server's and the segment is no SYN.

Three things are not Zeek's. Checksums are not verified (`zeek -C`), so there is no c. Connections begin and end by our
rules, which know no timers. A history longer than MAX_HISTORY ends with x, Zeek's letter for an analysis that met a
limit. The compiled twin is the kernel `zeek`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from synfin.watch.follow.pieces import Pieces
from synfin.watch.follow.raw import CONN_STATES
from synfin.wire.seq import MASK, diff
from synfin.wire.tcp import ACK, FIN, RST, SYN

MAX_HISTORY = 32  #: letters kept

#: TCP ports that Zeek's protocol scripts call a server's: of two ends one of these is the responder
LIKELY_SERVER_PORTS = frozenset({
    21, 22, 25, 53, 79, 80, 81, 88, 110, 135, 139, 143, 389, 443, 445, 502, 563, 585, 587, 614, 631, 636, 989, 990,
    992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222, 5223, 5269, 5432, 6379, 6666, 6667, 6668,
    6669, 8000, 8080, 8888, 20000,
})  # fmt: skip

# States of an end.
INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET = range(7)

FAR = 1 << 20  #: a jump of SYN or RST that is not believed
WRAPS = 1 << 30  #: beyond this distance from the start, numbers left of the start are old no longer

# Letters that an end has shown, of those that need to be remembered.
_SHOWN_SYN, _SHOWN_FIN, _SHOWN_RST, _SHOWN_DATA, _SHOWN_ACK, _SHOWN_MANY, _SHOWN_FIN_RST = (1 << n for n in range(7))


@dataclass(slots=True)
class End:
    """One end; numbers are raw, or relative to `start` where they are called so. Everything is modulo 2**32."""

    state: int = INACTIVE
    before: int = INACTIVE  #: the state before this one
    start: int = 0  #: where its SYN stands, or would
    last: int = 0  #: behind the furthest that it sent
    acked: int = 0  #: the furthest of its numbers that was acknowledged
    wrapped: bool = False  #: so far from `start` that nothing lies left of it any more
    met: bool = False  #: sent a segment, as far as `partial` is concerned
    fins: int = 0
    fin_end: int = 0  #: relative, behind the FIN
    shown: int = 0
    syn_at: int = 0  #: relative, of the last one; FIN counts by its data's end
    fin_at: int = 0
    rst_at: int = 0
    gaps: int = 0
    repeats: int = 0
    zero_windows: int = 0
    pieces: Pieces = field(default_factory=Pieces)  #: its data, relative

    def turn(self, state: int) -> None:
        if state != self.state:
            self.before, self.state = self.state, state

    def begin(self, start: int, last: int) -> None:
        self.start, self.acked, self.last, self.wrapped = start, start, last, False

    def is_old(self, relative: int) -> bool:
        """Whether a relative number lies left of the start."""
        return not self.wrapped and relative > MASK >> 1

    @property
    def silent(self) -> bool:
        return self.state in (INACTIVE, PARTIAL)

    @property
    def clean(self) -> bool:
        """Established, or closed from there: only then is missing data a gap."""
        return self.state == ESTABLISHED or (self.state == CLOSED and self.before == ESTABLISHED)

    @property
    def empty(self) -> bool:
        """Whether the numbers leave no room for data."""
        if self.wrapped:
            return False
        furthest = self.last if diff(self.last, self.acked) > 0 else self.acked
        size = (furthest - self.start) & MASK
        return size <= 1 or (self.fins > 0 and size == 2)


@dataclass(slots=True)
class ZeekView:
    """One connection; the ends in the order of the caller's sides."""

    ends: tuple[End, End] = field(default_factory=lambda: (End(), End()))
    originator: int = -1  #: side, -1 before the first segment
    partial: bool = False  #: the handshake was not captured, in Zeek's eyes
    history: bytearray = field(default_factory=bytearray)

    def add(
        self, side: int, flags: int, seq: int, ack: int, length: int, captured: int, window: int,
        ports: tuple[int, int],
    ) -> None:  # fmt: skip
        """Note one segment that `side` sent: raw numbers, payload bytes on the wire and captured, (from, to) ports."""
        if self.originator < 0:
            self._open(side, flags, ports)
        own, peer = self.ends[side], self.ends[1 - side]
        self._note_partial(side, flags)
        past = (0 if flags & RST else length) + (flags >> 1 & 1) + (flags & FIN)
        _begin(own, flags, seq, (seq + past) & MASK)
        relative = (seq - own.start) & MASK
        old = own.is_old(relative)
        self._letters(side, flags, relative, length)
        if not window and not flags & RST and peer.state != CLOSED and own.state != RESET:
            own.zero_windows += 1
            self._scaled("W", side, own.zero_windows)
        if flags & FIN:
            own.fins += 1
            own.fin_end = (relative + past) & MASK
        acked = _acknowledge(peer, flags, ack)
        self._advance(side, flags, (seq + past) & MASK, length)
        self._step(side, flags, length)
        if flags & ACK:
            self._missing(1 - side, acked)
        if length and captured >= length and not flags & RST and not old:
            at = (relative + (flags >> 1 & 1)) & MASK
            own.pieces.sent(at, (at + length) & MASK, (own.acked - own.start) & MASK)
        own.met = True

    def _open(self, side: int, flags: int, ports: tuple[int, int]) -> None:
        here, there = ports
        self.originator = side
        if flags & (SYN | ACK) == SYN or here not in LIKELY_SERVER_PORTS:
            return
        if there not in LIKELY_SERVER_PORTS or (not flags & SYN and here < there):
            self._flip()

    def _flip(self) -> None:
        self.originator = 1 - self.originator
        self._letter("^", self.originator)

    def _note_partial(self, side: int, flags: int) -> None:
        if self.ends[side].met:
            return
        if side == self.originator:
            self.partial = flags & (SYN | ACK) != SYN
        elif not self.partial:
            self.partial = not flags & SYN

    def _letters(self, side: int, flags: int, relative: int, length: int) -> None:
        own = self.ends[side]
        control = flags & (SYN | FIN | RST)
        if control & (control - 1):
            fin_rst = control & (FIN | RST) == FIN | RST
            self._once("I" if fin_rst else "Q", side, _SHOWN_FIN_RST if fin_rst else _SHOWN_MANY)
        elif control == SYN:
            self._again("H" if flags & ACK else "S", side, _SHOWN_SYN, relative == own.syn_at)
            own.syn_at = relative
        elif control == FIN:
            at = (relative + length) & MASK
            self._again("F", side, _SHOWN_FIN, at == own.fin_at)
            own.fin_at = at
        elif control == RST:
            self._again("R", side, _SHOWN_RST, relative == own.rst_at)
            own.rst_at = relative
        elif length:
            self._once("D", side, _SHOWN_DATA)
        elif flags & ACK:
            self._once("A", side, _SHOWN_ACK)

    def _once(self, letter: str, side: int, shown: int) -> None:
        if not self.ends[side].shown & shown:
            self.ends[side].shown |= shown
            self._letter(letter, side)

    def _again(self, letter: str, side: int, shown: int, same: bool) -> None:
        """A letter that stands once more where the sequence number is another one than last time."""
        if self.ends[side].shown & shown and not same:
            self._letter(letter, side)
        self._once(letter, side, shown)

    def _scaled(self, letter: str, side: int, count: int) -> None:
        """A letter that stands at the 1st, 10th, 100th … time."""
        while count % 10 == 0:
            count //= 10
        if count == 1:
            self._letter(letter, side)

    def _letter(self, letter: str, side: int) -> None:
        room = MAX_HISTORY - len(self.history)
        if room:
            shown = "X" if room == 1 else letter
            self.history += (shown if side == self.originator else shown.lower()).encode()

    def _advance(self, side: int, flags: int, past: int, length: int) -> None:
        """Move the end's last number; data that does not move it was sent before, or came late."""
        own = self.ends[side]
        ahead = diff(past, own.last)
        if flags & (SYN | RST) and not -FAR <= ahead <= FAR:
            return
        if flags & FIN and own.last == (own.start + 1) & MASK:
            own.last = past
        elif own.state == RESET:
            return
        elif ahead > 0:
            own.last = past
        elif length:
            own.repeats += 1
            self._scaled("T", side, own.repeats)
        own.wrapped = own.wrapped or WRAPS < (own.last - own.start) & MASK <= MASK >> 1

    def _missing(self, side: int, acked: int) -> None:
        """An acknowledgment up to the relative number `acked`: what lies below it and was not captured is a gap."""
        own, peer = self.ends[side], self.ends[1 - side]
        if own.fins and diff(acked, own.fin_end) >= 0:
            acked = (own.fin_end - 1) & MASK
        faked = self.partial and acked <= 2 and not own.wrapped  # the start was made up
        holes = own.pieces.acknowledged(acked, faked)
        if own.clean and peer.clean:
            for _ in range(holes):
                own.gaps += 1
                self._scaled("G", side, own.gaps)

    def _step(self, side: int, flags: int, length: int) -> None:
        """Zeek's machine of an end."""
        own, peer = self.ends[side], self.ends[1 - side]
        if own.state == INACTIVE:
            self._first(side, flags, length)
        elif own.state in (SYN_SENT, SYN_ACK_SENT):
            if flags & (FIN | RST):
                own.turn(RESET if flags & RST else CLOSED)
        elif own.state in (ESTABLISHED, PARTIAL):
            if flags & (SYN | ACK) == SYN and own.state == PARTIAL and peer.state == INACTIVE:
                own.turn(SYN_SENT)
            if flags & RST:
                own.turn(RESET)
            elif flags & FIN:
                own.turn(CLOSED)
                if peer.state == RESET and peer.before == CLOSED:
                    peer.turn(CLOSED)  # FIN, then RST of the same end: a normal end after all
        elif own.state == CLOSED and flags & RST and peer.state != CLOSED:
            own.turn(RESET)

    def _first(self, side: int, flags: int, length: int) -> None:
        """The first segment of an end that changes its state."""
        own, peer = self.ends[side], self.ends[1 - side]
        if flags & SYN:
            self._first_syn(side, flags)
        if flags & FIN:
            own.turn(CLOSED)
        if flags & RST:
            own.turn(RESET)
        if own.state != INACTIVE:
            return
        if side != self.originator and not length and peer.state == SYN_SENT:
            return  # some acknowledge a SYN before they answer it
        if flags & ACK and peer.state == ESTABLISHED:
            own.turn(ESTABLISHED)  # only the SYN is missing
            self.partial, own.met = False, True
        else:
            own.turn(PARTIAL)

    def _first_syn(self, side: int, flags: int) -> None:
        own, peer = self.ends[side], self.ends[1 - side]
        if side == self.originator:
            own.turn(SYN_ACK_SENT if flags & ACK else SYN_SENT)
            return
        if not flags & ACK and peer.state == SYN_ACK_SENT:
            self.partial = False  # SYN and SYN,ACK were captured in the wrong order
            self._flip()
            peer.turn(ESTABLISHED)
        elif peer.state == SYN_SENT:
            peer.turn(ESTABLISHED)
        own.turn(ESTABLISHED)

    def conn_state(self) -> int:
        """The index in CONN_STATES so far."""
        if self.originator < 0:
            return 0
        return CONN_STATES.index(self._conn_state(self.ends[self.originator], self.ends[1 - self.originator]))

    def _conn_state(self, orig: End, resp: End) -> str:
        if resp.state == RESET:
            if orig.state in (SYN_SENT, SYN_ACK_SENT) or (orig.state == RESET and orig.empty and resp.empty):
                return "REJ"
            return "RSTRH" if orig.silent else "RSTR"
        if orig.state == RESET:
            if resp.silent:
                return "RSTOS0" if _syn_then_rst(bytes(self.history)) else "OTH"
            return "RSTO"
        if orig.state == CLOSED:
            return "SF" if resp.state == CLOSED else "SH" if resp.silent else "S2"
        if resp.state == CLOSED:
            return "SHR" if orig.silent else "S3"
        if orig.state == SYN_SENT and resp.state == INACTIVE:
            return "S0"
        return "S1" if orig.state == resp.state == ESTABLISHED else "OTH"


def _begin(own: End, flags: int, seq: int, past: int) -> None:
    """Where an end's numbers start: at its first segment, and again at a SYN with another number."""
    if own.state == INACTIVE:
        if flags & SYN:
            own.begin(seq, past)
        else:
            own.begin((seq - 1) & MASK, seq)
    elif flags & SYN and (
        own.state in (ESTABLISHED, PARTIAL)
        or (own.state in (SYN_SENT, SYN_ACK_SENT) and seq != own.start)
        or (own.state == RESET and own.before == INACTIVE)
    ):
        own.begin(seq, past)


def _acknowledge(peer: End, flags: int, ack: int) -> int:
    """Note an acknowledgment of the peer's data; its relative number, 0 for one that lies left of the start."""
    if not flags & ACK:
        return 0
    if peer.state == INACTIVE:
        peer.begin((ack - 1) & MASK, (ack - 1) & MASK)
        return 1
    relative = (ack - peer.start) & MASK
    if peer.is_old(relative):
        return 0
    ahead = diff(ack, peer.acked)
    if not flags & RST and 0 < ahead and not (ack == 0 and ahead > FAR):
        peer.acked = ack
        peer.wrapped = peer.wrapped or WRAPS < relative <= MASK >> 1
    return relative


def _syn_then_rst(history: bytes) -> bool:
    """Whether the originator's SYN and RST stand with none of its H A F G I Q between them."""
    letters = history.removeprefix(b"^")
    until = letters.find(b"R")
    return letters.startswith(b"S") and until > 0 and not set(letters[:until]) & set(b"HAFGIQ")


@lru_cache(maxsize=4096)
def history(letters: bytes) -> str:
    """`ShADadFf`: capitals for the originator."""
    return letters.decode("ascii")
