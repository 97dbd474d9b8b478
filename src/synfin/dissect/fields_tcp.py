"""Fields of the TCP header (RFC 9293 section 3.1) and what the packets around it say about it (Wireshark's names)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from synfin.dissect import values, verified
from synfin.dissect.expert import note
from synfin.dissect.field import Field
from synfin.dissect.load import Loader, Spot, bits, both, computed, constant, limit, number, when, whole
from synfin.dissect.preferences import Preferences, preferences
from synfin.wire.control import ACK, FIN, MIN_CAPTURED, MIN_HEADER_LEN, RST, SYN, URG

if TYPE_CHECKING:
    from synfin.dissect.context import Facts, Subflow
    from synfin.dissect.option import Item
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

TCP = ("tcp",)
FLAG_LETTERS = "RRRACEUAPRSF"
UNSET_FLAG = "\u00b7"
COMPLETENESS_LETTERS = "RFDASS"  #: RST, FIN, data, ACK, SYN,ACK, SYN
FLAGS = "tcp.analysis.flags"
TIMES = "@Timestamps"  #: a heading of the packet tree that is no field
NOT_A_SEQUENCE_FLAG = frozenset({"tfo_syn", "tfo_ack", "tfo_ignored"})

COMPLETENESS = {
    1: "Incomplete, SYN_SENT", 3: "Incomplete, CLIENT_ESTABLISHED", 7: "Incomplete, ESTABLISHED",
    15: "Incomplete, DATA", 31: "Complete, WITH_DATA", 47: "Complete, WITH_DATA", 63: "Complete, WITH_DATA",
    23: "Complete, NO_DATA", 39: "Complete, NO_DATA", 55: "Complete, NO_DATA",
}  # fmt: skip
SCALE = {-1: "unknown", -2: "no window scaling used"}


def _followed(frame: Frame, layer: Layer) -> bool:
    """Whether enough of the header was captured to follow the segment; else only its ports are shown."""
    return number(frame, layer, MIN_CAPTURED - 2, 2) >= 0


def quoted_directly(frame: Frame, layer: Layer) -> bool:
    """Whether an ICMP error quotes IPv4 and this header: tshark then shows one sequence number, however short it is."""
    if frame.quoted is None and frame.segment is not None:
        return False
    place = frame.layers.index(layer)
    return [before.name for before in frame.layers[max(place - 2, 0) : place]] == ["icmp", "ip"]


def _numbered(frame: Frame, layer: Layer) -> bool:
    return _followed(frame, layer) or quoted_directly(frame, layer)


def _numbered_twice(frame: Frame, layer: Layer) -> bool:
    return _followed(frame, layer) and not quoted_directly(frame, layer)


def header_len(frame: Frame, layer: Layer) -> int:
    """The data offset in bytes, -1 where it was not captured."""
    return (number(frame, layer, 12, 2) >> 12) * 4 if _followed(frame, layer) else -1


def flags(frame: Frame, layer: Layer) -> int:
    """The 12 flag bits, 0 where they were not captured."""
    return max(number(frame, layer, 12, 2), 0) & 0x0FFF


def _sound(frame: Frame, layer: Layer) -> bool:
    return header_len(frame, layer) >= MIN_HEADER_LEN


def _short(frame: Frame, layer: Layer) -> bool:
    return frame.segment is not None and frame.segment.len_bytes is None and layer == frame.tcp


def _has(wanted: int, unwanted: int = 0) -> Callable[[Frame, Layer], bool]:
    def check(frame: Frame, layer: Layer) -> bool:
        found = flags(frame, layer)
        return found & wanted == wanted and not found & unwanted and _sound(frame, layer)

    return check


def _fact(name: str) -> Loader:
    """A fact of the engine, which speaks of the innermost TCP header."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        if facts is None or layer != frame.tcp:
            return ()
        value = getattr(facts, name)
        return () if value is None else (Spot(value),)

    return load


def _relative(name: str, offset: int) -> Loader:
    """A relative number in the bytes of the raw one; the raw number itself where no stream gives a base."""
    plain = bits(offset, 4)

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        known = getattr(facts, name) if facts is not None and layer == frame.tcp else None
        found = plain(frame, layer, facts)
        return found if known is None else [spot._replace(value=known) for spot in found]

    return load


