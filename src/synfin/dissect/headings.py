"""Headings of the packet tree that are no fields, in Chinese; English ones are made where they are needed."""

from __future__ import annotations

import re

#: By their English text.
EXACT = {
    "MPLS Stack Entry": "MPLS 标签栈对象",
    "Invalid Label": "无效标签",
    "Interface Information Object": "接口信息对象",
    "Interface Identification Object": "接口标识对象",
    "IP Address Sub-Object": "IP 地址子对象",
    "Interface Name Sub-Object": "接口名称子对象",
    "Object with bad length": "长度有误的对象",
    "Suboption would go past end of option": "子选项超出选项末尾",
    "Buffered Messages": "缓存的报文",
    "Segment Identifiers": "段标识",
    "Pre-allocated Trace": "预分配跟踪",
    "Incremental Trace": "增量跟踪",
    "Proof of Transit": "途经证明",
    "Edge to Edge": "端到端",
    "Unknown Option-Type": "未知的数据种类",
    "Trace Data": "跟踪数据",
    "Opaque State Snapshot": "不透明状态快照",
    "Hop_Lim and Node ID (short)": "跳数限制和节点标识（短）",
    "Hop_Lim and Node ID (wide)": "跳数限制和节点标识（宽）",
    "Ingress and Egress IDs (short)": "入接口和出接口标识（短）",
    "Ingress and Egress IDs (wide)": "入接口和出接口标识（宽）",
    "Ext: One byte padding extension": "扩展：单字节填充",
    "Ext: Mobility Agent Advertisement Extension": "扩展：移动代理通告",
    "Ext: Prefix Lengths Extension": "扩展：前缀长度",
    "Ext: Challenge Extension": "扩展：质询",
}
#: By patterns of their English text.
MADE = (
    (re.compile(r"MPL Seed Info: "), "MPL 种子信息："),
    (re.compile(r"Options: \("), "选项: ("),
    (re.compile(r"Node (\d+)"), r"节点 \1"),
    (re.compile(r"Unknown object \((\d+)/(\d+)\)"), r"未知对象（\1/\2）"),
    (re.compile(r"(Sender|Target) ATM (number|subaddress) type/length: (.+)"), r"ATM \2（\1）类型/长度：\3"),
    (re.compile(r"Unknown version (\d+)"), r"未知版本 \1"),
    (re.compile(r"Option \(length of (\d+) is past end of options\)"), r"选项（长度 \1 超出选项区）"),
    (re.compile(r"Sequence Number tag: Wrong length: (\d+) \(expected 2\)"), r"序号标签：长度有误：\1（应为 2）"),
    (
        re.compile(r"Credit Scale Factor tag: Wrong length: (\d+) \(expected 2\)"),
        r"信用比例标签：长度有误：\1（应为 2）",
    ),
    (re.compile(r"Ext: Unknown ext (\d+)"), r"扩展：未知（\1）"),
    (
        re.compile(r"Duplicate IP address detected for (.*) - also in use by (.*) \(frame (\d+)\)"),
        r"检测到重复的 IP 地址 \1 - 也被 \2 使用（帧 \3）",
    ),
    (re.compile(r"Label: (\d+), Exp: (\d+), S: (\d+), TTL: (\d+)"), r"标签 \1，实验位 \2，栈底 \3，生存时间 \4"),
)
#: Ends of headings of options that do not fit.
MISFITS = (
    (re.compile(r" \(length byte past end of options\)$"), "（长度字节已在选项之外）"),
    (re.compile(r" \(with too-short option length = (\d+) bytes?\)$"), r"（选项长度过短：\1）"),
    (
        re.compile(r" \(option length = (\d+) bytes says option goes past end of options\)$"),
        r"（长 \1 字节，越过选项末尾）",
    ),
)
CUT, CUT_ZH = " (truncated)", "（被截断）"


def chinese(heading: str) -> str:
    """A heading in Chinese; what nobody knows stays as it is."""
    if heading.endswith(CUT):
        return chinese(heading.removesuffix(CUT)) + CUT_ZH
    if heading in EXACT:
        return EXACT[heading]
    if heading.endswith(" AVP"):
        from synfin.dissect.l2tp_control import CHINESE

        return CHINESE.get(heading, heading)
    for pattern, made in MISFITS:
        if pattern.search(heading):
            return pattern.sub(made, heading)
    for pattern, made in MADE:
        if pattern.match(heading):
            return pattern.sub(made, heading)
    return heading
