"""Live capture on Linux through AF_PACKET: integer nanoseconds, exact drop counts, every frame once."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

from synfin.capture.interfaces import ARPHRD_LOOPBACK, NetworkInterface, link_type_of, network_interface
from synfin.capture.packet import Interface, Packet
from synfin.capture.timestamps import SO_TIMESTAMPNS, TIMESPEC, stamp_of, stamping
from synfin.errors import NotPermitted, UsageError

DEFAULT_SNAP_LEN = 262144  #: longer than any frame, GSO's included
DEFAULT_BUFFER_BYTES = 32 * 1024 * 1024

# Linux; Python's socket module lacks these
_SO_RCVBUFFORCE = 33
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP, _PACKET_STATISTICS, _PACKET_AUXDATA, _PACKET_IGNORE_OUTGOING = 1, 6, 8, 23
_PACKET_MR_PROMISC = 1
_ETH_P_ALL = 0x0003
_PACKET_OUTGOING = 4
_VLAN_VALID, _VLAN_TPID_VALID = 1 << 4, 1 << 6
_ETH_P_8021Q = 0x8100

_AUXDATA = struct.Struct("@IIIHHHH")
_ANCILLARY_LEN = socket.CMSG_SPACE(TIMESPEC.size) + socket.CMSG_SPACE(_AUXDATA.size)

Ancillary = list[tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What became of the frames so far."""

    received: int  #: handed out as packets
    dropped: int  #: lost because the buffer was full
    skipped: int  #: of interfaces whose link type has no name here (only when capturing on all)


