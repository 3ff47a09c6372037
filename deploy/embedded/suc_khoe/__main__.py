"""Serves the records over HTTP until SIGTERM."""

import argparse
import hmac
import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from deploy.embedded.ports import LOOPBACK
from deploy.embedded.suc_khoe.records import Answer, Records, Request

_RESOURCE = "nguoi_dan"
_OPERATIONS = {"PUT": "upsert", "DELETE": "delete", "POST": "rename"}
_LARGEST_BODY = 1_000_000
_PAGE = 100


class Handler(BaseHTTPRequestHandler):
    """One connection. `records` and `token` are set by `serve`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    records: ClassVar[Records]
    token: ClassVar[str]

    def do_GET(self) -> None:
        """One record, or a page of them."""
        self._answer(self._read() if self._may() else Answer(401))

    def do_OPTIONS(self) -> None:
        """Whether it is there and lets one in."""
        self._answer(Answer(204 if self._may() else 401))

    def do_PUT(self) -> None:
        """A record is to be as the body says, or to go, or to get another key: PUT, DELETE, POST …/rename."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_BODY:
            self.close_connection = True
            return self._answer(Answer(413))
        content = self.rfile.read(length)
        return self._answer(self._written(content) if self._may() else Answer(401))

    do_DELETE = do_POST = do_PUT  # noqa: N815 - as the base class calls them

    def log_message(self, *_: Any) -> None:
        """Nothing: addresses hold keys of people."""

    def _may(self) -> bool:
        return hmac.compare_digest(self.headers.get("Authorization", ""), f"Bearer {self.token}")

    def _read(self) -> Answer:
        asked = urlsplit(self.path)
        match [unquote(part) for part in asked.path.strip("/").split("/")]:
            case [resource, ma] if resource == _RESOURCE:
                return self.records.one(ma)
            case [resource] if resource == _RESOURCE:
                after = parse_qs(asked.query).get("sau", [""])[0]
                return self.records.all(after=after, limit=_PAGE)
        return Answer(404)

    def _written(self, content: bytes) -> Answer:
        match [unquote(part) for part in self.path.strip("/").split("/")], self.command:
            case [resource, ma], "PUT" | "DELETE" if resource == _RESOURCE:
                pass
            case [resource, ma, "rename"], "POST" if resource == _RESOURCE:
                pass
            case _:
                return Answer(404)
        try:
            body = json.loads(content) if content else {}
            version, key = int(self.headers["X-Version"]), self.headers["Idempotency-Key"]
        except (ValueError, TypeError):
            return Answer(400)
        if not isinstance(body, dict) or not key:
            return Answer(400)
        return self.records.do(Request(_OPERATIONS[self.command], ma, body, version, key))

    def _answer(self, answer: Answer) -> None:
        body = b"" if answer.status == 204 else json.dumps(answer.body or {}, ensure_ascii=False).encode()
        self.send_response(answer.status)
        if answer.status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(port: int, data: Path, token: str) -> None:
    """On the loopback, until SIGTERM or SIGINT."""
    data.mkdir(parents=True, exist_ok=True)
    records = Records(data / "suc_khoe.sqlite")
    handler = type("Bound", (Handler,), {"records": records, "token": token})
    ThreadingHTTPServer.daemon_threads = True
    with ThreadingHTTPServer((LOOPBACK, port), handler) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            # `shutdown` waits for the loop that this very thread runs.
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever(poll_interval=0.1)
    records.close()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m deploy.embedded.suc_khoe", description="Health records, made up.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--token-file", type=Path, required=True)
    asked = parser.parse_args()
    serve(asked.port, asked.data, asked.token_file.read_text(encoding="utf-8").strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
