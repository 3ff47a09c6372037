"""Targets are read back, by each kind that offers it: what differs is found, by what the database makes of values."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.contract import Readable
from connectors.kit.sink_feed import STREAM, Feed, upsert
from connectors.kit.sink_target import COLUMNS, ENTITY, KEY, TABLE
from connectors.sinks import postgres, sql_poll
from connectors.sinks.postgres_target.checksums import sums_of, sums_query
from connectors.sinks.postgres_target.structure import read_table
from connectors.values import Cell, Difference, Expected
from schemas.manifest import Manifest
from schemas.settings import Settings
from tests.contract.sinks.postgres import _TABLE
from tests.integration.shared_servers import SharedPostgres
from tests.integration.sink_database import Database, fresh

#: More than are compared without checksums.
MANY = 5_000


def _manifest(connect: dict[str, Any], *columns: str, into: str = TABLE) -> Manifest:
    subscription = {"into": into, "key": {KEY: "key"}, "fields": dict.fromkeys(columns, "note"), "purpose": "kiểm tra"}
    return Manifest.model_validate({"system": "kit", "connect": connect, "subscribes": {ENTITY: subscription}})


class Target:
    """A table that a sink has written, what reads it back, and a way to change it behind both."""

    def __init__(self, module: Any, connect: dict[str, Any], engine: sa.Engine, columns: tuple[str, ...]) -> None:
        manifest = _manifest(connect, *columns, into=TABLE if engine.dialect.name != "sqlite" else "nguoi")
        self.feed = Feed(module.sink(manifest, Settings()))
        self.readable: Readable = module.readable(manifest, Settings())
        self._engine = engine

    def run(self, statement: str) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def close(self) -> None:
        self.feed.sink.close()
        self.readable.close()


@pytest.fixture(params=["postgres", "sql_poll", "sqlite"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'dich.db'}"
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            columns = ", ".join(f"{column} text" for column in COLUMNS)
            connection.exec_driver_sql(f"CREATE TABLE nguoi ({KEY} text PRIMARY KEY, {columns})")
        made = Target(sql_poll, {"kind": "sql_poll", "url": url}, engine, COLUMNS)
    else:
        server: SharedPostgres = request.getfixturevalue("postgres")
        database = fresh(server, _TABLE)
        url = database.dsn.replace("postgresql://", "postgresql+psycopg://", 1)
        module, connect = (
            (postgres, {"kind": "postgres", "dsn": database.dsn})
            if request.param == "postgres"
            else (sql_poll, {"kind": "sql_poll", "url": url})
        )
        made = Target(module, connect, sa.create_engine(url, poolclass=sa.NullPool), COLUMNS)
    yield made
    made.close()


def _expected(number: int) -> Expected:
    return Expected(f"k#{number}", [f"Người {number}", None, "ghi chú"])


def _fill(target: Target, count: int) -> list[Expected]:
    numbers = range(1, count + 1)
    writes = [upsert(f"k#{number}", ho_ten=f"Người {number}", ghi_chu="ghi chú") for number in numbers]
    for start in range(0, count, 1000):
        target.feed.write(*writes[start : start + 1000])
    return [_expected(number) for number in numbers]


def test_the_position_is_that_of_the_sink(target: Target) -> None:
    before = target.readable.position(STREAM)
    _fill(target, 3)
    assert (before, target.readable.position(STREAM)) == (0, 3)
    assert target.readable.position(STREAM._replace(topic_id="another")) == -1
    assert target.readable.position(STREAM._replace(topic="to.kit.business")) == -1


@pytest.mark.parametrize("count", [20, MANY])
def test_what_is_as_written_does_not_differ_and_other_rows_are_not_judged(target: Target, count: int) -> None:
    expected = _fill(target, count)
    target.run(f"INSERT INTO nguoi ({KEY}, ho_ten) VALUES ('của họ', 'Lạ')")
    assert target.readable.differences(ENTITY, [*expected, Expected("k#0", None)]) == []


@pytest.mark.parametrize("count", [20, MANY])
def test_every_kind_of_difference_is_found_and_nothing_else(target: Target, count: int) -> None:
    expected = _fill(target, count)
    target.run(f"DELETE FROM nguoi WHERE {KEY} = 'k#3'")
    target.run(f"UPDATE nguoi SET ho_ten = 'Khác', ghi_chu = NULL WHERE {KEY} = 'k#5'")
    target.run(f"UPDATE nguoi SET ngay_sinh = '' WHERE {KEY} = 'k#7'")
    target.run(f"INSERT INTO nguoi ({KEY}, ho_ten) VALUES ('k#0', 'Đã xoá')")
    found = target.readable.differences(ENTITY, [*expected, Expected("k#0", None)])
    assert sorted(found) == [
        Difference("k#0", "extra"),
        Difference("k#3", "missing"),
        Difference("k#5", "different", (Cell("ho_ten", "Người 5", "Khác"), Cell("ghi_chu", "ghi chú", None))),
        Difference("k#7", "different", (Cell("ngay_sinh", None, ""),)),
    ]


def test_rows_of_which_nobody_has_told_are_strangers(target: Target) -> None:
    expected = _fill(target, 20)
    target.run(f"INSERT INTO nguoi ({KEY}, ho_ten) VALUES ('k#0', 'Lạ')")
    known = [each.key for each in expected]
    assert target.readable.strangers(ENTITY, known) == ["k#0"]
    assert target.readable.strangers(ENTITY, [*known, "k#0", "k#99"]) == []


def test_values_swapped_between_rows_of_one_bucket_are_found(target: Target) -> None:
    expected = _fill(target, MANY)
    target.run(
        f"UPDATE nguoi SET ho_ten = CASE {KEY} WHEN 'k#1' THEN 'Người 2' ELSE 'Người 1' END"
        f" WHERE {KEY} IN ('k#1', 'k#2')"
    )
    assert sorted(each.key for each in target.readable.differences(ENTITY, expected)) == ["k#1", "k#2"]


_TYPED = """
CREATE DOMAIN ma_xa AS char(5);
CREATE TABLE dich (ma text PRIMARY KEY, chu varchar(20), xa ma_xa, dem char(9), ngay date, so int, lon bigint,
  that boolean, le numeric(10,2), luc timestamptz, du jsonb);