def _multipath(told: Callable[[Subflow], Any]) -> Loader:
    """What is known of the connection that the innermost TCP header is a subflow of."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        subflow = facts.recalled.subflow if facts is not None and layer == frame.tcp else None
        value = None if subflow is None else told(subflow)
        return () if value is None else (Spot(value),)

    return load


def _subflows(subflow: Subflow) -> str:
    """As tshark lists them, a blank behind each."""
    return "".join(f"{stream} " for stream in subflow.subflows)


def _analysis(name: str) -> Loader:
    """A flag of the sequence analysis; tshark adds a duplicate ACK twice, as a note and with its number."""
    found = (Spot(True),) * (2 if name == "duplicate_ack" else 1)

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        return found if facts is not None and name in facts.analysis and layer == frame.tcp else ()

    return load


def _record(frame: Frame, layer: Layer, facts: Facts | None) -> Any:
    return True if facts is not None and (facts.analysed or _any_flag(facts)) and layer == frame.tcp else None


def _any_flag(facts: Facts) -> bool:
    return any(name not in NOT_A_SEQUENCE_FLAG for name in facts.analysis)


def _flagged(frame: Frame, layer: Layer, facts: Facts | None) -> Any:
    return True if facts is not None and _any_flag(facts) and layer == frame.tcp else None


def _closer(role: str) -> Loader:
    return computed(lambda frame, layer, facts: True if facts is not None and facts.closer == role else None)


def _newer_completeness(facts: Facts | None) -> int | None:
    """Single bits of the completeness are fields only where the profile has them."""
    return None if facts is None or facts.stream_packet is None else facts.completeness


def _seen_bit(mask: int) -> Loader:
    def found(frame: Frame, layer: Layer, facts: Facts | None) -> int | None:
        seen = _newer_completeness(facts) if layer == frame.tcp else None
        return None if seen is None else int(bool(seen & mask))

    return computed(found)


def _completeness_text(frame: Frame, layer: Layer, facts: Facts | None) -> str | None:
    seen = _newer_completeness(facts) if layer == frame.tcp else None
    if seen is None:
        return None
    letters = zip(COMPLETENESS_LETTERS, (32, 16, 8, 4, 2, 1), strict=True)
    return "".join(letter if seen & mask else UNSET_FLAG for letter, mask in letters)


def _length(frame: Frame, layer: Layer, facts: Facts | None) -> Any:
    """Payload bytes by the IP header (RFC 9293 section 3.1, "Segment length")."""
    size = header_len(frame, layer)
    if layer == frame.tcp:
        return None if frame.segment is None else frame.segment.len_bytes
    return layer.end - layer.start - size if 0 <= size <= layer.end - layer.start else None


def _flag_text(frame: Frame, layer: Layer, facts: Facts | None) -> str:
    found = flags(frame, layer)
    text = "".join(letter if found >> (11 - place) & 1 else UNSET_FLAG for place, letter in enumerate(FLAG_LETTERS))
    return f"{text[:3]}-{found >> 6 & 7}-{text[6:]}" if _is_counter(frame, layer, facts) else text


def _is_counter(frame: Frame, layer: Layer, facts: Facts | None) -> bool:
    return facts is not None and facts.accurate_ecn and layer == frame.tcp


def _counted(loader: Loader, *, counter: bool) -> Loader:
    """Three flags, or the counter that they are where both ends have agreed on accurate ECN."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        return loader(frame, layer, facts) if _is_counter(frame, layer, facts) == counter else ()

    return load


