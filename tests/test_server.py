"""The event-driven server: which events come, in which order, and what is known at the end."""

from __future__ import annotations

import asyncio
import queue
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import private_network
from serving import LOOPS, running
from synfin import Client, Connection, Server
from synfin.errors import ConnectionReset, NotPermitted, UsageError
from synfin.serve.protocol import MAX_WAITING_BYTES, ConnectionOptions, ConnectionProtocol

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

Log = queue.Queue[Any]


def echo(loop: str, log: Log, **options: Any) -> Server:
    """The tutorial's server, which also writes down what it sees."""
    server = Server(port=0, loop=loop, **options)

    @server.on("Connect")
    def connect(conn: Connection) -> None:
        log.put("connect")

    @server.on("RECEIVE")
    def receive(conn: Connection, data: bytes) -> None:
        log.put(data)
        conn.send(b"Server: " + data)

    @server.on("eof")
    def eof(conn: Connection) -> None:
        log.put("eof")

    @server.on("close")
    async def close(conn: Connection) -> None:
        log.put((conn.closed_by, conn.ended_by))

    return server


def take(log: Log, count: int) -> list[Any]:
    return [log.get(timeout=30) for _ in range(count)]


@pytest.mark.parametrize("loop", LOOPS)
def test_events_come_in_order(loop: str) -> None:
    log: Log = queue.Queue()
    with running(echo(loop, log)) as port, Client("127.0.0.1", port) as client:
        client.send("Just a test.\r\n")
        client.shutdown()
        assert client.recv_to_end() == b"Server: Just a test.\r\n"
        assert take(log, 4) == ["connect", b"Just a test.\r\n", "eof", ("client", "fin")]


@pytest.mark.parametrize("loop", LOOPS)
def test_an_answer_that_nobody_reads_is_seen_as_a_reset(loop: str) -> None:
    """asyncio reports this ending as a clean close."""
    log: Log = queue.Queue()
    with running(echo(loop, log)) as port:
        client = Client("127.0.0.1", port)
        client.send("Just a test.\r\n")
        client.close()
        while isinstance(ending := log.get(timeout=30), str | bytes):
            pass
    assert ending == ("client", "reset")


@pytest.mark.parametrize("loop", LOOPS)
def test_reset_by_the_client(loop: str) -> None:
    log: Log = queue.Queue()
    with running(echo(loop, log)) as port:
        client = Client("127.0.0.1", port)
        assert take(log, 1) == ["connect"]
        client.reset()
        assert take(log, 1) == [("client", "reset")]


@pytest.mark.parametrize("loop", LOOPS)
def test_the_server_closes_first(loop: str) -> None:
    log: Log = queue.Queue()
    server = echo(loop, log)
    server.on("connect")(lambda conn: conn.send("bye") and conn.close())
    with running(server) as port, Client("127.0.0.1", port) as client:
        assert client.recv_to_end() == b"bye"
        assert take(log, 1) == [("server", "fin")]


@pytest.mark.parametrize("loop", LOOPS)
def test_reset_reaches_the_client_as_rst(loop: str) -> None:
    log: Log = queue.Queue()
    server = echo(loop, log)
    server.on("receive")(lambda conn, data: conn.reset())
    with running(server) as port, Client("127.0.0.1", port) as client:
        client.send("x")
        with pytest.raises(ConnectionReset, match=f"127.0.0.1:{port} aborted"):
            client.recv()
        assert take(log, 2) == ["connect", ("server", "reset")]


@pytest.mark.parametrize("loop", LOOPS)
def test_async_handlers_of_one_connection_do_not_overlap(loop: str) -> None:
    log: Log = queue.Queue()
    server = Server(port=0, loop=loop)
    gates: list[asyncio.Event] = []

    @server.on("receive")
    async def receive(conn: Connection, data: bytes) -> None:
        gates.append(asyncio.Event())
        log.put("begin")
        await gates[-1].wait()
        conn.send(data.upper())
        log.put("end")

    @server.on("eof")
    def eof(conn: Connection) -> None:
        log.put("eof")

    @server.on("connect")
    def connect(conn: Connection) -> None:
        log.put((conn, asyncio.get_running_loop()))

    with running(server) as port, Client("127.0.0.1", port) as client:
        client.send("a")
        (conn, its_loop), begin = take(log, 2)
        client.shutdown()  # the eof must wait for the handler of the data
        asyncio.run_coroutine_threadsafe(until_eof(conn), its_loop).result(30)
        assert log.empty()
        its_loop.call_soon_threadsafe(gates[0].set)
        assert [begin, *take(log, 2)] == ["begin", "end", "eof"]
        assert client.recv_to_end() == b"A"


async def until_eof(conn: Connection) -> None:
    while not conn.eof_received:
        await asyncio.sleep(0)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("style", ["plain", "async"])
