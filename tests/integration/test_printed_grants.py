"""A database role with the grants that `lienthong permissions` prints, and no others, is enough for a connector."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors import sql_grants
from connectors.contract import Sink
from connectors.kit import KeptMemory
from connectors.kit.sink_feed import Feed
from connectors.sinks import postgres, sql_poll
from connectors.sources.sql_poll import source
from schemas.manifest import Manifest
from schemas.settings import Settings
from tests.integration.polled_database import Reading
from tests.integration.shared_servers import SharedPostgres
from tests.integration.sink_database import Database, fresh, move, put, remove

_TABLE = """
CREATE TABLE public."Dich" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ma text UNIQUE, "Tên" text, bi_mat text,
  cap_nhat timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX ON public."Dich" (cap_nhat);
"""
_MAKE: dict[str, Any] = {"postgres": postgres.sink, "sql_poll": sql_poll.sink}
_NAME = {"postgres": "dsn", "sql_poll": "url"}


@pytest.fixture
def database(postgres: SharedPostgres) -> Database:
    return fresh(postgres, _TABLE)


def _as_granted(database: Database, kind: str, **parts: Any) -> Manifest:
    """A manifest whose secret is the DSN of a role that may do what is printed for that very manifest."""
    body = {"system": "dich", "connect": {"kind": kind, _NAME[kind]: "later"}, **parts}
    role = database.role(*sql_grants.of_system(Manifest.model_validate(body), "{role}"))
    address = role.replace("postgresql://", "postgresql+psycopg://", 1) if kind == "sql_poll" else role
    cursors = {"cursors": {"public.Dich": "cap_nhat"}, "every": "10ms", "sweep": "50ms", "lateness": "1s"}
    more = cursors if kind == "sql_poll" and "publishes" in parts else {}
    return Manifest.model_validate(body | {"connect": {"kind": kind, _NAME[kind]: address, **more}})


def _receives(key: dict[str, str]) -> dict[str, Any]:
    fields = {"Tên": "full_name"}
    return {"subscribes": {"person": {"into": "public.Dich", "key": key, "fields": fields, "purpose": "tests"}}}


@pytest.mark.parametrize("kind", ["postgres", "sql_poll"])
def test_a_sink_writes_its_columns_and_sees_no_other(database: Database, kind: str) -> None:
    manifest = _as_granted(database, kind, **_receives({"ma": "key"}))
    made: Sink = _MAKE[kind](manifest, Settings())
    assert [found for found in made.probe() if found.problem and found.subject != "replication origin"] == []
    feed = Feed(made)
    feed.write(put("a", **{"Tên": "An"}), put("b", **{"Tên": "Bình"}))
    feed.write(move("a", "c"), remove("b"), put("c", **{"Tên": "Chi"}))
    assert database.rows('SELECT ma, "Tên" FROM "Dich"') == [("c", "Chi")]
    with (
        psycopg.connect(str(manifest.connect[_NAME[kind]]).replace("+psycopg", "")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute('SELECT bi_mat FROM public."Dich"')


@pytest.mark.parametrize("kind", ["postgres", "sql_poll"])
def test_a_sink_of_own_rows_corrects_columns_and_can_do_no_more(database: Database, kind: str) -> None:
    database.run("""INSERT INTO "Dich" (ma, "Tên") VALUES ('x', 'An')""")
    feed = Feed(_MAKE[kind](_as_granted(database, kind, **_receives({"id": "own"})), Settings()))
    feed.write(put("1", **{"Tên": "An Nhiên"})._replace(key={"id": "1"}))
    assert database.rows('SELECT ma, "Tên" FROM "Dich"') == [("x", "An Nhiên")]


def test_a_polled_source_reads(database: Database, tmp_path: Path) -> None:
    database.run("""INSERT INTO "Dich" (ma, "Tên") VALUES ('x', 'An')""")
    publication = {"from": "public.Dich", "key": {"else": "id"}, "fields": {"full_name": "Tên"}}
    manifest = _as_granted(database, "sql_poll", publishes={"person": publication})
    made = source(manifest, Settings(data=tmp_path))
    assert [found for found in made.probe() if found.problem] == []
    reading = Reading(made, KeptMemory(None)).open()
    reading.until(lambda: any(event["after"] for event in reading.events))
    made.close()
