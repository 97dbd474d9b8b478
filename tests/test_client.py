"""The synchronous client: what it sends and receives, and how it tells what went wrong."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from synfin import Client
from synfin.errors import ConnectError, ConnectionReset, Refused, TimedOut, UsageError
from synfin.serve.kernel import reset_on_close


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def test_bytes_and_text_both_ways(listener: socket.socket) -> None:
    with Client("127.0.0.1", port_of(listener)) as client:
        peer, address = listener.accept()
        with peer:
            assert client.local == address and client.peer == listener.getsockname()
            client.send("三次")
            client.send(b"\r\n")
            client.shutdown()
            assert b"".join(iter(lambda: peer.recv(100), b"")) == "三次\r\n".encode()
            peer.sendall(b"one two")
        assert client.recv(3) == b"one"
        assert client.recv_to_end() == b" two"
        assert client.recv() == b""


def test_connect_returns_the_client(listener: socket.socket) -> None:
    client = Client()
    assert client.connect("127.0.0.1", port_of(listener)) is client
    with pytest.raises(UsageError, match="already connected"):
        client.connect("127.0.0.1", port_of(listener))
    client.close()
    client.close()


def test_refused_names_the_address(listener: socket.socket) -> None:
    port = port_of(listener)
    listener.close()
    with pytest.raises(Refused, match=f"127.0.0.1:{port} refused the connection.*nobody listens"):
        Client("127.0.0.1", port)


def test_a_silent_server_times_out(listener: socket.socket) -> None:
    with (
        Client("127.0.0.1", port_of(listener), timeout_s=0.01) as client,
        pytest.raises(TimedOut, match=r"could not receive within 0.01 s"),
    ):
        client.recv()


def test_a_syn_without_answer_times_out() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)  # room for one: the kernel drops the SYNs of others
        with (
            socket.create_connection(full.getsockname()),
            pytest.raises(TimedOut, match=r"no answer from 127.0.0.1:.* to the SYN within 0.05 s"),
        ):
            Client("127.0.0.1", port_of(full), timeout_s=0.05)


def test_a_reset_is_told_as_such(listener: socket.socket) -> None:
    with Client("127.0.0.1", port_of(listener)) as client:
        peer, _ = listener.accept()
        reset_on_close(peer)
        peer.close()
        with pytest.raises(ConnectionReset, match=f"127.0.0.1:{port_of(listener)} aborted the connection with RST"):
            client.recv()


def test_reset_aborts(listener: socket.socket) -> None:
    client = Client("127.0.0.1", port_of(listener))
    peer, _ = listener.accept()
    with peer:
        client.reset()
        with pytest.raises(ConnectionResetError):
            peer.recv(1)


def test_unacknowledged_bytes_end_at_zero(listener: socket.socket) -> None:
    with Client("127.0.0.1", port_of(listener)) as client:
        client.send("x")
        for _ in range(1_000_000):
            if client.unacknowledged_bytes == 0:
                break
        assert client.unacknowledged_bytes == 0


@pytest.mark.parametrize(
    "action", [lambda c: c.send("x"), lambda c: c.recv(), lambda c: c.shutdown(), lambda c: c.peer]
)
def test_a_client_must_be_connected(action: object) -> None:
    assert callable(action)
    with pytest.raises(UsageError, match="not connected"):
        action(Client())


@pytest.mark.parametrize("host, port", [("x" * 64, 1), ("127.0.0.1", 70000)])
def test_impossible_addresses(host: str, port: int) -> None:
    with pytest.raises(ConnectError):
        Client(host, port)


def test_the_timeout_must_be_positive() -> None:
    with pytest.raises(UsageError):
        Client(timeout_s=0)
