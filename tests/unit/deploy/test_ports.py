"""Ports: free ones, taken ones, and those that a city keeps."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.embedded.errors import PortTakenError
from deploy.embedded.kept_ports import keep_ports
from deploy.embedded.ports import ensure_free, free_port, is_free, is_open


@contextmanager
def listening(port: int = 0) -> Iterator[int]:
    """Somebody listens until the end of the block."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        yield server.getsockname()[1]


def test_a_free_port_is_free_and_no_outgoing_connection_takes_it() -> None:
    port = free_port()
    assert is_free(port)
    assert not is_open(port)
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert port < lowest


def test_ports_that_follow_are_free_too(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, port = free_port(following=3), free_port(following=3)
    monkeypatch.setattr("random.sample", lambda *_: [taken, port])
    with listening(taken + 3):
        assert free_port(following=2) == taken
        assert free_port(following=3) == port


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with listening() as port:
        assert is_open(port)
        with pytest.raises(PortTakenError, match=f"starting kafka: port {port} .* give kafka another port"):
            ensure_free(port, owner="kafka")


def test_ports_are_kept_from_start_to_start(tmp_path: Path) -> None:
    lines: list[str] = []
    first = keep_ports(["a", "b"], wanted={}, noted_in=tmp_path / "ports", report=lines.append)
    second = keep_ports(["a", "b"], wanted={}, noted_in=tmp_path / "ports", report=lines.append)
    assert first == second
    assert first["a"] != first["b"]
    assert lines == []


def test_a_kept_port_that_was_taken_is_replaced_and_told(tmp_path: Path) -> None:
    lines: list[str] = []
    first = keep_ports(["a"], wanted={}, noted_in=tmp_path / "ports", report=lines.append)
    with listening(first["a"]):
        second = keep_ports(["a"], wanted={}, noted_in=tmp_path / "ports", report=lines.append)
    assert second["a"] != first["a"]
    assert str(first["a"]) in lines[0]


def test_a_wanted_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with listening() as port, pytest.raises(PortTakenError):
        keep_ports(["a"], wanted={"a": port}, noted_in=tmp_path / "ports", report=print)


def test_a_damaged_note_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "ports").write_text('{"a": 12')
    assert keep_ports(["a"], wanted={}, noted_in=tmp_path / "ports", report=print)["a"] > 0
