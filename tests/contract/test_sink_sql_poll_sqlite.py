"""The whole suite for the sink `sql_poll` on another database: SQLite, whose writers wait for one another."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.kit import sink_manifest, sink_suite
from connectors.kit.sink_target import COLUMNS, KEY, NAME_LIMIT, TABLE
from connectors.sinks.sql_poll import SqlPollSink, sink
from schemas.records import Row
from schemas.settings import Settings

_BARE = TABLE.partition(".")[2]
_TABLES = f"""
CREATE TABLE {_BARE} (
  id integer PRIMARY KEY, {KEY} text NOT NULL UNIQUE,
  ho_ten varchar({NAME_LIMIT}), ngay_sinh text, ghi_chu text, trang_thai text NOT NULL DEFAULT 'mới'
);
CREATE TABLE lich_su (so integer PRIMARY KEY);
CREATE TRIGGER them AFTER INSERT ON {_BARE} BEGIN INSERT INTO lich_su VALUES (NULL); END;
CREATE TRIGGER sua AFTER UPDATE ON {_BARE} BEGIN INSERT INTO lich_su VALUES (NULL); END;
CREATE TRIGGER xoa AFTER DELETE ON {_BARE} BEGIN INSERT INTO lich_su VALUES (NULL); END;
"""


@dataclass
class Target:
    """See `connectors.kit.SinkTarget`."""

    path: Path
    opened: list[sa.Connection] = field(default_factory=list)

    def sink(self) -> SqlPollSink:
        manifest = sink_manifest({"kind": "sql_poll", "url": f"sqlite:///{self.path}"})
        into = manifest.subscribes["person"].model_copy(update={"into": _BARE})
        return sink(manifest.model_copy(update={"subscribes": {"person": into}}), Settings())

    def rows(self) -> dict[str, Row]:
        with self._reading() as connection:
            found = connection.execute(f"SELECT {KEY}, {', '.join(COLUMNS)} FROM {_BARE}").fetchall()
        return {row[0]: dict(zip((KEY, *COLUMNS), row, strict=True)) for row in found}

    def changes(self) -> int:
        with self._reading() as connection:
            return int(connection.execute("SELECT count(*) FROM lich_su").fetchone()[0])

    def sever(self) -> None:
        """A file has no network that could be cut: the connections themselves are closed, from outside."""
        for connection in self.opened:
            with suppress(sa.exc.SQLAlchemyError):
                dbapi = connection.connection.dbapi_connection
                if dbapi is not None:
                    dbapi.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path)
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def _target(request: pytest.FixtureRequest) -> Iterator[Target]:
    path: Path = request.getfixturevalue("tmp_path") / "to.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(_TABLES)
    connection.close()
    made = Target(path)

    def opened(connection: sa.Connection) -> None:
        made.opened.append(connection)

    sa.event.listen(sa.Engine, "engine_connect", opened)
    try:
        yield made
    finally:
        sa.event.remove(sa.Engine, "engine_connect", opened)


Test_sql_poll_sqlite = sink_suite(_target)
