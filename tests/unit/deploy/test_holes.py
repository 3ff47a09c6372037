"""Whether anybody can be asked for known holes is said clearly: silence must not look like good news."""

import pytest

from deploy.audit import holes
from tests.unit.deploy.file_server import Served, serving


@pytest.mark.parametrize(
    ("status", "content", "told"),
    [
        (200, b'{"info": {}, "vulnerabilities": []}', ""),
        (200, b'{"info": {}}', "nothing about holes"),
        (200, b"<html>", "not JSON"),
        (404, b"", "it answers 404"),
    ],
)
def test_an_index_without_the_data_is_told_from_one_that_has_them(status: int, content: bytes, told: str) -> None:
    with serving(Served(content, status=status)) as index:
        found = holes.why_not_to_be_asked(index.address.rpartition("/")[0])
    assert (told in found) if told else not found


def test_nobody_there_is_no_good_news(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be reached" in holes.why_not_to_be_asked("http://127.0.0.1:1")
    monkeypatch.setattr(holes, "why_not_to_be_asked", lambda: "it is away")
    assert holes.main() == holes.NOT_ASKED
    assert "NOT looked for" in capsys.readouterr().err
