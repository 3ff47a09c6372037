"""What a target table is made of, as far as writing to it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.types import TypeEngine

from connectors.errors import SinkUnavailable
from connectors.sinks.sql_target import values
from connectors.sinks.sql_target.session import Refused
from connectors.sqlstates import BAD_VALUE, NOT_NULL, VALUE_TOO_LONG
from schemas.manifest import OWN, Subscription
from schemas.records import Row


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `required`: an insert must give a value; `generated`: nobody may write it."""

    name: str
    kind: TypeEngine[Any]
    spelled: str
    limit: int | None
    required: bool
    generated: bool

    def taken(self, value: Any) -> Any:
        """The value as the driver takes it. Raises Refused, which names the column and no value."""
        where = f"column {self.name}"
        if value is None and self.required:
            raise Refused(NOT_NULL, f"{where} must have a value; map it, or give it a default", self.name)
        if self.limit is not None and isinstance(value, str) and len(value) > self.limit:
            told = f"{where} holds at most {self.limit} characters and this value has {len(value)}"
            raise Refused(VALUE_TOO_LONG, f"{told}; widen the column, or shorten the value at its source", self.name)
        try:
            return values.convert(self.kind, value)
        except (ValueError, OverflowError):
            remedy = "correct the value at its source, or `format` or `codes` in the manifest"
            told = f"{where} is {self.spelled} and does not take this value; {remedy}"
            raise Refused(BAD_VALUE, told, self.name) from None


@dataclass(frozen=True, slots=True)
class Table:
    """A target table as it is now."""

    name: str
    clause: sa.TableClause
    columns: dict[str, Column]
    #: The columns of the primary key and of each unique index, sorted.
    unique: list[list[str]]

    def column(self, name: str) -> sa.ColumnElement[Any]:
        """To be named in statements, and bound as what it is."""
        return self.clause.c[name]

    def taken(self, row: Row) -> Row:
        """The row as the driver takes it. Raises Refused."""
        return {name: self.columns[name].taken(value) for name, value in row.items()}

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
        if not found and [key] not in self.unique:
            name = self.name.rpartition(".")[2]
            found.append((f"no unique index on {key}", f"CREATE UNIQUE INDEX {name}_key ON {self.name} ({key});"))
        return found


MISSING = "it does not exist, or this role cannot see it"
MISSING_REMEDY = "create it, let this role see it, or correct `into` in the manifest"


def read_table(connection: sa.Connection, name: str) -> Table | None:
    """The table or view of this name, `schema.table` or `table`; None where there is none that this role can see."""
    schema, _, bare = name.rpartition(".")
    inspector, at = sa.inspect(connection), schema or None
    if not (inspector.has_table(bare, at) or bare in inspector.get_view_names(at)):
        return None
    columns = {found["name"]: _column(found, connection.dialect) for found in inspector.get_columns(bare, at)}
    indexes: list[list[str | None]] = [
        index["column_names"] for index in inspector.get_indexes(bare, at) if index["unique"]
    ]
    constraints = [unique["column_names"] for unique in inspector.get_unique_constraints(bare, at)]
    primary = inspector.get_pk_constraint(bare, at)["constrained_columns"]
    listed: list[Sequence[str | None]] = [*indexes, *constraints, primary]
    unique = [sorted(map(str, parts)) for parts in listed]
    clause = sa.table(bare, *(sa.column(c.name, values.taken_as(c.kind)) for c in columns.values()), schema=at)
    return Table(name, clause, columns, unique)


def table_to_write(connection: sa.Connection, subscription: Subscription) -> Table:
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


def _column(found: ReflectedColumn, dialect: sa.Dialect) -> Column:
    kind = found["type"]
    identity = found.get("identity")
    fills_itself = found["default"] is not None or identity is not None or found.get("autoincrement") is True
    return Column(
        name=found["name"],
        kind=kind,
        spelled=_spelled(kind, dialect),
        limit=kind.length if isinstance(kind, sa.String) else None,
        required=not found["nullable"] and not fills_itself and "computed" not in found,
        generated="computed" in found or bool(identity and identity.get("always")),
    )


def _spelled(kind: TypeEngine[Any], dialect: sa.Dialect) -> str:
    try:
        return kind.compile(dialect).lower()
    except sa.exc.SQLAlchemyError:
        return "of an unknown type"
