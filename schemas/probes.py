"""What a process answers over HTTP to those who watch it: `/metrics`, `/livez`, `/readyz`; on loopback by default."""

import json
from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from threading import Thread
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import make_wsgi_app

from schemas.metrics import tell_build
from schemas.settings import Settings

#: Why each part of a process is not ready; empty where it is.
Troubles: TypeAlias = Mapping[str, str]

_JSON: Final = [("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store")]


def serve(
    settings: Settings,
    *,
    troubles: Callable[[], Troubles],
    pages: Mapping[str, Callable[[], bytes]] = MappingProxyType({}),
) -> None:
    """From now on, on threads that end with the process; not at all where `metrics_port` is 0. `pages`: JSON that is
    served beside, by path.

    `/readyz` asks `troubles`, from a thread of its own. `/livez` says that the process can answer, no more: a worker
    that is stuck ends by itself, and a connector may rightly wait for hours, for a lock or for a table; to kill it
    then would send it to the end of the queue. Raises OSError where the port is taken.
    """
    tell_build()
    if settings.metrics_port:
        server = make_server(
            settings.metrics_host,
            settings.metrics_port,
            _application(troubles, pages),
            server_class=_Server,
            handler_class=_QuietHandler,
        )
        Thread(target=server.serve_forever, name="probes", daemon=True).start()


def _application(
    troubles: Callable[[], Troubles], pages: Mapping[str, Callable[[], bytes]]
) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    metrics = make_wsgi_app()

    def answer(environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environment.get("PATH_INFO", "")
        if path in pages:
            return _say(start, "200 OK", pages[path]())
        if path == "/livez":
            return _say(start, "200 OK", _json({"live": True}))
        if path == "/readyz":
            found = {part: trouble for part, trouble in troubles().items() if trouble}
            status = "503 Service Unavailable" if found else "200 OK"
            return _say(start, status, _json({"ready": not found, "troubles": found}))
        answered: Iterable[bytes] = metrics(environment, start)
        return answered

    return answer


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _say(start: StartResponse, status: str, body: bytes) -> list[bytes]:
    start(status, list(_JSON))  # it is added to
    return [body]


class _Server(ThreadingMixIn, WSGIServer):
    """A thread a request: a slow reader of metrics must not hold a probe up."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    """Requests come every few seconds: they are not worth a line."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""
