"""Trouble that passes, or that people mend: nothing is lost or buried, and the message says what to do."""

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from connectors.errors import SinkUnavailable
from connectors.kit.sink_feed import STREAM, Feed
from connectors.values import Rejected
from deploy.embedded.postgres import Postgres
from tests.integration.cutting_proxy import CuttingProxy
from tests.integration.shared_servers import SharedPostgres
from tests.integration.sink_database import Database, fresh, put

_TABLE = "CREATE TABLE dich (ma text PRIMARY KEY, v text)"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ("", "create it"),
        ("CREATE TABLE dich (ma text PRIMARY KEY)", "no column v: add it"),
        ("CREATE TABLE dich (ma text, v text)", 'CREATE UNIQUE INDEX ON "public"."dich" ("ma");'),
        (
            "CREATE TABLE dich (ma text, v text); CREATE UNIQUE INDEX ON dich (ma) WHERE v IS NULL",
            "CREATE UNIQUE INDEX",
        ),
        ("CREATE TABLE dich (ma text, v text, PRIMARY KEY (ma, v))", "CREATE UNIQUE INDEX"),
        ("CREATE TABLE dich (ma text UNIQUE, v text GENERATED ALWAYS AS (ma) STORED)", "take it out of `fields`"),
    ],
)
def test_a_table_that_cannot_be_written_is_told_of(postgres: SharedPostgres, statements: str, told: str) -> None:
    database = fresh(postgres, statements or "SELECT")
    with pytest.raises(SinkUnavailable, match="dich") as raised:
        database.feed("v")
    assert told in str(raised.value)
    [finding] = [found for found in database.sink("v").probe() if found.problem]
    assert finding.subject == "public.dich"
    assert told.rsplit(": ", maxsplit=1)[-1] in finding.remedy


