"""What a target refuses: each gets its reason and names the column, never the value; all else is written."""

import pytest

from tests.integration.shared_servers import SharedPostgres
from tests.integration.sink_database import Database, fresh, move, put, remove

_TABLE = """
CREATE TABLE loai (loai text PRIMARY KEY);
INSERT INTO loai VALUES ('x');
CREATE DOMAIN ten AS varchar(5) CHECK (value <> 'cấm');
CREATE TABLE dich (
  ma text PRIMARY KEY CHECK (length(ma) < 20),
  v varchar(5), c char(3), d ten, n numeric(4,1), i smallint, ngay date,
  loai text REFERENCES loai DEFERRABLE INITIALLY DEFERRED,
  mot text CONSTRAINT chi_mot UNIQUE,
  co text NOT NULL DEFAULT 'có', duong int CONSTRAINT phai_duong CHECK (duong > 0)
);
CREATE FUNCTION chan() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF new.v = 'hỏng' THEN RAISE EXCEPTION 'không nhận %', new.v; END IF; RETURN new; END $$;
CREATE TRIGGER chan BEFORE INSERT OR UPDATE ON dich FOR EACH ROW EXECUTE FUNCTION chan();
"""

_COLUMNS = ("v", "c", "d", "n", "i", "ngay", "loai", "mot", "co", "duong")
_SOUND = {**dict.fromkeys(_COLUMNS), "co": "có"}

#: What is given, the reason, and what the message must name.
_BAD = [
    ({"v": "Nguyễn"}, "value_too_long", "v", "5 characters"),
    ({"c": "bốn!"}, "value_too_long", "c", "3 characters"),
    ({"d": "Nguyễn"}, "value_too_long", "d", "5 characters"),
    ({"d": "cấm"}, "check_violation", "d", "ten"),
    ({"n": "1234567"}, "out_of_range", "n", "numeric(4,1)"),
    ({"i": "40000"}, "out_of_range", "i", "smallint"),
    ({"i": "bốn mươi"}, "bad_value", "i", "smallint"),
    ({"ngay": "31/02/1990"}, "out_of_range_or_bad", "ngay", "date"),
    ({"v": "a\0b"}, "nul_in_text", "v", "NUL"),
    ({"v": "\ud800"}, "bad_value", "v", "v"),
    ({"loai": "lạ"}, "foreign_key", None, "dich_loai_fkey"),
    ({"mot": "một"}, "unique_violation", None, "chi_mot"),
    ({"co": None}, "not_null", "co", "co"),
    ({"duong": "-42"}, "check_violation", None, "phai_duong"),
    ({"v": "hỏng"}, "refused_by_trigger", None, "triggers"),
]


@pytest.fixture(scope="module")
def database(postgres: SharedPostgres) -> Database:
    return fresh(postgres, _TABLE)


@pytest.mark.parametrize(("bad", "reason", "column", "named"), _BAD, ids=ascii)
def test_each_refusal_has_its_reason(
    database: Database, bad: dict[str, str | None], reason: str, column: str | None, named: str
) -> None:
    database.run("TRUNCATE dich; DELETE FROM lienthong.position" if _opened(database) else "TRUNCATE dich")
    feed = database.feed(*_COLUMNS)
    items = [put(f"k{number}", **_SOUND) for number in range(10)]
    items[0] = put("k0", **{**_SOUND, "mot": "một"})
    items[6] = put("k6", **{**_SOUND, **bad})
    feed.write(*items, remove("k9"))
    [refused] = feed.rejected
    assert refused.place == 6
    assert refused.reason == ("bad_value" if reason == "out_of_range_or_bad" else reason)
    assert refused.column == column
    assert named in refused.message
    assert not any(value in refused.message for value in bad.values() if value and value not in ("cấm",))
    assert [row[0] for row in database.rows("SELECT ma FROM dich ORDER BY ma")] == [f"k{n}" for n in range(9) if n != 6]
    assert feed.open() == 11


def _opened(database: Database) -> bool:
    return database.rows("SELECT to_regclass('lienthong.position') IS NOT NULL") == [(True,)]


def test_values_that_change_places_are_not_refused(postgres: SharedPostgres) -> None:
    database = fresh(postgres, "CREATE TABLE dich (ma text PRIMARY KEY, so text UNIQUE)")
    feed = database.feed("so")
    feed.write(put("a", so="1"), put("b", so="2"), put("c", so="3"))
    feed.write(put("a", so=None), put("b", so="1"), put("a", so="2"), put("d", so="3"), remove("c"))
    feed.write(remove("d"), put("e", so="3"))
    assert database.rows("SELECT ma, so FROM dich ORDER BY ma") == [("a", "2"), ("b", "1"), ("e", "3")]


def test_a_key_that_others_refer_to_is_not_renamed(postgres: SharedPostgres) -> None:
    database = fresh(
        postgres, "CREATE TABLE dich (ma text PRIMARY KEY, v text); CREATE TABLE con (ma text REFERENCES dich)"
    )
    feed = database.feed("v")
    feed.write(put("a", v="1"), put("b", v="2"))
    database.run("INSERT INTO con VALUES ('a')")
    feed.write(move("a", "c"), move("b", "d"), remove("a"))
    assert [(refused.place, refused.reason) for refused in feed.rejected] == [(0, "foreign_key"), (2, "foreign_key")]
    assert database.rows("SELECT ma FROM dich ORDER BY ma") == [("a",), ("d",)]


def test_keys_that_the_target_calls_equal_are_one_row(postgres: SharedPostgres) -> None:
    database = fresh(postgres, "CREATE TABLE dich (ma char(5) PRIMARY KEY, v text)")
    feed = database.feed("v")
    feed.write(put("a", v="1"), put("a ", v="2"), put("b", v="3"))
    assert feed.rejected == []
    assert database.rows("SELECT rtrim(ma), v FROM dich ORDER BY ma") == [("a", "2"), ("b", "3")]


def test_a_column_that_was_widened_takes_what_it_refused(postgres: SharedPostgres) -> None:
    database = fresh(postgres, "CREATE TABLE dich (ma text PRIMARY KEY, v int)")
    feed = database.feed("v")
    feed.write(put("a", v="1"))
    database.run("ALTER TABLE dich ALTER v TYPE text")
    feed.write(put("a", v="một"))
    assert (feed.rejected, database.rows("SELECT v FROM dich")) == ([], [("một",)])


def test_when_all_are_bad_all_are_told(postgres: SharedPostgres) -> None:
    database = fresh(postgres, "CREATE TABLE dich (ma text PRIMARY KEY, v varchar(1))")
    feed = database.feed("v")
    feed.write(*(put(f"k{number}", v="hai") for number in range(200)))
    assert [refused.place for refused in feed.rejected] == list(range(200))
    assert feed.open() == 200