def _options(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    start = layer.start + MIN_HEADER_LEN
    stop = min(layer.start + header_len(frame, layer), limit(frame, layer))
    there = start < stop or (header_len(frame, layer) > MIN_HEADER_LEN and start == stop)
    return (Spot(frame.data[start:stop], start, stop - start),) if there else ()


def _walk_options(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    from synfin.dissect.fields_tcp_options import items

    return items(frame, layer, facts)


def _walk_pieces(frame: Frame, layer: Layer, facts: Facts | None) -> tuple[Item, ...]:
    if facts is None or facts.above is None or not facts.above.pieces:
        return ()
    from synfin.dissect.fields_segments import PIECES

    return PIECES(frame, layer, facts)


def payload_range(frame: Frame, layer: Layer) -> tuple[int, int]:
    """Start and end of the captured payload; equal when there is none."""
    size = header_len(frame, layer)
    start = layer.start + size
    return (start, max(limit(frame, layer), start)) if size >= MIN_HEADER_LEN else (layer.start, layer.start)


def _payload(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    start, stop = payload_range(frame, layer)
    if start < stop:
        yield Spot(frame.data[start:stop], start, stop - start)


def _not_reset(frame: Frame, layer: Layer) -> bool:
    """What a RST carries is its cause, not data of the stream."""
    return not flags(frame, layer) & RST


def _cause(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    """A RST may carry a text that says why (RFC 9293 section 3.5.3); it ends at a zero byte."""
    for spot in _payload(frame, layer, facts):
        text = spot.value.partition(b"\0")[0]
        yield spot._replace(value=text.decode("ascii", "replace"))


def _stray(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    """Whether something follows the zero byte that ends the text; a text that is no ASCII is not looked at."""
    for spot in _payload(frame, layer, facts):
        text, _, rest = spot.value.partition(b"\0")
        if any(rest) and text.isascii():
            yield Spot(True)


def _nonzero(offset: int, size: int) -> Callable[[Frame, Layer], bool]:
    return lambda frame, layer: number(frame, layer, offset, size) > 0


def _flag(name: str, mask: int, en: str, zh: str) -> Field:
    loader = when(_sound, bits(12, 2, mask))
    loader = _counted(loader, counter=False) if mask & 0x1C0 else loader
    return Field(f"tcp.flags.{name}", "bool", TCP, loader, en, zh, values=values.SET,
                 parent="tcp.flags", mask=mask, mask_bits=12)  # fmt: skip


def _mark(name: str, en: str, zh: str, severity: str = "note", parent: str = FLAGS, second: str = "") -> Field:
    return note(f"tcp.analysis.{name}", _analysis(name), severity, "sequence", en, zh, parent=parent, second=second)


def _seen(name: str, condition: Callable[[Frame, Layer], bool], severity: str, parent: str, en: str,
          zh: str) -> Field:  # fmt: skip
    return note(f"tcp.{name}", when(condition, constant(True)), severity, "sequence", en, zh, parent=parent)


def _protocol(name: str, condition: Callable[[Frame, Layer], bool], severity: str, parent: str, en: str,
              zh: str) -> Field:  # fmt: skip
    return note(f"tcp.{name}", when(condition, constant(True)), severity, "protocol", en, zh, parent=parent)


def _verify(wanted: Preferences, layer: Layer) -> bool:
    return wanted.tcp_check_checksum


def _cookie(loader: Loader) -> Loader:
    """What Linux packs into the initial number of a SYN cookie, where numbers are read as such."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        asked = preferences(facts).tcp_read_seq_as_syn_cookie and _numbered_twice(frame, layer)
        return loader(frame, layer, facts) if asked else ()

    return load


_SRC_PORT, _DST_PORT = bits(0, 2), bits(2, 2)

FIELDS = (
    Field("tcp", "protocol", TCP, whole, "Transmission Control Protocol", "传输控制协议", below=_walk_pieces),
    Field("tcp.srcport", "u16", TCP, _SRC_PORT, "Source port", "源端口"),
    Field("tcp.dstport", "u16", TCP, _DST_PORT, "Destination port", "目的端口"),
    Field("tcp.port", "u16", TCP, both(_SRC_PORT, _DST_PORT), "Source or destination port", "源或目的端口",
          hidden=True, after=("tcp.dstport", "tcp.dstport")),
    Field("tcp.stream", "u32", TCP, _fact("stream"), "Stream index", "流编号", generated=True),
    Field("tcp.completeness", "u8", TCP, _fact("completeness"), "Conversation completeness", "会话完整度",
          display="custom", values=COMPLETENESS, generated=True),
    Field("tcp.stream.pnum", "u32", TCP, _fact("stream_packet"), "Packet of the stream", "流内报文号", generated=True),
    *(
        Field(f"tcp.completeness.{name}", "bool", TCP, _seen_bit(mask), en, zh, parent="tcp.completeness",
              values={1: "Present", 0: "Absent"}, mask=mask, mask_bits=8, generated=True)
        for name, mask, en, zh in (("rst", 32, "RST", "RST"), ("fin", 16, "FIN", "FIN"), ("data", 8, "Data", "数据"),
                                   ("ack", 4, "ACK", "ACK"), ("syn-ack", 2, "SYN,ACK", "SYN,ACK"),
                                   ("syn", 1, "SYN", "SYN"))
    ),
    Field("tcp.completeness.str", "str", TCP, computed(_completeness_text), "Completeness flags", "完整度标志",
          parent="tcp.completeness", generated=True),
    note("tcp.short_segment", when(_short, constant(True)), "warning", "malformed",
         "The datagram ends inside the header", "数据报在首部内结束"),
    Field("tcp.len", "u32", TCP, computed(_length), "Segment length", "报文段数据长度", generated=True),
    Field("tcp.seq", "u32", TCP, when(_numbered, _relative("seq", 4)), "Sequence number", "序号"),
    Field("tcp.seq_raw", "u32", TCP, when(_numbered_twice, bits(4, 4)), "Sequence number (raw)",
          "序号（原始）"),
    *(
        Field(f"tcp.syncookie.{name}", kind, TCP, _cookie(bits(4, size, mask)), en, zh, display=display,
              parent="tcp.seq_raw", mask=mask, mask_bits=size * 8)
        for name, kind, size, mask, display, en, zh in (
            ("time", "u8", 1, 0xF8, "dec", "SYN cookie time", "SYN Cookie 时间"),
            ("mss", "u8", 1, 0x07, "dec", "SYN cookie MSS", "SYN Cookie 最大报文段长度"),
        )
    ),
    Field("tcp.syncookie.hash", "u24", TCP, _cookie(bits(5, 3)), "SYN cookie hash", "SYN Cookie 散列", display="hex",
          parent="tcp.seq_raw"),
    Field("tcp.nxtseq", "u32", TCP, _fact("nxtseq"), "Next sequence number", "下一序号", generated=True),
    Field("tcp.ack", "u32", TCP, when(_sound, _relative("ack", 8)), "Acknowledgment number", "确认号"),
    Field("tcp.ack_raw", "u32", TCP, when(_sound, bits(8, 4)), "Acknowledgment number (raw)", "确认号（原始）"),
    Field("tcp.hdr_len", "u8", TCP, when(_followed, bits(12, 1, 0xF0, scale=4)), "Header length", "首部长度",
          mask=0xF0, mask_bits=8, unit="bytes"),
    Field("tcp.flags", "u16", TCP, when(_sound, bits(12, 2, 0x0FFF)), "Flags", "标志", display="hex"),
    _flag("res", 0xE00, "Reserved", "保留"),
    Field("tcp.flags.ace", "u8", TCP, _counted(when(_sound, bits(12, 2, 0x1C0)), counter=True), "Accurate ECN counter",
          "精确拥塞通知计数", parent="tcp.flags", mask=0x1C0, mask_bits=12),
    _flag("ae", 0x100, "Accurate ECN", "精确拥塞通知"),
    _flag("cwr", 0x080, "Congestion window reduced", "拥塞窗口已减小"),
    _flag("ece", 0x040, "ECN-Echo", "拥塞通知回显"),
    _flag("urg", 0x020, "Urgent", "紧急"),
    _flag("ack", 0x010, "Acknowledgment", "确认"),
    _flag("push", 0x008, "Push", "推送"),
    _flag("reset", 0x004, "Reset", "复位"),
    _flag("syn", 0x002, "Syn", "同步"),
    _flag("fin", 0x001, "Fin", "结束"),
    Field("tcp.flags.str", "str", TCP, when(_sound, computed(_flag_text)), "TCP flags", "标志字符串",
          parent="tcp.flags", generated=True),
    Field("tcp.window_size_value", "u16", TCP, when(_sound, bits(14, 2)), "Window", "窗口"),
    Field("tcp.window_size", "u32", TCP, when(_sound, _fact("window_size")), "Calculated window size", "换算后的窗口",
          generated=True),
    Field("tcp.window_size_scalefactor", "i32", TCP, _fact("scalefactor"), "Window size scaling factor",
          "窗口扩大倍数", values=SCALE, generated=True),
    Field("tcp.checksum", "u16", TCP, when(_sound, bits(16, 2)), "Checksum", "校验和", display="hex"),
    note("tcp.checksum_bad.expert", when(_sound, verified.bad(verified.of_tcp, _verify, ones=False)), "error",
         "checksum", "Bad checksum", "校验和错误", parent="tcp.checksum"),
    Field("tcp.checksum.status", "u8", TCP, when(_sound, verified.status(verified.of_tcp, _verify)), "Checksum status",
          "校验和状态", values=values.CHECKSUM_STATUS, generated=True),
    note("tcp.checksum.ffff", when(_sound, verified.bad(verified.of_tcp, _verify, ones=True)), "warning", "checksum",
         "Checksum 0xffff instead of 0x0000 (RFC 1624)", "校验和为 0xffff，应为 0x0000（RFC 1624）",
         parent="tcp.checksum.status"),
    Field("tcp.checksum_calculated", "u16", TCP, when(_sound, verified.calculated(verified.of_tcp, _verify, 16)),
          "Calculated checksum", "计算出的校验和", display="hex", generated=True),
    Field("tcp.urgent_pointer", "u16", TCP, when(_sound, bits(18, 2)), "Urgent pointer", "紧急指针"),
    Field("tcp.options", "bytes", TCP, _options, "Options", "选项", below=_walk_options),
    Field("tcp.time_relative", "reltime", TCP, _fact("time_relative_ns"), "Time since the stream's first frame",
          "距本流首帧的时间", parent=TIMES, unit="seconds", generated=True),
    Field("tcp.time_delta", "reltime", TCP, _fact("time_delta_ns"), "Time since the stream's previous frame",
          "距本流上一帧的时间", parent=TIMES, unit="seconds", generated=True),
    Field("tcp.analysis", "none", TCP, computed(_record), "SEQ/ACK analysis", "序号与确认分析", generated=True),
    Field("tcp.analysis.acks_frame", "framenum", TCP, _fact("acks_frame"), "Acknowledges the segment in frame",
          "确认的是此帧中的报文段", parent="tcp.analysis", generated=True),
    Field("tcp.analysis.ack_rtt", "reltime", TCP, _fact("ack_rtt_ns"), "Round-trip time of that segment",
          "该报文段的往返时间", parent="tcp.analysis", unit="seconds", generated=True),
    Field("tcp.analysis.initial_rtt", "reltime", TCP, _fact("initial_rtt_ns"), "Initial round-trip time",
          "初始往返时间", parent="tcp.analysis", unit="seconds", generated=True),
    Field("tcp.analysis.bytes_in_flight", "u32", TCP, _fact("bytes_in_flight"), "Bytes in flight", "在途字节",
          parent="tcp.analysis", generated=True),
    Field("tcp.analysis.push_bytes_sent", "u32", TCP, _fact("push_bytes_sent"), "Bytes since the last PSH",
          "自上次 PSH 起的字节", parent="tcp.analysis", generated=True),
    Field("tcp.analysis.flags", "none", TCP, computed(_flagged), "TCP analysis flags", "TCP 分析标记",
          parent="tcp.analysis", generated=True),
    _mark("reused_ports", "Ports used before in this capture", "端口被再次使用"),
    _mark("spurious_retransmission", "(Suspected) spurious retransmission", "（疑似）虚假重传"),
    _mark("fast_retransmission", "(Suspected) fast retransmission", "（疑似）快速重传"),
    _mark("retransmission", "(Suspected) retransmission", "（疑似）重传"),
    Field("tcp.analysis.rto", "reltime", TCP, _fact("rto_ns"), "Retransmission timeout of this segment",
          "本报文段的重传超时", parent="tcp.analysis.flags", unit="seconds", generated=True),
    Field("tcp.analysis.rto_frame", "framenum", TCP, _fact("rto_frame"), "Measured from frame", "起算的帧",
          parent="tcp.analysis.flags", generated=True),
    _mark("out_of_order", "(Suspected) out-of-order segment", "（疑似）乱序报文段", "warning"),
    _mark("lost_segment", "A previous segment was not captured", "之前的报文段未被捕获", "warning"),
    _mark("ack_lost_segment", "Acknowledges a segment that was not captured", "确认了未捕获的报文段", "warning"),
    _mark("window_update", "Window update", "窗口更新", "chat"),
    _mark("window_full", "The receiver's window is now full", "接收方窗口已满", "warning"),
    _mark("keep_alive", "Keep-alive", "保活探测"),
    _mark("keep_alive_ack", "Answer to a keep-alive", "保活应答"),
    _mark("duplicate_ack", "Duplicate ACK", "重复确认", second="tcp.analysis.duplicate_ack_frame"),
    _mark("zero_window_probe", "Zero window probe", "零窗口探测"),
    _mark("zero_window", "Zero window", "零窗口", "warning"),
    _mark("zero_window_probe_ack", "Answer to a zero window probe", "零窗口探测应答"),
    _mark("tfo_ack", "SYN,ACK accepts the Fast Open data", "SYN,ACK 接受了快速打开数据", parent="tcp.ack"),
    _mark("tfo_ignored", "SYN,ACK ignores the Fast Open data", "SYN,ACK 忽略了快速打开数据", parent="tcp.ack"),
    note("tcp.analysis.tfo_syn", _analysis("tfo_syn"), "note", "sequence", "SYN with a Fast Open cookie and data",
         "带快速打开 Cookie 与数据的 SYN", walked=True),
    _mark("partial_ack", "Acknowledges a part of a segment", "只确认了报文段的一部分"),
    Field("tcp.analysis.duplicate_ack_num", "u32", TCP, _fact("duplicate_ack_num"), "Duplicate ACK number",
          "第几次重复确认", parent="tcp.analysis", generated=True),
    Field("tcp.analysis.duplicate_ack_frame", "framenum", TCP, _fact("duplicate_ack_frame"),
          "Duplicate of the ACK in frame", "重复的是此帧的确认", parent="tcp.analysis", generated=True),
    Field("mptcp.analysis", "none", TCP, _multipath(lambda subflow: True), "Multipath TCP analysis", "多路径 TCP 分析",
          generated=True),
    Field("mptcp.master", "bool", TCP, _multipath(lambda subflow: int(subflow.master)), "Opened the connection",
          "由此子流建立连接", parent="mptcp.analysis", generated=True),
    Field("mptcp.stream", "u32", TCP, _multipath(lambda subflow: subflow.stream), "Stream index", "流编号",
          parent="mptcp.analysis", generated=True),
    Field("mptcp.analysis.subflows", "str", TCP, _multipath(_subflows), "TCP streams of its subflows",
          "各子流的 TCP 流编号", parent="mptcp.analysis", generated=True),
    Field("tcp.payload", "bytes", TCP, when(_not_reset, _payload), "Payload", "载荷"),
    Field("tcp.reset_cause", "str", TCP, when(_has(RST), _cause), "Reset cause", "复位原因"),
    note("_ws.string.trailing_stray_characters", when(_has(RST), _stray), "warning", "undecoded",
         "Bytes behind the end of the text", "文本结束之后还有字节", parent="tcp.reset_cause", layers=TCP),
    _seen("connection.syn", _has(SYN, ACK), "chat", "tcp.flags.syn", "Connection request (SYN)", "连接请求（SYN）"),
    _seen("connection.synack", _has(SYN | ACK), "chat", "tcp.flags.syn", "Connection accepted (SYN+ACK)",
          "连接接受（SYN+ACK）"),
    _seen("connection.fin", _has(FIN), "chat", "tcp.flags.fin", "Connection finish (FIN)", "连接结束（FIN）"),
    _seen("connection.rst", _has(RST), "warning", "tcp.flags.reset", "Connection reset (RST)", "连接复位（RST）"),
    note("tcp.connection.fin_active", when(_has(FIN), _closer("active")), "note", "sequence",
         "This side closes first", "本方先关闭", parent="tcp.flags.str"),
    note("tcp.connection.fin_passive", when(_has(FIN), _closer("passive")), "note", "sequence",
         "This side closes second", "本方后关闭", parent="tcp.flags.str"),
    _protocol("ack.nonzero", lambda frame, layer: not flags(frame, layer) & ACK and _nonzero(8, 4)(frame, layer)
              and _sound(frame, layer), "note", "tcp.ack", "Acknowledgment number without the ACK flag",
              "没有 ACK 标志却有确认号"),
    _protocol("urgent_pointer.non_zero", lambda frame, layer: not flags(frame, layer) & URG
              and _nonzero(18, 2)(frame, layer) and _sound(frame, layer), "note", "tcp.urgent_pointer",
              "Urgent pointer without the URG flag", "没有 URG 标志却有紧急指针"),
    _protocol("bogus_header_length", lambda frame, layer: 0 <= header_len(frame, layer) < MIN_HEADER_LEN, "error",
              "tcp.hdr_len", "Header length below 20 bytes", "首部长度小于 20 字节"),
)  # fmt: skip
