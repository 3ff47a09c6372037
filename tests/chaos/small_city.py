"""A city of two systems for tests that break things: servers of its own, every process killable, two manifests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from tests.chaos.city import City
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
class SmallCity(City):
    """One system that publishes and one that receives; its processes are called `source` and `sink`."""

    @property
    def source_dsn(self) -> str:
        return self.postgres.dsn("nguon")

    @property
    def target_dsn(self) -> str:
        return self.postgres.dsn("dich")

    def prepare(self, *, target_ddl: str) -> None:
        """Databases, secrets, manifests, topics and schemas: everything but the processes."""
        with psycopg.connect(self.postgres.dsn(), autocommit=True) as connection:
            for name in ("nguon", "dich"):
                connection.execute(f"create database {name}")
        for dsn, ddl in ((self.source_dsn, SOURCE_DDL), (self.target_dsn, target_ddl)):
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(ddl)
        self.keep_secrets(nguon_dsn=self.source_dsn, dich_dsn=self.target_dsn)
        self.keep_manifests(nguon=_SOURCE, dich=_TARGET)

    def argv(self, name: str) -> list[str]:
        return super().argv({"source": "source/nguon", "sink": "sink/dich"}.get(name, name))


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
