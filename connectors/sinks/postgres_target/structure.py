"""What a target table is made of, as far as writing to it needs."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import class_row

from connectors.errors import SinkUnavailable
from schemas.manifest import OWN, Subscription

_RELATION = "SELECT oid::int8, relkind = 'v' FROM pg_class WHERE oid = to_regclass(%s)"

# The base type of a domain counts: a cast to the domain itself would cut text that is too long. Values are compared
# without the length of varchar and bit for the same reason: what is too long would seem equal to what is there.
_COLUMNS = """
SELECT a.attname::text AS name,
       format_type(b.type, -1) AS cast,
       CASE WHEN b.type IN ('varchar'::regtype, 'bpchar'::regtype) THEN 'text'
            WHEN b.type IN ('bit'::regtype, 'varbit'::regtype) THEN format_type(b.type, -1)
            ELSE format_type(b.type, b.typmod) END AS compare,
       format_type(a.atttypid, a.atttypmod) AS declared,
       CASE WHEN b.type IN ('varchar'::regtype, 'bpchar'::regtype) AND b.typmod > 4 THEN b.typmod - 4 END AS limit,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required,
       a.attgenerated <> '' OR a.attidentity = 'a' AS generated
FROM pg_attribute a
CROSS JOIN LATERAL (
  WITH RECURSIVE base AS (
    SELECT a.atttypid AS type, a.atttypmod AS typmod
    UNION ALL
    SELECT t.typbasetype, CASE WHEN base.typmod = -1 THEN t.typtypmod ELSE base.typmod END
    FROM base JOIN pg_type t ON t.oid = base.type WHERE t.typtype = 'd'
  )
  SELECT base.type, base.typmod FROM base JOIN pg_type t ON t.oid = base.type WHERE t.typtype <> 'd'
) b
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""

_UNIQUE = """
SELECT array_agg(a.attname::text ORDER BY a.attname)
FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
  AND i.indexprs IS NULL
GROUP BY i.indexrelid
"""

_DEFERRABLE = """
SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = %(oid)s AND tgdeferrable)
    OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = %(oid)s AND condeferrable)
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `cast` takes any text without cutting it; `compare` is what values are compared as."""

    name: str
    cast: str
    compare: str
    declared: str
    #: Most characters that it holds, or None.
    limit: int | None
    #: An insert must give a value.
    required: bool
    #: The database makes its values; nobody may write them.
    generated: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A target table as it is now."""

    name: str
    columns: dict[str, Column]
    #: The columns of each unique index that a conflict can be decided by, sorted.
    unique: list[list[str]]
    #: Some check would otherwise wait for the commit, where it is too late to find the row that fails it.
    deferrable: bool
    is_view: bool

    @property
    def identifier(self) -> sql.Identifier:
        """The quoted name."""
        return quoted(self.name)

    def problems(self, subscription: Subscription) -> list[tuple[str, str]]:
        """What stands in the way of writing what is subscribed to: pairs of problem and remedy."""
        key, fields = subscription.key.column, list(subscription.fields)
        # The number of a system's own row is looked for and never written.
        written = fields if subscription.key.kind == OWN else [key, *fields]
        remedy = f"add it to {self.name}, or correct `key` and `fields` in the manifest"
        found = [(f"no column {name}", remedy) for name in (key, *fields) if name not in self.columns]
        found += [
            (f"the database generates column {name}", "take it out of `fields` in the manifest")
            for name in written
            if name in self.columns and self.columns[name].generated
        ]
        # A view's indexes belong to the tables behind it.
        if not self.is_view and not found and [key] not in self.unique:
            index = sql.SQL("CREATE UNIQUE INDEX ON {} ({})").format(self.identifier, sql.Identifier(key))
            found.append((f"no unique index on {key}", f"{index.as_string()};"))
        return found


def quoted(name: str) -> sql.Identifier:
    """`schema.table` or `table`, spelled exactly as in the database."""
    return sql.Identifier(*name.split(".", 1))


def read_table(connection: Connection[Any], name: str) -> Table | None:
    """The table or view of this name; None where there is none that this role can see."""
    found = connection.execute(_RELATION, [quoted(name).as_string(connection)]).fetchone()
    if found is None:
        return None
    oid, is_view = found
    deferrable = connection.execute(_DEFERRABLE, {"oid": oid}).fetchone()
    with connection.cursor(row_factory=class_row(Column)) as cursor:
        columns = {column.name: column for column in cursor.execute(_COLUMNS, [oid])}
    unique = [row[0] for row in connection.execute(_UNIQUE, [oid])]
    return Table(name, columns, unique, deferrable=bool(deferrable and deferrable[0]), is_view=is_view)


def table_to_write(connection: Connection[Any], subscription: Subscription) -> Table:
    """The table, fit to be written. Raises SinkUnavailable, which says what to create or alter."""
    name = subscription.into
    table = read_table(connection, name)
    if table is None:
        raise SinkUnavailable(f"looking for table {name}: {MISSING}; {MISSING_REMEDY}")
    problems = table.problems(subscription)
    if problems:
        told = "; ".join(f"{problem}: {remedy}" for problem, remedy in problems)
        raise SinkUnavailable(f"preparing to write table {name}: {told}")
    return table


MISSING = "it does not exist, or this role cannot see it"
MISSING_REMEDY = "create it, grant USAGE on its schema, or correct `into` in the manifest"
