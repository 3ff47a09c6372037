"""The data directory: one city at a time, forgotten whole, and nothing of others with it."""

import os
import stat
from pathlib import Path

import pytest

from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.errors import AlreadyRunningError, EmbeddedError
from deploy.embedded.secret_files import keep_dead_letter_key, write_dsn
from schemas.sealing import Seal


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    data = DataDirectory(tmp_path / "data")
    data.make()
    return data


def test_a_second_city_on_the_same_data_is_refused(data: DataDirectory) -> None:
    other = DataDirectory(data.path)
    told = pytest.raises(AlreadyRunningError, match=r"runs there already, as process \d+")
    with data.claimed(), told, other.claimed():
        pytest.fail("two cities on one directory")
    with other.claimed():
        assert (data.path / "lock").read_text() == str(os.getpid())


def test_forgetting_is_refused_while_it_runs(data: DataDirectory) -> None:
    with data.claimed(), pytest.raises(AlreadyRunningError):
        data.forget(report=print)
    assert data.servers.exists()


def test_forgetting_leaves_nothing(data: DataDirectory) -> None:
    (data.servers / "kafka").mkdir()
    data.forget(report=print)
    assert not data.path.exists()
    data.forget(report=print)


def test_forgetting_spares_what_is_not_the_citys(data: DataDirectory) -> None:
    (data.path / "letter.txt").write_text("mine")
    data.forget(report=print)
    assert [path.name for path in data.path.iterdir()] == ["letter.txt"]


def test_forgetting_a_directory_that_never_held_a_city_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    DataDirectory(tmp_path).forget(report=print)
    assert (tmp_path / "logs").exists()


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match="give another one"):
        DataDirectory(tmp_path / "file" / "data").make()


def test_secrets_are_for_their_owner_and_the_key_stays(data: DataDirectory) -> None:
    keep_dead_letter_key(data.secrets)
    key = data.secrets / "dead_letter_key"
    sealed = Seal.from_file(key).seal(b"letter")
    keep_dead_letter_key(data.secrets)
    assert Seal.from_file(key).open(sealed) == b"letter"
    write_dsn(data.secrets, "ho_tich", "postgresql://one")
    write_dsn(data.secrets, "ho_tich", "postgresql://two")
    assert (data.secrets / "ho_tich_dsn").read_text().strip() == "postgresql://two"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in data.secrets.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(data.secrets.stat().st_mode) == 0o700
