# cython: language_level=3
"""A block of frames and the values of its fields: what `columns`, `choose` and `lines` share."""
from synfin._kernels.octets cimport big
from synfin._kernels.row cimport Row

cdef enum:
    BLOCK_ROWS = 1024  # rows of a block, at most
    ASK = -1  # instead of a number of values: only the readable code knows
    MAX_VALUES = 4  # of a field in one frame

cpdef enum:
    # what is in a frame, as far as this kernel walks it
    HAS_ETH = 1
    HAS_IP4 = 2
    HAS_IP6 = 4
    HAS_TCP = 8
    HAS_UDP = 16
    HAS_ARP = 32
    UNSURE = 64  # anything else
    WALKED = 128

# Where the values of a field are. Those below S_SEGMENT are there for every frame (or every TCP header, quoted or not),
# those below S_LAYER in a TCP segment, the others in the layer that they name. What the numbers of a Spec mean:
cpdef enum:
    S_NUMBER = 1  # the frame's number
    S_ROW = 2  # a member of the row: offset, width
    S_RELATIVE = 3  # time since the first frame
    S_DELTA = 4  # time since the frame before
    S_DISPLAYED = 5  # time since the frame shown last
    S_FRAME = 6  # all its bytes
    S_FOLLOWED = 8  # a member of the fact of any TCP header: offset, width
    S_OWN = 9  # the same, unless it is quoted
    S_SEGMENT = 20  # that there is one
    S_SEGMENT_ROW = 21  # a member of the row
    S_SEGMENT_BYTES = 22  # header bytes: offset, width
    S_FLAGS = 23  # mask, shift
    S_FACT = 24  # a member of the fact: offset, width
    S_VALUE = 25  # a member of the value, shown where the one at `shift`, `scale` wide, is not 0
    S_MARKED = 26  # mask of the flags at `offset` of the fact; `scale` values
    S_NOTED = 27  # mask of the marks at `offset` of the value
    S_ANALYSED = 28  # the same, or any flag (at `shift` of the fact)
    S_NEXT = 29  # the number behind the segment; `offset` of its own in the fact
    S_SCALE = 30  # window scale, a shift at `offset` of the fact
    S_PORT = 31  # mask: PAIR_
    S_OPTION = 32  # number in an option: offset, width; mask: kind | length << 8
    S_WHOLE_OPTION = 33  # all its bytes
    S_MULTIPLIER = 34  # 2 to the number
    S_SACK_EDGE = 35  # offset 2 or 6 (left, right); `shift` of the relative ACK in the fact
    S_PAYLOAD = 36  # bytes
    S_TCP_BYTES = 37  # bytes from the header on
    S_CLOSER = 38  # NOTED, of a FIN
    S_SHOWN = 39  # a member of the value that is not 0; `mask` of the marks at `scale`, or any flag at `shift` of the fact
    S_BITS = 40  # the flags at `offset` of the fact; a fast or spurious retransmission is a retransmission
    S_LAYER = 50  # mask: HAS_
    S_ETH_BYTES = 51  # number in the header: offset, width, mask, shift, scale
    S_IP4_BYTES = 52
    S_IP6_BYTES = 53
    S_UDP_BYTES = 54
    S_ADDRESS4 = 55  # mask: PAIR_
    S_ADDRESS6 = 56
    S_ETH_PAIR = 57
    S_UDP_PAIR = 58

    PAIR_SOURCE = 1
    PAIR_DESTINATION = 2
    PAIR_BOTH = 3

ctypedef struct Spec:
    int source
    unsigned int offset
    unsigned int width
    unsigned long long mask
    int shift
    long long scale

# The values of one field in one frame: numbers, or bytes in the frame.
ctypedef struct Cell:
    long long number[4]
    const unsigned char* octets[2]
    unsigned int size  # of each of the octets

ctypedef struct View:
    Row* rows
    const unsigned char* facts  # NULL where nothing was followed
    const unsigned short* marks  # analysis flags of each row, where those alone were followed
    const unsigned int* streams  # of each row, as `marks`
    const unsigned char* values  # NULL where no values were asked for
    const unsigned char* buffer
    const unsigned int* numbers  # of the frames, NULL where they follow each other
    const long long* befores_ns  # the time of the frame before each row; NULL as `numbers`
    unsigned int count
    unsigned int first  # number of the first frame
    unsigned int fact_size
    unsigned int value_size
    unsigned long long base  # offset in the input of buffer[0]
    long long first_ns  # of the input's first frame
    long long before_ns  # of the frame before the block
    long long shown_ns  # of the frame that was shown last
    int has_first
    int has_shown
    unsigned int spec_count
    unsigned char segment[1024]  # 1: a sound TCP segment, 0: no TCP header, 2: ask
    unsigned char shape[1024]  # HAS_ bits
    unsigned short ip_at[1024]
    unsigned short payload_at[1024]  # of the IP datagram
    Spec specs[256]

cdef class Block:
    cdef View view
    cdef object held
    cdef long long last_ns

cdef int get(View* view, unsigned int index, const Spec* spec, Cell* cell) noexcept nogil

cdef inline const unsigned char* bytes_of(View* view, unsigned int index) noexcept nogil:
    return view.buffer + (view.rows[index].offset - view.base)

# A source, a destination, or both.
cdef inline int pair(unsigned long long which, long long first, long long second, Cell* cell) noexcept nogil:
    if which == PAIR_BOTH:
        cell.number[0] = first
        cell.number[1] = second
        return 2
    cell.number[0] = first if which == PAIR_SOURCE else second
    return 1

# A number in the header at `p`.
cdef inline int masked(const unsigned char* p, const Spec* spec, Cell* cell) noexcept nogil:
    cell.number[0] = <long long> ((big(p + spec.offset, spec.width) & spec.mask) >> spec.shift) * spec.scale
    return 1
