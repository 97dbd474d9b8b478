"""Fields of the control messages of L2TP (RFC 2661 section 4.4)."""

from __future__ import annotations

from synfin.dissect.declare import Declare
from synfin.dissect.tunnel_walk import L2TP

MESSAGE = {1: "Start of the control connection, request", 2: "Start of the control connection, reply",
           3: "Control connection connected", 4: "Stop of the control connection", 6: "Hello",
           7: "Outgoing call, request", 8: "Outgoing call, reply", 9: "Outgoing call connected",
           10: "Incoming call, request", 11: "Incoming call, reply", 12: "Incoming call connected",
           14: "Call disconnected", 15: "Error at the wide area network", 16: "Link information"}  # fmt: skip
_l2tp = Declare(L2TP, "l2tp")

FIELDS = (
    _l2tp("l2tp.avp.mandatory", "bool", "Mandatory", "必须理解", mask=0x8000, bits=16),
    _l2tp("l2tp.avp.hidden", "bool", "Hidden", "已隐藏", mask=0x4000, bits=16),
    _l2tp("l2tp.avp.length", "u16", "Length", "长度", mask=0x03FF),
    _l2tp("l2tp.avp.vendor_id", "u16", "Vendor", "厂商编号"),
    _l2tp("l2tp.avp.type", "u16", "Type", "类型"),
    _l2tp("l2tp.avp.message_type", "u16", "Message", "消息类型", values=MESSAGE),
    _l2tp("l2tp.result_code", "u16", "Result", "结果代码"),
    _l2tp("l2tp.tie_breaker", "u64x", "Tie breaker", "冲突裁决值"),
    *(
        _l2tp(f"l2tp.avp.{name}", kind, en, zh, mask=mask, bits=32 if mask else 0)
        for name, kind, mask, en, zh in (
            ("error_code", "u16", 0, "Error", "错误代码"), ("error_message", "str", 0, "Error message", "错误消息"),
            ("protocol_version", "u8", 0, "Version", "版本"), ("protocol_revision", "u8", 0, "Revision", "修订号"),
            ("async_framing_supported", "bool", 2, "Asynchronous framing", "异步成帧"),
            ("sync_framing_supported", "bool", 1, "Synchronous framing", "同步成帧"),
            ("analog_access_supported", "bool", 2, "Analog access", "模拟接入"),
            ("digital_access_supported", "bool", 1, "Digital access", "数字接入"),
            ("firmware_revision", "u16", 0, "Revision of the firmware", "固件版本"),
            ("host_name", "str", 0, "Host", "主机名"), ("vendor_name", "str", 0, "Vendor", "厂商名"),
            ("assigned_tunnel_id", "u16", 0, "Tunnel assigned", "分配的隧道编号"),
            ("receive_window_size", "u16", 0, "Receive window", "接收窗口"),
            ("chap_challenge", "bytes", 0, "Challenge", "质询"), ("cause_code", "u16", 0, "Cause", "原因代码"),
            ("cause_msg", "u8", 0, "Message of the cause", "原因消息"),
            ("advisory_msg", "str", 0, "Advice", "说明消息"),
            ("chap_challenge_response", "bytes", 0, "Response to the challenge", "质询应答"),
            ("assigned_session_id", "u16", 0, "Session assigned", "分配的会话编号"),
            ("call_serial_number", "u32", 0, "Serial number of the call", "呼叫序列号"),
            ("minimum_bps", "u32", 0, "Least bits a second", "最小比特率"),
            ("maximum_bps", "u32", 0, "Most bits a second", "最大比特率"),
            ("analog_bearer_type", "bool", 2, "Analog bearer", "模拟承载"),
            ("digital_bearer_type", "bool", 1, "Digital bearer", "数字承载"),
            ("async_framing_type", "bool", 2, "Asynchronous framing", "异步成帧"),
            ("sync_framing_type", "bool", 1, "Synchronous framing", "同步成帧"),
            ("called_number", "str", 0, "Called number", "被叫号码"),
            ("calling_number", "str", 0, "Calling number", "主叫号码"),
            ("sub_address", "str", 0, "Subaddress", "子地址"), ("connect_speed", "u32", 0, "Speed", "连接速率"),
            ("physical_channel", "u32", 0, "Physical channel", "物理信道"),
            ("initial_received_lcp_confreq", "bytes", 0, "First request of LCP received", "最初收到的 LCP 请求"),
            ("last_sent_lcp_confreq", "bytes", 0, "Last request of LCP sent", "最后发送的 LCP 请求"),
            ("last_received_lcp_confreq", "bytes", 0, "Last request of LCP received", "最后收到的 LCP 请求"),
            ("proxy_authen_type", "u16", 0, "Kind of proxy authentication", "代理认证类型"),
            ("proxy_authen_name", "str", 0, "Name for authentication", "代理认证名"),
            ("proxy_authen_challenge", "bytes", 0, "Challenge", "代理认证质询"),
            ("proxy_authen_id", "u8", 0, "Identifier", "代理认证标识"),
            ("proxy_authen_response", "bytes", 0, "Response", "代理认证应答"),
            ("crc_errors", "u32", 0, "Errors of check sequences", "CRC 错误"),
            ("framing_errors", "u32", 0, "Errors of framing", "成帧错误"),
            ("hardware_overruns", "u32", 0, "Overruns of hardware", "硬件溢出"),
            ("buffer_overruns", "u32", 0, "Overruns of buffers", "缓冲区溢出"),
            ("time_out_errors", "u32", 0, "Timeouts", "超时错误"),
            ("alignment_errors", "u32", 0, "Errors of alignment", "对齐错误"),
            ("send_accm", "u32", 0, "Control characters escaped, sending", "发送 ACCM"),
            ("receive_accm", "u32", 0, "Control characters escaped, receiving", "接收 ACCM"),
            ("random_vector", "bytes", 0, "Random vector", "随机向量"),
            ("private_group_id", "bytes", 0, "Private group", "专用组标识"),
            ("rx_connect_speed", "u32", 0, "Speed of receiving", "接收连接速率"),
            ("disconnect_code", "u16", 0, "Why PPP was disconnected", "断开代码"),
            ("control_protocol_number", "u16", 0, "Control protocol", "控制协议号"),
            ("cause_code_direction", "u8", 0, "Direction", "方向"),
            ("cause_code_message", "str", 0, "Message", "消息"),
        )
    ),
)  # fmt: skip
