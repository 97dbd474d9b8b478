"""Which fields the compiled kernels know: where the values of each stand, and what has to be done to have them."""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Sequence
from enum import IntFlag
from functools import cache
from typing import NamedTuple

from synfin._kernels import cells, follow, scan
from synfin._kernels.cells import PAIR_BOTH, PAIR_DESTINATION, PAIR_SOURCE
from synfin.watch.recall.remembered import remembered


class Needs(IntFlag):
    """What must have been done before a field can be shown."""

    BYTES = 0
    FOLLOWING = 1  #: its connection was followed up to the packet
    VALUES = 2  #: and what is in flight
    HINDSIGHT = 4  #: the whole input was followed before
    RECORD = 8  #: the connection's record is asked
    STORY = 16  #: only the readable core tells it
    DATAGRAMS = 32  #: every UDP header before it was seen
    MARKS = 128  #: its stream and what is marked of its segment: FOLLOWING without anything else
    MEMORY = 64  #: every fragment, echo, ARP packet and Multipath TCP option before it was seen, and those after it
    MESSAGES = 256  #: the bytes of its connection were followed in order


_FOLLOWED, _VALUES = Needs.FOLLOWING, Needs.FOLLOWING | Needs.VALUES
_FINAL = Needs.FOLLOWING | Needs.HINDSIGHT
EVERYTHING = _VALUES | _FINAL | Needs.RECORD | Needs.DATAGRAMS | Needs.MEMORY | Needs.MESSAGES


class Spec(NamedTuple):
    """The arguments of `Block.field`, and the needs."""

    source: int
    offset: int = 0
    width: int = 0
    mask: int = 0
    shift: int = 0
    scale: int = 1
    needs: Needs = Needs.BYTES


