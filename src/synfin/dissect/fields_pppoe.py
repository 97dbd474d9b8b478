"""Fields of PPPoE: its sessions, and its discovery with the tags of RFC 2516, RFC 5578 and TR-101."""

from __future__ import annotations

from synfin.dissect import pppoe_walk as walks
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.load import whole
from synfin.dissect.option import ByLayer

CODE = {0: "Session data", 7: "Offer", 9: "Initiation", 0x0A: "Session grant", 0x0B: "Session grant response",
        0x0C: "Session quality", 0x19: "Request", 0x65: "Session confirmation", 0xA7: "Terminate",
        0xD3: "Message"}  # fmt: skip
DATA_LINK = {0: "AAL5", 1: "Ethernet"}
LOOP_ENCAPSULATION_1 = {0: "Not available", 1: "Untagged Ethernet", 2: "Single-tagged Ethernet"}
LOOP_ENCAPSULATION_2 = {0: "Not available", 1: "PPPoA LLC", 2: "PPPoA null", 3: "IPoA LLC", 4: "IPoA null",
                        5: "Ethernet over AAL5 LLC with FCS", 6: "Ethernet over AAL5 LLC without FCS",
                        7: "Ethernet over AAL5 null with FCS", 8: "Ethernet over AAL5 null without FCS"}  # fmt: skip
RATE_UNITS = {0: "kbit/s", 1: "Mbit/s", 2: "Gbit/s", 3: "Tbit/s"}
_both = Declare(ByLayer({"pppoes": walks.SESSION, "pppoed": walks.DISCOVERY}), "pppoes", "pppoed")
_session, _discovery = Declare(walks.SESSION, "pppoes"), Declare(walks.DISCOVERY, "pppoed")

