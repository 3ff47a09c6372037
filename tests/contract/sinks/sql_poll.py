"""The suite's target of the sink `sql_poll`: the table of the sink `postgres`, written by way of SQLAlchemy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from connectors.kit import sink_manifest
from connectors.sinks.sql_poll import SqlPollSink, sink
from schemas.records import Row
from schemas.settings import Settings
from tests.contract.sinks import postgres


@dataclass
class Target:
    """See `connectors.kit.SinkTarget`."""

    table: postgres.Target

    def sink(self) -> SqlPollSink:
        url = self.table.dsn.replace("postgresql://", "postgresql+psycopg://", 1)
        return sink(sink_manifest({"kind": "sql_poll", "url": url}), Settings())

    def rows(self) -> dict[str, Row]:
        return self.table.rows()

    def changes(self) -> int:
        return self.table.changes()

    def sever(self) -> None:
        self.table.sever()


@contextmanager
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    with postgres.target(request) as table:
        yield Target(table)
