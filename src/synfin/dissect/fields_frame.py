"""Fields of the frame as captured, and our own per-packet and per-connection fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from synfin.dissect import values
from synfin.dissect.expert import note
from synfin.dissect.field import Field
from synfin.dissect.load import Loader, Spot, computed, constant, number, whole
from synfin.dissect.preferences import preferences
from synfin.dissect.titles import ATM, has_type
from synfin.wire.control import MIN_HEADER_LEN

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

FRAME = ("frame",)
SYNFIN = ("synfin",)
CONN = ("conn",)


def _timed(loader: Loader) -> Loader:
    """What a packet has only if the file tells its time."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        return loader(frame, layer, facts) if frame.packet.timed else ()

    return load


_TIME = computed(lambda frame, layer, facts: frame.packet.time_ns)


def _fact(name: str) -> Any:
    return computed(lambda frame, layer, facts: None if facts is None else getattr(facts, name))


def _opinion(name: str) -> Any:
    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Any:
        if facts is None or facts.opinion is None:
            return None
        value = getattr(facts.opinion, name)
        return value if isinstance(value, int) else str(value) if value else None

    return computed(load)


def protocols(frame: Frame) -> str:
    """Layer names joined by colons, with `ethertype` after each layer that carries one, as Wireshark lists them."""
    names: list[str] = []
    spoken = -1  # where the last message of an application ends: one that begins there was read at the same time
    for place, layer in enumerate(frame.layers):
        name = "sll" if layer.name == "sll2" else layer.name
        if name == "tcp.segments":
            continue  # no protocol
        if name == "http":
            begun, spoken = spoken, layer.end
            if layer.start == begun:
                continue
        if name == "wlan" and place:
            names.append("wlan_radio")  # what the header before it tells of the radio
        if name == "vxlan" and _is_generic(frame, layer):
            continue  # Wireshark has no name for it
        if name != "mpls" or names[-1:] != ["mpls"]:  # a stack of labels is one header
            names.append(name)
        last = place + 1 == len(frame.layers)
        following = "" if last else frame.layers[place + 1].name
        typed = name in ("eth", "vlan", "ieee8021ad", "ieee8021ah", "sll", "cmd") and following != "llc"
        if typed and not last and has_type(frame, layer):
            names.append("ethertype")
        if name == "arp" and number(frame, layer, 0, 2) == ATM:
            names.append("atmarp")
    if frame.layers and frame.layers[0].name in ("ip", "ipv6") and frame.packet.link_type in (12, 14, 101):
        names.insert(0, "raw")
    if not frame.layers:
        names += values.UNREAD_LINKS.get(frame.packet.link_type, ())
    if frame.packet.erf and names[:1] != ["erf"]:
        names.insert(0, "erf")
    if frame.tcp is not None and _is_multipath(frame, frame.tcp):
        names.insert(names.index("tcp") + 1, "mptcp")
    return ":".join(names)


def _is_generic(frame: Frame, layer: Layer) -> bool:
    from synfin.dissect.overlay_walk import is_generic

    return is_generic(frame, layer)


def _is_multipath(frame: Frame, tcp: Layer) -> bool:
    if tcp.header_len <= MIN_HEADER_LEN:
        return False
    from synfin.dissect.fields_tcp_options import items

    return any(item.name == "mptcp" for item in items(frame, tcp, None))


def _interface(name: str) -> Any:
    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Any:
        if facts is None or facts.interface is None:
            return None
        if name == "id":
            return frame.packet.interface - facts.interface.first
        if name == "name":
            return facts.interface.name or "unknown"
        return getattr(facts.interface, name) or None

    return computed(load)


def _flags(mask: int) -> Any:
    """Some bits of the packet's flags, where the file has them."""
    shift = (mask & -mask).bit_length() - 1
    return computed(
        lambda frame, layer, facts: None if frame.packet.flags is None else (frame.packet.flags & mask) >> shift
    )


def _encapsulation(frame: Frame, layer: Layer, facts: Facts | None) -> int:
    return values.ERF if frame.packet.erf else values.ENCAPSULATION.get(frame.packet.link_type, 0)


def _flag(name: str, kind: str, mask: int, en: str, zh: str, display: str = "dec") -> Field:
    return Field(f"frame.packet_flags_{name}", kind, FRAME, _flags(mask), en, zh, display=display,
                 parent="frame.packet_flags", mask=mask, mask_bits=32)  # fmt: skip


