"""The city of deploy/hanoi as a user has it: `make run` with some hundred people, and `lienthong` beside it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.leftovers import noted
from schemas.rules.text import clean_text

PROJECT = Path(__file__).resolve().parents[2]
PEOPLE = 720
#: Of health records.
_WARDS = {"00004", "00008", "00025"}


class WholeCity:
    """Its data, and the process that keeps it running."""

    def __init__(self, data: DataDirectory, log: Path) -> None:
        self.data, self._log = data, log
        argv = [sys.executable, "-m", "deploy.embedded", "up", "--data", str(data.path), "--people", str(PEOPLE)]
        with log.open("wb") as output:
            self.process = subprocess.Popen(argv, stdout=output, stderr=output, cwd=PROJECT)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 240
        while "] ready." not in self.told():
            assert self.process.poll() is None, self.told()
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.1)

    def told(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def lienthong(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"LIENTHONG_DATA": str(self.data.path), "COLUMNS": "200"}
        argv = [sys.executable, "-m", "console", *arguments]
        return subprocess.run(
            argv, env=environment, capture_output=True, text=True, timeout=120, check=False, cwd=PROJECT
        )

    def rows(self, system: str, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect((self.data.secrets / f"{system}_dsn").read_text().strip()) as connection:
            return connection.execute(query.encode()).fetchall()

    def health_records(self) -> dict[str, str]:
        with closing(sqlite3.connect(self.data.systems / "suc_khoe" / "suc_khoe.sqlite")) as connection:
            return dict(connection.execute("SELECT ma, ho_ten FROM nguoi_dan").fetchall())

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(90)


@pytest.fixture(scope="module")
def city() -> Iterator[WholeCity]:
    """Started once for all tests here."""
    with tempfile.TemporaryDirectory(prefix="lienthong-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        made = WholeCity(DataDirectory(folder / "data"), folder / "up.log")
        try:
            made.wait_until_ready()
            yield made
        finally:
            made.stop()


@pytest.mark.timeout(400)
def test_after_the_start_every_system_holds_what_authority_demands(city: WholeCity) -> None:
    register = dict(city.rows("ho_tich", "select so_dinh_danh, ho_ten from cong_dan where so_dinh_danh is not null"))
    names = {number: clean_text(name) for number, name in register.items()}
    population = city.rows("dan_cu", "select so_dinh_danh, ho_va_ten, ma_lien_thong from nhan_khau")
    held = {number: clean_text(name) for number, name, _ in population}
    assert names.keys() <= held.keys()
    assert {number: held[number] for number in names} == names

    key = "coalesce('citizen_id:' || so_dinh_danh, 'ho_tich#' || id)"
    registered = dict(city.rows("ho_tich", f"select {key}, ma_xa from cong_dan"))
    newborns = {key for key in registered if not key.startswith("citizen_id:")}
    assert newborns
    assert newborns == {key for _, _, key in population if not key.startswith("citizen_id:")}

    # Where population has said nothing, what was said at the birth counts.
    wards = city.rows("dan_cu", "select ma_lien_thong, ma_don_vi_hanh_chinh from nhan_khau")
    expected = {key for key, ward in wards if (ward or registered[key]) in _WARDS}
    assert expected
    assert city.health_records().keys() == expected

    addresses = dict(city.rows("dan_cu", "select so_dinh_danh, noi_o_hien_tai from nhan_khau where id <= 400"))
    moved = city.rows("ho_tich", "select so_dinh_danh, noi_thuong_tru from cong_dan where so_dinh_danh is not null")
    assert [number for number, address in moved if addresses.get(number, address) != address] == []


@pytest.mark.timeout(200)
def test_what_status_and_check_say_is_so(city: WholeCity) -> None:
    checked = city.lienthong("check")
    assert checked.returncode == 0, checked.stdout
    shown = city.lienthong("status", "--json").stdout
    assert '"absent"' not in shown
    assert shown.count('"waiting": 0') == shown.count('"waiting"') == 8


@pytest.mark.timeout(300)
def test_the_demo_shows_a_birth_a_number_a_name_and_a_death(city: WholeCity) -> None:
    shown = city.lienthong("demo", "--timeout", "60")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "Khai sinh" in shown.stdout
    for system in ("dan_cu", "dkkd", "ho_tich", "suc_khoe", "bao_cao"):
        assert f" · {system} " in shown.stdout, system

    frozen = noted(city.data.processes_file)["sink-suc_khoe"].pid
    os.kill(frozen, signal.SIGSTOP)
    try:
        late = city.lienthong("demo", "--timeout", "8", "--lang", "en")
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert late.returncode == 1
    assert "not arrived in suc_khoe" in late.stderr
    assert "not routed" not in late.stderr


@pytest.mark.timeout(200)
def test_the_account_is_balanced_and_a_record_is_found(city: WholeCity) -> None:
    deadline = time.monotonic() + 90
    while True:
        shown = city.lienthong("ledger", "--json")
        told = json.loads(shown.stdout)
        lines = [*told["publishers"], *told["subscribers"]]
        if shown.returncode == 0 and not any(line["in_flight"] for line in lines):
            break
        assert time.monotonic() < deadline, shown.stdout + shown.stderr
    [register] = [each for each in told["publishers"] if (each["system"], each["entity"]) == ("ho_tich", "person")]
    counts = register["counts"]
    assert counts["captured"] >= PEOPLE
    assert counts["processed"] >= counts["captured"] - counts["quarantined"]
    for line in told["subscribers"]:
        assert line["counts"]["delivered"] + line["counts"]["quarantined"] <= line["counts"]["routed"]

    number = next(key for key in city.health_records() if key.startswith("citizen_id:")).removeprefix("citizen_id:")
    traced = city.lienthong("trace", "person", number, "--lang", "en")
    assert traced.returncode == 0, traced.stderr
    assert "suc_khoe has version" in traced.stdout
    assert "captured" in traced.stdout
    assert number not in traced.stdout
