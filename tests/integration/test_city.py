"""The sample systems' databases: made once, filled once, whatever happens in between."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from deploy.embedded.city import CityError, prepare
from schemas.settings import Settings
from tests.integration.shared_servers import SharedPostgres


@pytest.fixture
def settings(postgres: SharedPostgres, tmp_path: Path) -> Settings:
    """Secrets that name databases which are not there yet."""
    for system in ("ho_tich", "dan_cu"):
        (tmp_path / f"{system}_dsn").write_text(postgres.dsn(f"{system}_{uuid4().hex[:12]}"))
    return Settings(secrets=tmp_path)


def _rows(settings: Settings, system: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect((settings.secrets / f"{system}_dsn").read_text()) as connection:
        return connection.execute(query).fetchall()


def test_databases_tables_and_people_are_made_once(settings: Settings) -> None:
    lines: list[str] = []
    prepare(settings, lines.append, count=50)
    assert _rows(settings, "ho_tich", "select count(*), count(distinct so_dinh_danh) > 40 from cong_dan") == [
        (50, True)
    ]
    assert _rows(settings, "dan_cu", "select count(*) from nhan_khau") == [(0,)]
    assert _rows(settings, "ho_tich", "select relreplident from pg_class where relname = 'cong_dan'") == [("f",)]
    assert [line.split()[0] for line in lines] == ["creating", "filling", "ho_tich", "creating"]

    again: list[str] = []
    prepare(settings, again.append, count=80)
    assert again == []
    assert _rows(settings, "ho_tich", "select count(*) from cong_dan") == [(50,)]


def test_rows_stand_in_the_registers_own_form(settings: Settings) -> None:
    prepare(settings, lambda _: None, count=300)
    forms = _rows(
        settings,
        "ho_tich",
        r"select bool_and(ngay_sinh ~ '^(\d\d/\d\d/)?\d{4}$'), bool_and(gioi_tinh ~ '^[12]$'),"
        r" bool_and(ma_xa ~ '^\d{5}$'), bool_and(coalesce(ngay_mat, '01/01/2000') ~ '^\d\d/\d\d/\d{4}$') from cong_dan",
    )
    assert forms == [(True, True, True, True)]


def test_killed_while_filling_it_is_whole_the_next_time(settings: Settings) -> None:
    argv = [sys.executable, "-m", "deploy.embedded.city"]
    environment = os.environ | {"LIENTHONG_SECRETS": str(settings.secrets)}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("filling"):
                os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert _rows(settings, "ho_tich", "select count(*) from cong_dan") == [(0,)]

    subprocess.run(argv, env=environment, check=True, capture_output=True)
    assert _rows(settings, "ho_tich", "select count(*) from cong_dan") == [(10_000,)]


def test_a_server_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "ho_tich_dsn").write_text("postgresql://nobody@127.0.0.1:1/ho_tich?connect_timeout=2")
    with pytest.raises(CityError, match=r"database of ho_tich ready: .*; see that PostgreSQL runs"):
        prepare(Settings(secrets=tmp_path), lambda _: None)


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    with pytest.raises(CityError, match="ho_tich_dsn"):
        prepare(Settings(secrets=tmp_path), lambda _: None)
