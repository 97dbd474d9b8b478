"""Kernel receive time stamps: switched on by the first socket that asks, but only some time after it asked.

Until then the kernel stamps a packet when it is read, so the first packets of a capture would seem later than the next.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

SO_TIMESTAMPNS = 35  #: Linux; also the type of the control message that carries the stamp
TIMESPEC = struct.Struct("@ll")

_PROBES = 200


def stamp_of(data: bytes) -> int:
    """Nanoseconds since the epoch from the control message's bytes; 0 when it is too short."""
    if len(data) < TIMESPEC.size:
        return 0
    seconds, nanoseconds = TIMESPEC.unpack_from(data)
    return int(seconds * 1_000_000_000 + nanoseconds)


@contextmanager
def stamping() -> Iterator[bool]:
    """Keep the kernel's stamping on; begins once it works (True), or gives up (False: no usable loopback)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        yield _probe_until_stamped(probe)


def _probe_until_stamped(probe: socket.socket) -> bool:
    """Datagrams to itself: one that was stamped on arrival has a stamp before its sending had returned."""
    try:
        probe.bind(("127.0.0.1", 0))
        probe.settimeout(1)
        for _ in range(_PROBES):
            probe.sendto(b"?", probe.getsockname())
            sent_ns = time.time_ns()
            _, ancillary, _, _ = probe.recvmsg(1, socket.CMSG_SPACE(TIMESPEC.size))
            if any(kind == SO_TIMESTAMPNS and stamp_of(data) <= sent_ns for _, kind, data in ancillary):
                return True
            time.sleep(0.0005)  # the kernel switches it on in a work queue
    except OSError:
        return False
    return False
