"""The source `sql_poll` on PostgreSQL: types, positions, takeovers, what probes find."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from connectors.errors import ConnectorsError, Fenced, SourceUnavailable
from connectors.kit import KeptMemory
from connectors.sources.sql_poll import source
from schemas.identity import event_id
from schemas.manifest import Manifest
from schemas.records import ChangeEvent
from schemas.settings import Settings
from tests.integration.polled_database import TABLE, Polled, polled
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_kafka import kafka_for

_TABLE = f"""
CREATE TABLE {TABLE} (id bigint PRIMARY KEY, ten text, cap_nhat timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX ON {TABLE} (cap_nhat);
INSERT INTO {TABLE} VALUES (1, 'Một'), (2, 'Hai');
"""
_TYPES = f"""
CREATE DOMAIN so_duong AS numeric CHECK (VALUE > 0);
CREATE TYPE loai AS ENUM ('hộ', 'công ty');
CREATE TABLE {TABLE} (
    id uuid, "tên hiệu" text, phien_ban integer NOT NULL, PRIMARY KEY (id, "tên hiệu"),
    co boolean, von numeric(20, 3), duong so_duong, he_so double precision, ngay date, luc timestamp, lap timestamptz,
    gio time, tep bytea, loai loai, them jsonb, nganh text[], nam integer[]);
CREATE INDEX ON {TABLE} (phien_ban);
INSERT INTO {TABLE} VALUES ('6f0f7a2e-1111-4222-8333-944444444444', 'A,B', 1, true, 1234567890123456.100,
    0.0000001, 0.5, '2020-02-29', '1969-12-31 23:59:59.5', '2026-01-01 00:00:00+07', '23:59:59.000001', '\\x00ff',
    'công ty', '{{"a": [1]}}', '{{"x y",NULL}}', '{{1,2}}');
INSERT INTO {TABLE} (id, "tên hiệu", phien_ban, ngay, lap, von)
VALUES ('6f0f7a2e-1111-4222-8333-955555555555', 'C', 1, 'infinity', '-infinity', 'NaN');
"""


@pytest.fixture
def database(postgres: SharedPostgres, tmp_path: Path) -> Iterator[Polled]:
    with polled(postgres, tmp_path, _TABLE) as made:
        yield made


def _place(event: ChangeEvent) -> tuple[int, int, int]:
    return event["epoch"], event["commit"], event["ordinal"]


def _seen(events: list[ChangeEvent]) -> list[tuple[str, str]]:
    return [(event["operation"], event["row"]) for event in events]


def test_values_are_typed_as_the_replicating_source_types_them(postgres: SharedPostgres, tmp_path: Path) -> None:
    with polled(postgres, tmp_path, _TYPES) as database:
        reading = database.read(cursors={TABLE: "phien_ban"}).snapshot()
        full, odd = (event for event in reading.events if event["operation"] == "read")
        database.run(f"""UPDATE {TABLE} SET phien_ban = 2, von = 5 WHERE "tên hiệu" = 'C'""")
        [changed] = reading.stream(1)
    assert full["row"] == "6f0f7a2e-1111-4222-8333-944444444444,A\\,B"
    assert full["after"] == {
        "id": "6f0f7a2e-1111-4222-8333-944444444444",
        "t_n_hi_u": "A,B",
        "phien_ban": 1,
        "co": True,
        "von": "1234567890123456.100",
        "duong": "0.0000001",
        "he_so": 0.5,
        "ngay": 18321,
        "luc": -500_000,
        "lap": 1_767_200_400_000_000,
        "gio": 86_399_000_001,
        "tep": b"\x00\xff",
        "loai": "công ty",
        "them": '{"a": [1]}',
        "nganh": ["x y", None],
        "nam": [1, 2],
    }
    odd_row = odd["after"] or {}
    assert (odd_row["ngay"], odd_row["lap"], odd_row["von"]) == (2**31 - 1, -(2**63), "NaN")
    assert (changed["after"] or {})["von"] == "5.000"
    types = {field["name"]: field["type"][1] for field in reading.changes[0].shape["fields"]}
    assert (types["co"], types["phien_ban"], types["ngay"], types["lap"], types["von"], types["tep"]) == (
        "boolean",
        "long",
        "int",
        "long",
        "string",
        "bytes",
    )
    assert {field["column"] for field in reading.changes[0].shape["fields"] if "column" in field} == {"tên hiệu"}


def test_later_rounds_and_later_starts_compare_greater(database: Polled) -> None:
    first = database.read().snapshot()
    for name in "abc":
        database.run(f"UPDATE {TABLE} SET ten = '{name}', cap_nhat = clock_timestamp() WHERE id = 1")
        first.stream(len(first.streamed) + 1)
    first.confirm()
    second = database.read(after=first)
    database.run(f"UPDATE {TABLE} SET ten = 'd', cap_nhat = clock_timestamp() WHERE id = 1")
    second.stream(1)
    places = [_place(event) for event in [*first.streamed, *second.streamed]]
    assert places == sorted(set(places))
    assert [place[1] >> 32 for place in places] == [1, 1, 1, 2]
    assert {place[0] for place in places} == {1}


def test_a_row_that_was_only_touched_without_a_difference_is_not_said_again(database: Polled) -> None:
    reading = database.read(lateness="1h").snapshot()
    for _ in range(20):
        reading.step(0.02)
    assert reading.streamed == []


def test_one_statement_of_many_rows_comes_in_pages_and_whole(database: Polled) -> None:
    reading = database.read(sweep="1h").snapshot()
    database.run(f"INSERT INTO {TABLE} SELECT g, 'n' || g, now() FROM generate_series(10, 2509) g")
    events = reading.stream(2500)
    assert {event["row"] for event in events} == {str(n) for n in range(10, 2510)}
    assert len({event_id(event) for event in events}) == 2500


def test_a_change_that_no_round_can_see_is_found_by_a_sweep(database: Polled) -> None:
    reading = database.read(lateness="50ms").snapshot()
    database.run(f"UPDATE {TABLE} SET ten = 'lùi', cap_nhat = '2001-01-01' WHERE id = 1")
    [event] = reading.stream(1)
    assert (event["operation"], (event["after"] or {})["ten"]) == ("update", "lùi")


def test_deleted_and_come_back(database: Polled) -> None:
    reading = database.read().snapshot()
    database.run(f"DELETE FROM {TABLE} WHERE id = 2")
    reading.stream(1)
    database.run(f"INSERT INTO {TABLE} VALUES (2, 'Hai lại')")
    assert _seen(reading.stream(2)) == [("delete", "2"), ("create", "2")]


def test_without_its_local_store_it_says_everything_anew(database: Polled) -> None:
    first = database.read().snapshot()
    first.source.close()
    database.run(f"DELETE FROM {TABLE} WHERE id = 2")
    database.lose_store()
    second = database.read(after=first).snapshot()
    assert _seen(second.events) == [("snapshot_begin", ""), ("read", "1"), ("snapshot_end", "")]
    assert {event["epoch"] for event in second.events} == {2}


def test_an_older_copy_of_the_store_is_not_trusted(database: Polled) -> None:
    first = database.read().snapshot()
    first.source.close()
    [path] = [found for found in (database.data / "sources").iterdir() if found.suffix == ".sqlite"]
    copy = path.read_bytes()
    second = database.read(after=first)
    database.run(f"INSERT INTO {TABLE} VALUES (3, 'Ba')")
    second.stream(1)
    second.confirm()
    second.source.close()
    path.write_bytes(copy)
    third = database.read(after=second).snapshot()
    assert {event["epoch"] for event in third.events} == {2}


def test_a_damaged_store_is_made_anew(database: Polled) -> None:
    first = database.read().snapshot()
    first.source.close()
    for path in (database.data / "sources").iterdir():
        path.write_bytes(b"no database" * 1000)
    assert {event["epoch"] for event in database.read(after=first).snapshot().events} == {2}


def test_a_replaced_source_cannot_take_over_again(database: Polled) -> None:
    older = database.read().snapshot()
    newer = database.read(after=older)
    with pytest.raises(Fenced):
        older.source.open(older.memory)
    newer.step()


def test_another_primary_key_or_table_structure(database: Polled) -> None:
    reading = database.read().snapshot()
    database.run(f"ALTER TABLE {TABLE} ADD COLUMN ghi_chu text DEFAULT 'x'")
    with pytest.raises(SourceUnavailable, match="another structure"):
        reading.until(lambda: False)
    reading.source.open(reading.memory)
    database.run(f"UPDATE {TABLE} SET ten = 'Mới', cap_nhat = clock_timestamp() WHERE id = 1")
    reading.until(lambda: any((event["after"] or {}).get("ten") == "Mới" for event in reading.events))
    assert (reading.events[-1]["after"] or {})["ghi_chu"] == "x"
    assert {event["epoch"] for event in reading.events} == {1}
    database.run(f"ALTER TABLE {TABLE} DROP CONSTRAINT doanh_nghiep_pkey, ADD PRIMARY KEY (id, cap_nhat)")
    assert {event["epoch"] for event in database.read(after=reading).snapshot().events} == {2}


def test_what_stands_in_the_way_is_found_with_its_remedy(postgres: SharedPostgres, tmp_path: Path) -> None:
    table = f"CREATE TABLE {TABLE} (id bigint PRIMARY KEY, ten text, cap_nhat timestamptz);"
    with polled(postgres, tmp_path, table) as database:
        remedies = [finding.remedy for finding in database.source().probe() if finding.problem]
        assert remedies == [
            f"ALTER TABLE {TABLE} ALTER COLUMN cap_nhat SET NOT NULL;  -- once no row has NULL there",
            f"CREATE INDEX ON {TABLE} (cap_nhat, id);",
        ]
        for remedy in remedies:
            database.run(remedy)
        assert [finding for finding in database.source().probe() if finding.problem] == []
        [finding] = [f for f in database.source(cursors={TABLE: "moi"}).probe() if f.problem]
        assert "no cursor column moi" in finding.problem
        database.run(f"CREATE ROLE {database.name} LOGIN PASSWORD 'x'")
        stranger = database.url.replace(f"postgres:{postgres.password}", f"{database.name}:x")
        [finding] = [f for f in database.source(url=stranger).probe() if f.problem]
        assert finding.remedy.endswith(f"GRANT SELECT ON {TABLE} TO {database.name};")
        database.run(finding.remedy)
        assert [f for f in database.source(url=stranger).probe() if f.problem] == []
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute(f"DROP OWNED BY {database.name}; DROP ROLE {database.name}".encode())


def test_no_connection_is_a_finding_without_the_password(database: Polled) -> None:
    [finding] = database.source(url="postgresql+psycopg://a:bimat@127.0.0.1:1/x").probe()
    assert finding.subject == "connection"
    assert "bimat" not in finding.problem + finding.remedy


def test_a_table_without_cursor_is_refused_with_the_line_to_write(database: Polled) -> None:
    with pytest.raises(ConnectorsError, match="cursors"):
        database.source(cursors={"public.khac": "x"})


def test_samples_are_typed(database: Polled) -> None:
    [row] = database.source().sample("person", 1)
    assert row["ten"] in {"Một", "Hai"}
    assert isinstance(row["cap_nhat"], int)


_PEOPLE = f"""
CREATE TABLE {TABLE} (
    id bigint PRIMARY KEY, ma text, ten text, cap_nhat timestamptz NOT NULL DEFAULT clock_timestamp());
INSERT INTO {TABLE} VALUES (1, '001099012345', 'An'), (2, NULL, 'Mới sinh');
"""


def test_records_are_keyed_as_those_of_every_source(
    postgres: SharedPostgres, kafka: str, registry: str, tmp_path: Path
) -> None:
    with polled(postgres, tmp_path, _PEOPLE) as database:
        city = kafka_for(kafka, registry, tmp_path, database.name)
        city.create_topics()
        manifest = database.manifest().model_dump(mode="json", by_alias=True, exclude_defaults=True)
        [publication] = manifest["publishes"]["person"]
        publication["key"] = {"citizen_id": "ma", "else": "id"}
        found = Manifest.model_validate({**manifest, "system": database.name})
        with city.loop(found):
            city.rows(2)
            database.run(f"UPDATE {TABLE} SET ma = '001199054321', cap_nhat = clock_timestamp() WHERE id = 2")
            city.rows(3)
            database.run(f"DELETE FROM {TABLE} WHERE id = 1")
            city.rows(4)
        with city.loop(found):
            database.run(f"INSERT INTO {TABLE} VALUES (3, NULL, 'Chi')")
            records = city.rows(5)
    assert [(r.key, r.value["operation"], r.value["new_key"]) for r in records] == [
        ("citizen_id:001099012345", "read", None),
        (f"{database.name}#2", "read", None),
        (f"{database.name}#2", "update", "citizen_id:001199054321"),
        ("citizen_id:001099012345", "delete", None),
        (f"{database.name}#3", "create", None),
    ]


def test_sqlite_is_polled_likewise(tmp_path: Path) -> None:
    path = tmp_path / "nguon.db"
    people = sqlite3.connect(path, isolation_level=None)
    people.executescript(
        "CREATE TABLE dn (ma TEXT PRIMARY KEY, von NUMERIC, ngay DATE, ban INTEGER NOT NULL);"
        "CREATE INDEX dn_ban ON dn (ban); INSERT INTO dn VALUES ('a', 1.5, '2020-02-29', 1), ('b', 7, 'xưa', 1)"
    )
    publication = {"from": "dn", "key": {"else": "ma"}, "fields": {"full_name": "ma"}}
    connect = {"kind": "sql_poll", "url": f"sqlite:///{path}", "cursors": {"dn": "ban"}, "every": "1ms", "sweep": "5ms"}
    manifest = Manifest.model_validate({"system": "dn", "connect": connect, "publishes": {"person": publication}})
    made = source(manifest, Settings(data=tmp_path))
    assert [finding for finding in made.probe() if finding.problem] == []
    made.open(KeptMemory())
    events: list[ChangeEvent] = []
    token: object = None
    while not events or events[-1]["operation"] != "delete":
        found = made.read(0.1)
        if found:
            events += [change.event for change in found.items]
            token = found.token
        if _seen(events)[-1:] == [("snapshot_end", "")]:
            people.execute("UPDATE dn SET von = 2, ban = 2 WHERE ma = 'a'")
        if _seen(events)[-1:] == [("update", "a")]:
            people.execute("DELETE FROM dn WHERE ma = 'b'")
    made.confirm(token)
    made.close()
    people.close()
    assert _seen(events[1:]) == [("read", "a"), ("read", "b"), ("snapshot_end", ""), ("update", "a"), ("delete", "b")]
    assert events[1]["after"] == {"ma": "a", "von": "1.5", "ngay": 18321, "ban": 1}
    assert (events[2]["after"] or {})["ngay"] == "xưa"
