"""A city of two systems for tests that break things: servers of its own, every process killable, two manifests."""

import base64
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from deploy.embedded.kafka import Kafka
from deploy.embedded.ports import free_port
from deploy.embedded.postgres import Postgres
from tests.chaos.processes import Process, python
from tests.chaos.target import TARGET_DDL
from tests.chaos.workload import SOURCE_DDL

_SOURCE = """
system: nguon
name: {vi: Hệ nguồn, en: The source under test}
steward: tests
connect: {kind: postgres, dsn: "${file:nguon_dsn}"}
publishes:
  person:
    from: public.cong_dan
    key: {citizen_id: so_dinh_danh, else: id}
    fields:
      citizen_id: so_dinh_danh
      full_name: ho_ten
      birth_date: {from: ngay_sinh, format: dd/MM/yyyy}
      sex: {from: gioi_tinh, codes: {"1": male, "2": female}}
      residence: dia_chi
      note: ghi_chu
    owns: [citizen_id, full_name, birth_date, sex, residence, note, existence]
"""
_TARGET = """
system: dich
name: {vi: Hệ đích, en: The target under test}
steward: tests
connect: {kind: postgres, dsn: "${file:dich_dsn}"}
subscribes:
  person:
    into: public.nhan_khau
    key: {ma: key}
    fields:
      so_dinh_danh: citizen_id
      ho_va_ten: full_name
      ngay_sinh: birth_date
      gioi_tinh: {from: sex, codes: {Nam: male, Nữ: female}}
      dia_chi: residence
      ghi_chu: note
    purpose: kiểm thử
    legal_basis: kiểm thử
"""


@dataclass
class SmallCity:
    """Servers, databases and processes; `environment` is what every process of ours is started with."""

    kafka: Kafka
    postgres: Postgres
    registry: str
    home: Path
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def source_dsn(self) -> str:
        return self.postgres.dsn("nguon")

    @property
    def target_dsn(self) -> str:
        return self.postgres.dsn("dich")

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "LIENTHONG_KAFKA": self.kafka.bootstrap,
            "LIENTHONG_REGISTRY": self.registry,
            "LIENTHONG_DATA": str(self.home / "data"),
            "LIENTHONG_SECRETS": str(self.home / "secrets"),
            "LIENTHONG_LOG_LEVEL": "info",
        } | more

    def prepare(self, *, target_ddl: str) -> None:
        """Databases, secrets, manifests, topics and schemas: everything but the processes."""
        with psycopg.connect(self.postgres.dsn(), autocommit=True) as connection:
            for name in ("nguon", "dich"):
                connection.execute(f"create database {name}")
        for dsn, ddl in ((self.source_dsn, SOURCE_DDL), (self.target_dsn, target_ddl)):
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(ddl)
        keep = self.home / "secrets"
        keep.mkdir(parents=True)
        (keep / "nguon_dsn").write_text(self.source_dsn)
        (keep / "dich_dsn").write_text(self.target_dsn)
        (keep / "dead_letter_key").write_text(base64.b64encode(secrets.token_bytes(32)).decode())
        manifests = self.home / "systems"
        manifests.mkdir()
        (manifests / "nguon.yaml").write_text(_SOURCE)
        (manifests / "dich.yaml").write_text(_TARGET)
        self.apply()

    def apply(self) -> None:
        """`lienthong apply` of the manifests as they stand in the folder."""
        subprocess.run(
            python("console", "apply", str(self.home / "systems")), env=os.environ | self.environment(), check=True
        )

    def start(self, name: str) -> Process:
        """`source`, `sink`, or a worker by its name; kept running until `stop`."""
        argv = {"source": python("connectors.run_source", "nguon"), "sink": python("connectors.run_sink", "dich")}.get(
            name, python("faust", "-A", "streams.app", "worker", "--without-web", "-l", "warn")
        )
        environment = self.environment(LIENTHONG_WORKER=name, LIENTHONG_METRICS_PORT=str(free_port()))
        self.processes[name] = Process(name, argv, environment, self.home / f"{name}.log").start()
        return self.processes[name]

    def stop(self) -> dict[str, int]:
        """Ask every process to stop; exit codes by name."""
        return {name: process.stop() for name, process in self.processes.items()}


@contextmanager
def small_city(
    kafka: Kafka, postgres: Postgres, registry: str, home: Path, *, target_ddl: str = TARGET_DDL
) -> Iterator[SmallCity]:
    """A prepared city, its processes stopped at the end whatever happens."""
    city = SmallCity(kafka, postgres, registry, home)
    city.prepare(target_ddl=target_ddl)
    try:
        yield city
    finally:
        city.stop()
