"""What owners of keys say who are far apart, through the real sinks: the target's own triggers see a clean history.

The deliveries are those of many random histories, one after the other, each with keys of its own, in batches of any
size.
"""

import random
import sqlite3
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from connectors.contract import Sink
from connectors.kit.sink_feed import Feed
from connectors.sinks import sql_poll
from connectors.sinks.postgres import sink as postgres_sink
from connectors.values import Write
from schemas.manifest import Manifest
from schemas.settings import Settings
from tests.chaos.target import TARGET_DDL, faults_in, history_faults
from tests.integration.shared_servers import SharedPostgres
from tests.integration.sink_database import fresh
from tests.unit.streams.crash_city import CrashCity, writes

_HISTORIES = 60
_SQLITE = """
create table nhan_khau(ma text primary key, ghi_chu text);
create table lich_su(stt integer primary key, thao_tac text, ma text, ghi_chu text);
create trigger them after insert on nhan_khau
  begin insert into lich_su values (null, 'insert', new.ma, new.ghi_chu); end;
create trigger sua after update on nhan_khau
  begin insert into lich_su values (null, 'update', new.ma, new.ghi_chu); end;
create trigger xoa after delete on nhan_khau
  begin insert into lich_su values (null, 'delete', old.ma, old.ghi_chu); end;
"""


@cache
def _histories() -> tuple[list[Write], dict[str, str]]:
    """All deliveries, and what must be there in the end: note by key."""
    items: list[Write] = []
    rows: dict[str, str] = {}
    for seed in range(_HISTORIES):
        chance = random.Random(seed)
        city = CrashCity(chance)
        city.run(chance.randint(3, 16))
        items += [_named(write, seed) for write in writes(city.deliveries())]
        rows |= {f"{seed}/{key}": f"{seed}.{note}" for key, note in city.expected().items()}
    return items, rows


def _named(write: Write, seed: int) -> Write:
    """The same for a key, and a row, that no other history has."""
    moved_to = {"ma": f"{seed}/{write.moved_to['ma']}"} if write.moved_to else None
    values = {"ghi_chu": f"{seed}.{write.values['ghi_chu']}"} if write.values else {}
    return write._replace(key={"ma": f"{seed}/{write.key['ma']}"}, values=values, moved_to=moved_to)


def _deliver(sink: Sink, items: list[Write]) -> None:
    chance, feed, start = random.Random(1), Feed(sink), 0
    while start < len(items):
        end = start + chance.choice((1, 2, 10, 40, 150))
        feed.write(*items[start:end])
        start = end
    sink.close()
    assert not feed.rejected


def _manifest(into: str, **connect: str) -> Manifest:
    subscription = {"into": into, "key": {"ma": "key"}, "fields": {"ghi_chu": "note"}, "purpose": "kiểm tra"}
    return Manifest.model_validate({"system": "dich", "connect": connect, "subscribes": {"person": subscription}})


def test_the_sink_postgres_leaves_a_clean_history(postgres: SharedPostgres) -> None:
    database, (items, rows) = fresh(postgres, TARGET_DDL), _histories()
    _deliver(postgres_sink(_manifest("public.nhan_khau", kind="postgres", dsn=database.dsn), Settings()), items)
    assert _notes(database.rows("select ma, ghi_chu from public.nhan_khau")) == rows
    assert not history_faults(database.dsn)


def test_the_sink_sql_poll_leaves_a_clean_history(tmp_path: Path) -> None:
    path, (items, rows) = tmp_path / "dich.db", _histories()
    with sqlite3.connect(path) as connection:
        connection.executescript(_SQLITE)
    _deliver(sql_poll.sink(_manifest("nhan_khau", kind="sql_poll", url=f"sqlite:///{path}"), Settings()), items)
    with sqlite3.connect(path) as connection:
        assert _notes(connection.execute("select ma, ghi_chu from nhan_khau")) == rows
        assert not faults_in(connection.execute("select stt, thao_tac, ma, ghi_chu from lich_su order by stt"))


def _notes(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    return dict(found)
