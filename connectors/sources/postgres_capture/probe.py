"""What would stand in the way of capturing, each with the statement that mends it."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from connectors.sources.postgres_capture import publication, requirements
from connectors.sources.postgres_capture.database import Database
from connectors.sources.postgres_capture.structure import Table
from connectors.values import Finding
from schemas.manifest import Manifest

_SERVER = """
    SELECT current_setting('wal_level') AS wal_level,
           current_setting('max_replication_slots')::int AS slots,
           (SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name <> %(slot)s)::int AS others,
           (SELECT rolreplication OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS may_replicate,
           has_database_privilege(current_database(), 'CREATE') AS may_create,
           quote_ident(current_user) AS role, quote_ident(current_database()) AS database,
           pg_is_in_recovery() AS standby
"""
_NOT_OWNED = """
    SELECT count(*) FROM pg_catalog.pg_class WHERE oid = ANY(%s) AND NOT pg_has_role(relowner, 'USAGE')
"""


def findings(database: Database, manifest: Manifest, name: str) -> list[Finding]:
    """Server, role, publication, tables; a finding without problem for each that is as it must be."""
    connection = database.connection
    with connection.cursor(row_factory=dict_row) as cursor:
        server = cursor.execute(_SERVER, {"slot": name}).fetchone() or {}
    tables, obstacles = database.examine()
    unmapped = [
        finding
        for table in tables
        for finding in requirements.unmapped(table, [p for _, p in manifest.resources()[table.resource]])
    ]
    troubled = {finding.subject for finding in [*obstacles, *unmapped]}
    fine = [Finding(table.resource, "", "") for table in tables if table.resource not in troubled]
    return [
        *_server(server, name),
        *_publication(connection, name, tables, server),
        *obstacles,
        *unmapped,
        *fine,
    ]


def _server(server: dict[str, Any], name: str) -> list[Finding]:
    wal, role, slots, primary = "", "", "", ""
    if server["wal_level"] != "logical":
        wal = f"wal_level is {server['wal_level']}, changes cannot be decoded"
    if not server["may_replicate"]:
        role = f"role {server['role']} may not replicate"
    if server["others"] >= server["slots"]:
        slots = f"all {server['slots']} replication slots are in use"
    if server["standby"]:
        primary = "it is a standby"
    raised = f"ALTER SYSTEM SET max_replication_slots = {server['slots'] + 10};  -- and restart the server"
    return [
        _finding("server", primary, "connect to the primary"),
        _finding("wal_level", wal, "ALTER SYSTEM SET wal_level = logical;  -- and restart the server"),
        _finding("role", role, f"ALTER ROLE {server['role']} REPLICATION;"),
        _finding(f"slot {name}", slots, raised),
    ]


def _publication(
    connection: Connection[Any], name: str, tables: Sequence[Table], server: dict[str, Any]
) -> list[Finding]:
    lacking = publication.lacking(connection, name, tables)
    subject = f"publication {name}"
    if not lacking or not tables:
        return [Finding(subject, "", "")]
    oids = [table.oid for table in tables]
    not_owned = (connection.execute(_NOT_OWNED, (oids,)).fetchone() or (0,))[0]
    if server["may_create"] and not not_owned:
        return [Finding(subject, "", "")]  # the source makes it when it starts
    existing = publication.is_complete(connection, name) is True
    remedy = f"{publication.statement(name, tables, existing=existing)};  -- as an owner of the tables"
    if not server["may_create"]:
        remedy = f"{remedy} with CREATE on database {server['database']}"
    return [Finding(subject, f"{lacking}, and role {server['role']} may not change that", remedy)]


def _finding(subject: str, problem: str, remedy: str) -> Finding:
    return Finding(subject, problem, remedy if problem else "")