def test_a_failing_handler_is_reported_and_the_connection_reset(
    loop: str, style: str, capfd: pytest.CaptureFixture[str]
) -> None:
    server = Server(port=0, loop=loop)

    async def fail_later(conn: Connection, data: bytes) -> None:
        raise ZeroDivisionError("later")

    def fail(conn: Connection, data: bytes) -> None:
        raise ZeroDivisionError("at once")

    server.on("receive")(fail if style == "plain" else fail_later)
    with running(server) as port:
        with Client("127.0.0.1", port) as client:
            client.send("x")
            with pytest.raises(ConnectionReset):
                client.recv()
        with Client("127.0.0.1", port):  # the server lives on
            pass
    told = capfd.readouterr().err
    assert "the receive handler failed for 127.0.0.1:" in told
    assert "ZeroDivisionError" in told and "Traceback" in told


@pytest.mark.parametrize("loop", LOOPS)
def test_half_open_leaves_the_closing_to_the_handlers(loop: str) -> None:
    log: Log = queue.Queue()
    server = Server(port=0, loop=loop, half_open=True)
    server.on("eof")(lambda conn: log.put((conn, asyncio.get_running_loop())))
    with running(server) as port, Client("127.0.0.1", port) as client:
        client.shutdown()
        conn, its_loop = log.get(timeout=30)
        its_loop.call_soon_threadsafe(conn.send, b"still here")
        assert client.recv() == b"still here"
        its_loop.call_soon_threadsafe(conn.close)
        assert client.recv() == b""


def test_unknown_events_are_named() -> None:
    with pytest.raises(UsageError, match="unknown event 'Recieve'; there are connect, receive, eof, close"):
        Server().on("Recieve")


def test_a_port_in_use_is_told() -> None:
    with running(Server(port=0)) as port, pytest.raises(UsageError, match=f"127.0.0.1:{port}: another program"):
        Server(port=port).run()


@pytest.mark.parametrize("address", [("192.0.2.1", 0), ("x" * 64, 0)])
def test_an_address_of_another_machine_is_told(address: tuple[str, int]) -> None:
    with pytest.raises(UsageError, match="cannot listen on"):
        Server(*address).run()


def test_a_port_below_1024_needs_privilege() -> None:
    result = private_network.run(
        """
        from synfin import Server
        from synfin.errors import NotPermitted
        import ctypes
        # the capability to bind low ports, dropped from all sets of this process
        libc = ctypes.CDLL(None)
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        assert libc.capset(header, (ctypes.c_uint32 * 6)()) == 0
        try:
            Server("127.0.0.1", 80).run(started=lambda: sys.exit("it listens"))
        except NotPermitted as error:
            result = [str(error), error.exit_code]
        """
    )
    assert "ports below 1024 need privilege" in result[0] and result[1] == NotPermitted.exit_code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("loop", LOOPS)
def test_signals_end_it_in_order(loop: str, number: signal.Signals) -> None:
    code = (
        f"import synfin; server = synfin.Server(port=0, loop={loop!r}); "
        "server.on('close')(lambda conn: print(conn.closed_by, flush=True)); "
        "server.on('connect')(lambda conn: print('connect', flush=True)); "
        "server.run(started=lambda: print(server.port, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        with Client("127.0.0.1", int(process.stdout.readline())) as client:
            assert process.stdout.readline() == b"connect\n"
            process.send_signal(number)
            assert client.recv() == b""
            assert process.stdout.readline() == b"server\n"
        assert process.wait(30) == 0
        assert process.stderr.read() == b""


class FakeTransport(asyncio.Transport):
    """Records whether reading is on."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 5), "sockname": ("192.0.2.2", 6)})
        self.reading = True

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True


def protocol_with(receive: Any) -> tuple[ConnectionProtocol, FakeTransport]:
    options = ConnectionOptions(nodelay=True, half_open=False, opened=lambda _: None, closed=lambda _: None)
    protocol = ConnectionProtocol(1, {"receive": receive}, options)
    transport = FakeTransport()
    protocol.connection_made(transport)
    return protocol, transport


def test_reading_stops_while_the_peer_does_not_take_our_answers() -> None:
    protocol, transport = protocol_with(lambda conn, data: None)
    protocol.pause_writing()
    assert not transport.reading
    protocol.resume_writing()
    assert transport.reading


def test_reading_stops_while_a_handler_is_behind() -> None:
    async def scene() -> None:
        gate = asyncio.Event()

        async def receive(conn: Connection, data: bytes) -> None:
            await gate.wait()

        protocol, transport = protocol_with(receive)
        protocol.data_received(b"x")
        assert transport.reading
        protocol.data_received(b"x" * MAX_WAITING_BYTES)
        assert not transport.reading
        gate.set()
        while not transport.reading:
            await asyncio.sleep(0)

    asyncio.run(scene())


def test_the_examples_are_the_tutorials_program() -> None:
    """Run both as they stand, on the tutorial's port; the server ends after the client's connection."""
    result = private_network.run(
        """
        import contextlib, io, runpy, subprocess, synfin
        serve = synfin.Server.run

        def run(server):
            told = server._handlers["close"]
            server.on("close")(lambda conn: (told(conn), server.stop()))
            serve(server, started=lambda: client.append(subprocess.Popen([sys.executable, sys.argv[2]])))

        client = []
        synfin.Server.run = run
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            runpy.run_path(sys.argv[1])
        result = [output.getvalue(), client[0].wait()]
        """,
        str(EXAMPLES / "server.py"),
        str(EXAMPLES / "client.py"),
    )
    assert result == ["Client: Connect.\nClient: Close.\n", 0]
