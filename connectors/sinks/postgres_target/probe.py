"""What would stand in the way of writing to the target, each with the statement that mends it."""

from typing import Any

from psycopg import Connection, sql

from connectors.errors import SinkUnavailable
from connectors.sinks.postgres_target import arrivals, departures
from connectors.sinks.postgres_target.position import refuse_newer
from connectors.sinks.postgres_target.session import may_set_origin, origin_grant
from connectors.sinks.postgres_target.structure import MISSING, MISSING_REMEDY, Table, read_table
from connectors.values import Finding
from schemas.manifest import OWN, Subscription

_NEEDED = ("SELECT", "INSERT", "UPDATE", "DELETE")
_NEEDED_OF_OWN = ("SELECT", "UPDATE")

_MEMORIES = (departures.TABLE, arrivals.TABLE)

_POSITION = """
SELECT to_regclass('lienthong.position') IS NOT NULL AND to_regclass('lienthong.arrived') IS NOT NULL,
       CASE WHEN to_regnamespace('lienthong') IS NULL THEN has_database_privilege(current_database(), 'CREATE')
            ELSE has_schema_privilege('lienthong', 'CREATE') END,
       to_regnamespace('lienthong') IS NOT NULL
"""


def position_finding(connection: Connection[Any]) -> Finding:
    """Whether the tables of our own are there, or can be made."""
    exists, may_create, has_schema = connection.execute(_POSITION).fetchone() or (False, False, False)
    subject = "lienthong.position"
    try:
        refuse_newer(connection)
    except SinkUnavailable as error:
        return Finding(subject, str(error), "install the newer version here, too")
    if exists:
        lacking = {right: None for table in (subject, *_MEMORIES) for right in _lacking(connection, table, _NEEDED)}
        if not lacking:
            return Finding(subject, "", "")
        role, rights, tables = _role(connection), ", ".join(lacking), ", ".join((subject, *_MEMORIES))
        grant = f"GRANT USAGE ON SCHEMA lienthong TO {role}; GRANT {rights} ON {tables} TO {role};"
        return Finding(subject, f"this role lacks {rights}", grant)
    if may_create:
        return Finding(subject, "", "")
    remedy = "GRANT ALL ON SCHEMA lienthong TO" if has_schema else "CREATE SCHEMA lienthong AUTHORIZATION"
    return Finding(
        subject,
        "the tables for the positions do not exist and this role cannot create it",
        f"{remedy} {_role(connection)};",
    )


def origin_finding(connection: Connection[Any]) -> Finding:
    """Whether our writes can be told from the system's own; only a system that also publishes needs that."""
    if may_set_origin(connection):
        return Finding("replication origin", "", "")
    return Finding(
        "replication origin",
        "our writes carry no origin; needed only where this system also publishes and its PostgreSQL is older than 14",
        origin_grant(connection),
    )


def table_findings(connection: Connection[Any], subscription: Subscription) -> list[Finding]:
    """What stands in the way of writing this subscription's table; one empty finding where nothing does."""
    name, key = subscription.into, subscription.key.column
    is_own = subscription.key.kind == OWN
    table = read_table(connection, name)
    if table is None:
        return [Finding(name, MISSING, MISSING_REMEDY)]
    found = [Finding(name, problem, remedy) for problem, remedy in table.problems(subscription)]
    unmapped = set() if is_own else table.columns.keys() - {key, *subscription.fields}
    found += [_unfilled(table, column) for column in sorted(unmapped) if table.columns[column].required]
    lacking = _lacking(connection, table.identifier.as_string(connection), _NEEDED_OF_OWN if is_own else _NEEDED)
    if lacking:
        grant = f"GRANT {', '.join(lacking)} ON {table.identifier.as_string(connection)} TO {_role(connection)};"
        found.append(Finding(name, f"this role lacks {', '.join(lacking)}", grant))
    return found or [Finding(name, "", "")]


def _unfilled(table: Table, column: str) -> Finding:
    return Finding(
        f"{table.name}.{column}",
        "new rows need a value here and none is mapped",
        f"map it under `fields`, or: ALTER TABLE {table.identifier.as_string()} "
        f"ALTER COLUMN {sql.Identifier(column).as_string()} SET DEFAULT …;",
    )


def _lacking(connection: Connection[Any], relation: str, needed: tuple[str, ...]) -> list[str]:
    # A right on some columns is taken for enough: the write tells when it is not.
    asked = "SELECT has_table_privilege(%s, %s) OR (%s <> 'DELETE' AND has_any_column_privilege(%s, %s))"
    lacking = []
    for privilege in needed:
        found = connection.execute(asked, [relation, privilege, privilege, relation, privilege]).fetchone()
        if not (found and found[0]):
            lacking.append(privilege)
    return lacking


def _role(connection: Connection[Any]) -> str:
    return sql.Identifier(connection.info.user).as_string(connection)
