"""Liên thông: the whole path with two source tables of one entity and other formats on the two sides."""

import shutil
from pathlib import Path
from typing import Final

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from deploy.embedded.registry import Registry
from tests.bench.load.pair import connect
from tests.bench.load.tables import MAPPED, TWO_SOURCES
from tests.chaos.city import City

_PUBLISHES: Final = """
  - from: public.cong_dan_{table}
    key: {{citizen_id: so_dinh_danh, else: so_dinh_danh}}
    fields:
      citizen_id: so_dinh_danh
      full_name: ho_ten
      birth_date: ngay_sinh
      sex: {{from: gioi_tinh, codes: {{Nam: male, Nữ: female}}}}
      residence: dia_chi
      phone: dien_thoai
      ward: ma_phuong
      home_place: so_ho_khau
      ethnicity: trang_thai
      note: ghi_chu
"""
#: The entity has no fields for the household and the status: they travel in two fields of the same kind.
_SOURCE: Final = (
    'system: nguon\nconnect: {kind: postgres, dsn: "${file:nguon_dsn}"}\npublishes:\n  person:'
    + _PUBLISHES.format(table="a")
    + "    owns: [citizen_id, full_name, birth_date, sex, residence, phone, ward, home_place, ethnicity, note,"
    + " existence]"
    + _PUBLISHES.format(table="b")
)
_TARGET: Final = """
system: dich
connect: {kind: postgres, dsn: "${file:dich_dsn}"}
subscribes:
  person:
    into: public.cong_dan
    key: {so_dinh_danh: citizen_id}
    fields:
      ho_va_ten: full_name
      ngay_sinh: {from: birth_date, format: dd/MM/yyyy}
      gioi_tinh: {from: sex, codes: {M: male, F: female}}
      noi_o: residence
      so_dien_thoai: {from: phone, format: e164}
      ma_xa: ward
      ho_khau: home_place
      trang_thai: ethnicity
      ghi_chu: note
    purpose: đo tốc độ
"""
_PROCESSES: Final = ("w1", "source/nguon", "sink/dich")


class Ours:
    """Source, one worker and sink, each a process of its own, as in production; a new city for each registration."""

    name = "lien_thong"
    source, target = TWO_SOURCES, MAPPED

    def __init__(self, postgres: Postgres, home: Path) -> None:
        self._postgres, self._home = postgres, home
        self._city: City | None = None
        self._registry = Registry(home / "registry")

    def start(self) -> None:
        """See Carrier."""
        kafka = Kafka(self._home / "kafka")
        for server in (kafka, self._registry):
            server.configure()
            server.start()
            server.wait_ready()
        self._city = City(kafka, self._postgres, self._registry.url, self._home / "city")
        (self._home / "city").mkdir()
        self._city.keep_secrets(nguon_dsn=self._postgres.dsn("nguon"), dich_dsn=self._postgres.dsn("dich"))

    def register(self) -> None:
        """See Carrier."""
        self._it.keep_manifests(nguon=_SOURCE, dich=_TARGET)
        self.resume()

    def pause(self) -> None:
        """See Carrier."""
        self._it.stop()
        self._it.processes.clear()

    def resume(self) -> None:
        """See Carrier."""
        for name in _PROCESSES:
            self._it.start(name)

    def remove(self) -> None:
        """See Carrier. A city begins anew with a Kafka of its own."""
        self.pause()
        with connect(self._postgres.dsn("nguon")) as source:
            for (slot,) in source.execute(
                "select slot_name from pg_replication_slots where database = 'nguon'"
            ).fetchall():
                source.execute("select pg_drop_replication_slot(%s)", [slot])
            for (name,) in source.execute("select pubname from pg_publication").fetchall():
                source.execute(f'drop publication "{name}"')
        with connect(self._postgres.dsn("dich")) as target:
            target.execute("drop schema if exists lienthong cascade")
        self.stop()
        self.start()

    def stop(self) -> None:
        """See Carrier."""
        self._it.kafka.kill()
        self._registry.kill()
        for name in ("kafka", "registry", "city"):
            shutil.rmtree(self._home / name)

    def pids(self) -> dict[str, list[int]]:
        """See Carrier."""
        mine = {name.partition("/")[0]: [process.pid] for name, process in self._it.processes.items()}
        return {"kafka": _of(self._it.kafka.pid), "registry": _of(self._registry.pid), **mine}

    @property
    def _it(self) -> City:
        assert self._city is not None, "start() first"
        return self._city


def _of(pid: int | None) -> list[int]:
    return [] if pid is None else [pid]
