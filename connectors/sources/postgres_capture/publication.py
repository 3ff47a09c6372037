"""The publication: which tables the server decodes for us."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import Connection, sql

from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture.session import said
from connectors.sources.postgres_capture.structure import Table, from_clause

_GLANCE = "100ms"
_TABLES = """
    SELECT c.oid::bigint FROM pg_catalog.pg_publication_tables t
    JOIN pg_catalog.pg_namespace n ON n.nspname = t.schemaname
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
    WHERE t.pubname = %s
"""
_COMPLETE = """
    SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate AND pubviaroot
    FROM pg_catalog.pg_publication WHERE pubname = %s
"""
_COLUMNS = """
    SELECT attnames::text[] FROM pg_catalog.pg_publication_tables
    WHERE pubname = %s AND (quote_ident(schemaname) || '.' || quote_ident(tablename)) = %s
"""
_FILTERED = "SELECT count(*) FROM pg_catalog.pg_publication_tables WHERE pubname = %s AND rowfilter IS NOT NULL"


def is_complete(connection: Connection[Any], name: str) -> bool | None:
    """Whether every change of every row is published, under the name of the table; None: there is no publication."""
    found = connection.execute(_COMPLETE, (name,)).fetchone()
    if found is None:
        return None
    if connection.info.server_version >= 150000:
        filtered = connection.execute(_FILTERED, (name,)).fetchone()
        return bool(found[0]) and not (filtered and filtered[0])
    return bool(found[0])


def published(connection: Connection[Any], name: str) -> frozenset[int]:
    """The oids of the tables in the publication."""
    return frozenset(row[0] for row in connection.execute(_TABLES, (name,)))


def sent_columns(connection: Connection[Any], name: str, table: Table) -> Table:
    """The table with those columns only that the publication sends."""
    if connection.info.server_version < 150000:
        return table
    found = connection.execute(_COLUMNS, (name, table.spelled)).fetchone()
    if found is None or found[0] is None:
        return table
    return with_columns(table, found[0])


def with_columns(table: Table, names: Iterable[str]) -> Table:
    """The table with only these columns, in its own order."""
    kept = frozenset(names)
    return replace(table, columns=tuple(column for column in table.columns if column.name in kept))


def lacking(connection: Connection[Any], name: str, tables: Iterable[Table]) -> str:
    """Why changes may have been missed; empty when the publication covers the tables."""
    complete = is_complete(connection, name)
    if complete is None:
        return f"publication {name} does not exist"
    if not complete:
        return f"publication {name} leaves out some operations, rows or partitions"
    there = published(connection, name)
    outside = [table.resource for table in tables if table.oid not in there]
    return f"publication {name} lacks {', '.join(outside)}" if outside else ""


def lacking_now(connection: Connection[Any], name: str, tables: Iterable[Table]) -> str:
    """The same without waiting for whoever alters one of the tables: then, and until he is done, it is not known."""
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = '{_GLANCE}'")
            return lacking(connection, name, tables)
    except psycopg.errors.LockNotAvailable:
        return ""


def statement(name: str, tables: Sequence[Table], *, existing: bool) -> str:
    """The SQL that makes the publication what it must be."""
    listed = ", ".join(from_clause(table) for table in tables)
    if existing:
        return f"ALTER PUBLICATION {name} SET TABLE {listed}"
    return f"CREATE PUBLICATION {name} FOR TABLE {listed} WITH (publish_via_partition_root = true)"


def ensure(connection: Connection[Any], name: str, tables: Sequence[Table]) -> None:
    """Make the publication cover exactly these tables. Raises SourceUnavailable, with the SQL, without the right."""
    complete = is_complete(connection, name)
    if complete and published(connection, name) == {table.oid for table in tables}:
        return
    try:
        with connection.transaction():
            if complete is False:
                connection.execute(sql.SQL("DROP PUBLICATION {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL(statement(name, tables, existing=complete is True)))
    except psycopg.errors.InsufficientPrivilege as error:
        wanted = statement(name, tables, existing=complete is True)
        raise SourceUnavailable(
            f"making publication {name}: {said(error)}; run as the owner of the tables: {wanted};"
        ) from None


def drop(connection: Connection[Any], name: str) -> None:
    """Forget the publication."""
    connection.execute(sql.SQL("DROP PUBLICATION IF EXISTS {}").format(sql.Identifier(name)))


def narrow(connection: Connection[Any], name: str, tables: Sequence[Table]) -> None:
    """Leave out tables that are no longer wanted; without the right to do so they are decoded in vain."""
    if published(connection, name) != {table.oid for table in tables}:
        try:
            connection.execute(sql.SQL(statement(name, tables, existing=True)))
        except psycopg.errors.InsufficientPrivilege:
            return
