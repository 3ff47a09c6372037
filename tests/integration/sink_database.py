"""A database of the test's own, and sinks of the kind `postgres` that write into one table of it."""

from dataclasses import dataclass
from typing import Any

import psycopg

from connectors.kit.sink_feed import Feed
from connectors.sinks.postgres import PostgresSink, sink
from connectors.values import Write
from schemas.manifest import Manifest
from schemas.settings import Settings
from tests.integration.shared_servers import SharedPostgres


@dataclass
class Database:
    """`connection` is the test's, in autocommit, as superuser."""

    name: str
    dsn: str
    connection: psycopg.Connection[Any]

    def run(self, statements: str) -> None:
        """Several statements."""
        self.connection.execute(statements.encode())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self.connection.execute(query.encode()).fetchall()

    def sink(
        self, *columns: str, into: str = "public.dich", key: str = "ma", kind: str = "key", dsn: str = ""
    ) -> PostgresSink:
        """A sink that writes `columns` by `key`, which holds a key of this kind."""
        subscription = {
            "into": into,
            "key": {key: kind},
            "fields": dict.fromkeys(columns, "note"),
            "purpose": "kiểm tra",
        }
        connect = {"kind": "postgres", "dsn": dsn or self.dsn}
        body = {"system": "dich", "connect": connect, "subscribes": {"person": subscription}}
        return sink(Manifest.model_validate(body), Settings())

    def feed(self, *columns: str, into: str = "public.dich", dsn: str = "") -> Feed:
        """The same, opened."""
        return Feed(self.sink(*columns, into=into, dsn=dsn))

    def role(self, *statements: str) -> str:
        """The dsn of a new role without any rights but those that `statements` give to it as `{role}`."""
        role = f"role_{self.name}"
        self.run(f"DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD 'mot-mat-khau'")
        for statement in statements:
            self.run(statement.replace("{role}", role))
        return self.dsn.replace(self.dsn.split("//")[1].split("@")[0], f"{role}:mot-mat-khau")


def fresh(server: SharedPostgres, statements: str) -> Database:
    """A new database in which `statements` have been run. Its connection closes with the test's process."""
    name = server.create_database()
    database = Database(name, server.dsn(name), psycopg.connect(server.dsn(name), autocommit=True))
    database.run(statements)
    return database


def put(key: str, **values: Any) -> Write:
    """An upsert of just these columns."""
    return Write("upsert", {"ma": key}, values, None, 1, 0, "kit/t/1/1/1")


def remove(key: str) -> Write:
    """A delete."""
    return Write("delete", {"ma": key}, {}, None, 1, 0, "kit/t/1/1/1")


def move(key: str, moved_to: str) -> Write:
    """A rename."""
    return Write("rename", {"ma": key}, {}, {"ma": moved_to}, 1, 0, "kit/t/1/1/1")
