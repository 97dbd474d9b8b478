# cython: language_level=3
"""What Zeek says of a connection (synfin.watch.zeek): `follow` calls it, `conn` holds it."""
from synfin._kernels.row cimport Row

# A sender's data (synfin.watch.pieces.Pieces); `first` and `behind` have room for one piece more than is kept.
ctypedef struct Pieces:
    unsigned int whole
    unsigned int trimmed
    unsigned int first[5]
    unsigned int behind[5]
    unsigned char beyond  # how many pieces lie beyond a hole
    unsigned char given_up

ctypedef struct ZeekEnd:
    unsigned int start
    unsigned int last
    unsigned int acked
    unsigned int fin_end
    unsigned int syn_at
    unsigned int fin_at
    unsigned int rst_at
    unsigned int gaps
    unsigned int repeats
    unsigned int zero_windows
    Pieces pieces
    unsigned char state
    unsigned char before
    unsigned char wrapped
    unsigned char met
    unsigned char has_fin
    unsigned char shown

ctypedef struct ZeekView:
    ZeekEnd ends[2]
    unsigned char history[32]
    unsigned char history_len
    signed char originator
    unsigned char partial

cdef void fresh(ZeekView* view) noexcept nogil
cdef void add(ZeekView* view, unsigned int side, Row* row) noexcept nogil
cdef unsigned char conn_state(ZeekView* view) noexcept nogil
