"""HTTPS to the address that was checked: the certificate is still held against the name in the manifest."""

import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from connectors.sinks.rest_target.answers import Answer, Troubled
from connectors.sinks.rest_target.sender import Sender
from connectors.sinks.rest_target.settings import Connect
from tests.integration.secured_kafka import Authority


class _Handler(BaseHTTPRequestHandler):
    hosts: ClassVar[list[str]] = []

    def do_OPTIONS(self) -> None:
        self.hosts.append(self.headers["Host"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """(port, file of the authority) of a service whose certificate is for `localhost`."""
    authority = Authority(tmp_path / "ca")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("service"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], authority.path
    server.shutdown()
    server.server_close()


def _reach(url: str, ca: Path, addresses: list[str]) -> Answer | Troubled:
    sender = Sender(Connect(kind="rest", url=url, ca=str(ca), addresses=addresses))
    try:
        return sender.reach()
    finally:
        sender.close()


def test_the_certificate_is_held_against_the_name(service: tuple[int, Path]) -> None:
    port, ca = service
    answer = _reach(f"https://localhost:{port}/api", ca, ["127.0.0.0/8"])
    assert isinstance(answer, Answer), answer
    assert answer.status == 204
    assert _Handler.hosts[-1] == f"localhost:{port}"


def test_another_name_for_the_same_machine_is_not_believed(
    service: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, ca = service
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", port))])
    answer = _reach(f"https://suc-khoe.example:{port}/api", ca, [])
    assert isinstance(answer, Troubled)


def test_what_the_manifest_does_not_name_is_never_asked(service: tuple[int, Path]) -> None:
    port, ca = service
    before = len(_Handler.hosts)
    answer = _reach(f"https://localhost:{port}/api", ca, ["10.0.0.0/8"])
    assert isinstance(answer, Troubled)
    assert "`connect: addresses`" in answer.message
    assert len(_Handler.hosts) == before
