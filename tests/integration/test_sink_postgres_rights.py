"""A role with few rights, the marks on what we write, and what the session looks like to the target's people."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.errors import SinkUnavailable
from connectors.kit.sink_feed import STREAM, Feed
from connectors.values import Write
from tests.integration.shared_servers import SharedPostgres
from tests.integration.sink_database import fresh, move, put, remove

_TABLE = "CREATE TABLE dich (ma text PRIMARY KEY, v text, rieng text)"
_GRANTS = "GRANT SELECT, INSERT, UPDATE, DELETE ON dich TO {role}"


def test_a_role_that_cannot_create_the_schema_is_told_what_to_run(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    dsn = database.role(_GRANTS)
    with pytest.raises(SinkUnavailable, match="permission denied"):
        database.feed("v", dsn=dsn)
    remedies = {found.subject: found.remedy for found in database.sink("v", dsn=dsn).probe() if found.problem}
    assert remedies.keys() == {"lienthong.position", "replication origin"}
    database.run(remedies["lienthong.position"])
    database.feed("v", dsn=dsn).write(put("a", v="1"))
    database.run(remedies["replication origin"])
    assert [found for found in database.sink("v", dsn=dsn).probe() if found.problem] == []
    feed = database.feed("v", dsn=dsn)
    feed.write(put("a", v="2"))
    assert database.rows("SELECT v FROM dich") == [("2",)]


def test_missing_rights_on_the_table_are_told_as_grants(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    dsn = database.role(f"GRANT CREATE ON DATABASE {database.name} TO {{role}}", "GRANT SELECT ON dich TO {role}")
    feed = database.feed("v", dsn=dsn)
    with pytest.raises(SinkUnavailable, match="permission denied"):
        feed.write(put("a", v="1"))
    [remedy] = [found.remedy for found in database.sink("v", dsn=dsn).probe() if found.subject == "public.dich"]
    assert remedy.startswith('GRANT INSERT, UPDATE, DELETE ON "public"."dich" TO')
    database.run(remedy)
    feed.open()
    feed.write(put("a", v="1"))
    assert database.rows("SELECT v FROM dich") == [("1",)]


def test_rights_on_the_mapped_columns_are_enough(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    columns = "(ma, v)"
    dsn = database.role(
        f"GRANT CREATE ON DATABASE {database.name} TO {{role}}",
        f"GRANT SELECT {columns}, INSERT {columns}, UPDATE {columns}, DELETE ON dich TO {{role}}",
    )
    assert [
        found
        for found in database.sink("v", dsn=dsn).probe()
        if found.problem and found.subject != "replication origin"
    ] == []
    feed = database.feed("v", dsn=dsn)
    feed.write(put("a", v="1"))
    feed.write(put("a", v="2"))
    assert database.rows("SELECT v FROM dich") == [("2",)]


def test_a_required_column_that_nobody_maps_is_found_before_it_hurts(postgres: SharedPostgres) -> None:
    database = fresh(postgres, "CREATE TABLE dich (ma text PRIMARY KEY, v text, loai text NOT NULL)")
    [finding] = [found for found in database.sink("v").probe() if found.problem]
    assert finding.subject == "public.dich.loai"
    assert 'ALTER COLUMN "loai" SET DEFAULT' in finding.remedy


def test_our_writes_carry_our_origin_and_others_do_not(postgres: SharedPostgres) -> None:
    database = fresh(postgres, f"{_TABLE}; CREATE PUBLICATION moi FOR TABLE dich")
    feed = database.feed("v")
    slot = database.name
    database.run(f"SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')")
    try:
        feed.write(put("a", v="của ta"))
        database.run("INSERT INTO dich VALUES ('b', 'của họ')")
        options = "'proto_version', '4', 'publication_names', 'moi', 'origin', 'none'"
        changes = database.rows(f"SELECT data FROM pg_logical_slot_get_binary_changes('{slot}', NULL, NULL, {options})")
    finally:
        database.run(f"SELECT pg_drop_replication_slot('{slot}')")
    seen = b"".join(data for (data,) in changes)
    assert "của họ".encode() in seen
    assert "của ta".encode() not in seen
    assert ("lienthong",) in database.rows("SELECT roname FROM pg_replication_origin")


def test_sinks_of_several_entities_do_not_stand_in_each_others_way(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    feeds = [Feed(database.sink("v"), STREAM._replace(topic=f"to.dich.e{number}")) for number in range(3)]
    for feed in feeds:
        feed.write(put(feed.stream.topic, v="1"))
    assert database.rows("SELECT count(*) FROM dich") == [(3,)]
    for feed in feeds:
        feed.sink.close()


def test_the_session_says_who_it_is(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    feed = database.feed("v")
    names = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"
    assert ("lienthong/dich",) in database.rows(names)
    feed.sink.close()
    while ("lienthong/dich",) in database.rows(names):
        pass


def test_two_sinks_that_start_at_once_make_one_table(postgres: SharedPostgres) -> None:
    database = fresh(postgres, _TABLE)
    with ThreadPoolExecutor(4) as pool:
        feeds = list(pool.map(lambda n: Feed(database.sink("v"), STREAM._replace(topic=f"to.d.{n}")), range(4)))
    assert {feed.position for feed in feeds} == {0}


def test_a_recreated_topic_is_told_in_the_log(postgres: SharedPostgres, capsys: pytest.CaptureFixture[str]) -> None:
    database = fresh(postgres, _TABLE)
    database.feed("v").write(put("a", v="1"))
    Feed(database.sink("v"), STREAM._replace(topic_id="một id khác"))
    assert "recreated" in capsys.readouterr().out


def test_of_its_own_rows_a_system_gets_columns_corrected_and_nothing_else(postgres: SharedPostgres) -> None:
    database = fresh(
        postgres,
        "CREATE TABLE dich (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ma text NOT NULL,"
        " v text CHECK (v <> 'x'));"
        "INSERT INTO dich (ma, v) VALUES ('a', '1'), ('b', '2'), ('c', '3')",
    )
    grants = ("GRANT SELECT, UPDATE (v) ON dich TO {role}", f"GRANT CREATE ON DATABASE {database.name} TO {{role}}")
    own_sink = database.sink("v", key="id", kind="own", dsn=database.role(*grants))
    assert [found.subject for found in own_sink.probe() if found.problem] == ["replication origin"]
    feed = Feed(own_sink)

    def own(write: Write) -> Write:
        return write._replace(key={"id": write.key["ma"]}, moved_to={"id": "8"} if write.moved_to else None)

    feed.write(own(put("1", v="mới")), own(put("9", v="không có")), own(remove("2")), own(move("3", "8")))
    feed.write(own(put("2", v="x")), own(put("3", v="3")))
    assert [(refused.place, refused.reason) for refused in feed.rejected] == [(0, "check_violation")]
    assert database.rows("SELECT id, v FROM dich ORDER BY id") == [(1, "mới"), (2, "2"), (3, "3")]
