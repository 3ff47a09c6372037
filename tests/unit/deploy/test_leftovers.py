"""What a killed supervisor left is ended; a stranger who has its pid by now is not."""

from pathlib import Path

from deploy.embedded.identity import Identity, identity_of
from deploy.embedded.leftovers import end_leftovers, note, noted
from tests.unit.deploy.test_process import WILLING, python, start


def test_what_was_left_is_ended_and_named(tmp_path: Path) -> None:
    lines: list[str] = []
    process = start(python(WILLING), tmp_path / "log")
    identity = identity_of(process.pid)
    assert identity
    note(tmp_path / "note", {"worker": identity})
    assert noted(tmp_path / "note") == {"worker": identity}
    end_leftovers(tmp_path / "note", report=lines.append)
    assert not identity.is_alive()
    assert "worker" in lines[0]
    assert not (tmp_path / "note").exists()


def test_a_stranger_with_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    lines: list[str] = []
    process = start(python(WILLING), tmp_path / "log")
    identity = identity_of(process.pid)
    assert identity
    note(tmp_path / "note", {"worker": Identity(identity.pid, identity.started - 1, identity.boot)})
    end_leftovers(tmp_path / "note", report=lines.append)
    assert identity.is_alive()
    assert lines == []
    process.kill()


def test_a_damaged_note_names_nobody(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"a": {"pid": 1}}', '{"a": 3}'):
        (tmp_path / "note").write_text(text)
        assert noted(tmp_path / "note") == {}
