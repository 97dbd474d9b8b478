"""What an end that sends was waiting for: inferred from packets, beside what its kernel counted (TCP_INFO).

    python bench/limits_kernel.py            as root: it captures on the loopback interface

Three real transfers: one whose program pauses, one whose receiver reads slowly, one that does both. `busy` is the time
during which data was outstanding, `rwnd_limited` the part of it that the receiver's window held back.
"""

from __future__ import annotations

import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL, Popen

from synfin.watch.measure.metrics import metrics_of
from synfin.watch.story.stories import listen

_BUSY_AT = 168  #: of struct tcp_info: busy_time, rwnd_limited, sndbuf_limited, in microseconds
_MB = 1 << 20

Work = Callable[[socket.socket, socket.socket], None]


def pauses(sender: socket.socket, receiver: socket.socket) -> None:
    """The program has little to say."""
    reading = _reader(receiver, 0.0)
    for _ in range(20):
        sender.sendall(b"x" * 1000)
        time.sleep(0.05)
    _finish(sender, reading)


def reads_slowly(sender: socket.socket, receiver: socket.socket) -> None:
    """The receiver's buffer is full most of the time."""
    reading = _reader(receiver, 0.02)
    sender.sendall(b"x" * (4 * _MB))
    _finish(sender, reading)


def both(sender: socket.socket, receiver: socket.socket) -> None:
    """Bursts that a slow reader holds back, and pauses between them."""
    reading = _reader(receiver, 0.01)
    for _ in range(4):
        sender.sendall(b"x" * _MB)
        time.sleep(0.7)
    _finish(sender, reading)


def _reader(receiver: socket.socket, pause_s: float) -> threading.Thread:
    def read() -> None:
        while receiver.recv(1 << 16):
            time.sleep(pause_s)

    thread = threading.Thread(target=read)
    thread.start()
    return thread


def _finish(sender: socket.socket, reading: threading.Thread) -> None:
    sender.shutdown(socket.SHUT_WR)
    reading.join()


def transfer(work: Work, capture: Path) -> tuple[int, int, int]:
    """Run it, captured; the kernel's busy_time, rwnd_limited and sndbuf_limited of the sender in ns."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        port = server.getsockname()[1]
        tcpdump = Popen(
            ["tcpdump", "-i", "lo", "-s", "128", "-U", "-w", str(capture), f"tcp port {port}"],
            stdout=DEVNULL, stderr=DEVNULL,
        )  # fmt: skip
        time.sleep(1)
        with socket.create_connection(("127.0.0.1", port)) as sender:
            receiver, _ = server.accept()
            with receiver:
                work(sender, receiver)
                told = sender.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        time.sleep(1)
        tcpdump.terminate()
        tcpdump.wait()
    busy, window, buffer = struct.unpack_from("=QQQ", told, _BUSY_AT)
    return busy * 1000, window * 1000, buffer * 1000


def main() -> int:
    print("| transfer | kernel busy | inferred busy | kernel rwnd_limited | inferred receiver | inferred application |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for work in (pauses, reads_slowly, both):
            capture = Path(folder) / f"{work.__name__}.pcap"
            busy, window, _ = transfer(work, capture)
            (story,) = listen([str(capture)]).stories()
            found = metrics_of(story)
            assert found is not None
            one = found.limits[0]
            cells = (busy, one.receiver_ns + one.network_ns, window, one.receiver_ns, one.application_ns)
            print(f"| {work.__name__} | {' | '.join(f'{ns / 1e6:,.1f} ms' for ns in cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
