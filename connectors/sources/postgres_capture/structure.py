"""What the database says of the published tables."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from connectors.sources.postgres_capture.shapes import Column


@dataclass(frozen=True, slots=True)
class Leaf:
    """A table that holds rows: the table itself, or a partition. `spelled` is its name as SQL quotes it."""

    spelled: str
    #: `d` default, `n` nothing, `f` full, `i` index.
    identity: str
    #: Columns that the old row of an update or delete brings; those of the index or primary key.
    identity_columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """One published table or partitioned table."""

    resource: str
    oid: int
    #: `schema.name`, quoted.
    spelled: str
    #: `r` table, `p` partitioned, `v` view, …
    kind: str
    logged: bool
    readable: bool
    #: Row-level security hides rows from this role.
    filtered: bool
    #: Those that replication sends: not the generated ones.
    columns: tuple[Column, ...]
    generated: frozenset[str]
    primary_key: tuple[str, ...]
    #: The primary key's columns by number, which a renaming leaves alone.
    key_numbers: tuple[int, ...]
    leaves: tuple[Leaf, ...]


_TABLE = """
    SELECT c.oid::bigint AS oid, format('%%I.%%I', n.nspname, c.relname) AS spelled, c.relkind::text AS kind,
           c.relpersistence = 'p' AS logged,
           has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
           row_security_active(c.oid) AS filtered
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s
"""
_COLUMNS = """
    SELECT attname AS name, atttypid::bigint AS type_oid, attgenerated <> '' AS generated
    FROM pg_catalog.pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_PRIMARY_KEY = """
    SELECT a.attname AS name, a.attnum AS number
    FROM pg_catalog.pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, place), pg_catalog.pg_attribute a
    WHERE i.indrelid = %s AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.attnum
      AND k.place <= i.indnkeyatts
    ORDER BY k.place
"""
_LEAVES = """
    SELECT format('%%I.%%I', n.nspname, c.relname) AS spelled, c.relreplident::text AS identity,
           ARRAY(SELECT a.attname::text FROM pg_catalog.pg_index i, pg_catalog.pg_attribute a
                 WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END
                   AND a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[])) AS identity_columns
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = %(oid)s AND c.relkind = 'r'
       OR c.relkind = 'r' AND c.oid IN (SELECT relid FROM pg_partition_tree(%(oid)s) WHERE isleaf)
    ORDER BY 1
"""


def from_clause(table: Table) -> str:
    """The table in SQL, without tables that inherit from it: they are resources of their own."""
    return table.spelled if table.kind == "p" else f"ONLY {table.spelled}"


def split_resource(resource: str) -> tuple[str, str]:
    """Schema and name of `schema.name`; `public` where there is no schema."""
    schema, dot, name = resource.partition(".")
    return (schema, name) if dot else ("public", resource)


def read_table(connection: Connection[Any], resource: str) -> Table | None:
    """The table of this name, exactly as spelled; None where there is none. Raises psycopg.Error."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_TABLE, split_resource(resource)).fetchone()
        if found is None:
            return None
        columns = cursor.execute(_COLUMNS, (found["oid"],)).fetchall()
        key = cursor.execute(_PRIMARY_KEY, (found["oid"],)).fetchall()
        leaves = cursor.execute(_LEAVES, {"oid": found["oid"]}).fetchall()
    return Table(
        resource=resource,
        **found,
        columns=tuple(Column(c["name"], c["type_oid"]) for c in columns if not c["generated"]),
        generated=frozenset(c["name"] for c in columns if c["generated"]),
        primary_key=tuple(column["name"] for column in key),
        key_numbers=tuple(column["number"] for column in key),
        leaves=tuple(Leaf(x["spelled"], x["identity"], frozenset(x["identity_columns"])) for x in leaves),
    )
