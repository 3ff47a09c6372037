"""Rounds and sweeps of one table, on SQLite, by a clock of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.errors import SourceUnavailable
from connectors.sources.sql_polling import changes, queries
from connectors.sources.sql_polling.rounds import Rounds
from connectors.sources.sql_polling.store import Store
from connectors.sources.sql_polling.sweep import sweep
from connectors.sources.sql_polling.tables import Found, Table, tables
from connectors.sources.sql_polling.window import Window
from schemas.manifest import Manifest

_MANIFEST = Manifest.model_validate(
    {
        "system": "dkkd",
        "connect": {"kind": "sql_poll"},
        "publishes": {"person": {"from": "dn", "key": {"else": "a"}, "fields": {"full_name": "ten"}}},
    }
)


class Clock:
    """Seconds."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    with sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT").connect() as made:
        made.exec_driver_sql("CREATE TABLE dn (a TEXT, b INTEGER, ten TEXT, ban INTEGER, PRIMARY KEY (a, b))")
        yield made


@pytest.fixture
def table(connection: sa.Connection) -> Table:
    return tables(connection, _MANIFEST, {"dn": "ban"})[0]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rounds(table: Table, clock: Clock) -> Rounds:
    return Rounds(table, Window(None, lateness=10.0), every=2.0, clock=clock)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 3)
    monkeypatch.setattr(queries, "CHUNK", 2)
    monkeypatch.setattr(queries, "AT_ONCE", 2)


def _put(connection: sa.Connection, *rows: tuple[str, int, int]) -> None:
    for a, b, ban in rows:
        connection.exec_driver_sql("INSERT OR REPLACE INTO dn VALUES (?, ?, 'x', ?)", (a, b, ban))


def _round(rounds: Rounds, connection: sa.Connection, clock: Clock) -> list[str]:
    clock.now = max(clock.now, rounds.due)
    found: list[Found] = []
    while rounds.due <= clock.now:
        found += rounds.step(connection)
    return [row.name for row in found]


def test_ties_are_cut_between_pages_by_the_key(connection: sa.Connection, rounds: Rounds, clock: Clock) -> None:
    _put(connection, *((a, b, 1) for a in "xyz" for b in range(3)), ("a", 1, 2))
    assert _round(rounds, connection, clock) == [f"{a},{b}" for a in "xyz" for b in range(3)] + ["a,1"]


def test_a_row_behind_the_newest_is_read_until_the_lateness_is_over(
    connection: sa.Connection, rounds: Rounds, clock: Clock
) -> None:
    _put(connection, ("a", 1, 5))
    _round(rounds, connection, clock)
    for number in range(6, 11):
        _put(connection, ("a", number, number))
        _round(rounds, connection, clock)
    _put(connection, ("muộn", 1, 5))
    assert "muộn,1" in _round(rounds, connection, clock)
    for _ in range(10):
        _round(rounds, connection, clock)
    assert rounds.floor == 10
    assert _round(rounds, connection, clock) == ["a,10"]
    _put(connection, ("quá muộn", 1, 9))
    assert _round(rounds, connection, clock) == ["a,10"]


def test_rows_without_cursor_are_left_to_the_sweep(connection: sa.Connection, rounds: Rounds, clock: Clock) -> None:
    connection.exec_driver_sql("INSERT INTO dn VALUES ('a', 1, 'x', NULL), ('b', 1, 'x', 0)")
    assert _round(rounds, connection, clock) == ["b,1"]


def test_a_dear_window_is_read_seldom_and_what_is_new_at_once(
    connection: sa.Connection, rounds: Rounds, clock: Clock
) -> None:
    _put(connection, *(("a", n, 1) for n in range(4)))
    rounds.step(connection)
    clock.now += 100.0  # so long takes the whole window
    rounds.step(connection)
    _put(connection, ("b", 1, 2))
    assert _round(rounds, connection, clock) == ["b,1"]
    clock.now += 400.0
    assert len(_round(rounds, connection, clock)) == 5


def test_what_is_new_does_not_wait_for_a_large_window(connection: sa.Connection, rounds: Rounds, clock: Clock) -> None:
    _put(connection, *(("a", n, 1) for n in range(9)))
    _round(rounds, connection, clock)
    clock.now += 100.0
    rounds.step(connection)  # nothing new
    rounds.step(connection)  # the window's first page
    _put(connection, ("b", 1, 2))
    clock.now += 2.0
    assert [found.name for found in rounds.step(connection)] == ["b,1"]
    assert [found.name for found in rounds.step(connection)] == ["a,3", "a,4", "a,5"]


def test_pages_that_do_not_end_are_an_error(
    connection: sa.Connection, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(connection, *(("a", n, 1) for n in range(3)))
    always = rounds.step(connection)
    monkeypatch.setattr(queries, "page_of_changes", lambda *_, **__: always)
    with pytest.raises(SourceUnavailable, match="finer"):
        for _ in range(2):
            rounds.step(connection)


def _swept(connection: sa.Connection, store: Store, table: Table) -> tuple[list[str], list[str]]:
    """Runs a sweep as the source does; names of what is news and what is gone."""
    news: list[str] = []
    gone: list[str] = []
    for found in sweep(connection, store, [table]):
        compared = changes.compare(found.rows, store.known("dn", [row.name for row in found.rows]))
        with store.writing():
            store.learn("dn", compared.learned)
            store.forget("dn", [known.name for known in found.gone])
        news += [draft.row for draft in compared.drafts]
        gone += [known.name for known in found.gone]
    return news, gone


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "dkkd.sqlite")
    made.begin_anew("a", 1)
    return made


def test_a_sweep_finds_what_came_went_and_differs(connection: sa.Connection, table: Table, store: Store) -> None:
    _put(connection, *(("a", n, 1) for n in range(7)))
    connection.exec_driver_sql("INSERT INTO dn VALUES ('không', 1, 'x', NULL)")
    assert _swept(connection, store, table) == ([*(f"a,{n}" for n in range(7)), "không,1"], [])
    connection.exec_driver_sql("DELETE FROM dn WHERE b > 2")
    connection.exec_driver_sql("UPDATE dn SET ban = 0 WHERE b = 2")
    _put(connection, ("b", 1, 1))
    news, gone = _swept(connection, store, table)
    assert (sorted(news), sorted(gone)) == (["a,2", "b,1"], ["a,3", "a,4", "a,5", "a,6"])
    assert _swept(connection, store, table) == ([], [])


def test_a_row_that_comes_back_behind_the_sweep_is_not_gone(
    connection: sa.Connection, table: Table, store: Store
) -> None:
    _put(connection, *(("a", n, 1) for n in range(4)))
    _swept(connection, store, table)
    connection.exec_driver_sql("DELETE FROM dn WHERE b IN (0, 3)")
    steps = sweep(connection, store, [table])
    next(steps)
    _put(connection, ("a", 0, 1))
    gone = []
    for found in steps:
        gone += [known.name for known in found.gone]
        with store.writing():
            store.forget("dn", [known.name for known in found.gone])
    assert gone == ["a,3"]
