"""The five systems on real servers: three databases, a service, a folder of files, and all processes between them."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import psycopg
from psycopg.rows import dict_row

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from tests.chaos.authority import Holding
from tests.chaos.city import City
from tests.chaos.desks import SqlDesk, as_text
from tests.chaos.five_manifests import SYSTEMS, TABLES, ddl, manifest_text
from tests.chaos.gate import Gate
from tests.chaos.words import DAN_CU, DKKD, HO_TICH, Edit, Row, Word, words
from tests.integration.rest_service import TOKEN, Service, serving

PROCESSES = (*(f"source/{system}" for system in TABLES), *(f"sink/{system}" for system in SYSTEMS), "w1", "w2")


@dataclass
class FiveCity(City):
    """`gates`: by system, the door between it and its connectors; officers have one of their own."""

    service: Service = field(default_factory=Service)
    gates: dict[str, Gate] = field(default_factory=dict)

    def prepare(self) -> None:
        """Databases, secrets, manifests, topics and schemas: everything but the processes."""
        with psycopg.connect(self.postgres.dsn(), autocommit=True) as connection:
            for system in TABLES:
                connection.execute(f"create database {system}")
        for system in TABLES:
            with psycopg.connect(self.postgres.dsn(system), autocommit=True) as connection:
                connection.execute(ddl(system).encode())
            self.gates[system] = Gate(self.postgres.port)
        self.gates["suc_khoe"] = Gate(int(self.service.url.partition(":")[2].partition(":")[2].partition("/")[0]))
        self.keep_secrets(
            ho_tich_dsn=self._through_gate("ho_tich"),
            dan_cu_dsn=self._through_gate("dan_cu"),
            dkkd_url=self._through_gate("dkkd").replace("postgresql://", "postgresql+psycopg://"),
            suc_khoe_token=TOKEN,
        )
        (self.home / "files").mkdir()
        self.keep_manifests(**{system: self._manifest(system) for system in SYSTEMS})

    def desk(self, system: str) -> SqlDesk:
        """Where its officer sits."""
        return SqlDesk(self.postgres.dsn(system), TABLES[system])

    def connect(self) -> None:
        """All that stands in the registers now is what they say first: no source tells of what was before."""
        for system, table in TABLES.items():
            with psycopg.connect(self.postgres.dsn(system)) as connection:
                connection.execute("truncate public.lich_su restart identity")
                connection.execute(
                    f"insert into public.lich_su(dong, sau) select id, to_jsonb(t) from {table} t order by ctid"
                )
        for name in PROCESSES:
            self.start(name)

    def said(self) -> list[Word]:
        """What all rows say."""
        return [
            word
            for register in (HO_TICH, DAN_CU, DKKD)
            for word in words(register, self._places(register.system), self._edits(register.system))
        ]

    def held(self) -> dict[str, Holding]:
        """By subscriber and name of the record, the columns."""
        with self.service.lock:
            told = {number: dict(row) for number, row in self.service.rows.items()}
        return {
            "ho_tich": self._table("ho_tich", "id"),
            "dan_cu": self._table("dan_cu", "ma_lien_thong"),
            "dkkd": self._table("dkkd", "id"),
            "suc_khoe": told,
            "bao_cao": self._report(),
        }

    def file_faults(self) -> list[str]:
        """What the files must never show: a version of a record told twice, or an older one after a newer."""
        told: dict[str, list[int]] = {}
        for line in self._lines():
            if line["operation"] == "upsert":
                told.setdefault(line["ma"], []).append(int(line["version"]))
        return [
            f"{key}: version {b} after {a}" for key, versions in told.items() for a, b in pairwise(versions) if b <= a
        ]

    def _report(self) -> Holding:
        """The files from the first to the last, as their reader keeps them."""
        held: Holding = {}
        for line in self._lines():
            # A telephone number could be taken for a formula, and has an apostrophe against that.
            row = {column: value.removeprefix("'") or None for column, value in line.items()}
            if line["operation"] == "upsert":
                held[line["ma"]] = row
            elif (old := held.pop(line["ma"], None)) is not None and line["operation"] == "rename":
                held.setdefault(line["moved_to"], old)
        return held

    def _lines(self) -> Iterator[dict[str, str]]:
        for path in sorted((self.home / "files").glob("sinh_tu.*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                yield from csv.DictReader(file)

    def _places(self, system: str) -> list[tuple[str, int, Row]]:
        query = f"select *, extract(epoch from cap_nhat) * 1000000 as place from {TABLES[system]}"
        return [(str(row["id"]), int(row["place"]), as_text(row)) for row in self._rows(system, query)]

    def _edits(self, system: str) -> list[Edit]:
        found = self._rows(system, "select dong, truoc, sau from public.lich_su order by stt")
        return [
            Edit(row["dong"], row["truoc"] and as_text(row["truoc"]), row["sau"] and as_text(row["sau"]))
            for row in found
        ]

    def _table(self, system: str, name: str) -> Holding:
        rows = self._rows(system, f"select * from {TABLES[system]}")
        return {str(row[name]): as_text(row) for row in rows}

    def _rows(self, system: str, query: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.postgres.dsn(system), row_factory=dict_row) as connection:
            return connection.execute(query.encode()).fetchall()

    def _through_gate(self, system: str) -> str:
        return self.postgres.dsn(system).replace(f":{self.postgres.port}/", f":{self.gates[system].port}/")

    def _manifest(self, system: str) -> str:
        service = f"http://127.0.0.1:{self.gates['suc_khoe'].port}/api"
        return manifest_text(system).replace("SERVICE", service).replace("FOLDER", str(self.home / "files"))


@contextmanager
def five_city(
    kafka: Kafka, postgres: Postgres, registry: str, home: Any, *, kind: type[FiveCity] = FiveCity
) -> Iterator[FiveCity]:
    """A prepared city, everything of it stopped at the end whatever happens."""
    with serving(Service()) as service:
        city = kind(kafka, postgres, registry, home, service=service)
        try:
            city.prepare()
            yield city
        finally:
            city.stop()
            for gate in city.gates.values():
                gate.close()
