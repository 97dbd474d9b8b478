"""Fields of UDP (RFC 768) and UDP-Lite (RFC 3828)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from synfin.dissect import values, verified
from synfin.dissect.checksum import carrier
from synfin.dissect.expert import note
from synfin.dissect.field import Field
from synfin.dissect.load import Loader, Spot, bits, both, computed, constant, limit, number, when, whole
from synfin.dissect.preferences import Preferences, preferences

if TYPE_CHECKING:
    from synfin.dissect.context import Facts
    from synfin.wire.frame import Frame
    from synfin.wire.layer import Layer

LITE = "udplite"  #: RFC 3828
UDP = ("udp", LITE)
HEADER_LEN = 8
FRAGMENT = 0x3FFF  #: bits of an IP header that only parts of a datagram have
PROBES = 33435, 33464
AT_SOURCE, AT_DESTINATION = 1, 2
TIMES = "@Timestamps"


def sound(frame: Frame, layer: Layer) -> bool:
    """Whether the length can be that of a datagram; zero may stand for one that is too long for the field."""
    if layer.name == LITE:
        return number(frame, layer, 6, 2) >= 0
    if layer.header_len < HEADER_LEN:
        return False
    told = number(frame, layer, 4, 2)
    return told >= HEADER_LEN or (told == 0 and (_jumbo(layer) or _bad_zero(frame, layer)))


def _jumbo(layer: Layer) -> bool:
    return layer.end - layer.start > 0xFFFF


def _bad_length(frame: Frame, layer: Layer) -> bool:
    length = number(frame, layer, 4, 2)
    return length >= 0 and (
        length > _room(frame, layer) or (layer.header_len >= HEADER_LEN and not sound(frame, layer))
    )


def _room(frame: Frame, layer: Layer) -> int:
    """The longest datagram that the IP header in front of it leaves room for: any in a fragment or a quoted packet."""
    above = frame.layers[: frame.layers.index(layer)]
    carrier = above[-1] if above else layer
    quoted = any(found.name in ("icmp", "icmpv6") for found in above)
    fragment = carrier.name == "ip" and number(frame, carrier, 6, 2) & FRAGMENT
    if carrier.name not in ("ip", "ipv6") or quoted or fragment:
        return 0xFFFF
    return carrier.end - layer.start


def _bad_zero(frame: Frame, layer: Layer) -> bool:
    """Zero stands for a jumbogram, which only IPv6 has."""
    above = carrier(frame, layer)
    zero = layer.name != LITE and number(frame, layer, 4, 2) == 0 and not _jumbo(layer)
    return zero and above is not None and above.name == "ipv6"


def _length(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """UDP-Lite has none of its own."""
    if layer.name != LITE:
        return bits(4, 2)(frame, layer, facts)
    return (Spot(limit(frame, layer) - layer.start),)


def _coverage(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    return bits(4, 2)(frame, layer, facts) if layer.name == LITE else ()


def _bad_coverage(frame: Frame, layer: Layer) -> bool:
    told = number(frame, layer, 4, 2) if layer.name == LITE else 0
    return told > 0 and not HEADER_LEN <= told <= layer.end - layer.start


def _trusted(loader: Loader) -> Loader:
    """What stands behind a coverage that makes sense, or that is to be ignored where it does not."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        ignored = preferences(facts).udplite_ignore_checksum_coverage
        return loader(frame, layer, facts) if ignored or not _bad_coverage(frame, layer) else ()

    return load


