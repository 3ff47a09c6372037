"""What the probe finds, and that what it says mends it."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from connectors.errors import SourceUnavailable
from connectors.kit import KeptMemory
from connectors.sources.postgres import source
from connectors.values import Finding
from deploy.embedded.postgres import Postgres
from schemas.manifest import Manifest
from schemas.settings import Settings
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, Reading, fresh

_TABLE = "CREATE TABLE nguon (id bigint PRIMARY KEY, ten text); ALTER TABLE nguon REPLICA IDENTITY FULL;"
_PASSWORD = "mot-mat-khau"  # noqa: S105 - of a role that lives as long as its test


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, _TABLE) as made:
        yield made
        made.run(f"DROP OWNED BY {_role(made)}; DROP ROLE {_role(made)}" if _has_role(made) else "SELECT")


def _role(database: Database) -> str:
    return f"role_{database.name}"


def _has_role(database: Database) -> bool:
    return bool(database.one(f"SELECT count(*) FROM pg_roles WHERE rolname = '{_role(database)}'"))


def _as_new_role(database: Database) -> str:
    """The dsn of a role that may do nothing."""
    database.run(f"CREATE ROLE {_role(database)} LOGIN PASSWORD '{_PASSWORD}'")
    return database.dsn.replace(database.dsn.split("//")[1].split("@")[0], f"{_role(database)}:{_PASSWORD}")


def _problems(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings if finding.problem}


def _mend(database: Database, finding: Finding) -> None:
    for statement in finding.remedy.split("  --")[0].split(";"):
        if statement.strip():
            database.run(statement)


def test_all_is_well(database: Database) -> None:
    findings = database.source().probe()
    assert _problems(findings) == {}
    assert {"connection", "wal_level", "role", "public.nguon"} <= {finding.subject for finding in findings}


def test_a_server_that_is_not_there(database: Database) -> None:
    findings = database.source(dsn="postgresql://u:bi-mat@127.0.0.1:1/x").probe()
    assert [finding.subject for finding in findings] == ["connection"]
    assert "refused" in findings[0].problem and "bi-mat" not in str(findings)


def test_a_wrong_password(database: Database) -> None:
    findings = database.source(dsn=_as_new_role(database).replace(_PASSWORD, "sai")).probe()
    assert "password authentication failed" in findings[0].problem
    assert "sai" not in findings[0].problem.replace("said", "")


@pytest.mark.parametrize(
    ("statements", "subject", "problem"),
    [
        ("ALTER TABLE nguon REPLICA IDENTITY DEFAULT", "public.nguon", "replica identity does not cover ten"),
        ("ALTER TABLE nguon REPLICA IDENTITY NOTHING", "public.nguon", "replica identity does not cover id, ten"),
        ("ALTER TABLE nguon SET UNLOGGED", "public.nguon", "not logged"),
    ],
)
def test_a_table_that_is_not_as_it_must_be(database: Database, statements: str, subject: str, problem: str) -> None:
    database.run(statements)
    probed = database.source("public.nguon", key={"citizen_id": "ten", "else": "id"})
    found = _problems(probed.probe())[subject]
    assert problem in found.problem
    with pytest.raises(SourceUnavailable) as caught:
        probed.open(KeptMemory())
    assert found.remedy in str(caught.value)
    _mend(database, found)
    assert _problems(probed.probe()) == {}


def test_an_index_as_identity_suffices_where_it_covers_the_key(database: Database) -> None:
    database.run("ALTER TABLE nguon ALTER ten SET NOT NULL; CREATE UNIQUE INDEX ca_hai ON nguon (ten, id)")
    database.run("ALTER TABLE nguon REPLICA IDENTITY USING INDEX ca_hai")
    key = {"citizen_id": "ten", "else": "id"}
    assert _problems(database.source("public.nguon", key=key).probe()) == {}
    reading = database.read("public.nguon", key=key).snapshot()
    database.run("INSERT INTO nguon VALUES (1, 'a'); UPDATE nguon SET ten = 'b'; DELETE FROM nguon")
    assert [event["before"] for event in reading.stream(3)] == [None, {"id": 1, "ten": "a"}, {"id": 1, "ten": "b"}]


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        ("ALTER TABLE nguon DROP CONSTRAINT nguon_pkey", "no primary key"),
        ("DROP TABLE nguon", "no such table"),
        ("DROP TABLE nguon; CREATE VIEW nguon AS SELECT 1 AS id", "a view"),
        ("ALTER TABLE nguon RENAME id TO ma", "no column id"),
        (
            "ALTER TABLE nguon DROP id; ALTER TABLE nguon ADD ma int PRIMARY KEY;"
            "ALTER TABLE nguon ADD id int GENERATED ALWAYS AS (1) STORED",
            "generated",
        ),
    ],
)
def test_what_only_people_can_mend(database: Database, statements: str, problem: str) -> None:
    database.run(statements)
    found = _problems(database.source().probe())["public.nguon"]
    assert problem in found.problem
    assert found.remedy


def test_a_role_without_rights_is_told_each_statement_and_can_then_capture(database: Database) -> None:
    dsn = _as_new_role(database)
    database.run("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    probed = database.source(dsn=dsn)
    found = _problems(probed.probe())
    assert set(found) == {"role", f"publication {database.slot}", "public.nguon"}
    assert all(_role(database) in finding.remedy for subject, finding in found.items() if "publication" not in subject)
    for finding in found.values():
        _mend(database, finding)
    assert _problems(probed.probe()) == {}
    reading = Reading(probed, KeptMemory())
    reading.open()
    reading.snapshot()
    database.run("INSERT INTO nguon VALUES (1, 'a')")
    reading.stream(1)


def test_a_role_without_the_right_to_publish_is_told_so_when_opened(database: Database) -> None:
    dsn = _as_new_role(database)
    database.run(f"ALTER ROLE {_role(database)} REPLICATION; GRANT SELECT ON nguon TO {_role(database)}")
    with pytest.raises(SourceUnavailable, match=f"CREATE PUBLICATION {database.slot} FOR TABLE ONLY public.nguon"):
        database.source(dsn=dsn).open(KeptMemory())


def test_rows_that_the_role_may_not_see_are_no_deletions(database: Database) -> None:
    dsn = _as_new_role(database)
    database.run(
        f"ALTER ROLE {_role(database)} REPLICATION; GRANT SELECT ON nguon TO {_role(database)};"
        f"CREATE PUBLICATION {database.slot} FOR TABLE nguon WITH (publish_via_partition_root);"
        "ALTER TABLE nguon ENABLE ROW LEVEL SECURITY"
    )
    found = _problems(database.source(dsn=dsn).probe())
    assert "row-level security" in found["public.nguon"].problem
    with pytest.raises(SourceUnavailable, match="BYPASSRLS"):
        database.source(dsn=dsn).open(KeptMemory())


def test_a_server_without_logical_decoding_and_without_room(private_postgres: Callable[[], Postgres]) -> None:
    server = private_postgres()
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(_TABLE.encode())
    server.stop()
    server._settings.update({"wal_level": "replica", "max_replication_slots": 0})
    server.start()
    server.wait_ready()
    publication = {"from": "public.nguon", "key": {"else": "id"}, "fields": {"full_name": "ten"}}
    body = {
        "system": "nguon",
        "connect": {"kind": "postgres", "dsn": server.dsn()},
        "publishes": {"person": publication},
    }
    found = _problems(source(Manifest.model_validate(body), Settings()).probe())
    assert set(found) == {"wal_level", "slot lienthong_nguon"}
    assert "ALTER SYSTEM SET wal_level = logical" in found["wal_level"].remedy


def test_the_probe_changes_nothing(database: Database) -> None:
    before = database.one("SELECT pg_current_wal_insert_lsn()::text")
    database.source().probe()
    database.source().sample("person", 3)
    assert database.one("SELECT count(*) FROM pg_publication") == 0
    assert database.one("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()") == 0
    assert before is not None


def test_a_sample_is_typed_as_the_stream_types_it(database: Database) -> None:
    database.run("ALTER TABLE nguon ADD ngay date; INSERT INTO nguon VALUES (1, 'a', '2000-01-01'), (2, 'b', NULL)")
    assert database.source().sample("person", 1) == [{"id": 1, "ten": "a", "ngay": 10957}]
    assert len(database.source().sample("person", 10)) == 2
    assert database.source().sample("household", 10) == []
