"""Walks over what control messages of L2TP tell: attributes with values (RFC 2661 section 4)."""

from __future__ import annotations

from typing import NamedTuple

from synfin.dissect.cursor import Cursor
from synfin.dissect.option import Item

HEAD_LEN = 6
RESPONSE = 13  #: whose sixteen bytes are no number
TEXT, OCTETS = -1, -2  #: instead of a size: all that is left
HEAD = {"l2tp.avp.mandatory": 0x8000, "l2tp.avp.hidden": 0x4000, "l2tp.avp.length": 0x03FF}
HIDDEN, LENGTH = 0x4000, 0x03FF


class Attribute(NamedTuple):
    """What a kind is called, and its parts: the field's last part with its size; without a name they are reserved."""

    en: str
    zh: str
    parts: tuple[tuple[str, int], ...] = ()
    flags: tuple[str, str] | None = None  #: instead: the fields of the bits 2 and 1 of a word


ATTRIBUTES = {
    0: Attribute("Control Message", "控制消息", (("message_type", 2),)),
    1: Attribute("Result-Error Code", "结果与错误代码", (("", 2), ("error_code", 2), ("error_message", TEXT))),
    2: Attribute("Protocol Version", "协议版本", (("protocol_version", 1), ("protocol_revision", 1))),
    3: Attribute("Framing Capabilities", "成帧能力", flags=("async_framing_supported", "sync_framing_supported")),
    4: Attribute("Bearer Capabilities", "承载能力", flags=("analog_access_supported", "digital_access_supported")),
    5: Attribute("Tie Breaker", "冲突裁决", (("", 8),)),
    6: Attribute("Firmware Revision", "固件版本", (("firmware_revision", 2),)),
    7: Attribute("Host Name", "主机名", (("host_name", TEXT),)),
    8: Attribute("Vendor Name", "厂商名", (("vendor_name", TEXT),)),
    9: Attribute("Assigned Tunnel ID", "分配的隧道编号", (("assigned_tunnel_id", 2),)),
    10: Attribute("Receive Window Size", "接收窗口", (("receive_window_size", 2),)),
    11: Attribute("Challenge", "质询", (("chap_challenge", OCTETS),)),
    12: Attribute("Cause Code", "原因代码", (("cause_code", 2), ("cause_msg", 1), ("advisory_msg", TEXT))),
    13: Attribute("Challenge Response", "质询应答", (("chap_challenge_response", 16),)),
    14: Attribute("Assigned Session", "分配的会话", (("assigned_session_id", 2),)),
    15: Attribute("Call Serial Number", "呼叫序列号", (("call_serial_number", 4),)),
    16: Attribute("Minimum BPS", "最小速率", (("minimum_bps", 4),)),
    17: Attribute("Maximum BPS", "最大速率", (("maximum_bps", 4),)),
    18: Attribute("Bearer Type", "承载类型", flags=("analog_bearer_type", "digital_bearer_type")),
    19: Attribute("Framing Type", "成帧类型", flags=("async_framing_type", "sync_framing_type")),
    20: Attribute("Reserved", "保留"),
    21: Attribute("Called Number", "被叫号码", (("called_number", TEXT),)),
    22: Attribute("Calling Number", "主叫号码", (("calling_number", TEXT),)),
    23: Attribute("Sub-Address", "子地址", (("sub_address", TEXT),)),
    24: Attribute("Connect Speed", "连接速率", (("connect_speed", 4),)),
    25: Attribute("Physical Channel", "物理信道", (("physical_channel", 4),)),
    26: Attribute("Initial Received LCP CONFREQ", "最初收到的 LCP 请求", (("initial_received_lcp_confreq", OCTETS),)),
    27: Attribute("Last Sent LCP CONFREQ", "最后发送的 LCP 请求", (("last_sent_lcp_confreq", OCTETS),)),
    28: Attribute("Last Received LCP CONFREQ", "最后收到的 LCP 请求", (("last_received_lcp_confreq", OCTETS),)),
    29: Attribute("Proxy Authen Type", "代理认证类型", (("proxy_authen_type", 2),)),
    30: Attribute("Proxy Authen Name", "代理认证名", (("proxy_authen_name", TEXT),)),
    31: Attribute("Proxy Authen Challenge", "代理认证质询", (("proxy_authen_challenge", OCTETS),)),
    32: Attribute("Proxy Authen ID", "代理认证标识", (("", 1), ("proxy_authen_id", 1))),
    33: Attribute("Proxy Authen Response", "代理认证应答", (("proxy_authen_response", OCTETS),)),
    34: Attribute("Call status AVPs", "呼叫错误", (
        ("", 2), ("crc_errors", 4), ("framing_errors", 4), ("hardware_overruns", 4), ("buffer_overruns", 4),
        ("time_out_errors", 4), ("alignment_errors", 4))),
    35: Attribute("ACCM", "异步控制字符映射", (("", 2), ("send_accm", 4), ("receive_accm", 4))),
    36: Attribute("Random Vector", "随机向量", (("random_vector", OCTETS),)),
    37: Attribute("Private group ID", "专用组标识", (("private_group_id", OCTETS),)),
    38: Attribute("RxConnect Speed", "接收连接速率", (("rx_connect_speed", 4),)),
    39: Attribute("Sequencing Required", "需要排序"),
    46: Attribute("PPP Disconnect Cause Code", "PPP 断开原因", (
        ("disconnect_code", 2), ("control_protocol_number", 2), ("cause_code_direction", 1),
        ("cause_code_message", TEXT))),
}  # fmt: skip
#: Parts whose names do not begin like those of the others.
NAMED = {(1, 0): "l2tp.result_code", (5, 0): "l2tp.tie_breaker"}


def attributes(cursor: Cursor) -> None:
    """Attributes up to the end of a message; one whose length cannot be ends them. What is hidden needs a secret."""
    while cursor.whole and cursor.room >= HEAD_LEN:
        size = cursor.peek(2) & LENGTH
        if size < HEAD_LEN or size > cursor.room:
            return
        vendor, kind, hidden = cursor.peek(2, 2), cursor.peek(2, 4), cursor.peek(2) & HIDDEN
        known = ATTRIBUTES.get(kind) if not vendor else None
        start, inner = cursor.at, cursor.within(size)
        inner.note(*inner.parts(2, HEAD))
        inner.skip(2)
        if not hidden:
            inner.number("l2tp.avp.vendor_id", 2)
            if not vendor:
                inner.number("l2tp.avp.type", 2)
            if known is not None:
                _value(inner, kind, known)
        name = known.en if known is not None else f"Unknown ({kind})" if not vendor else f"Vendor {vendor}"
        cursor.note(Item(f"{name} AVP", None, start, size, tuple(inner.items)))


def _value(inner: Cursor, kind: int, known: Attribute) -> None:
    """The parts of a value, as far as they are there."""
    if known.flags is not None:
        inner.note(*inner.parts(4, {f"l2tp.avp.{known.flags[0]}": 2, f"l2tp.avp.{known.flags[1]}": 1}))
    for place, (part, size) in enumerate(known.parts):
        name = NAMED.get((kind, place), f"l2tp.avp.{part}" if part else "")
        if not inner.room:
            return
        if size == TEXT:
            inner.text(name, inner.room)
        elif size == OCTETS:
            inner.rest(name)
        elif not name:
            inner.skip(size)
        elif kind == RESPONSE:
            inner.raw(name, size)
        else:
            inner.number(name, size)


CHINESE = {f"{known.en} AVP": f"{known.zh} AVP" for known in ATTRIBUTES.values()}
