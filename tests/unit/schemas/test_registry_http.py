"""What the registry's client sends, and what it makes of answers that no registry should give."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from schemas.registry import Registry, RegistryRefused, RegistryUnavailable
from schemas.registry_http import RegistryAnswer, RegistryHttp


class Stub(HTTPServer):
    """Answers everything alike, and keeps what it was asked."""

    answer: tuple[int, bytes] = 200, b'{"schema": "\\"long\\"", "id": 7}'

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, str | None, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/apis/ccompat/v7"


class _Handler(BaseHTTPRequestHandler):
    server: Stub

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        login = self.headers.get("Authorization")
        self.server.asked.append((self.command, self.path, login, json.loads(body) if body else None))
        status, told = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = do_PUT = _take  # noqa: N815 - their names in the standard library

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def stub() -> Iterator[Stub]:
    server = Stub()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_login_is_sent_and_subjects_are_one_part_of_the_path(stub: Stub) -> None:
    client = RegistryHttp(stub.url, {"basic.auth.user.info": "an:mật khẩu"}, timeout=5)
    assert client.register("raw/x-value", '"long"') == 7
    [(method, path, login, body)] = stub.asked
    assert (method, path) == ("POST", "/apis/ccompat/v7/subjects/raw%2Fx-value/versions")
    assert body == {"schema": '"long"'}
    assert login == "Basic YW46beG6rXQga2jhuql1"


def test_an_error_is_told_in_the_registrys_words(stub: Stub) -> None:
    stub.answer = 422, b'{"error_code": 42201, "message": "not Avro"}'
    with pytest.raises(RegistryAnswer, match=r"^not Avro \(HTTP status 422\)$"):
        RegistryHttp(stub.url, {}, timeout=5).schema(1)
    with pytest.raises(RegistryRefused, match="not Avro"):
        Registry(stub.url, patience=0.2).schema(1)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_a_proxy_says_passes(stub: Stub, status: int) -> None:
    stub.answer = status, b"<html>later</html>"
    with pytest.raises(RegistryUnavailable, match="later"):
        Registry(stub.url, patience=0.2).schema(1)
    assert len(stub.asked) > 1


def test_an_address_that_is_no_registrys_is_refused(stub: Stub) -> None:
    stub.answer = 200, b"<html>hello</html>"
    with pytest.raises(RegistryRefused, match="is the address the Confluent API"):
        Registry(stub.url, patience=0.2).schema(1)


def test_authorities_are_read_where_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("ssl.create_default_context", missing)
    RegistryHttp("http://registry:8081", {}, timeout=5)
    for url, clients in (
        ("https://registry:8081", dict[str, str]()),
        ("http://registry:8081", {"ssl.ca.location": "/etc/ca.pem"}),
    ):
        with pytest.raises(FileNotFoundError):
            RegistryHttp(url, clients, timeout=5)
