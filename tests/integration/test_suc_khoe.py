"""The stand-in service: what a client sees that talks to it over HTTP, also after it was killed."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.embedded.ports import LOOPBACK, free_port

Ask = Callable[..., httpx2.Response]


class _Service:
    def __init__(self, folder: Path) -> None:
        self._port, self._folder = free_port(), folder
        (folder / "token").write_text("bi-mat\n")
        self.start()

    def start(self) -> None:
        own = ["--port", str(self._port), "--data", str(self._folder), "--token-file", str(self._folder / "token")]
        self.process = subprocess.Popen([sys.executable, "-m", "deploy.embedded.suc_khoe", *own])
        while True:
            try:
                self.ask("OPTIONS", "")
            except httpx2.ConnectError:
                assert self.process.poll() is None
            else:
                return

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        asked = {"Authorization": "Bearer bi-mat", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return httpx2.request(method, f"http://{LOOPBACK}:{self._port}/{path}", json=body, headers=asked)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[_Service]:
    made = _Service(tmp_path)
    yield made
    made.kill()


def _put(service: _Service, ma: str, name: str, *, version: int, key: str) -> int:
    return service.ask(
        "PUT", f"nguoi_dan/{ma}", {"ho_ten": name}, X_Version=str(version), Idempotency_Key=key
    ).status_code


def _held(service: _Service) -> dict[str, str]:
    page = service.ask("GET", "nguoi_dan").json()
    assert page["so_nguoi"] == len(page["nguoi_dan"])
    return {row["ma"]: row["ho_ten"] for row in page["nguoi_dan"]}


def test_repeats_and_older_words_change_nothing_also_after_it_was_killed(service: _Service) -> None:
    assert _put(service, "k%231", "An", version=3, key="a") == 200
    service.kill()
    service.start()
    assert _put(service, "k%231", "Bình", version=9, key="a") == 200
    assert _put(service, "k%231", "Chi", version=2, key="b") == 412
    assert _held(service) == {"k#1": "An"}
    assert service.ask("DELETE", "nguoi_dan/k%231", X_Version="4", Idempotency_Key="c").status_code == 200
    assert service.ask("DELETE", "nguoi_dan/k%231", X_Version="5", Idempotency_Key="d").status_code == 404
    assert _put(service, "k%231", "An", version=3, key="e") == 412
    assert service.ask("GET", "nguoi_dan/k%231").status_code == 404


def test_a_rename_moves_the_record_or_leaves_the_one_that_is_there(service: _Service) -> None:
    for ma, name in (("a", "An"), ("b", "Bình")):
        _put(service, ma, name, version=1, key=ma)
    for ma, new in (("a", "c"), ("b", "c"), ("x", "y")):
        service.ask("POST", f"nguoi_dan/{ma}/rename", {"ma": new}, X_Version="2", Idempotency_Key=f"{ma}{new}")
    assert _held(service) == {"c": "An"}


def test_what_it_does_not_take(service: _Service) -> None:
    assert service.ask("GET", "nguoi_dan", Authorization="Bearer doan").status_code == 401
    assert service.ask("PUT", "nguoi_dan/a", {}, X_Version="1", Idempotency_Key="a").json()["column"] == "ho_ten"
    assert service.ask("PUT", "nguoi_dan/a", {"ho_ten": "An"}).status_code == 400
    assert service.ask("PUT", "khac/a", {"ho_ten": "An"}, X_Version="1", Idempotency_Key="b").status_code == 404
    assert _put(service, "a", "Ừ" * 101, version=1, key="c") == 422
    assert _held(service) == {}