def layout(pattern: str, names: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Offset and struct code of each member of a row, a fact or a value."""
    found, before = {}, "<"
    members = [item for item in re.findall(r"\d*[a-zA-Z]", pattern) if not item.endswith("x")]
    for name, item in zip(names, members, strict=True):
        found[name] = (struct.calcsize(before), item)
        before += item
    return found


_WIDTHS = {"B": 1, "H": 2, "I": 4, "Q": 8, "q": 8, "i": 14}
_ROW = layout(scan.ROW_FORMAT, scan.ROW_FIELDS)
_FACT = layout(follow.FACT_FORMAT, follow.FACT_FIELDS)
_VALUE = layout(follow.VALUE_FORMAT, follow.VALUE_FIELDS)


def _member(source: int, place: tuple[int, str], needs: Needs = Needs.BYTES) -> Spec:
    return Spec(source, place[0], _WIDTHS[place[1]], needs=needs)


def _row(name: str) -> Spec:
    return _member(cells.S_ROW, _ROW[name])


def _fact(name: str, needs: Needs = _FOLLOWED) -> Spec:
    return _member(cells.S_FACT, _FACT[name], needs)


def _value(name: str, shown_with: str = "", needs: Needs = _VALUES) -> Spec:
    offset, code = _VALUE[name]
    condition, width = _VALUE[shown_with or name]
    return Spec(cells.S_VALUE, offset, _WIDTHS[code], 0, condition, _WIDTHS[width], needs)


def _marked(mask: int, copies: int = 1, needs: Needs = Needs.MARKS) -> Spec:
    return Spec(cells.S_MARKED, _FACT["bits"][0], 2, mask, 0, copies, needs)


def _noted(source: int, mask: int, needs: Needs = _VALUES) -> Spec:
    return Spec(source, _VALUE["marks"][0], 1, mask, _FACT["bits"][0], 1, needs)


def _bits(source: int, offset: int, width: int, mask: int = 0, scale: int = 1) -> Spec:
    whole = mask or (1 << 8 * width) - 1
    return Spec(source, offset, width, whole, (whole & -whole).bit_length() - 1, scale)


def _flag(mask: int) -> Spec:
    return Spec(cells.S_FLAGS, 0, 2, mask, (mask & -mask).bit_length() - 1)


def _pair(source: int, which: int) -> Spec:
    return Spec(source, mask=which)


def _option(kind: int, length: int, offset: int, width: int, source: int = cells.S_OPTION) -> Spec:
    return Spec(source, offset, width, kind | length << 8)


def _header(offset: int, width: int) -> Spec:
    return Spec(cells.S_SEGMENT_BYTES, offset, width)


def _edge(offset: int) -> Spec:
    return Spec(cells.S_SACK_EDGE, offset, 4, 5, _FACT["ack"][0], needs=_FINAL)


@cache
def _specs() -> dict[str, Spec]:
    return {**_frame(), **_link_and_network(), **_segment(), **_analysis()}


def _frame() -> dict[str, Spec]:
    return {
        "frame": Spec(cells.S_FRAME),
        "frame.number": Spec(cells.S_NUMBER),
        "frame.len": _row("wire_len"),
        "frame.cap_len": _row("cap_len"),
        "frame.time": _row("time_ns"),
        "frame.time_epoch": _row("time_ns"),
        "frame.time_relative": Spec(cells.S_RELATIVE),
        "frame.time_delta": Spec(cells.S_DELTA),
        "frame.time_delta_displayed": Spec(cells.S_DISPLAYED),
        "synfin.conn": _member(cells.S_OWN, _FACT["conn"], _FOLLOWED),
        "tcp.stream": _member(cells.S_FOLLOWED, _FACT["stream"], Needs.MARKS),
        "tcp.completeness": _member(cells.S_FOLLOWED, _FACT["completeness"], _FINAL),
    }


def _link_and_network() -> dict[str, Spec]:
    eth, ip4, ip6, udp = cells.S_ETH_BYTES, cells.S_IP4_BYTES, cells.S_IP6_BYTES, cells.S_UDP_BYTES
    found = {
        "eth": Spec(cells.S_LAYER, mask=cells.HAS_ETH),
        "ip": Spec(cells.S_LAYER, mask=cells.HAS_IP4),
        "ipv6": Spec(cells.S_LAYER, mask=cells.HAS_IP6),
        "udp": Spec(cells.S_LAYER, mask=cells.HAS_UDP),
        "arp": Spec(cells.S_LAYER, mask=cells.HAS_ARP),
        "eth.type": _bits(eth, 12, 2),
        "ip.hdr_len": _bits(ip4, 0, 1, 0x0F, 4),
        "ip.dsfield": _bits(ip4, 1, 1),
        "ip.dsfield.dscp": _bits(ip4, 1, 1, 0xFC),
        "ip.dsfield.ecn": _bits(ip4, 1, 1, 0x03),
        "ip.len": _bits(ip4, 2, 2),
        "ip.id": _bits(ip4, 4, 2),
        "ip.flags": _bits(ip4, 6, 1, 0xE0),
        "ip.flags.rb": _bits(ip4, 6, 1, 0x80),
        "ip.flags.df": _bits(ip4, 6, 1, 0x40),
        "ip.flags.mf": _bits(ip4, 6, 1, 0x20),
        "ip.frag_offset": _bits(ip4, 6, 2, 0x1FFF),
        "ip.ttl": _bits(ip4, 8, 1),
        "ip.proto": _bits(ip4, 9, 1),
        "ip.checksum": _bits(ip4, 10, 2),
        "ipv6.flow": _bits(ip6, 1, 3, 0x0FFFFF),
        "ipv6.plen": _bits(ip6, 4, 2),
        "ipv6.nxt": _bits(ip6, 6, 1),
        "ipv6.hlim": _bits(ip6, 7, 1),
        "udp.length": _bits(udp, 4, 2),
    }
    pairs = ("src", PAIR_SOURCE), ("dst", PAIR_DESTINATION), ("addr", PAIR_BOTH)
    for name, which in pairs:
        found[f"ip.{name}"] = _pair(cells.S_ADDRESS4, which)
        found[f"ipv6.{name}"] = _pair(cells.S_ADDRESS6, which)
    found["eth.src"], found["eth.dst"] = _pair(cells.S_ETH_PAIR, PAIR_SOURCE), _pair(cells.S_ETH_PAIR, PAIR_DESTINATION)
    for layer, source in (("tcp", cells.S_PORT), ("udp", cells.S_UDP_PAIR)):
        found[f"{layer}.srcport"] = _pair(source, PAIR_SOURCE)
        found[f"{layer}.dstport"] = _pair(source, PAIR_DESTINATION)
        found[f"{layer}.port"] = _pair(source, PAIR_BOTH)
    return found


def _segment() -> dict[str, Spec]:
    names = ("fin", "syn", "reset", "push", "ack", "urg", "ece", "cwr", "ae")
    return {
        "tcp": Spec(cells.S_TCP_BYTES),
        "tcp.len": _member(cells.S_SEGMENT_ROW, _ROW["len_bytes"]),
        "tcp.seq": _fact("seq", _FINAL),
        "tcp.seq_raw": _member(cells.S_SEGMENT_ROW, _ROW["seq"]),
        "tcp.nxtseq": Spec(cells.S_NEXT, _FACT["seq"][0], needs=_FINAL),
        "tcp.ack": _fact("ack", _FINAL),
        "tcp.ack_raw": _member(cells.S_SEGMENT_ROW, _ROW["ack"]),
        "tcp.hdr_len": _member(cells.S_SEGMENT_ROW, _ROW["hdr_len"]),
        "tcp.flags": _flag(0x0FFF),
        "tcp.flags.res": _flag(0xE00),
        **{f"tcp.flags.{name}": _flag(1 << bit) for bit, name in enumerate(names)},
        "tcp.window_size_value": _member(cells.S_SEGMENT_ROW, _ROW["window"]),
        "tcp.window_size": _fact("window_size", _FINAL),
        "tcp.window_size_scalefactor": Spec(cells.S_SCALE, _FACT["scale"][0], needs=_FINAL),
        "tcp.checksum": _header(16, 2),
        "tcp.urgent_pointer": _header(18, 2),
        "tcp.time_relative": _fact("since_first_ns"),
        "tcp.time_delta": _fact("since_last_ns"),
        "tcp.payload": Spec(cells.S_PAYLOAD),
        "tcp.options.mss_val": _option(2, 4, 2, 2),
        "tcp.options.wscale.shift": _option(3, 3, 2, 1),
        "tcp.options.wscale.multiplier": _option(3, 3, 2, 1, cells.S_MULTIPLIER),
        "tcp.options.timestamp.tsval": _option(8, 10, 2, 4),
        "tcp.options.timestamp.tsecr": _option(8, 10, 6, 4),
        "tcp.options.sack_perm": _option(4, 0, 0, 0, cells.S_WHOLE_OPTION),
        "tcp.options.sack_le": _edge(2),
        "tcp.options.sack_re": _edge(6),
    }


def _analysis() -> dict[str, Spec]:
    #: bits of synfin.watch.follow.analysis.Analysis; a fast or spurious retransmission is a retransmission too
    marks = {
        "fast_retransmission": 2, "spurious_retransmission": 4, "out_of_order": 8, "lost_segment": 16,
        "ack_lost_segment": 32, "keep_alive": 128, "keep_alive_ack": 256, "zero_window": 512,
        "zero_window_probe": 1024, "zero_window_probe_ack": 2048, "window_full": 4096, "window_update": 8192,
    }  # fmt: skip
    analysed, follows = _noted(cells.S_ANALYSED, follow.ANALYSED, _VALUES | _FINAL), cells.S_CLOSER
    found = {
        "tcp.analysis": analysed,
        "tcp.analysis.flags": _marked(0xFFFF, needs=_FINAL),
        "tcp.analysis.retransmission": _marked(7),
        **{f"tcp.analysis.{name}": _marked(bit) for name, bit in marks.items()},
        "tcp.analysis.duplicate_ack": _marked(64, 2),
        "tcp.analysis.reused_ports": _marked(16384, needs=_FINAL),
        "tcp.analysis.acks_frame": _value("acks_frame"),
        "tcp.analysis.ack_rtt": _value("ack_rtt_ns"),
        "tcp.analysis.initial_rtt": _initial_rtt(),
        "tcp.analysis.bytes_in_flight": _value("bytes_in_flight"),
        "tcp.analysis.push_bytes_sent": _value("push_bytes_sent", "bytes_in_flight"),
        "tcp.analysis.duplicate_ack_num": _value("duplicate_ack_num"),
        "tcp.analysis.duplicate_ack_frame": _value("duplicate_ack_frame", "duplicate_ack_num"),
        "tcp.analysis.rto": _value("rto_ns"),
        "tcp.analysis.rto_frame": _value("rto_frame", "rto_ns"),
        "tcp.connection.fin_active": _noted(follows, follow.CLOSES),
        "tcp.connection.fin_passive": _noted(follows, follow.FOLLOWS),
    }
    for bit, name in follow.FAST_OPEN.items():
        found[f"tcp.analysis.{name}"] = _noted(cells.S_NOTED, bit, _VALUES | _FINAL)
    return found


def _initial_rtt() -> Spec:
    offset, code = _VALUE["initial_rtt_ns"]
    bits, marks = _FACT["bits"][0], _VALUE["marks"][0]
    return Spec(cells.S_SHOWN, offset, _WIDTHS[code], follow.ANALYSED, bits, marks, _VALUES | _FINAL)


def spec(name: str) -> Spec | None:
    """Where the kernels find a field, None where they do not know it."""
    return _specs().get(name)


def known_names() -> list[str]:
    """Every field that the kernels know."""
    return list(_specs())


#: beginnings of the names of what stands above TCP
_OF_MESSAGES = ("http", "data", "tcp.segment", "tcp.reassembled", "tcp.fin_retransmission", "frame.protocols")
#: fields of these layers are read from the bytes alone
_OF_BYTES = frozenset(
    {
        "frame",
        "erf",
        "eth",
        "llc",
        "vlan",
        "ieee8021ad",
        "ieee8021ah",
        "mpls",
        "sll",
        "null",
        "data",
        "ip",
        "ipv6",
        "udp",
        "icmp",
        "icmpv6",
        "arp",
    }
)


def needs(names: Collection[str]) -> Needs:
    """What all of these fields together need, also those that the kernels do not know."""
    found = Needs.BYTES
    for name in names:
        known = spec(name)
        found |= _of_unknown(name) if known is None else known.needs
    return found


def _of_unknown(name: str) -> Needs:
    if remembered(name):
        return Needs.MEMORY | (_FINAL if name.startswith("mptcp") else Needs.BYTES)
    layer, dot, rest = name.partition(".")
    if name.startswith(_OF_MESSAGES):
        return _FINAL | Needs.VALUES | Needs.MESSAGES
    if layer == "udp" and rest.startswith(("stream", "time_")):
        return Needs.DATAGRAMS
    if layer == "conn":
        return _FINAL | Needs.RECORD
    if layer == "synfin":
        return EVERYTHING | Needs.STORY
    return Needs.BYTES if dot and layer in _OF_BYTES else EVERYTHING & ~Needs.MESSAGES
