"""What would stand in the way of polling, or make it slow or blind, each with the statement that mends it."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from connectors.sources.sql_polling import queries
from connectors.sources.sql_polling.tables import Table, examine, split_resource
from connectors.sqlalchemy_engine import said
from connectors.values import Finding
from schemas.manifest import Manifest


def findings(connection: sa.Connection, manifest: Manifest, cursors: dict[str, str]) -> list[Finding]:
    """Tables and cursors; a finding without problem for each table that is as it must be. Raises sa's errors."""
    tables, found = examine(connection, manifest, cursors)
    inspector = sa.inspect(connection)
    for table in tables:
        problems = [
            *_cursor(inspector, table),
            *_unmapped(manifest, table),
            *_rights(connection, table),
        ]
        found += problems or [Finding(table.resource, "", "")]
    return found


def _cursor(inspector: sa.Inspector, table: Table) -> Iterator[Finding]:
    schema, name = split_resource(table.resource)
    cursor = table.cursor.name
    reflected = next(column for column in inspector.get_columns(name, schema) if column["name"] == cursor)
    if reflected.get("nullable", True):
        remedy = f"ALTER TABLE {table.resource} ALTER COLUMN {cursor} SET NOT NULL;  -- once no row has NULL there"
        yield Finding(table.resource, f"cursor {cursor} may be NULL: such rows are only seen by sweeps", remedy)
    if table.cursor.family not in ("timestamp", "long", "numeric", "bytes"):
        problem = f"cursor {cursor} is {table.cursor.source_type}: many changes share one, or their order is not theirs"
        remedy = "name a timestamp or a growing number that every change of a row sets anew"
        yield Finding(table.resource, problem, remedy)
    if cursor not in _led(inspector, name, schema):
        called = "" if table.dialect == "postgresql" else f"{name}_{cursor} "
        columns = ", ".join(dict.fromkeys([cursor, *(column.name for column in table.key)]))
        remedy = f"CREATE INDEX {called}ON {table.resource} ({columns});"
        yield Finding(table.resource, f"no index begins with cursor {cursor}: each round reads the whole table", remedy)


def _led(inspector: sa.Inspector, name: str, schema: str | None) -> set[str | None]:
    """Columns with which an index begins."""
    led: set[str | None] = {index["column_names"][0] for index in inspector.get_indexes(name, schema)}
    return led | {unique["column_names"][0] for unique in inspector.get_unique_constraints(name, schema)}


def _unmapped(manifest: Manifest, table: Table) -> Iterator[Finding]:
    """Columns that the manifest names and the table has not; their rows end among the dead letters."""
    present = [column.name for column in table.columns]
    for _, publication in manifest.resources()[table.resource]:
        for column in publication.columns:
            if column not in present:
                problem, names = f"there is no column {column}", ", ".join(sorted(present))
                yield Finding(table.resource, problem, f"correct the manifest; it has {names}")


def _rights(connection: sa.Connection, table: Table) -> Iterator[Finding]:
    try:
        queries.some_rows(connection, table, 1)
    except SQLAlchemyError as error:
        role = connection.engine.url.username or "the role in `connect: url`"
        schema, _ = split_resource(table.resource)
        usage = f"GRANT USAGE ON SCHEMA {schema} TO {role}; " if schema and table.dialect == "postgresql" else ""
        remedy = f"{usage}GRANT SELECT ON {table.resource} TO {role};"
        yield Finding(table.resource, f"its rows cannot be read: {said(error)}", remedy)
