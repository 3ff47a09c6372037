"""The sample systems' databases: made once, filled once, whatever happens in between."""

import os
import signal
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from connectors.delivery.kind import make_sink
from console.kinds import open_source
from deploy.embedded.city import DATABASES, CityError, prepare
from schemas.manifest import Manifest
from schemas.manifest_yaml import parse
from schemas.mapping import compile_in
from schemas.settings import Settings
from tests.integration.shared_servers import SharedPostgres


@pytest.fixture
def settings(postgres: SharedPostgres, tmp_path: Path) -> Settings:
    """Secrets that name databases which are not there yet."""
    for system in DATABASES:
        (tmp_path / f"{system}_dsn").write_text(postgres.dsn(f"{system}_{uuid4().hex[:12]}"))
    return Settings(secrets=tmp_path)


def _rows(settings: Settings, system: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect((settings.secrets / f"{system}_dsn").read_text()) as connection:
        return connection.execute(query.encode()).fetchall()


def test_databases_tables_and_people_are_made_once(settings: Settings) -> None:
    lines: list[str] = []
    prepare(settings, lines.append, count=300)
    assert _rows(settings, "ho_tich", "select count(*), count(so_dinh_danh) > 250 from cong_dan") == [(300, True)]
    assert _rows(settings, "dan_cu", "select count(*) between 290 and 320 from nhan_khau") == [(True,)]
    for system, table in (("ho_tich", "cong_dan"), ("ho_tich", "su_kien"), ("dan_cu", "nhan_khau")):
        assert _rows(settings, system, f"select relreplident from pg_class where relname = '{table}'") == [("f",)]
    assert [line.split()[0] for line in lines] == [
        *("creating", "filling", "ho_tich", "creating", "filling", "dan_cu", "creating", "filling", "dkkd")
    ]

    again: list[str] = []
    prepare(settings, again.append, count=400)
    assert again == []
    assert _rows(settings, "ho_tich", "select count(*), nextval('cong_dan_id_seq') from cong_dan") == [(300, 301)]


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


def test_every_manifest_can_be_followed(settings: Settings, tmp_path: Path) -> None:
    """Connections, tables, columns and rights are as the manifests of the databases say, and every row is read."""
    prepare(settings, lambda _: None, count=800)
    for system in DATABASES:
        manifest = _manifest(system)
        source, sink = open_source(manifest, settings), make_sink(manifest, settings)
        findings = [*source.probe(), *sink.probe()]
        assert [finding for finding in findings if finding.problem] == []
        for entity, publications in manifest.publishes.items():
            for row in source.sample(entity, 10_000):
                if len(publications) == 1:
                    compile_in(publications[0], entity)(row)
        source.close()
        sink.close()


def _manifest(system: str) -> Manifest:
    text = files("deploy").joinpath("hanoi", "systems", f"{system}.yaml").read_text(encoding="utf-8")
    return Manifest.model_validate(parse(text).value)
