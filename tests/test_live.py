"""Live capture, in a private network: every frame once, in order, in nanoseconds, and none lost unseen."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
from typing import Any

import pytest

import needs
import private_network
from synfin.capture.interfaces import link_type_of, network_interface, network_interfaces
from synfin.capture.live import _read_ancillary
from synfin.errors import NotPermitted, UsageError

#: sends numbered datagrams over loopback while a sniffer listens
_SEND = """
import socket, threading, time
from synfin.capture.live import Sniffer
def send(count, size=20):
    kind = socket.AF_INET, socket.SOCK_DGRAM
    with socket.socket(*kind) as sock, socket.socket(*kind) as to:
        to.bind(("127.0.0.1", 0))
        for number in range(count):
            sock.sendto(number.to_bytes(4, "big") + bytes(size - 4), to.getsockname())
def described(packet):
    return [packet.number, packet.time_ns, packet.link_type, len(packet.data), packet.wire_len, packet.interface,
            int.from_bytes(packet.data[42:46], "big")]
def counted(sniffer):
    statistics = sniffer.statistics()
    return [statistics.received, statistics.dropped, statistics.skipped]
"""


def run(script: str) -> Any:
    return private_network.run(_SEND + script)


@pytest.mark.parametrize("interface", ["lo", None])
def test_every_frame_once_in_nanoseconds(interface: str | None) -> None:
    before_ns = time.time_ns()
    packets, counts, interfaces = run(
        f"""
with Sniffer({interface!r}) as sniffer:
    send(100)
    packets = [described(packet) for packet in sniffer.packets(count=100)]
    result = [packets, counted(sniffer), [[i.name, i.link_type, i.ticks_per_second] for i in sniffer.interfaces]]
"""
    )
    assert [packet[0] for packet in packets] == list(range(1, 101))
    assert [packet[6] for packet in packets] == list(range(100))
    times = [packet[1] for packet in packets]
    assert times == sorted(times)
    assert before_ns < times[0] and times[-1] < time.time_ns()
    assert any(time_ns % 1000 for time_ns in times)
    assert {tuple(packet[2:6]) for packet in packets} == {(1, 62, 62, 0)}
    assert counts == [100, 0, 0]
    assert interfaces == [["lo", 1, 1_000_000_000]]


def test_the_snap_length_cuts_and_tells_the_true_length() -> None:
    packets = run(
        """
with Sniffer("lo", snap_len=50) as sniffer:
    send(2, size=1000)
    result = [described(packet) for packet in sniffer.packets(count=2)]
"""
    )
    assert [packet[3:5] for packet in packets] == [[50, 1042]] * 2


def test_what_the_buffer_could_not_hold_is_counted() -> None:
    received, dropped, skipped = run(
        """
with Sniffer("lo", buffer_bytes=1) as sniffer:
    send(500)
    packets = list(sniffer.packets(idle_ns=0))
    assert len(packets) == sniffer.statistics().received
result = counted(sniffer)  # closed, it still answers
"""
    )
    assert dropped > 0 and received > 0 and received + dropped == 500 and skipped == 0


def test_stop_from_another_thread_hands_out_what_has_arrived() -> None:
    assert run(
        """
with Sniffer("lo") as sniffer:
    thread = threading.Thread(target=lambda: (send(10), sniffer.stop()))
    thread.start()
    result = [described(packet)[6] for packet in sniffer]
    thread.join()
"""
    ) == list(range(10))


def test_read_never_waits() -> None:
    assert (
        run(
            """
with Sniffer("lo") as sniffer:
    result = sniffer.read()
"""
        )
        is None
    )


def test_an_interface_that_is_down_says_so() -> None:
    message = run(
        """
import fcntl, struct
from synfin.errors import UsageError
with socket.socket() as control:
    fcntl.ioctl(control, 0x8914, struct.pack("16sH22x", b"lo", 0))
try:
    Sniffer("lo")
except UsageError as error:
    result = str(error)
"""
    )
    assert "lo is down" in message and "ip link set lo up" in message


def test_without_permission_the_remedy_is_told() -> None:
    """In a user namespace of its own a process has no rights over the machine's network."""
    needs.have("namespaces")
    code = (
        "from synfin.capture.live import Sniffer\nfrom synfin.errors import NotPermitted\n"
        "try: Sniffer('lo')\nexcept NotPermitted as error: print(error.exit_code, error)"
    )
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert answer.stdout.startswith(f"{NotPermitted.exit_code} capturing is not permitted"), answer.stderr
    assert "sudo" in answer.stdout and "CAP_NET_RAW" in answer.stdout


def test_interfaces_are_listed() -> None:
    loopback = network_interface("lo")
    assert loopback in network_interfaces()
    assert loopback.loopback and loopback.link_type == 1 and loopback.index > 0


def test_an_unknown_interface_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no interface 'nosuch0'; this machine has: .*lo"):
        network_interface("nosuch0")


@pytest.mark.parametrize("snap_len", [0, 1 << 30])
def test_snap_lengths_out_of_range(snap_len: int) -> None:
    from synfin.capture.live import Sniffer

    with pytest.raises(UsageError, match="snap length"):
        Sniffer("lo", snap_len=snap_len)


@pytest.mark.parametrize("hardware, link_type", [(1, 1), (772, 1), (65534, 101), (512, 101), (801, None)])
def test_link_types(hardware: int, link_type: int | None) -> None:
    assert link_type_of(hardware) == link_type


def test_the_vlan_tag_that_the_kernel_took_out_comes_back() -> None:
    stamp = (1, 35, struct.pack("@ll", 1_700_000_000, 123_456_789))
    tagged = (263, 8, struct.pack("@IIIHHHH", 1 << 4 | 1 << 6, 60, 60, 0, 14, 0x2064, 0x88A8))
    assert _read_ancillary([stamp, tagged]) == (1_700_000_000_123_456_789, b"\x88\xa8\x20\x64")
    assert _read_ancillary([(1, 35, b"short"), (263, 8, b"")]) == (0, b"")
