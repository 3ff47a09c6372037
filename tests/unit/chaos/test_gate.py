"""The door in front of a server does to lines what it is told to, and afterwards lets them through again."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.chaos.gate import Gate


class Echo:
    """Answers with what it is told; `ended` is set when a line has ended."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with suppress(OSError):
            while data := line.recv(100):
                line.sendall(data)
        self.ended.set()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def gate(echo: Echo) -> Iterator[Gate]:
    made = Gate(echo.port)
    yield made
    made.close()


@pytest.fixture
def line(gate: Gate) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", gate.port), timeout=20) as made:
        made.sendall(b"1")
        assert made.recv(1) == b"1"
        yield made


def test_what_is_swallowed_arrives_when_the_line_is_mended(gate: Gate, line: socket.socket) -> None:
    gate.swallow()
    line.sendall(b"2")
    line.settimeout(0.2)
    with pytest.raises(TimeoutError):
        line.recv(1)
    gate.open()
    line.settimeout(20)
    assert line.recv(1) == b"2"


def test_a_slow_line_is_slow(gate: Gate, line: socket.socket) -> None:
    gate.slow_down()
    began = time.monotonic()
    line.sendall(b"2")
    assert line.recv(1) == b"2"
    assert time.monotonic() - began > 0.2


def test_of_a_half_open_line_only_the_server_knows(gate: Gate, line: socket.socket, echo: Echo) -> None:
    gate.leave_half_open()
    assert echo.ended.wait(20)
    line.settimeout(0.2)
    with pytest.raises(TimeoutError):
        line.recv(1)
    gate.open()
    line.settimeout(20)
    with suppress(ConnectionError):
        assert line.recv(1) == b""


def test_a_line_that_is_cut_is_gone_until_the_gate_opens(gate: Gate, line: socket.socket) -> None:
    gate.shut()
    with suppress(ConnectionError):
        assert line.recv(1) == b""
    gate.open()
    with socket.create_connection(("127.0.0.1", gate.port), timeout=20) as other:
        other.sendall(b"3")
        assert other.recv(1) == b"3"
