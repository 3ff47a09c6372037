"""The city is found by the environment, else by the file that `make run` leaves."""

from pathlib import Path

import pytest

from console.errors import NoCity
from console.surroundings import find_settings


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA", "REGISTRY", "DATA", "SECRETS", "PARTITIONS"):
        monkeypatch.delenv(f"LIENTHONG_{name}", raising=False)


def _leave_file(folder: Path, text: str) -> Path:
    path = folder / ".data" / "run" / "env"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_the_file_is_found_from_a_folder_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _leave_file(tmp_path, "LIENTHONG_KAFKA=127.0.0.1:7\n# a remark\nexport LIENTHONG_PARTITIONS='6'\nPATH=/x\n")
    below = tmp_path / "deploy" / "hanoi"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    settings = find_settings()
    assert (settings.kafka, settings.partitions) == ("127.0.0.1:7", 6)
    assert settings.secrets == tmp_path / ".data" / "secrets"


def test_a_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(_leave_file(tmp_path, "LIENTHONG_KAFKA=127.0.0.1:7\nLIENTHONG_REGISTRY=http://a\n"))
    monkeypatch.setenv("LIENTHONG_REGISTRY", "http://b")
    settings = find_settings()
    assert (settings.kafka, settings.registry) == ("127.0.0.1:7", "http://b")


def test_the_file_of_another_city_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(_leave_file(tmp_path, "LIENTHONG_KAFKA=127.0.0.1:7\nLIENTHONG_REGISTRY=http://a\n"))
    monkeypatch.setenv("LIENTHONG_KAFKA", "127.0.0.1:8")
    settings = find_settings()
    assert (settings.kafka, settings.registry) == ("127.0.0.1:8", "http://127.0.0.1:8081/apis/ccompat/v7")


def test_the_data_folder_may_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _leave_file(tmp_path, "LIENTHONG_KAFKA=127.0.0.1:7\n")
    monkeypatch.setenv("LIENTHONG_DATA", str(tmp_path / ".data"))
    assert find_settings().kafka == "127.0.0.1:7"


def test_without_either_it_says_how_to_start_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoCity, match="make run"):
        find_settings()
