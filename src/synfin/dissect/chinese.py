"""Values of fields in Chinese, as a person reads them. What is not listed stays as Wireshark words it.

Only what this package words itself is translated: names of numbers, truths and units, never text of a packet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from synfin.dissect.chinese_ipv6 import WORDS

if TYPE_CHECKING:
    from synfin.dissect.field import Field

_UNITS = {"byte": "字节", "bytes": "字节", "octets": "字节", "seconds": "秒", "ms": "毫秒"}
_WORDS: Mapping[str, str] = {
    **WORDS,
    "True": "是",
    "False": "否",
    "Set": "置位",
    "Not set": "未置位",
    "Present": "有",
    "Absent": "无",
    "Good": "正确",
    "Bad": "错误",
    "Unverified": "未验证",
    "Not present": "不存在",
    "Illegal": "非法",
    "Unknown": "未知",
    "unknown": "未知",
    "no window scaling used": "未使用窗口扩大",
    "Reserved": "保留",
    "Sent": "发出",
    "Received": "收到",
    # link
    "Ethernet": "以太网",
    "NULL/Loopback": "NULL/环回",
    "Loopback": "环回",
    "Globally unique address (factory default)": "全球唯一地址（出厂设定）",
    "Locally administered address (not the factory default)": "本地管理的地址（非出厂设定）",
    "Individual address (unicast)": "单个地址（单播）",
    "Group address (multicast/broadcast)": "组地址（多播或广播）",
    "Individual": "单个",
    "Group": "组",
    "Command": "命令",
    "Response": "响应",
    "Unicast to us": "发给本机的单播",
    "Broadcast": "广播",
    "Multicast": "多播",
    "Unicast to another host": "发给其他主机的单播",
    "Sent by us": "本机发出",
    "Eligible": "可丢弃",
    "Ineligible": "不可丢弃",
    "request": "请求",
    "reply": "应答",
    "reverse request": "反向请求",
    "reverse reply": "反向应答",
    # IP, ICMP
    "Default": "默认",
    "Not ECN-Capable Transport": "不支持 ECN",
    "ECN-Capable Transport codepoint '01'": "支持 ECN，代码点 01",
    "ECN-Capable Transport codepoint '10'": "支持 ECN，代码点 10",
    "Congestion Experienced": "遇到拥塞",
    "Echo (ping) request": "回显请求（ping）",
    "Echo (ping) reply": "回显应答（ping）",
    "Destination unreachable": "目的不可达",
    "Destination Unreachable": "目的不可达",
    "Source quench (flow control)": "源抑制（流量控制）",
    "Redirect": "重定向",
    "Time-to-live exceeded": "生存时间超时",
    "Time Exceeded": "超时",
    "Packet Too Big": "报文过大",
    "Parameter problem": "参数问题",
    "Parameter Problem": "参数问题",
    "Timestamp request": "时间戳请求",
    "Timestamp reply": "时间戳应答",
    "Router Solicitation": "路由器请求",
    "Router Advertisement": "路由器通告",
    "Neighbor Solicitation": "邻居请求",
    "Neighbor Advertisement": "邻居通告",
    # TCP
    "Complete, WITH_DATA": "完整，有数据",
    "Complete, NO_DATA": "完整，无数据",
    "Incomplete": "不完整",
    "Incomplete, SYN_SENT": "不完整，只有 SYN",
    "Incomplete, CLIENT_ESTABLISHED": "不完整，到 SYN,ACK 为止",
    "Incomplete, ESTABLISHED": "不完整，已建立",
    "Incomplete, DATA": "不完整，有数据",
    "End of Option List": "选项列表结束",
    "No-Operation": "空操作",
    "Maximum Segment Size": "最大报文段长度",
    "Window Scale": "窗口扩大",
    "SACK Permitted": "允许选择确认",
    "SACK": "选择确认",
    "Time Stamp Option": "时间戳",
    "Echo": "回显",
    "Echo Reply": "回显应答",
    "User Timeout Option": "用户超时",
    "TCP Fast Open Cookie": "快速打开 Cookie",
    "Multipath TCP": "多路径 TCP",
    "MD5 Signature Option": "MD5 签名",
    "Minutes": "分",
    "Seconds": "秒",
}
_NAMED = re.compile(r"(?P<name>.*) \((?P<number>[^()]*)\)", re.DOTALL)
_SHORTENED = re.compile(r"(?P<bytes>[0-9a-f ]+ …) \((?P<size>\d+) bytes\)")
_MEASURED = re.compile(r"(?P<number>\S+) (?P<unit>[a-z]+)")


def in_chinese(shown: str, field: Field) -> str:
    """A value as `tree.meaning` words it, in Chinese."""
    if field.kind == "str":
        return shown
    if shown in _WORDS:
        return _WORDS[shown]
    if shortened := _SHORTENED.fullmatch(shown):
        return f"{shortened['bytes']}（{shortened['size']} 字节）"
    if (measured := _MEASURED.fullmatch(shown)) and measured["unit"] in _UNITS:
        return f"{measured['number']} {_UNITS[measured['unit']]}"
    if (named := _NAMED.fullmatch(shown)) and named["name"] in _WORDS:
        return f"{_WORDS[named['name']]}（{named['number']}）"
    return shown
