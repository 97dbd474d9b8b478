"""The programmable wire: a packet and a rule in, deliveries out; no device, no clock."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from synfin.capture.packet import Packet
from synfin.errors import UsageError
from synfin.lab.rig import forge
from synfin.lab.rig.rule import parse_rule
from synfin.lab.rig.wire import MAX_FORGED, Delivery, Wire
from synfin.wire.frame import dissect
from synfin.wire.tcp import Segment

MS = 1_000_000
DELAY_NS = 2 * MS
CLIENT, SERVER = socket.inet_aton("10.0.0.1"), socket.inet_aton("10.0.0.2")
PORTS = {"client": 40000, "server": 9501}
ADDRESSES = {"client": CLIENT, "server": SERVER}


def packet(sender: str, flags: tuple[str, ...], seq: int, ack: int = 0, payload: bytes = b"", **more: Any) -> bytes:
    peer = "server" if sender == "client" else "client"
    return forge.segment(
        (ADDRESSES[sender], PORTS[sender]),
        (ADDRESSES[peer], PORTS[peer]),
        seq=seq,
        ack=ack,
        flags=sum(forge.FLAGS[name] for name in flags),
        window=1000,
        payload=payload,
        **more,
    )


def wire(*rules: dict[str, Any], idle: tuple[str, ...] = ()) -> Wire:
    return Wire([parse_rule("test", rule) for rule in rules], ADDRESSES, 9501, DELAY_NS, idle)


def all_due(one: Wire) -> list[Delivery]:
    return one.due(1 << 62)


DATA = [packet("client", ("PSH", "ACK"), 100 + 10 * k, 500, b"%d" % k * 10) for k in range(6)]
SYN = packet("client", ("SYN",), 99)
SYN_ACK = packet("server", ("SYN", "ACK"), 499, 100)


def numbers(deliveries: list[Delivery]) -> list[int]:
    """Which of DATA came out, in order."""
    return [DATA.index(one.data) for one in deliveries]


def test_without_rules_it_delivers_in_order_after_its_delay() -> None:
    one = wire()
    for k, data in enumerate(DATA):
        one.carry("client", data, k)
    assert one.next_due_ns() == DELAY_NS and one.due(DELAY_NS - 1) == []
    assert one.due(DELAY_NS) == [Delivery("server", DATA[0])]
    assert numbers(all_due(one)) == [1, 2, 3, 4, 5]
    assert one.waiting == 0 and one.next_due_ns() is None


def test_what_it_cannot_read_passes() -> None:
    one = wire({"name": "all", "do": "drop"})
    one.carry("client", b"\x60" + bytes(60), 0)
    assert all_due(one) == [Delivery("server", b"\x60" + bytes(60))]
    assert one.fired == {"all": 0}


@pytest.mark.parametrize(
    "match, lost",
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"nth": 2}, [1]),
        ({"nth": [2, 4]}, [1, 3]),
        ({"nth": [5, "on"]}, [4, 5]),
        ({"from": "server"}, []),
        ({"has": ["PSH", "ACK"]}, [0, 1, 2, 3, 4, 5]),
        ({"has": ["FIN"]}, []),
        ({"lacks": ["PSH"]}, []),
        ({"payload": "333"}, [3]),
        ({"min_len": 11}, []),
        ({"max_len": 9}, []),
        ({"min_size": 50}, [0, 1, 2, 3, 4, 5]),
        ({"min_size": 51}, []),
        ({"port": 40000, "nth": 1}, [0]),
        ({"port": 40001}, []),
        ({"nth": 3, "latch": True}, [2, 3, 4, 5]),
        ({"idle_ms": 5}, [4]),
    ],
)
def test_a_rule_means_what_its_keys_say(match: dict[str, Any], lost: list[int]) -> None:
    one = wire({"name": "lose", "do": "drop", **match})
    for k, data in enumerate(DATA):
        one.carry("client", data, (k + 1 if k < 4 else k + 6) * MS)
    assert numbers(all_due(one)) == [k for k in range(6) if k not in lost]
    assert one.fired["lose"] == len(lost) == len(one.lost)


def test_rules_may_wait_for_each_other() -> None:
    one = wire(
        {"name": "third", "payload": "2", "do": "note"},
        {"name": "later", "after": "third", "nth": 2, "do": "drop"},
        {"name": "first", "before": "third", "nth": 1, "do": "drop"},
    )
    for data in DATA:
        one.carry("client", data, 0)
    assert numbers(all_due(one)) == [1, 2, 3, 5]


def test_a_rule_that_waits_for_a_step_does_nothing_before() -> None:
    one = wire({"name": "cut", "do": "drop"}, idle=("cut",))
    one.carry("client", DATA[0], 0)
    one.start("cut", 0)
    one.carry("client", DATA[1], 0)
    assert numbers(all_due(one)) == [0] and one.fired == {"cut": 1}
    with pytest.raises(UsageError, match="no rule 'nosuch'"):
        one.start("nosuch", 0)


def test_a_delay_lets_others_overtake_and_a_stall_does_not() -> None:
    for do, order in (("delay", [0, 2, 3, 4, 5, 1]), ("stall", [0, 1, 2, 3, 4, 5])):
        one = wire({"name": "late", "nth": 2, "do": do, "ms": 50})
        for k, data in enumerate(DATA):
            one.carry("client", data, k)
        assert numbers(one.due(DELAY_NS + 49 * MS)) == (order[:5] if do == "delay" else [0])
        assert numbers(all_due(one)) == order[5 if do == "delay" else 1 :]


def test_holding_until_so_many_went_by() -> None:
    one = wire({"name": "overtaken", "nth": 2, "do": "hold", "packets": 2})
    for k, data in enumerate(DATA):
        one.carry("client", data, k)
    assert numbers(all_due(one)) == [0, 2, 3, 1, 4, 5]


def test_two_packets_that_wait_for_each_other_cross() -> None:
    one = wire(
        {"name": "a", "from": "client", "do": "hold", "until": "b", "nth": 1},
        {"name": "b", "from": "server", "do": "hold", "until": "a", "nth": 1},
    )
    one.carry("client", SYN, 0)
    assert all_due(one) == []
    one.carry("server", SYN_ACK, 1)
    assert {delivery.to for delivery in all_due(one)} == {"client", "server"}


def test_what_is_held_goes_on_by_a_step() -> None:
    one = wire({"name": "held", "do": "hold", "until": "go", "nth": 1}, {"name": "go", "do": "note"}, idle=("go",))
    one.carry("client", DATA[0], 0)
    one.carry("client", DATA[1], 0)
    assert numbers(all_due(one)) == [1]
    one.start("go", 5)
    assert numbers(all_due(one)) == [0]


def test_copies() -> None:
    one = wire({"name": "twice", "nth": 1, "do": "copy", "times": 3})
    one.carry("client", DATA[0], 0)
    assert numbers(all_due(one)) == [0, 0, 0]


def seen(delivery: Delivery) -> Segment:
    found = dissect(Packet(1, 0, 101, delivery.data, len(delivery.data))).segment
    assert found is not None
    return found


def checksums_hold(data: bytes) -> bool:
    """Both checksums, by the definition: the sum of all words, the checksum included, is all ones."""
    pseudo = data[12:20] + b"\0\x06" + (len(data) - 20).to_bytes(2, "big")
    body = pseudo + data[20:] + b"\0" * (len(data) % 2)
    words = [int.from_bytes(body[k : k + 2], "big") for k in range(0, len(body), 2)]
    head = [int.from_bytes(data[k : k + 2], "big") for k in range(0, 20, 2)]
    return sum(words) % 0xFFFF == 0 and sum(head) % 0xFFFF == 0


def test_rewriting_keeps_the_checksums_right() -> None:
    options = forge.mss_option(1460) + bytes([3, 3, 7]) + b"\1"
    syn_ack = packet("server", ("SYN", "ACK"), 499, 100, options=options)
    values = {"ttl": 7, "window": 5, "seq": 1, "ack": 2}
    one = wire({"name": "strip", "do": "rewrite", "strip": ["window_scale"], "set": values})
    one.carry("server", syn_ack, 0)
    (delivery,) = all_due(one)
    segment = seen(delivery)
    assert (segment.seq, segment.ack, segment.window) == (1, 2, 5) and delivery.data[8] == 7
    assert bytes(segment.options) == forge.mss_option(1460) + b"\1\1\1\1"
    assert checksums_hold(delivery.data) and checksums_hold(syn_ack)
    assert not checksums_hold(delivery.data[:-1] + b"x")


def test_icmp_goes_back_to_the_sender_and_quotes_the_packet() -> None:
    one = wire({"name": "too-big", "do": "icmp", "code": 4, "mtu": 1300})
    one.carry("client", DATA[0], 0)
    (delivery,) = all_due(one)
    assert delivery.to == "client"
    frame = dissect(Packet(1, 0, 101, delivery.data, len(delivery.data)))
    assert frame.segment is None and frame.quoted is not None and frame.quoted.seq == 100
    assert delivery.data[20:22] == b"\x03\x04" and delivery.data[26:28] == (1300).to_bytes(2, "big")


def test_forged_segments_take_their_numbers_from_the_connection() -> None:
    segments = [
        {"as": "client", "flags": ["RST"], "seq": "client.nxt + 100", "ttl": 9},
        {"as": "server", "flags": ["ACK"], "seq": "server.isn - 1", "ack": "server.ack", "via": "host"},
    ]
    one = wire({"name": "forge", "do": "inject", "segment": segments}, idle=("forge",))
    one.carry("client", SYN, 0)
    one.carry("server", SYN_ACK, 1)
    one.carry("client", DATA[0], 2)
    all_due(one)
    one.start("forge", 3)
    first, second = all_due(one)
    assert (first.to, first.via_host, seen(first).seq, first.data[8]) == ("server", False, 210, 9)
    assert (second.to, second.via_host, seen(second).seq, seen(second).ack) == ("server", True, 498, 100)
    assert all(checksums_hold(delivery.data) for delivery in (first, second))
    assert [name for _, name in one.forged] == ["client", "server"]


@pytest.mark.parametrize("number", ["client.nxt", "nonsense", "server.isn * 2"])
def test_a_number_that_there_is_not_is_told(number: str) -> None:
    one = wire({"name": "f", "do": "inject", "segment": [{"as": "client", "seq": number}]}, idle=("f",))
    with pytest.raises(UsageError):
        one.start("f", 0)


def test_a_rule_that_answers_its_own_segments_comes_to_an_end() -> None:
    one = wire({"name": "loop", "from": "client", "do": "inject", "segment": [{"as": "client", "seq": 1}]})
    one.carry("client", SYN, 0)
    with pytest.raises(UsageError, match=f"more than {MAX_FORGED}"):
        for turn in range(2 * MAX_FORGED):
            for delivery in all_due(one):
                one.carry("client", delivery.data, turn)


def test_broken_packets_are_none() -> None:
    good = packet("client", ("SYN",), 1, options=b"\2\4\5\xb4")
    assert forge.read(good) is not None
    for cut in range(len(good)):
        assert forge.read(good[:cut]) is None or cut >= 40
    for at in range(len(good)):
        for value in (0, 0xFF, good[at] ^ 0x0F):
            forge.read(good[:at] + bytes([value]) + good[at + 1 :])
