"""A process's answers to probes."""

import json
import urllib.error
import urllib.request
from typing import Any

from deploy.embedded.ports import free_port
from schemas.probes import serve
from schemas.settings import Settings


def _ask(port: int, path: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_it_is_ready_when_every_part_is_and_live_all_the_while() -> None:
    port, parts = free_port(), {"source": "connecting", "state": ""}
    serve(Settings(metrics_port=port), troubles=lambda: parts)
    status, body = _ask(port, "/readyz")
    assert (status, json.loads(body)) == (503, {"ready": False, "troubles": {"source": "connecting"}})
    assert _ask(port, "/livez")[0] == 200
    parts["source"] = ""
    status, body = _ask(port, "/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "troubles": {}})


def test_metrics_stand_beside_it_with_the_build() -> None:
    port = free_port()
    serve(Settings(metrics_port=port), troubles=dict)
    status, body = _ask(port, "/metrics")
    assert status == 200
    assert 'lienthong_build_info{librdkafka="' in body


def test_other_pages_stand_beside_them_as_they_are_when_asked() -> None:
    port, found = free_port(), [b"[1]", b"[2]"]
    serve(Settings(metrics_port=port), troubles=dict, pages={"/targets": lambda: found.pop(0)})
    assert [_ask(port, "/targets") for _ in range(2)] == [(200, "[1]"), (200, "[2]")]


def test_without_a_port_nothing_listens() -> None:
    serve(Settings(metrics_port=0), troubles=dict)
