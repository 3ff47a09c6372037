"""The disk of a target is full: the sink says what is full and what to do, and afterwards everything arrives, once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from connectors.errors import SinkUnavailable
from connectors.kit.sink_feed import Feed, upsert
from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from schemas import catalogue_topic
from schemas.catalogue import compile_catalogue
from schemas.manifest import Manifest
from schemas.registry import Registry
from tests.contract.sinks.csv import Target, records
from tests.integration.delivery_city import DeliveryCity, delivery, until
from tests.integration.hold_server import FAST
from tests.integration.shared_servers import SharedPostgres
from tests.integration.small_disk import SmallDisk, small_disk

_DISK = 48 << 20
_WAITING = 400
_LONG = "x" * 2_000


@pytest.fixture
def disk(server_directory: Path) -> Iterator[SmallDisk]:
    with small_disk(server_directory / "disk", size=_DISK) as made:
        if made is None:
            pytest.skip("mounting a file system takes root's rights")
        yield made


@pytest.fixture
def target(disk: SmallDisk, server_directory: Path) -> Iterator[str]:
    """The dsn of a database whose tables, those of the sink among them, are on the small disk; its WAL is not."""
    server = Postgres(server_directory / "postgres", settings=FAST)
    server.configure()
    try:
        server.start()
        server.wait_ready()
        disk.take_tables(server)
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE dich TABLESPACE small")
        yield server.dsn("dich")
    finally:
        server.kill()


@pytest.fixture
def cities(
    own_kafka: Kafka, registry: str, postgres: SharedPostgres, target: str, tmp_path: Path
) -> Iterator[tuple[DeliveryCity, DeliveryCity]]:
    """The subscriber whose disk fills, and another one; both in one catalogue, both with their sinks running."""
    dsns = (target, postgres.dsn(postgres.create_database()))
    made = [DeliveryCity(own_kafka.bootstrap, Registry(registry), dsn, tmp_path / str(n)) for n, dsn in enumerate(dsns)]
    manifests: list[Manifest] = []
    for city in made:
        city.apply(1)
        manifests += catalogue_topic.read(city.settings).manifests.values()
    catalogue_topic.publish(made[0].settings, compile_catalogue(manifests, 2))
    for city in made:
        city.start()
    yield made[0], made[1]
    for city in made:
        city.close()


def test_postgres(disk: SmallDisk, cities: tuple[DeliveryCity, DeliveryCity]) -> None:
    full, other = cities
    for city in cities:
        city.deliver(delivery("k#0", full_name="An"))
        until(lambda city=city: city.position() == 1, doing="the first delivery")  # type: ignore[misc]
    with disk.full():
        for city in cities:
            city.deliver(*(delivery(f"k#{n}", full_name="An", note=_LONG) for n in range(1, _WAITING)))
        until(lambda: "No space left on device" in _word(full), doing="the sink to say what is wrong")
        assert "free disk space on the target" in _word(full)
        until(lambda: other.position() == _WAITING, doing="the other subscriber")
        # What fitted into pages that were there is written; what was not is not taken for written.
        held = full.position()
        assert held == len(full.rows()) < _WAITING
        assert sum(each["count"] for each in full.outcomes()) <= held
    until(lambda: full.position() == _WAITING, doing="what waited")
    until(lambda: sum(each["count"] for each in full.outcomes()) == _WAITING, doing="the account of it")
    for city in cities:
        written = Counter(city.connection.execute("SELECT viec, ma FROM lich_su").fetchall())
        assert written == Counter(("INSERT", f"k#{n}") for n in range(_WAITING))
        assert city.dead_letters() == []


def _word(city: DeliveryCity) -> str:
    state = city.state()
    return state["message"] if state else ""


@pytest.mark.parametrize("mode", ["append", "snapshot"])
def test_files(disk: SmallDisk, mode: str) -> None:
    target = Target(disk.folder, "append" if mode == "append" else "snapshot")
    feed = Feed(target.sink())
    feed.write(upsert("k#0", ho_ten="An"))
    shown = {path.name: path.read_bytes() for path in target.files()}
    with disk.full():
        for _ in range(2):
            with pytest.raises(SinkUnavailable, match=f"see that {disk.folder} can be written") as told:
                feed.write(*(upsert(f"k#{n}", ghi_chu=_LONG) for n in range(1, _WAITING)))
            assert "has room" in str(told.value)
            assert {path.name: path.read_bytes() for path in target.files()} == shown
    assert feed.open() == 1
    feed.write(*(upsert(f"k#{n}", ho_ten="An") for n in range(1, _WAITING)))
    assert set(target.rows()) == {f"k#{n}" for n in range(_WAITING)}
    lines = [row["ma"] for path in target.files() for row in records(path)]
    assert sorted(lines) == sorted(target.rows())
    assert feed.rejected == []
