"""Liên thông: the whole path with two source tables of one entity and other formats on the two sides."""

import shutil
from pathlib import Path
from typing import Final

from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from deploy.embedded.registry import Registry
from tests.bench.carriers.pair_manifests import SOURCE, TARGET
from tests.bench.load.pair import connect
from tests.bench.load.tables import MAPPED, TWO_SOURCES
from tests.chaos.city import City

_PROCESSES: Final = ("w1", "store", "fleet")
#: As many as the peer has.
_PARTITIONS: Final = 2


class Ours:
    """A fleet of connectors, one worker and the account, as `make run` starts them; a new city for each registration.

    All of them stand ready, as Kafka Connect does, and who will receive is known. A registration is `lienthong apply`
    of the source's manifest.
    """

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
        self._city = City(kafka, self._postgres, self._registry.url, self._home / "city", _PARTITIONS)
        (self._home / "city").mkdir()
        databases = {f"{name}_dsn": self._postgres.dsn(name) for name in ("nguon", "dich")}
        self._city.keep_secrets(**databases, store_dsn=self._postgres.dsn("so_cai"))
        self._it.keep_manifests(dich=TARGET)
        self.resume()

    def register(self) -> None:
        """See Carrier."""
        (self._home / "city" / "systems" / "nguon.yaml").write_text(SOURCE, encoding="utf-8")
        self._it.apply()

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
        for name in ("dich", "so_cai"):
            with connect(self._postgres.dsn(name)) as database:
                database.execute("drop schema if exists lienthong cascade")
        self.stop()
        self.start()

    def stop(self) -> None:
        """See Carrier. Also in the middle of a measure: nothing may be left running."""
        self.pause()
        self._it.kafka.kill()
        self._registry.kill()
        for name in ("kafka", "registry", "city"):
            shutil.rmtree(self._home / name)

    def pids(self) -> dict[str, list[int]]:
        """See Carrier."""
        mine = {name: [process.pid] for name, process in self._it.processes.items()}
        return {"kafka": _of(self._it.kafka.pid), "registry": _of(self._registry.pid), **mine}

    @property
    def _it(self) -> City:
        assert self._city is not None, "start() first"
        return self._city


def _of(pid: int | None) -> list[int]:
    return [] if pid is None else [pid]