def _direction(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """Received (1) or sent (0), by the packet's flags."""
    told = {1: 1, 2: 0}.get((frame.packet.flags or 0) & 3)
    return () if told is None else (Spot(told),)


def _hash(frame: Frame, layer: Layer, facts: Facts | None) -> str | None:
    """Of all captured bytes, where hashes are wanted: a name for them, no protection."""
    from hashlib import md5  # nearly nobody wants one, and it brings a library

    wanted = preferences(facts).frame_generate_md5_hash
    return md5(frame.packet.data, usedforsecurity=False).hexdigest() if wanted else None


def _place(frame: Frame, layer: Layer, facts: Facts | None) -> int | None:
    return frame.packet.record if preferences(facts).frame_show_file_off else None


def _decided(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """A heading for what was decided, without a text of its own."""
    return (Spot(""),) if any(verdict[0] in range(3) for verdict in frame.packet.noted.verdicts) else ()


def _verdicts(kind: int) -> Any:
    """What hardware (0) or a program at one of two hooks (1, 2) decided: bytes, or a number of 64 bits."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        for verdict in frame.packet.noted.verdicts:
            value, rest = verdict[0], verdict[1:]
            if value == kind and (not kind or len(rest) == 8):
                yield Spot(int.from_bytes(rest, "big", signed=True) if kind else rest)

    return load


def _comments(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    return (Spot(comment) for comment in frame.packet.comments)


def _record(path: str) -> Any:
    """An attribute path of the connection record; None anywhere on the way means that there is no value."""
    names = path.split(".")

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Any:
        found = None if facts is None else facts.connection
        for name in names:
            if found is None:
                return None
            found = getattr(found, name, None)
        return found

    return computed(load)


def _sum(name: str) -> Any:
    """A counter of both sides together."""
    client, server = _record(f"client.{name}"), _record(f"server.{name}")

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Any:
        found = [spot.value for loader in (client, server) for spot in loader(frame, layer, facts)]
        return sum(found) if found else None

    return computed(load)


def _address(path: str) -> Any:
    """An address kept as text, as its bytes."""
    text = _record(path)

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        from synfin.dissect.address import parse_ip

        for spot in text(frame, layer, facts):
            found = parse_ip(str(spot.value))
            if found is not None:
                yield Spot(found)

    return load


def _findings(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
    record = None if facts is None else facts.connection
    return (Spot(finding) for finding in (getattr(record, "findings", None) or ()))


def _each(path: str) -> Any:
    """Every known part of an attribute that has several."""
    whole = _record(path)

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterator[Spot]:
        for spot in whole(frame, layer, facts):
            yield from (Spot(part) for part in spot.value if part is not None)

    return load


def _side(name: str, en: str, zh: str) -> tuple[Field, ...]:
    p = f"conn.{name}."
    return (
        Field(p + "ip", "address", CONN, _address(f"{name}.ip"), f"{en} address", f"{zh}地址", generated=True),
        Field(p + "port", "u16", CONN, _record(f"{name}.port"), f"{en} port", f"{zh}端口", generated=True),
        Field(p + "packets", "u64", CONN, _record(f"{name}.packets"), f"Packets from the {en.lower()}",
              f"{zh}发出的报文数", generated=True),
        Field(p + "payload_bytes", "u64", CONN, _record(f"{name}.payload_bytes"),
              f"Payload bytes from the {en.lower()}", f"{zh}发出的数据字节", generated=True),
        Field(p + "wire_bytes", "u64", CONN, _record(f"{name}.wire_bytes"), f"Bytes on the wire from the {en.lower()}",
              f"{zh}发出的线上字节", generated=True),
        Field(p + "retransmissions", "u64", CONN, _record(f"{name}.retransmissions"),
              f"Retransmissions by the {en.lower()}", f"{zh}的重传数", generated=True),
        Field(p + "state", "str", CONN, _record(f"{name}.state"), f"{en} state at the end", f"{zh}最后的状态",
              generated=True),
        Field(p + "states_seen", "str", CONN, _each(f"{name}.states_seen"), f"{en} state that the capture allows",
              f"捕获所允许的{zh}状态", generated=True),
    )  # fmt: skip


FIELDS = (
    Field("frame", "protocol", FRAME, whole, "Frame", "帧"),
    Field("frame.section_number", "u32", FRAME, _interface("section"), "Section number", "节编号"),
    Field("frame.interface_id", "u32", FRAME, _interface("id"), "Interface id", "接口编号"),
    Field("frame.interface_name", "str", FRAME, _interface("name"), "Interface name", "接口名称",
          parent="frame.interface_id"),
    Field("frame.interface_description", "str", FRAME, _interface("description"), "Interface description", "接口描述",
          parent="frame.interface_id"),
    Field("frame.interface_queue", "u32", FRAME, computed(lambda frame, layer, facts: frame.packet.noted.queue),
          "Queue of the interface", "接口队列"),
    Field("frame.packet_id", "u64", FRAME, computed(lambda frame, layer, facts: frame.packet.noted.packet_id),
          "Packet id", "报文编号"),
    Field("frame.verdict", "str", FRAME, _decided, "Verdict", "处置"),
    Field("frame.verdict.hw", "bytes", FRAME, _verdicts(0), "Hardware", "硬件", display="spaces",
          parent="frame.verdict"),
    Field("frame.verdict.ebpf_tc", "i64", FRAME, _verdicts(1), "eBPF TC", "eBPF TC", parent="frame.verdict"),
    Field("frame.verdict.ebpf_xdp", "i64", FRAME, _verdicts(2), "eBPF XDP", "eBPF XDP", parent="frame.verdict"),
    Field("frame.packet_flags", "u32", FRAME, _flags(0xFFFFFFFF), "Packet flags", "报文标志", display="hex"),
    _flag("direction", "u32", 0x3, "Direction", "方向", display="hex"),
    _flag("reception_type", "u32", 0x1C, "Reception type", "接收类型"),
    _flag("fcs_length", "u32", 0x1E0, "FCS length", "帧校验序列长度"),
    _flag("reserved", "u32", 0xFE00, "Reserved", "保留"),
    _flag("crc_error", "bool", 0x01000000, "CRC error", "校验错误"),
    _flag("packet_too_error", "bool", 0x02000000, "Packet too long", "报文过长"),
    _flag("packet_too_short_error", "bool", 0x04000000, "Packet too short", "报文过短"),
    _flag("wrong_inter_frame_gap_error", "bool", 0x08000000, "Wrong gap between frames", "帧间隔错误"),
    _flag("unaligned_frame_error", "bool", 0x10000000, "Unaligned frame", "帧未对齐"),
    _flag("start_frame_delimiter_error", "bool", 0x20000000, "Start frame delimiter error", "帧起始定界符错误"),
    _flag("preamble_error", "bool", 0x40000000, "Preamble error", "前导码错误"),
    _flag("symbol_error", "bool", 0x80000000, "Symbol error", "符号错误"),
    Field("frame.encap_type", "i16", FRAME,
          computed(_encapsulation),
          "Encapsulation type", "封装类型", values=values.ENCAPSULATION_NAME),
    Field("frame.time", "abstime", FRAME, _timed(_TIME), "Arrival time", "到达时间"),
    Field("frame.offset_shift", "reltime", FRAME, _timed(constant(0)), "Time shift for this packet", "时间偏移",
          generated=True),
    Field("frame.time_epoch", "reltime", FRAME, _timed(_TIME), "Epoch time", "纪元时间"),
    Field("frame.time_delta", "reltime", FRAME, _timed(_fact("frame_time_delta_ns")),
          "Time since the previous captured frame", "距上一捕获帧的时间", generated=True),
    Field("frame.time_delta_displayed", "reltime", FRAME, _timed(_fact("frame_time_delta_displayed_ns")),
          "Time since the previous displayed frame", "距上一显示帧的时间", generated=True),
    Field("frame.time_relative", "reltime", FRAME, _timed(_fact("frame_time_relative_ns")),
          "Time since the first frame", "距首帧的时间", generated=True),
    Field("frame.number", "u32", FRAME, computed(lambda frame, layer, facts: frame.packet.number), "Frame number",
          "帧号"),
    Field("frame.len", "u32", FRAME, computed(lambda frame, layer, facts: frame.packet.wire_len), "Frame length",
          "帧长", unit="bytes"),
    Field("frame.cap_len", "u32", FRAME, computed(lambda frame, layer, facts: len(frame.packet.data)),
          "Captured length", "捕获长度", unit="bytes"),
    Field("frame.md5_hash", "str", FRAME, computed(_hash), "MD5 hash", "MD5 散列", generated=True),
    Field("frame.drop_count", "u64", FRAME, computed(lambda frame, layer, facts: frame.packet.drops),
          "Packets lost before this one", "此前丢失的报文数"),
    Field("frame.marked", "bool", FRAME, constant(0), "Frame is marked", "帧被标记", generated=True),
    Field("frame.ignored", "bool", FRAME, constant(0), "Frame is ignored", "帧被忽略", generated=True),
    Field("frame.file_off", "i64", FRAME, computed(_place), "Offset in the file", "在文件中的偏移", generated=True),
    Field("frame.p2p_dir", "i8", FRAME, _direction, "Direction", "方向", values={0: "Sent", 1: "Received"},
          generated=True),
    Field("frame.protocols", "str", FRAME, computed(lambda frame, layer, facts: protocols(frame)),
          "Protocols in frame", "帧内协议", generated=True),
    Field("frame.comment", "str", FRAME, _comments, "Comment", "注释"),
    note("frame.comment.expert", computed(lambda frame, layer, facts: True if frame.packet.comments else None),
         "comment", "comment", "The packet has a comment", "报文带有注释", parent="frame.comment"),
    Field("synfin.conn", "u32", SYNFIN, _fact("conn"), "Connection", "连接", generated=True),
    Field("synfin.phase", "str", SYNFIN, _fact("phase"), "Phase", "阶段", generated=True),
    Field("synfin.client_state", "str", SYNFIN, _fact("client_state"), "Client state", "客户端状态", generated=True),
    Field("synfin.server_state", "str", SYNFIN, _fact("server_state"), "Server state", "服务器状态", generated=True),
    Field("synfin.opinion", "str", SYNFIN, _opinion("kind"), "Second opinion", "第二意见", generated=True),
    Field("synfin.opinion.cause", "str", SYNFIN, _opinion("cause"), "Why it was sent again", "重传的原因",
          generated=True),
    Field("synfin.opinion.reason", "str", SYNFIN, _opinion("reason"), "Reason of the second opinion", "第二意见的依据",
          generated=True),
    Field("synfin.opinion.certain", "bool", SYNFIN, _opinion("certain"), "The second opinion is certain",
          "第二意见是确定的", generated=True),
    Field("synfin.opinion.hole", "str", SYNFIN, _opinion("hole"), "Why the bytes before it are missing",
          "之前的字节为何缺失", generated=True),
    Field("synfin.opinion.incarnation", "u32", SYNFIN, _opinion("incarnation"),
          "Which of its endpoints' connections it belongs to", "属于这对端点的第几次连接", generated=True),
    Field("synfin.opinion.incarnation_reason", "str", SYNFIN, _opinion("began"), "Why a connection begins here",
          "为何由此开始一条连接", generated=True),
    Field("conn.conn", "u32", CONN, _record("conn"), "Connection", "连接", generated=True),
    Field("conn.stream", "u32", CONN, _record("stream"), "Stream index", "流编号", generated=True),
    Field("conn.start", "abstime", CONN, _record("start_ns"), "Start", "开始时间", generated=True),
    Field("conn.start_ns", "i64", CONN, _record("start_ns"), "Start in nanoseconds", "开始时间（纳秒）",
          generated=True),
    Field("conn.duration_ns", "i64", CONN, _record("duration_ns"), "Duration in nanoseconds", "持续时间（纳秒）",
          generated=True),
    Field("conn.frames", "framenum", CONN, _each("frames"), "First and last frame", "首帧与末帧", generated=True),
    Field("conn.handshake_legs_ns", "i64", CONN, _each("handshake_legs_ns"),
          "Legs of the handshake in nanoseconds", "握手各段时间（纳秒）", generated=True),
    Field("conn.handshake_rtt_ns", "i64", CONN, _record("handshake_rtt_ns"), "Handshake round trip in nanoseconds",
          "握手往返时间（纳秒）", generated=True),
    Field("conn.packets", "u64", CONN, _sum("packets"), "Packets of both sides", "双方报文数", generated=True),
    Field("conn.payload_bytes", "u64", CONN, _sum("payload_bytes"), "Payload bytes of both sides", "双方数据字节",
          generated=True),
    Field("conn.wire_bytes", "u64", CONN, _sum("wire_bytes"), "Bytes on the wire of both sides", "双方线上字节",
          generated=True),
    Field("conn.retransmissions", "u64", CONN, _sum("retransmissions"), "Retransmissions of both sides",
          "双方重传数", generated=True),
    Field("conn.role_guessed", "bool", CONN, _record("role_guessed"), "Roles are guessed", "角色为推测",
          generated=True),
    Field("conn.open", "str", CONN, _record("open"), "How it opened", "如何打开", generated=True),
    Field("conn.close", "str", CONN, _record("close"), "How it ended", "如何结束", generated=True),
    Field("conn.closed_by", "str", CONN, _record("closed_by"), "Who ended it", "由谁结束", generated=True),
    Field("conn.completeness", "u8", CONN, _record("completeness"), "Conversation completeness", "会话完整度",
          generated=True),
    Field("conn.conn_state", "str", CONN, _record("conn_state"), "Zeek's conn_state", "Zeek 连接状态",
          generated=True),
    Field("conn.history", "str", CONN, _record("history"), "Zeek's history", "Zeek 历史串", generated=True),
    Field("conn.vantage", "str", CONN, _record("vantage"), "Where it was captured", "捕获位置", generated=True),
    Field("conn.findings", "str", CONN, _findings, "Finding", "发现", generated=True),
    *_side("client", "Client", "客户端"),
    *_side("server", "Server", "服务器"),
)  # fmt: skip
