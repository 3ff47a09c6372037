"""What the store removes: all that is older than the topics keep it, and nothing that is still to be counted."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import Connection

from console.store.database import prepare
from console.store.retention import CHUNK, remove_old
from tests.integration.shared_servers import SharedPostgres

_DAY = 86_400_000_000
_MANY = CHUNK + 5_000

_RANGES = """
INSERT INTO ranges SELECT 'processed', 'ho_tich', 'person', 'raw.ho_tich.person', 0, n, n, 1, 0, 0, %s, 'w1'
FROM generate_series(1, %s) AS n
"""
_STRETCHES = """
INSERT INTO stretches SELECT 'raw.ho_tich.person', 0, n, n, '{}', 0, %s FROM generate_series(0, 19) AS n
"""
_LETTER = """
INSERT INTO dead_letters
VALUES (%s, 's', 'person', 'sink', 'bad_date', '', NULL, 'e', 't', 'to.s.person', 0, 1, %s, 1, 'k')
"""
_CAPTURE = "INSERT INTO captures VALUES (gen_random_uuid(), 's', 'person', 1, 1, 1, 1, NULL, 0, 0, %s, 'p')"
_EXCEPTION = """
INSERT INTO exceptions
VALUES (gen_random_uuid(), 'quarantined', 's', 'person', 'to.s.person', 0, 1, 'r', NULL, 'e', 0, %s, 'p')
"""


@pytest.fixture
def store(postgres: SharedPostgres) -> Iterator[Connection[Any]]:
    with prepare(postgres.dsn(postgres.create_database())) as connection:
        yield connection


def _count(store: Connection[Any], table: str) -> int:
    found = store.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert found is not None
    return int(found[0])


def _remove_all(store: Connection[Any], *, now: int) -> list[dict[str, int]]:
    """As the process does: again at once while a chunk was full."""
    removed = [remove_old(store, now=now)]
    while CHUNK in removed[-1].values():
        removed.append(remove_old(store, now=now))
    return removed


def test_what_is_older_than_kafka_keeps_it_goes_in_chunks_and_sums_stay(store: Connection[Any]) -> None:
    now = time.time_ns() // 1000
    store.execute("INSERT INTO positions VALUES ('outcomes', 0, 'id', 9, 0), ('dead_letters', 0, 'id', 9, 0)")
    store.execute("INSERT INTO totals VALUES ('processed', 'ho_tich', 'person', 'raw', 123)")
    store.execute(_RANGES, [now - 31 * _DAY, _MANY])
    store.execute(_RANGES, [now - 29 * _DAY, 10])
    for days in (29, 31):
        store.execute(_CAPTURE, [now - days * _DAY])
        store.execute(_EXCEPTION, [now - days * _DAY])
    for days in (31, 89, 91):
        store.execute(_LETTER, [str(days), now - days * _DAY])
    removed = _remove_all(store, now=now)
    assert [each["ranges"] for each in removed] == [CHUNK, _MANY - CHUNK]
    left = {table: _count(store, table) for table in ("ranges", "captures", "exceptions", "dead_letters", "totals")}
    assert left == {"ranges": 10, "captures": 1, "exceptions": 1, "dead_letters": 2, "totals": 1}
    horizons = store.execute("SELECT topic, horizon FROM positions ORDER BY 1").fetchall()
    assert horizons == [("dead_letters", now - 90 * _DAY), ("outcomes", now - 30 * _DAY)]


def test_what_waits_to_be_counted_stays_however_old_it_is(store: Connection[Any]) -> None:
    now = time.time_ns() // 1000
    store.execute("INSERT INTO accounts VALUES ('raw.ho_tich.person', 0, 0, 0, 20, 10, 0, 0, 10)")
    store.execute(_STRETCHES, [now - 31 * _DAY])
    _remove_all(store, now=now)
    assert store.execute("SELECT min(last), max(last) FROM stretches").fetchone() == (10, 19)


def test_the_room_of_what_was_removed_is_used_again(store: Connection[Any]) -> None:
    now = time.time_ns() // 1000
    sizes = []
    for day in range(4):
        store.execute(_RANGES, [now + day * _DAY, 3 * CHUNK])
        [(size,)] = store.execute("SELECT pg_total_relation_size('ranges')").fetchall()
        sizes.append(size)
        _remove_all(store, now=now + (day + 31) * _DAY)
        store.execute("VACUUM ranges")  # as PostgreSQL does by itself
    assert _count(store, "ranges") == 0
    assert max(sizes) <= 1.5 * sizes[0], sizes
