"""A TUN device: one end of the wire, made in the present network namespace."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from pathlib import Path

from synfin.capture.interfaces import bring_up

NAME = "wire0"
_TUNSETIFF, _SIOCSIFADDR, _SIOCSIFNETMASK, _SIOCSIFMTU = 0x400454CA, 0x8916, 0x891C, 0x8922
_IFF_TUN_WITHOUT_HEADER = 0x1001


def make(address: str, mtu: int) -> int:
    """A device with this address, switched on; its file, from which and to which IP packets go (not blocking)."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", NAME.encode(), _IFF_TUN_WITHOUT_HEADER))
    no_ipv6 = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
    if no_ipv6.exists():
        no_ipv6.write_text("1")  # else the kernel looks for routers on the wire
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.0.0.0")):
            where = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(value))
            fcntl.ioctl(control, request, struct.pack("16s", NAME.encode()) + where + bytes(8))
        fcntl.ioctl(control, _SIOCSIFMTU, struct.pack("16si20x", NAME.encode(), mtu))
    bring_up(NAME)
    return device