FIELDS = (
    Field("pppoes", "protocol", ("pppoes",), whole, "PPP-over-Ethernet Session", "以太网上的 PPP 会话",
          below=walks.SESSION),
    Field("pppoed", "protocol", ("pppoed",), whole, "PPP-over-Ethernet Discovery", "以太网上的 PPP 发现",
          below=walks.DISCOVERY),
    _both("pppoe.version", "u8", "Version", "版本", mask=0xF0),
    _both("pppoe.type", "u8", "Type", "类型", mask=0x0F),
    _both("pppoe.code", "u8x", "Code", "代码", values=CODE),
    _both("pppoe.session_id", "u16x", "Session", "会话编号"),
    _both("pppoe.payload_length", "u16", "Payload length", "载荷长度", unit="bytes"),
    _session.note("pppoe.payload_length.bad", "warning", "malformed", "The payload is not that long",
                  "载荷长度与首部不符"),
    _discovery("pppoed.tags", "none", "Tags", "标签"),
    _discovery("pppoed.tag", "u16x", "Tag", "标签类型"),
    _discovery("pppoed.tag_length", "u16", "Length of the tag", "标签长度", unit="bytes"),
    _discovery("pppoed.tag_length_8", "u8", "Length of the tag", "标签长度", unit="bytes"),
    _discovery("pppoed.tag.unknown_data", "bytes", "Unknown data", "未知数据"),
    _discovery.note("pppoed.tag_length.invalid", "warning", "malformed", "Wrong length for the tag", "标签长度有误"),
    *(
        _discovery(f"pppoed.tags.{name}", "str", en, zh)
        for name, en, zh in (
            ("service_name", "Service", "服务名"), ("ac_name", "Access concentrator", "接入集中器名"),
            ("circuit_id", "Circuit", "线路标识"), ("remote_id", "Remote id", "远端标识"),
            ("service_name_error", "Error of the service name", "服务名错误"),
            ("ac_system_error", "Error of the access concentrator", "接入集中器系统错误"),
            ("generic_error", "Error", "一般错误"),
        )
    ),
    *(
        _discovery(f"pppoed.tags.{name}", "bytes", en, zh)
        for name, en, zh in (
            ("host_uniq", "Mark of the host", "主机标记"), ("ac_cookie", "Cookie", "接入集中器 Cookie"),
            ("vendor_unspecified", "Data of the vendor", "厂商数据"), ("credits", "Credits", "信用"),
            ("metrics", "Metrics", "链路度量"), ("relay_session_id", "Session of the relay", "中继会话标识"),
            ("hurl", "Address for the host", "主机 URL"), ("motm", "Message of the minute", "即时消息"),
            ("max_payload", "Largest payload of PPP", "PPP 最大载荷"), ("ip_route_add", "Route to add", "添加路由"),
        )
    ),
    _discovery("pppoed.tags.vendor_id", "u32", "Vendor", "厂商编号", values={walks.DSL_FORUM: "DSL Forum"}),
    _discovery("pppoed.tags.vendorspecific.tags", "none", "Tags of the vendor", "厂商标签"),
    _discovery("pppoed.tags.vendorspecific.tag", "u8x", "Tag of the vendor", "厂商标签类型"),
    *(
        _discovery(f"pppoed.tags.{name}", "u32", en, zh, unit=unit)
        for name, en, zh, unit in (
            ("act_data_rate_up", "Actual rate upstream", "上行实际速率", "kbit/s"),
            ("act_data_rate_down", "Actual rate downstream", "下行实际速率", "kbit/s"),
            ("min_data_rate_up", "Least rate upstream", "上行最小速率", "kbit/s"),
            ("min_data_rate_down", "Least rate downstream", "下行最小速率", "kbit/s"),
            ("attainable_data_rate_up", "Attainable rate upstream", "上行可达速率", "kbit/s"),
            ("attainable_data_rate_down", "Attainable rate downstream", "下行可达速率", "kbit/s"),
            ("max_data_rate_up", "Largest rate upstream", "上行最大速率", "kbit/s"),
            ("max_data_rate_down", "Largest rate downstream", "下行最大速率", "kbit/s"),
            ("min_data_rate_up_lp", "Least rate upstream at low power", "低功耗上行最小速率", "kbit/s"),
            ("min_data_rate_down_lp", "Least rate downstream at low power", "低功耗下行最小速率", "kbit/s"),
            ("max_int_delay_up", "Largest interleaving delay upstream", "上行最大交织时延", "ms"),
            ("act_int_delay_up", "Actual interleaving delay upstream", "上行实际交织时延", "ms"),
            ("max_int_delay_down", "Largest interleaving delay downstream", "下行最大交织时延", "ms"),
            ("act_int_delay_down", "Actual interleaving delay downstream", "下行实际交织时延", "ms"),
        )
    ),
    _discovery("pppoed.tags.access_loop_encap", "none", "Encapsulation on the line", "接入线路封装"),
    _discovery("pppoed.tags.access_loop_encap.data_link", "u8x", "Data link", "数据链路", values=DATA_LINK),
    _discovery("pppoed.tags.access_loop_encap.encap_1", "u8x", "First encapsulation", "封装一",
               values=LOOP_ENCAPSULATION_1),
    _discovery("pppoed.tags.access_loop_encap.encap_2", "u8x", "Second encapsulation", "封装二",
               values=LOOP_ENCAPSULATION_2),
    _discovery("pppoed.tags.credits.fcn", "u16", "Credits granted", "前向信用"),
    _discovery("pppoed.tags.credits.bcn", "u16", "Credits left", "后向信用"),
    _discovery("pppoed.tags.metrics.mdr_units", "u16x", "Unit of the largest rate", "最大速率单位", mask=0x18,
               values=RATE_UNITS),
    _discovery("pppoed.tags.metrics.cdr_units", "u16x", "Unit of the current rate", "当前速率单位", mask=0x06,
               values=RATE_UNITS),
    _discovery("pppoed.tags.metrics.r", "bool", "Receives only", "只接收", mask=0x01, bits=16),
    _discovery("pppoed.tags.metrics.rlq", "u8", "Relative quality of the link", "相对链路质量"),
    _discovery("pppoed.tags.metrics.resource", "u8", "Resources", "资源"),
    _discovery("pppoed.tags.metrics.latency", "u16", "Latency", "时延", unit="ms"),
    _discovery("pppoed.tags.metrics.curr_drate", "u16", "Current rate", "当前速率"),
    _discovery("pppoed.tags.metrics.max_drate", "u16", "Largest rate", "最大速率"),
    _discovery("pppoed.tags.seq_num", "u16x", "Sequence number", "序号"),
    _discovery("pppoed.tags.credit_scale", "u16", "Scale of credits", "信用比例"),
)  # fmt: skip
