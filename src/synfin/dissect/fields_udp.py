"""Fields of UDP (RFC 768)."""

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

UDP = ("udp",)
HEADER_LEN = 8
PROBES = 33435, 33464
AT_SOURCE, AT_DESTINATION = 1, 2
FRAGMENT = 0x3FFF  #: bits of an IP header that only parts of a datagram have
TIMES = "@Timestamps"


def sound(frame: Frame, layer: Layer) -> bool:
    """Whether the length can be that of a datagram; zero may stand for one that is too long for the field."""
    if layer.header_len < HEADER_LEN:
        return False
    return number(frame, layer, 4, 2) >= HEADER_LEN or (number(frame, layer, 4, 2) == 0 and _jumbo(layer))


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


def _payload(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    length = number(frame, layer, 4, 2)
    start = layer.start + HEADER_LEN
    stop = min(limit(frame, layer), layer.start + (length or layer.end - layer.start))
    return (Spot(frame.data[start:stop], start, stop - start),) if start < stop else ()


def _status(frame: Frame, layer: Layer, facts: Facts | None) -> Any:
    told = number(frame, layer, 6, 2)
    if told < 0:
        return None
    if told:
        return verified.of_udp(frame, layer).status if _verify(preferences(facts)) else verified.UNVERIFIED
    return verified.ILLEGAL if _lacking(frame, layer, facts) else verified.ABSENT


def _lacking(frame: Frame, layer: Layer, facts: Facts | None) -> bool | None:
    """Whether there is none over IPv6, which asks for one (RFC 8200 section 8.1)."""
    wanted, above = preferences(facts), carrier(frame, layer)
    strict = wanted.udp_check_checksum and not wanted.udp_ignore_ipv6_zero_checksum
    missing = number(frame, layer, 6, 2) == 0 and above is not None and above.name == "ipv6"
    return True if strict and missing else None


def _verify(wanted: Preferences) -> bool:
    return wanted.udp_check_checksum


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
        untimed = name != "stream" and not preferences(facts).udp_calculate_timestamps
        value = None if found is None or untimed else getattr(found, name)
        return () if value is None else (Spot(value),)

    return load


_SRC_PORT, _DST_PORT = bits(0, 2), bits(2, 2)

FIELDS = (
    Field("udp", "protocol", UDP, whole, "User Datagram Protocol", "用户数据报协议"),
    Field("udp.srcport", "u16", UDP, _SRC_PORT, "Source port", "源端口"),
    Field("udp.dstport", "u16", UDP, _DST_PORT, "Destination port", "目的端口"),
    Field("udp.port", "u16", UDP, both(_SRC_PORT, _DST_PORT), "Source or destination port", "源或目的端口",
          hidden=True, after=("udp.dstport", "udp.dstport")),
    Field("udp.length", "u16", UDP, bits(4, 2), "Length", "长度", unit="bytes"),
    Field("udp.checksum", "u16", UDP, when(sound, bits(6, 2)), "Checksum", "校验和", display="hex"),
    note("udp.checksum.bad", _verified(verified.bad(verified.of_udp, _verify)), "error", "checksum", "Bad checksum",
         "校验和错误", parent="udp.checksum"),
    note("udp.checksum.zero", when(sound, computed(_lacking)), "error", "checksum", "No checksum over IPv6",
         "IPv6 上没有校验和", parent="udp.checksum"),
    Field("udp.checksum_calculated", "u16", UDP, _verified(verified.calculated(verified.of_udp, _verify, 6)),
          "Calculated checksum", "计算出的校验和", display="hex", parent="udp.checksum", generated=True),
    Field("udp.checksum.status", "u8", UDP, when(sound, computed(_status)), "Checksum status", "校验和状态",
          values=values.CHECKSUM_STATUS, generated=True,
          moved={verified.ABSENT: "udp.checksum", verified.ILLEGAL: "udp.checksum"}),
    Field("udp.stream", "u32", UDP, _talk("stream"), "Stream index", "流编号", generated=True),
    Field("udp.time_relative", "reltime", UDP, _talk("time_relative_ns"), "Time since the stream's first frame",
          "距本流首帧的时间", parent=TIMES, unit="seconds", generated=True),
    Field("udp.time_delta", "reltime", UDP, _talk("time_delta_ns"), "Time since the stream's previous frame",
          "距本流上一帧的时间", parent=TIMES, unit="seconds", generated=True),
    Field("udp.payload", "bytes", UDP, when(sound, _payload), "Payload", "载荷"),
    note("udp.length.bad", when(_bad_length, constant(True)), "error", "malformed", "The length cannot be",
         "长度不可能", parent="udp.length"),
    Field("udp.possible_traceroute", "none", UDP, _probes, "Perhaps a probe of traceroute",
          "可能是 traceroute 的探测", parent="udp.dstport", generated=True, severity="chat", group="sequence",
          moved={AT_SOURCE: "udp.srcport"}),
)  # fmt: skip