class Sniffer:
    """Captures on one interface, or on all with `interface` None, from the moment it is made until close().

    Loopback shows every frame twice, leaving and arriving: only the arriving one is kept.
    """

    def __init__(
        self,
        interface: str | None = None,
        *,
        snap_len: int = DEFAULT_SNAP_LEN,
        buffer_bytes: int = DEFAULT_BUFFER_BYTES,
        promiscuous: bool = True,
    ) -> None:
        if not 1 <= snap_len <= DEFAULT_SNAP_LEN:
            raise UsageError(f"snap length {snap_len} is out of range; give 1 to {DEFAULT_SNAP_LEN} bytes")
        self.interfaces: list[Interface] = []  #: grows with the first packet of each when capturing on all
        self.warnings: list[str] = []
        self._snap_len = snap_len
        self._index_of: dict[tuple[str, int], int] = {}
        self._received = self._dropped = self._skipped = 0
        self._buffer = bytearray(snap_len)
        self._stopped = False
        self._wake = -1
        chosen = None if interface is None else network_interface(interface)
        with stamping():
            # with protocol 0 nothing is received before bind() has named the interface
            self._socket = _packet_socket(_ETH_P_ALL if chosen is None else 0)
            try:
                self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
                _configure(self._socket, buffer_bytes)
                if chosen is not None:
                    self._bind(chosen, promiscuous)
            except BaseException:
                self.close()
                raise

    def fileno(self) -> int:
        """For event loops: readable when `read` has something."""
        return self._socket.fileno()

    def read(self) -> Packet | None:
        """The next packet that has already arrived; None when there is none. Never waits."""
        while True:
            try:
                length, ancillary, _, source = self._socket.recvmsg_into(
                    [self._buffer], _ANCILLARY_LEN, socket.MSG_TRUNC
                )
            except BlockingIOError:
                return None
            except OSError as error:
                if error.errno != errno.ENETDOWN:
                    raise
                self.warnings.append("an interface went down during the capture")
                continue
            packet = self._packet(length, ancillary, source)
            if packet is not None:
                return packet

    def packets(self, *, count: int | None = None, idle_ns: int | None = None) -> Iterator[Packet]:
        """Packets as they come, until stop(), `count` of them, or none for `idle_ns`; what has arrived is not lost."""
        taken = 0
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while count is None or taken < count:
            packet = self.read()
            if packet is not None:
                taken += 1
                yield packet
            elif self._stopped or not poll.poll(None if idle_ns is None else idle_ns / 1e6):
                return

    def __iter__(self) -> Iterator[Packet]:
        return self.packets()

    def stop(self) -> None:
        """End `packets` after what has arrived so far; callable from a signal handler or another thread."""
        self._stopped = True
        if self._wake >= 0:
            os.eventfd_write(self._wake, 1)

    def statistics(self) -> Statistics:
        """Counts since the start."""
        if self._socket.fileno() >= 0:
            # reading them sets the kernel's counters to zero
            _, dropped = struct.unpack("@II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
            self._dropped += dropped
        return Statistics(self._received, self._dropped, self._skipped)

    def close(self) -> None:
        """Stop capturing; statistics() still answers."""
        if self._socket.fileno() >= 0:
            self.statistics()
            self._socket.close()
        if self._wake >= 0:
            os.close(self._wake)
            self._wake = -1

    def __enter__(self) -> Sniffer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _bind(self, interface: NetworkInterface, promiscuous: bool) -> None:
        if interface.link_type is None:
            raise UsageError(f"the interface {interface.name} has a link type that cannot be captured here")
        if not interface.up:
            raise UsageError(f"the interface {interface.name} is down; switch it on: ip link set {interface.name} up")
        if interface.loopback:
            _try_option(self._socket, _PACKET_IGNORE_OUTGOING, struct.pack("i", 1))
        elif promiscuous:
            member = struct.pack("iHH8s", interface.index, _PACKET_MR_PROMISC, 0, b"")
            _try_option(self._socket, _PACKET_ADD_MEMBERSHIP, member)
        self._socket.bind((interface.name, _ETH_P_ALL))
        self._interface(interface.name, interface.link_type)

    def _packet(self, length: int, ancillary: Ancillary, source: tuple[str, int, int, int]) -> Packet | None:
        name, _, kind, hardware = source[:4]
        if hardware == ARPHRD_LOOPBACK and kind == _PACKET_OUTGOING:
            return None
        link_type = link_type_of(hardware)
        if link_type is None:
            self._skipped += 1
            return None
        time_ns, tag = _read_ancillary(ancillary)
        data = bytes(memoryview(self._buffer)[: min(length, self._snap_len)])
        if tag and link_type == 1 and len(data) >= 12:
            data, length = (data[:12] + tag + data[12:])[: self._snap_len], length + len(tag)
        self._received += 1
        interface = self._interface(name, link_type)
        return Packet(self._received, time_ns, link_type, data, length, interface=interface)

    def _interface(self, name: str, link_type: int) -> int:
        """The number of an interface in `interfaces`, which it joins when it is new."""
        key = name, link_type
        if key not in self._index_of:
            self._index_of[key] = len(self.interfaces)
            self.interfaces.append(Interface(link_type, self._snap_len, 1_000_000_000, name, None))
        return self._index_of[key]


def _packet_socket(protocol: int) -> socket.socket:
    if not hasattr(socket, "AF_PACKET"):
        raise NotPermitted("live capture needs Linux (AF_PACKET); read a file that another program captured instead")
    try:
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        return socket.socket(socket.AF_PACKET, kind, socket.htons(protocol))
    except PermissionError as error:
        raise NotPermitted(
            "capturing is not permitted: it needs CAP_NET_RAW. Run as root (sudo), in a container with "
            "--cap-add NET_RAW, or capture in a private namespace without privilege: synfin lab"
        ) from error


def _configure(sock: socket.socket, buffer_bytes: int) -> None:
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, buffer_bytes)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)  # as much as rmem_max allows


def _try_option(sock: socket.socket, option: int, value: bytes) -> None:
    """Set what is good to have and that old kernels or some drivers lack."""
    try:
        sock.setsockopt(_SOL_PACKET, option, value)
    except OSError:
        return


def _read_ancillary(ancillary: Ancillary) -> tuple[int, bytes]:
    """Capture time in ns, and the VLAN tag that the kernel took out of the frame (empty without one)."""
    time_ns, tag = 0, b""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            time_ns = stamp_of(data)
        elif level == _SOL_PACKET and kind == _PACKET_AUXDATA and len(data) >= _AUXDATA.size:
            status, _, _, _, _, tci, tpid = _AUXDATA.unpack_from(data)
            if status & _VLAN_VALID:
                tag = struct.pack("!HH", tpid if status & _VLAN_TPID_VALID else _ETH_P_8021Q, tci)
    return time_ns, tag