def _payload(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    length = 0 if layer.name == LITE else number(frame, layer, 4, 2)
    start = layer.start + HEADER_LEN
    stop = min(limit(frame, layer), layer.start + (length or layer.end - layer.start))
    return (Spot(frame.data[start:stop], start, stop - start),) if start < stop else ()


def _status(frame: Frame, layer: Layer, facts: Facts | None) -> Any:
    told = number(frame, layer, 6, 2)
    if told < 0:
        return None
    if told:
        wanted = _verify(preferences(facts), layer)
        return verified.of_udp(frame, layer).status if wanted else verified.UNVERIFIED
    return verified.ILLEGAL if _lacking(frame, layer, facts) else verified.ABSENT


def _lacking(frame: Frame, layer: Layer, facts: Facts | None) -> bool | None:
    """Whether there is none in UDP-Lite (RFC 3828 section 3.1), or over IPv6 (RFC 8200 section 8.1), which need one."""
    if layer.name == LITE:
        return True if number(frame, layer, 6, 2) == 0 else None
    wanted, above = preferences(facts), carrier(frame, layer)
    strict = not wanted.udp_ignore_ipv6_zero_checksum
    missing = number(frame, layer, 6, 2) == 0 and above is not None and above.name == "ipv6"
    return True if strict and missing else None


def _verify(wanted: Preferences, layer: Layer) -> bool:
    return wanted.udplite_check_checksum if layer.name == LITE else wanted.udp_check_checksum


def _verified(loader: Loader) -> Loader:
    """What is told of a checksum that is there."""
    return when(lambda frame, layer: sound(frame, layer) and number(frame, layer, 6, 2) > 0, loader)


def _is_probe(port: int) -> bool:
    return PROBES[0] <= port <= PROBES[1]


def _probes(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """Ports that traceroute sends to: three for each hop."""
    if _is_probe(number(frame, layer, 0, 2)):
        yield Spot(AT_SOURCE)
    if _is_probe(number(frame, layer, 2, 2)):
        yield Spot(AT_DESTINATION)


def _talk(name: str) -> Loader:
    """What is known of the conversation that this header belongs to."""

    def load(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
        found = facts.datagrams.get(layer.start) if facts is not None else None
        size = layer.end - layer.start if layer.name == LITE else number(frame, layer, 4, 2)
        empty = size == HEADER_LEN  # the times of no data are not told
        untimed = name != "stream" and (empty or not preferences(facts).udp_calculate_timestamps)
        value = None if found is None or untimed else getattr(found, name)
        return () if value is None else (Spot(value),)

    return load


_SRC_PORT, _DST_PORT = bits(0, 2), bits(2, 2)

FIELDS = (
    Field("udp", "protocol", ("udp",), whole, "User Datagram Protocol", "用户数据报协议"),
    Field("udplite", "protocol", (LITE,), whole, "Lightweight User Datagram Protocol", "轻量级用户数据报协议"),
    Field("udp.srcport", "u16", UDP, _SRC_PORT, "Source port", "源端口"),
    Field("udp.dstport", "u16", UDP, _DST_PORT, "Destination port", "目的端口"),
    Field("udp.port", "u16", UDP, both(_SRC_PORT, _DST_PORT), "Source or destination port", "源或目的端口",
          hidden=True, after=("udp.dstport", "udp.dstport")),
    Field("udp.checksum_coverage", "u16", UDP, _coverage, "Checksum coverage", "校验和覆盖范围", unit="bytes"),
    note("udplite.checksum_coverage.bad", when(_bad_coverage, constant(True)), "error", "malformed",
         "The coverage cannot be", "覆盖范围不可能", parent="udp.checksum_coverage", layers=UDP),
    Field("udp.length", "u16", UDP, _length, "Length", "长度", unit="bytes"),
    Field("udp.checksum", "u16", UDP, _trusted(when(sound, bits(6, 2))), "Checksum", "校验和", display="hex"),
    note("udp.checksum.bad", _verified(verified.bad(verified.of_udp, _verify)), "error", "checksum", "Bad checksum",
         "校验和错误", parent="udp.checksum", layers=UDP),
    note("udp.checksum.zero", when(sound, computed(_lacking)), "error", "checksum", "No checksum, which is needed",
         "缺少必需的校验和", parent="udp.checksum", layers=UDP),
    Field("udp.checksum_calculated", "u16", UDP, _verified(verified.calculated(verified.of_udp, _verify, 6)),
          "Calculated checksum", "计算出的校验和", display="hex", parent="udp.checksum", generated=True),
    Field("udp.checksum.status", "u8", UDP, _trusted(when(sound, computed(_status))), "Checksum status", "校验和状态",
          values=values.CHECKSUM_STATUS, generated=True,
          moved={verified.ABSENT: "udp.checksum", verified.ILLEGAL: "udp.checksum"}),
    Field("udp.stream", "u32", UDP, _trusted(_talk("stream")), "Stream index", "流编号", generated=True),
    Field("udp.time_relative", "reltime", UDP, _trusted(_talk("time_relative_ns")),
          "Time since the stream's first frame", "距本流首帧的时间", parent=TIMES, unit="seconds",
          generated=True),
    Field("udp.time_delta", "reltime", UDP, _trusted(_talk("time_delta_ns")), "Time since the stream's previous frame",
          "距本流上一帧的时间", parent=TIMES, unit="seconds", generated=True),
    Field("udp.payload", "bytes", UDP, _trusted(when(sound, _payload)), "Payload", "载荷"),
    note("udp.length.bad_zero", when(_bad_zero, constant(True)), "warning", "protocol",
         "Zero stands for a jumbogram, but the datagram is none", "零表示巨型数据报，但该数据报不是",
         parent="udp.length"),
    note("udp.length.bad", when(_bad_length, constant(True)), "error", "malformed", "The length cannot be",
         "长度不可能", parent="udp.length"),
    Field("udp.possible_traceroute", "none", UDP, _probes, "Perhaps a probe of traceroute",
          "可能是 traceroute 的探测", parent="udp.dstport", generated=True, severity="chat", group="sequence",
          moved={AT_SOURCE: "udp.srcport"}),
)  # fmt: skip