def test_a_table_that_goes_missing_while_running_is_waited_for(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    feed = database.feed("v")
    feed.write(put("a", v="1"))
    database.run("ALTER TABLE dich RENAME TO khac")
    with pytest.raises(SinkUnavailable, match="lienthong check"):
        feed.write(put("a", v="2"))
    with pytest.raises(SinkUnavailable, match="create it"):
        feed.open()
    database.run("ALTER TABLE khac RENAME TO dich")
    assert feed.open() == 1
    feed.write(put("a", v="2"))
    assert database.rows("SELECT v FROM dich") == [("2",)]


def test_read_only_is_no_reason_to_bury(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    feed = database.feed("v")
    database.run(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    feed.sink.close()
    with pytest.raises(SinkUnavailable, match="read-only"):
        feed.open()
    database.run(f"SET default_transaction_read_only = off; ALTER DATABASE {database.name} RESET ALL")
    assert feed.open() == 0


def test_a_lock_that_is_held_too_long_is_waited_for_again(postgres: SharedPostgres) -> None:
    database = fresh(postgres, f"{_TABLE}; INSERT INTO dich VALUES ('a', '0')")
    database.run(f"ALTER ROLE postgres IN DATABASE {database.name} SET lock_timeout = '1ms'")
    feed = database.feed("v")
    feed.sink._connection.execute("SET lock_timeout = '100ms'")  # type: ignore[attr-defined]
    with database.connection.transaction():
        database.run("UPDATE dich SET v = '1'")
        with pytest.raises(SinkUnavailable, match="lock timeout"):
            feed.write(put("a", v="2"))
    assert feed.open() == 0
    feed.write(put("a", v="2"))
    assert (feed.rejected, database.rows("SELECT v FROM dich")) == ([], [("2",)])


def test_a_deadlock_is_tried_again(postgres: SharedPostgres) -> None:
    database = fresh(postgres, f"{_TABLE}; INSERT INTO dich VALUES ('a', '0'), ('b', '0')")
    feed = database.feed("v")
    feed.write(put("a", v="x"))
    other = psycopg.connect(database.dsn)
    other.execute("SET deadlock_timeout = '1h'")
    other.execute("UPDATE dich SET v = '1' WHERE ma = 'b'")
    holding = threading.Thread(target=lambda: other.execute("UPDATE lienthong.position SET updated_at = now()"))
    held = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    def block() -> None:
        holding.start()
        while database.rows(held) == [(0,)]:
            pass

    with pytest.raises(SinkUnavailable, match="deadlock"):
        _write_after(feed, block)
    holding.join()
    other.rollback()
    assert feed.open() == 1
    feed.write(put("b", v="2"))
    assert database.rows("SELECT v FROM dich ORDER BY ma") == [("x",), ("2",)]


def _write_after(feed: Feed, block: Callable[[], None]) -> None:
    """The write holds the position and then waits for row b, whose owner waits for the position."""
    original = feed.sink._writers["person"].write_together  # type: ignore[attr-defined]

    def write_together(items: object) -> None:
        block()
        original(items)

    feed.sink._writers["person"].write_together = write_together  # type: ignore[attr-defined]
    feed.write(put("b", v="2"))


def test_a_check_at_commit_is_no_dead_letter(postgres: SharedPostgres) -> None:
    database = fresh(
        postgres,
        f"""{_TABLE};
        CREATE FUNCTION chan() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'bảo trì'; END $$;""",
    )
    feed = database.feed("v")
    database.run(
        "CREATE CONSTRAINT TRIGGER chan AFTER UPDATE ON lienthong.position DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION chan()"
    )
    with pytest.raises(SinkUnavailable, match="when it commits"):
        feed.write(put("a", v="1"))
    assert (feed.rejected, database.rows("SELECT count(*) FROM dich")) == ([], [(0,)])


def test_no_server_is_unavailable_and_probe_says_so(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    dsn = f"postgresql://postgres:khong-noi-ra@127.0.0.1:1/{database.name}"
    with pytest.raises(SinkUnavailable) as raised:
        database.feed("v", dsn=dsn)
    [finding] = database.sink("v", dsn=dsn).probe()
    assert finding.problem
    assert "khong-noi-ra" not in str(raised.value) + finding.problem


def test_a_wrong_password_is_unavailable(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    with pytest.raises(SinkUnavailable, match="password"):
        database.feed("v", dsn=f"postgresql://postgres:sai@127.0.0.1:{postgres.port}/{database.name}")


def test_killed_in_the_middle_the_server_comes_back_with_all_or_nothing(
    private_postgres: Callable[[], Postgres],
) -> None:
    server = private_postgres()
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("CREATE TABLE dich (ma text PRIMARY KEY, v varchar(3))")
    shared = SharedPostgres(port=server.port, password=server.password)
    database = Database("postgres", shared.dsn(), psycopg.connect(shared.dsn(), autocommit=True))
    feed = database.feed("v")
    feed.write(put("a", v="1"))
    [[pid]] = database.rows("SELECT pid FROM pg_stat_activity WHERE application_name = 'lienthong/dich'")

    def kill(_: Rejected) -> None:
        server.kill()
        while Path(f"/proc/{pid}").exists():  # the sink's own backend outlives its server for a moment
            pass

    with pytest.raises(SinkUnavailable):
        feed.write(put("a", v="2"), put("b", v="dài quá"), reject=kill)
    with pytest.raises(SinkUnavailable):
        feed.open()
    server.start()
    server.wait_ready()
    assert feed.open() == 1
    with psycopg.connect(server.dsn()) as connection:
        assert connection.execute("SELECT * FROM dich").fetchall() == [("a", "1")]
    feed.write(put("a", v="2"))
    assert feed.open() == 2


def test_a_commit_whose_answer_was_lost_is_not_written_again(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    proxy = CuttingProxy(postgres.port)
    feed = database.feed("v", dsn=database.dsn.replace(f":{postgres.port}/", f":{proxy.port}/"))
    feed.write(put("a", v="1"))
    writes = feed.writes([put("a", v="2")])
    proxy.cut_after(b"COMMIT\0")  # not the READ COMMITTED of its BEGIN
    with pytest.raises(SinkUnavailable):
        feed.sink.write(writes, feed.rejected.append)
    # Opened again, it says that the batch is behind it.
    assert feed.open() == writes.next_offset
    assert database.rows("SELECT v FROM dich") == [("2",)]
    feed.sink.close()
    proxy.close()


def test_the_stream_is_the_same_sink_after_trouble(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    feed = database.feed("v")
    for number in range(3):
        feed.write(put("a", v=str(number)))
        assert feed.open() == number + 1
    assert database.rows("SELECT topic, generation, next_offset FROM lienthong.position") == [(STREAM.topic, 1, 3)]
