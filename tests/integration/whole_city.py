"""The city of deploy/hanoi as a user has it: `make run` with some hundred people, and `lienthong` beside it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg

from deploy.embedded.city_processes import FLEET
from deploy.embedded.data_directory import DataDirectory
from deploy.embedded.leftovers import noted
from schemas import catalogue_topic
from schemas.manifest import Manifest
from schemas.rules.text import clean_text
from schemas.settings import Settings
from tests.chaos.processes import children

PROJECT = Path(__file__).resolve().parents[2]
PEOPLE = 720
_REGISTERED_KEY = "coalesce('citizen_id:' || so_dinh_danh, 'ho_tich#' || id)"
#: Of health records.
_WARDS = {"00004", "00008", "00025"}
_READY_SECONDS = 240.0


class WholeCity:
    """Its data, and the process that keeps it running. `project`: the source tree that it runs from, with the
    virtual environment that stands in it."""

    def __init__(self, data: DataDirectory, log: Path, *, project: Path = PROJECT) -> None:
        self.data, self._log, self._project = data, log, project
        self._python = sys.executable if project == PROJECT else str(project / ".venv" / "bin" / "python")
        argv = [self._python, "-m", "deploy.embedded", "up", "--data", str(data.path), "--people", str(PEOPLE)]
        with log.open("wb") as output:
            self.process = subprocess.Popen(argv, stdout=output, stderr=output, cwd=project)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while "] ready." not in self.told():
            assert self.process.poll() is None, self.told()
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.1)

    def told(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def lienthong(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"LIENTHONG_DATA": str(self.data.path), "COLUMNS": "200"} | variables
        argv = [self._python, "-m", "console", *arguments]
        return subprocess.run(
            argv, env=environment, capture_output=True, text=True, timeout=120, check=False, cwd=self._project
        )

    def manifests(self) -> list[Manifest]:
        """As applied."""
        known = dict(line.split("=", 1) for line in self.data.env_file.read_text(encoding="utf-8").splitlines())
        return list(catalogue_topic.read(Settings(kafka=known["LIENTHONG_KAFKA"])).manifests.values())

    def pids(self) -> dict[str, int]:
        """Of everything that runs, the fleet's connectors among it (`sink/dan_cu`)."""
        own = {name: kept.pid for name, kept in noted(self.data.processes_file).items()}
        return own | children(own[FLEET])

    def port(self, server: str) -> int:
        """Of one of its servers."""
        return int(json.loads(self.data.ports_file.read_text(encoding="utf-8"))[server])

    def pages(self) -> Iterator[tuple[str, bytes]]:
        """What every process says over HTTP."""
        addresses = {name: f"127.0.0.1:{port}" for name, port in self.data.metrics_ports().items()}
        with urlopen(f"http://{addresses[FLEET]}/targets", timeout=10) as answer:
            for group in json.loads(answer.read()):
                addresses[group["labels"]["process"]] = group["targets"][0]
        for process, at in addresses.items():
            for page in ("metrics", "readyz", "livez"):
                address = f"http://{at}/{page}"
                with suppress(HTTPError), urlopen(address, timeout=10) as answer:
                    yield f"/{page} of {process}", answer.read()

    def rows(self, system: str, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect((self.data.secrets / f"{system}_dsn").read_text().strip()) as connection:
            done = connection.execute(query.encode())
            return done.fetchall() if done.description else []

    def health_records(self) -> dict[str, str]:
        with closing(sqlite3.connect(self.data.systems / "suc_khoe" / "suc_khoe.sqlite")) as connection:
            return dict(connection.execute("SELECT ma, ho_ten FROM nguoi_dan").fetchall())

    def expected_health_records(self) -> dict[str, str]:
        """Where population has said nothing of the ward, what was said at the birth counts."""
        registered = dict(self.rows("ho_tich", f"select {_REGISTERED_KEY}, ma_xa from cong_dan"))
        told = self.rows("dan_cu", "select ma_lien_thong, ma_don_vi_hanh_chinh, ho_va_ten from nhan_khau")
        return {key: clean_text(name) for key, ward, name in told if (ward or registered.get(key)) in _WARDS}

    def remove_health_records(self, keys: Collection[str]) -> None:
        """As the people there can by their own means."""
        with closing(sqlite3.connect(self.data.systems / "suc_khoe" / "suc_khoe.sqlite")) as connection, connection:
            connection.executemany("DELETE FROM nguoi_dan WHERE ma = ?", [(key,) for key in keys])

    def faults(self) -> list[str]:
        """What is not as authority demands, by rules that stand here and nowhere in the product."""
        register = dict(
            self.rows("ho_tich", "select so_dinh_danh, ho_ten from cong_dan where so_dinh_danh is not null")
        )
        names = {number: clean_text(name) for number, name in register.items()}
        population = self.rows("dan_cu", "select so_dinh_danh, ho_va_ten, ma_lien_thong from nhan_khau")
        held = {number: clean_text(name) for number, name, _ in population}
        found = [f"the name of {number}" for number, name in names.items() if held.get(number) != name]

        registered = [key for (key,) in self.rows("ho_tich", f"select {_REGISTERED_KEY} from cong_dan")]
        newborns = {key for key in registered if not key.startswith("citizen_id:")}
        carried = {key for _, _, key in population if not key.startswith("citizen_id:")}
        found += [f"newborn {key}" for key in newborns ^ carried] + ([] if newborns else ["no newborn"])

        expected = self.expected_health_records()
        records = {key: clean_text(name) for key, name in self.health_records().items()}
        found += [f"health record {key}" for key in expected.keys() | records if expected.get(key) != records.get(key)]

        addresses = dict(self.rows("dan_cu", "select so_dinh_danh, noi_o_hien_tai from nhan_khau where id <= 400"))
        moved = self.rows("ho_tich", "select so_dinh_danh, noi_thuong_tru from cong_dan where so_dinh_danh is not null")
        return found + [f"the address of {key}" for key, address in moved if addresses.get(key, address) != address]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(90)
