"""The sink `sql_poll` on a table as real ones are: typed columns, checks, triggers, a role with few rights."""

from typing import Any

import pytest

from connectors.errors import SinkUnavailable
from connectors.kit.sink_feed import Feed
from connectors.sinks.sql_poll import SqlPollSink, sink
from connectors.values import Write
from schemas.manifest import Manifest
from schemas.settings import Settings
from tests.integration.shared_servers import SharedPostgres
from tests.integration.sink_database import Database, fresh, move, put, remove

_TABLE = """
CREATE TABLE public.dich (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ma text NOT NULL UNIQUE, ngay date, so int, dung boolean,
  gia numeric(10, 2), u uuid, j jsonb, ten varchar(10) CHECK (ten <> 'cấm'), b text UNIQUE DEFERRABLE INITIALLY DEFERRED
);
CREATE FUNCTION tu_choi() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN IF NEW.so = 13 THEN RAISE EXCEPTION 'số % không được', NEW.so; END IF; RETURN NEW; END $$;
CREATE TRIGGER tu_choi BEFORE INSERT OR UPDATE ON public.dich FOR EACH ROW EXECUTE FUNCTION tu_choi();
"""


@pytest.fixture
def database(postgres: SharedPostgres) -> Database:
    return fresh(postgres, _TABLE)


def _sink(database: Database, *columns: str, dsn: str = "", key: tuple[str, str] = ("ma", "key")) -> SqlPollSink:
    url = (dsn or database.dsn).replace("postgresql://", "postgresql+psycopg://", 1)
    fields = dict.fromkeys(columns, "note")
    subscription = {"into": "public.dich", "key": dict([key]), "fields": fields, "purpose": "kiểm tra"}
    body = {"system": "dich", "connect": {"kind": "sql_poll", "url": url}, "subscribes": {"person": subscription}}
    return sink(Manifest.model_validate(body), Settings())


def test_typed_columns_take_text_and_a_repeat_changes_nothing(database: Database) -> None:
    feed = Feed(_sink(database, "ngay", "so", "dung", "gia", "u", "j"))
    row = {"ngay": "1990-05-12", "so": "7", "dung": "true", "gia": "1.5", "u": "0" * 32, "j": '{"a": 1}'}
    feed.write(put("k#1", **row), put("k#2", **dict.fromkeys(row)))
    seen = "SELECT ngay::text, so, dung, gia::text, u::text, j ->> 'a', xmin::text FROM dich ORDER BY ma"
    first, empty = database.rows(seen)
    assert first[:6] == ("1990-05-12", 7, True, "1.50", "00000000-0000-0000-0000-000000000000", "1")
    assert empty[:6] == (None,) * 6
    feed.write(put("k#2", **dict.fromkeys(row)), put("k#1", **{**row, "u": first[4], "j": None}))
    feed.write(put("k#1", **{**row, "u": first[4], "j": None}))
    [changed, untouched] = database.rows(seen)
    assert untouched == empty
    assert changed[5] is None


@pytest.mark.parametrize(
    ("values", "reason", "column"),
    [
        ({"so": "mười"}, "bad_value", "so"),
        ({"so": "99999999999"}, "out_of_range", None),
        ({"so": "13"}, "refused_by_trigger", None),
        ({"ten": "cấm"}, "check_violation", None),
        ({"ten": "mười một chữ"}, "value_too_long", "ten"),
        ({"ten": "a\0b"}, "bad_value", "ten"),
        ({"b": "đã có"}, "unique_violation", None),
    ],
)
def test_one_refused_row_stops_no_other(
    database: Database, values: dict[str, str], reason: str, column: str | None
) -> None:
    database.run("INSERT INTO dich (ma, b) VALUES ('k#0', 'đã có')")
    feed = Feed(_sink(database, *values))
    good: dict[str, Any] = dict.fromkeys(values)
    feed.write(put("k#1", **good), put("k#2", **values), put("k#3", **good), remove("k#1"), move("k#3", "k#4"))
    assert [row for (row,) in database.rows("SELECT ma FROM dich ORDER BY ma")] == ["k#0", "k#4"]
    [refused] = feed.rejected
    assert (refused.place, refused.reason, refused.column) == (1, reason, column)
    assert not set(values.values()) & set(refused.message.split("'"))


def test_a_table_altered_meanwhile_is_written_as_it_is_now(database: Database) -> None:
    feed = Feed(_sink(database, "ten"))
    feed.write(put("k#1", ten="An"))
    database.run("ALTER TABLE dich ALTER ten TYPE text")
    feed.write(put("k#2", ten="mười một chữ cái"))
    assert feed.rejected == []
    assert database.rows("SELECT ten FROM dich WHERE ma = 'k#2'") == [("mười một chữ cái",)]


def test_what_is_missing_is_named_with_its_remedy(database: Database) -> None:
    role = database.role("GRANT SELECT, INSERT ON public.dich TO {role}")
    found = {finding.subject: finding for finding in _sink(database, "ten", "khong_co", dsn=role).probe()}
    assert "CREATE SCHEMA" in next(found[name] for name in found if "lienthong_arrived" in name).remedy
    assert "no column khong_co" in found["public.dich"].problem
    problems = [finding.problem for finding in _sink(database, "ten", dsn=role).probe() if finding.problem]
    assert [problem.split(":")[0] for problem in problems[1:]] == ["UPDATE", "DELETE"]
    with pytest.raises(SinkUnavailable, match="permission denied"):
        Feed(_sink(database, "ten", dsn=role))


def test_a_role_with_a_schema_of_its_own_needs_no_more(database: Database) -> None:
    grants = (
        "GRANT SELECT, INSERT, UPDATE, DELETE ON public.dich TO {role}",
        "CREATE SCHEMA {role} AUTHORIZATION {role}",
    )
    role = database.role(*grants)
    assert [finding for finding in _sink(database, "ten", dsn=role).probe() if finding.problem] == []
    feed = Feed(_sink(database, "ten", dsn=role))
    feed.write(put("k#1", ten="An"), move("k#1", "k#2"))
    assert database.rows("SELECT ma, ten FROM dich") == [("k#2", "An")]


def test_of_its_own_rows_a_system_gets_columns_corrected_and_nothing_else(database: Database) -> None:
    database.run("INSERT INTO dich (ma, ten, so) VALUES ('k#1', 'An', 1), ('k#2', 'Bình', 2)")
    role = database.role(
        "GRANT SELECT, UPDATE (ten) ON public.dich TO {role}", "CREATE SCHEMA {role} AUTHORIZATION {role}"
    )
    own_sink = _sink(database, "ten", dsn=role, key=("id", "own"))
    assert [finding for finding in own_sink.probe() if finding.problem] == []
    feed = Feed(own_sink)

    def own(write: Write) -> Write:
        return write._replace(key={"id": write.key["ma"]}, moved_to=None)

    feed.write(own(put("1", ten="An Nhiên")), own(put("9", ten="Không có")), own(remove("2")))
    assert feed.rejected == []
    assert database.rows("SELECT ma, ten FROM dich ORDER BY id") == [("k#1", "An Nhiên"), ("k#2", "Bình")]
