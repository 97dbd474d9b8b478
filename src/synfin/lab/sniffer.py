"""The lab's sniffer: tells the bench every TCP frame of the lab's port, and at the end how many were lost.

Run by the bench as a process of its own: python -m synfin.lab.sniffer
"""

from __future__ import annotations

import base64
import signal
import sys

from synfin.capture.live import Sniffer
from synfin.capture.packet import Packet
from synfin.errors import SynfinError
from synfin.lab import lifeline
from synfin.lab.control import hear, say
from synfin.wire.frame import dissect


def main() -> int:
    """Capture on loopback until SIGTERM."""
    lifeline.hold()
    port = int(hear()["port"])
    try:
        with Sniffer("lo") as sniffer:
            signal.signal(signal.SIGTERM, lambda *_: sniffer.stop())
            say(ready=True)
            for packet in sniffer:
                if _belongs(packet, port):
                    _tell(packet)
            say(drops=sniffer.statistics().dropped)
    except SynfinError as error:
        say(failed=str(error), kind=type(error).__name__)
        return error.exit_code
    return 0


def _belongs(packet: Packet, port: int) -> bool:
    segment = dissect(packet).segment
    return segment is not None and port in (segment.src_port, segment.dst_port)


def _tell(packet: Packet) -> None:
    data = base64.b64encode(packet.data).decode()
    say(packet={"time_ns": packet.time_ns, "wire_len": packet.wire_len, "link_type": packet.link_type, "data": data})


if __name__ == "__main__":
    sys.exit(main())
