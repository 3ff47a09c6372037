"""A loopback web server of one file, which can break off, lie, or refuse."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """``content`` at ``address``; the first ``break_offs`` answers end half-way; ``status`` other than 200 refuses."""

    content: bytes
    break_offs: int = 0
    status: int = 200
    address: str = ""
    ranges: list[str | None] = field(default_factory=list)  #: the Range header of each request


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """Serve until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            served.ranges.append(asked)
            if served.status != 200:
                self.send_error(served.status)
                return
            begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            if asked and begin >= len(served.content):
                self.send_error(416)
                return
            rest = served.content[begin:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            if served.break_offs:
                served.break_offs -= 1
                rest = rest[: len(rest) // 2]
            self.wfile.write(rest)

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_port}/file.jar"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