"""
_TYPES: dict[str, list[str | None]] = {
    "chu": ["Nguyễn Văn An", "", None, "a:b-1"],
    "xa": ["00123", None, "123", ""],
    "dem": ["012345678", "1", None, "  x"],
    "ngay": ["1990-05-12", "2/9/1945", "31/12/2025", None],
    "so": ["7", "-12", "007", None],
    "lon": ["9007199254740993", None, "0", "+5"],
    "that": ["t", "false", "1", None],
    "le": ["1.5", "2", "0.10", None],
    "luc": ["2026-11-27 10:00:00+07", "2026-11-27T03:00:00Z", None, "1999-12-31 23:59:59.5+07"],
    "du": ['{"b": 1, "a": [2]}', "null", None, '"x"'],
}


@pytest.fixture
def typed(postgres: SharedPostgres) -> Database:
    return fresh(postgres, _TYPED)


def _typed_rows() -> list[Expected]:
    return [Expected(f"k{n}", [values[n] for values in _TYPES.values()]) for n in range(4)]


def _written(database: Database) -> tuple[Readable, list[Expected]]:
    connect = {"kind": "postgres", "dsn": database.dsn}
    subscription = {"into": "dich", "key": {"ma": "key"}, "fields": dict.fromkeys(_TYPES, "note"), "purpose": "kiểm"}
    body = {"system": "kit", "connect": connect, "subscribes": {ENTITY: subscription}}
    manifest, rows = Manifest.model_validate(body), _typed_rows()
    feed = Feed(postgres.sink(manifest, Settings()))
    write = upsert("k")
    feed.write(
        *(write._replace(key={"ma": each.key}, values=dict(zip(_TYPES, each.row or (), strict=True))) for each in rows)
    )
    assert feed.rejected == []
    feed.sink.close()
    return postgres.readable(manifest, Settings()), rows


def test_types_that_spell_a_value_in_another_way_do_not_differ(typed: Database) -> None:
    readable, rows = _written(typed)
    assert readable.differences(ENTITY, rows) == []
    typed.run("UPDATE dich SET luc = luc + interval '1 second', so = so + 1 WHERE ma = 'k0'")
    [found] = readable.differences(ENTITY, rows)
    assert [cell.column for cell in found.cells] == ["so", "luc"]
    readable.close()


def test_what_the_database_cannot_read_differs_alone(typed: Database) -> None:
    readable, rows = _written(typed)
    row = list(rows[1].row or ())
    row[3] = "30/02/1990"
    assert readable.differences(ENTITY, [rows[0], Expected("k1", row), *rows[2:]]) == [Difference("k1", "different")]
    readable.close()


def test_what_was_wrong_when_the_checksums_began_and_is_right_now_does_not_differ(typed: Database) -> None:
    readable, rows = _written(typed)
    typed.run("INSERT INTO dich (ma) SELECT 'n' || n FROM generate_series(1, 4000) n")
    typed.run("UPDATE dich SET so = 7 WHERE ma IN ('n5', 'n6')")
    readable.prepare(ENTITY)
    typed.run("UPDATE dich SET so = NULL WHERE ma = 'n5'")
    untouched = [Expected(f"n{n}", [None] * len(_TYPES)) for n in range(1, 4001)]
    assert [found.key for found in readable.differences(ENTITY, [*rows, *untouched])] == ["n6"]
    readable.close()


def test_who_closes_does_not_wait_for_checksums(typed: Database) -> None:
    readable, _ = _written(typed)
    with typed.connection.transaction():
        typed.run("LOCK TABLE dich IN ACCESS EXCLUSIVE MODE")
        readable.prepare(ENTITY)
        readable.close()


def test_checksums_are_foreseen_for_what_deliveries_are_written_to(typed: Database) -> None:
    readable, rows = _written(typed)
    table = read_table(typed.connection, "dich")
    assert table is not None
    foreseen = ("chu", "xa", "dem", "ngay", "so", "lon", "that")
    columns = [table.columns[name] for name in ("ma", *foreseen)]
    typed.run("SET datestyle = 'ISO, DMY'")
    query = sums_query(table, columns)
    theirs = {bucket: (count, int(total)) for bucket, count, total in typed.connection.execute(query)}
    short = [Expected(each.key, (each.row or ())[: len(foreseen)]) for each in rows]
    assert sums_of(short, columns).sums == theirs
    readable.close()
