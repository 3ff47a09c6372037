"""A service that speaks the protocol of the sink `rest`, in this process. It can be told to fail in many ways."""

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

TOKEN = "Bearer only-of-this-test"  # noqa: S105
_LIMITS = {"ho_ten": 40}


@dataclass(frozen=True)
class Heard:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any

    @property
    def key(self) -> str:
        """Its idempotency key."""
        return self.headers["idempotency-key"]


@dataclass
class Fault:
    """What to do instead of, or after, what one request asks for. `status` 0: no answer at all."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    #: Whether the request is done all the same.
    applied: bool = False
    #: Waited for before the answer; the connection is cut then, if there is none.
    until: threading.Event | None = None
    #: For a batch: the status of items by their place; those before are done.
    items: dict[int, int] = field(default_factory=dict)


@dataclass
class Service:
    """`rows` by key, `versions` that were seen, also of keys that are gone; `faults` for the next requests."""

    url: str = ""
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    changes: int = 0
    heard: list[Heard] = field(default_factory=list)
    faults: deque[Fault | None] = field(default_factory=deque)
    answers: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def do(self, operation: str, key: str, body: dict[str, Any] | None, version: int) -> tuple[int, dict[str, str]]:
        """Status and body."""
        if version < self.versions.get(key, 0):
            return 412, {}
        for column, limit in _LIMITS.items():
            if operation == "upsert" and len((body or {}).get(column) or "") > limit:
                return 422, {"reason": "value_too_long", "column": column, "detail": str((body or {})[column])}
        self.versions[key] = version
        if operation == "upsert":
            return self._put(key, body or {})
        old = self.rows.pop(key, None)
        if old is None:
            return 404, {}
        self.changes += 1
        if operation == "rename":
            [(column, new)] = (body or {}).items()
            self.rows.setdefault(new, {**old, column: new})
        return 204, {}

    def _put(self, key: str, row: dict[str, Any]) -> tuple[int, dict[str, str]]:
        self.changes += self.rows.get(key) != row
        self.rows[key] = row
        return 200, {}

    def request(self, heard: Heard, fault: Fault) -> tuple[int, dict[str, Any]]:
        """Status and body of one request."""
        with self.lock:
            if heard.method == "POST" and heard.path.endswith("/batch"):
                return 200, {"results": [self._item(n, item, fault) for n, item in enumerate(heard.body["items"])]}
            parts = [unquote(part) for part in heard.path.strip("/").split("/")]
            operation = {"PUT": "upsert", "DELETE": "delete", "POST": "rename"}[heard.method]
            return self.do(operation, parts[2], heard.body, int(heard.headers["x-version"]))

    def _item(self, place: int, item: dict[str, Any], fault: Fault) -> dict[str, Any]:
        if place in fault.items:
            return {"status": fault.items[place]}
        body = item["moved_to"] if item["operation"] == "rename" else item["values"]
        [(column, key)] = item["key"].items()
        if item["operation"] == "upsert":
            body = {**body, column: key}
        status, told = self.do(item["operation"], key, body, item["version"])
        return {"status": status, **told}


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.command, self.path, headers, json.loads(content) if content else None)
            service.heard.append(heard)
            fault = service.faults.popleft() if service.faults else None
            if headers.get("authorization") != TOKEN:
                return self._answer(401, {}, {})
            if fault is None or fault.applied or fault.items:
                status, told = service.request(heard, fault or Fault())
            if fault is not None and not fault.items:
                if fault.until is not None:
                    fault.until.wait(60)
                if not fault.status:
                    return self._reset()
                status, told = fault.status, {}
            return self._answer(status, told, fault.headers if fault else {})

        do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - as the base class calls them

        def do_OPTIONS(self) -> None:
            self._answer(204 if self.headers.get("Authorization") == TOKEN else 401, {}, {})

        def _answer(self, status: int, told: dict[str, Any], headers: dict[str, str]) -> None:
            body = b"" if status == 204 else json.dumps(told).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _reset(self) -> None:
            # Closed so, the socket sends RST.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        def handle(self) -> None:
            try:
                super().handle()
            except (OSError, ValueError):
                self.close_connection = True  # cut, by us or by a client that was killed

        def finish(self) -> None:
            try:
                super().finish()
            except (OSError, ValueError):
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def serving(service: Service) -> Iterator[Service]:
    """Listens on a free port of the loopback while open; `service.url` tells which."""
    with _Server(("127.0.0.1", 0), _handler(service)) as server:
        service.url = f"http://127.0.0.1:{server.server_address[1]}/api"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
