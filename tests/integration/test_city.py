"""The sample systems' databases: made once, filled once, whatever happens in between."""

import os
import signal
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from deploy.embedded.city import CityError, prepare
from schemas.manifest import Manifest
from schemas.manifest_yaml import parse
from schemas.mapping import compile_in, compile_out, key_in, key_out
from schemas.settings import Settings
from tests.integration.shared_servers import SharedPostgres


@pytest.fixture
def settings(postgres: SharedPostgres, tmp_path: Path) -> Settings:
    """Secrets that name databases which are not there yet."""
    for system in ("ho_tich", "dan_cu"):
        (tmp_path / f"{system}_dsn").write_text(postgres.dsn(f"{system}_{uuid4().hex[:12]}"))
    return Settings(secrets=tmp_path)


def _rows(settings: Settings, system: str, query: str) -> list[tuple[object, ...]]:
    with _connected(settings, system) as connection:
        return connection.execute(query).fetchall()


def _connected(settings: Settings, system: str, **more: Any) -> psycopg.Connection[Any]:
    return psycopg.connect((settings.secrets / f"{system}_dsn").read_text(), **more)


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


def test_what_civil_status_says_fits_into_populations_table(settings: Settings) -> None:
    prepare(settings, lambda _: None, count=2000)
    publisher, subscriber = _manifest("ho_tich"), _manifest("dan_cu")
    [published], subscribed = publisher.publishes["person"], subscriber.subscribes["person"]
    key, read = key_in(published, "ho_tich"), compile_in(published, "person")
    key_of, write = key_out(subscribed), compile_out(subscribed, "person")
    names = [subscribed.key.column, *subscribed.fields]
    insert = sql.SQL("insert into nhan_khau ({}) values ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.SQL(", ").join(map(sql.Placeholder, names))
    )
    with _connected(settings, "ho_tich", row_factory=dict_row) as source, _connected(settings, "dan_cu") as target:
        rows = source.execute("select * from cong_dan").fetchall()
        with target.cursor() as cursor:
            cursor.executemany(insert, [(key_of(key(row)) or {}) | write(read(row).values) for row in rows])
    [(people, partial, unnamed)] = _rows(
        settings,
        "dan_cu",
        "select count(*), count(*) filter (where ngay_thang_nam_sinh ~ '^\\d{4}$'),"
        " count(*) filter (where ma_lien_thong like 'ho_tich#%' and so_dinh_danh is null) from nhan_khau",
    )
    assert people == 2000
    assert partial
    assert unnamed


def _manifest(system: str) -> Manifest:
    text = files("deploy").joinpath("hanoi", "systems", f"{system}.yaml").read_text(encoding="utf-8")
    return Manifest.model_validate(parse(text).value)
