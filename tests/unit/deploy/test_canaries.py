"""The search for leaked secrets finds one that has leaked, however it is written."""

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.integration.canaries import canaries, files, leaks

_SECRET = "mật khẩu/0123+456"  # noqa: S105 - made up


@pytest.mark.parametrize(
    "form", [_SECRET.encode(), quote(_SECRET, safe="").encode(), base64.b64encode(_SECRET.encode())]
)
def test_a_leak_is_found(form: bytes) -> None:
    assert leaks({"a_dsn": _SECRET}, [("a log", b"x" + form + b"y"), ("another", b"nothing")]) == ["a_dsn in a log"]


def test_what_of_a_file_is_secret(tmp_path: Path) -> None:
    (tmp_path / "a_dsn").write_text(f"postgresql://u:{quote(_SECRET, safe='')}@h/db\n")
    (tmp_path / "b_url").write_text("http://127.0.0.1:1\n")
    (tmp_path / "c_folder").write_text("/some/where/else\n")
    (tmp_path / "d_token").write_text("0123456789abcdef\n")
    assert canaries(tmp_path) == {"a_dsn": _SECRET, "d_token": "0123456789abcdef"}
    assert leaks(canaries(tmp_path), files(tmp_path)) == ["a_dsn in a_dsn", "d_token in d_token"]
    assert list(files(tmp_path, but=[tmp_path])) == []
