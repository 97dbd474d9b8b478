"""The network interfaces of this machine (Linux)."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
from dataclasses import dataclass

from synfin.errors import NotPermitted, UsageError

LINKTYPE_ETHERNET = 1
LINKTYPE_RAW = 101

ARPHRD_LOOPBACK = 772

_ETHERNET_LIKE = frozenset({1, ARPHRD_LOOPBACK})  # ARPHRD_ETHER; loopback's frames carry an Ethernet header
_RAW_IP = frozenset({512, 519, 768, 769, 776, 778, 823, 65534})  # PPP, RAWIP, IPIP, IP6, SIT, IPGRE, IP6GRE, NONE (TUN)

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCGIFHWADDR = 0x8913, 0x8914, 0x8927
_IFF_UP, _IFF_LOOPBACK, _IFF_RUNNING = 0x1, 0x8, 0x40
_IFREQ_LEN = 40
_IFNAMSIZ = 16


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """One interface as `-D` lists it."""

    index: int  #: the kernel's, as in SO_BINDTODEVICE and sockaddr_ll
    name: str
    link_type: int | None  #: LINKTYPE_ of its frames; None where they cannot be captured here
    up: bool
    running: bool
    loopback: bool


def link_type_of(hardware: int) -> int | None:
    """The LINKTYPE_ of frames from an interface with this ARPHRD_ value; None when it is none we can name."""
    if hardware in _ETHERNET_LIKE:
        return LINKTYPE_ETHERNET
    return LINKTYPE_RAW if hardware in _RAW_IP else None


def network_interfaces() -> list[NetworkInterface]:
    """Every interface of this network namespace, by index; one that vanishes meanwhile is left out."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for index, name in sorted(socket.if_nameindex()):
            try:
                found.append(_examine(control, index, name))
            except OSError as error:
                if error.errno not in (errno.ENODEV, errno.ENXIO):
                    raise
    return found


def network_interface(name: str) -> NetworkInterface:
    """The interface called `name`; a UsageError lists those that exist."""
    known = network_interfaces()
    for interface in known:
        if interface.name == name:
            return interface
    names = ", ".join(interface.name for interface in known) or "none"
    raise UsageError(f"there is no interface {name!r}; this machine has: {names}")


def bring_up(name: str) -> None:
    """Switch an interface on (as `ip link set NAME up` does)."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            flags = _flags(control, name)
            request = struct.pack("16sH", name.encode(), flags | _IFF_UP).ljust(_IFREQ_LEN, b"\0")
            fcntl.ioctl(control, _SIOCSIFFLAGS, request)
    except PermissionError as error:
        raise NotPermitted(f"may not switch the interface {name} on: {os.strerror(error.errno or 0)}") from error


def _examine(control: socket.socket, index: int, name: str) -> NetworkInterface:
    hardware = struct.unpack_from("H", fcntl.ioctl(control, _SIOCGIFHWADDR, _ifreq(name)), _IFNAMSIZ)[0]
    flags = _flags(control, name)
    return NetworkInterface(
        index=index,
        name=name,
        link_type=link_type_of(hardware),
        up=bool(flags & _IFF_UP),
        running=bool(flags & _IFF_RUNNING),
        loopback=bool(flags & _IFF_LOOPBACK),
    )


def _flags(control: socket.socket, name: str) -> int:
    return int(struct.unpack_from("H", fcntl.ioctl(control, _SIOCGIFFLAGS, _ifreq(name)), _IFNAMSIZ)[0])


def _ifreq(name: str) -> bytes:
    return os.fsencode(name)[: _IFNAMSIZ - 1].ljust(_IFREQ_LEN, b"\0")
