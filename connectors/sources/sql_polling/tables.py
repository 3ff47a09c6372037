"""The polled tables as the database describes them, and their rows as they are read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture.shapes import avro_name, field_names
from connectors.sources.sql_polling import plain
from connectors.sources.sql_polling.columns import Column, column_of
from connectors.values import Finding
from schemas.manifest import Manifest
from schemas.records import Row

#: What is bound and compared as the driver gives it, and has one JSON form; all else goes by the column's `asked`.
_BARE: Final = frozenset({"boolean", "long", "string"})


class Found(NamedTuple):
    """One row as read. `key` and `cursor` as the database takes them back; `brief` what a later change must repeat.

    `changed`: the cursor in microseconds since 1970 where it is a timestamp, else None.
    """

    name: str
    key: list[Any]
    cursor: Any
    row: Row
    brief: Row
    changed: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table. `key` and `cursor` are what is selected of them; conditions are on their bare columns."""

    resource: str
    entities: tuple[str, ...]
    clause: sa.TableClause
    columns: tuple[Column, ...]
    fields: tuple[str, ...]
    shape: dict[str, Any]
    key: tuple[Column, ...]
    cursor: Column
    brief_fields: tuple[str, ...]
    dialect: str

    def keys(self) -> list[sa.ColumnElement[Any]]:
        """The primary key as selected."""
        return [self._carried(column) for column in self.key]

    def cursor_read(self) -> sa.ColumnElement[Any]:
        """The cursor as selected."""
        return self._carried(self.cursor)

    def asked(self) -> list[sa.ColumnElement[Any]]:
        """Everything that `read` takes, in its order."""
        wanted = [*self.keys(), self.cursor_read(), *(column.asked for column in self.columns)]
        return [expression.label(f"c{place}") for place, expression in enumerate(wanted)]

    def read(self, cells: Sequence[Any]) -> Found:
        """A row from the cells of `asked`."""
        width = len(self.key)
        key, cursor, values = list(cells[:width]), cells[width], cells[width + 1 :]
        row = {
            field: None if value is None else column.convert(value)
            for field, column, value in zip(self.fields, self.columns, values, strict=True)
        }
        changed = row[self.fields[self.columns.index(self.cursor)]] if self.cursor.family == "timestamp" else None
        brief = {field: row[field] for field in self.brief_fields}
        return Found(name_of(key), key, cursor, row, brief, changed if isinstance(changed, int) else None)

    def field(self, column: str) -> str:
        """Under which name `Found.row` has a column of this table."""
        return self.fields[[each.name for each in self.columns].index(column)]

    def structure(self) -> str:
        """What a change of the structure changes."""
        return plain.dumps([self.shape, [column.name for column in self.key]])

    def _carried(self, column: Column) -> sa.ColumnElement[Any]:
        bare: sa.ColumnElement[Any] = sa.column(column.name)
        return sa.cast(bare, sa.Text) if self.dialect == "postgresql" and column.family not in _BARE else bare


def name_of(key: Sequence[Any]) -> str:
    """Several columns as one name: by commas, with those within a text escaped so that no two rows share a name."""
    if len(key) == 1:
        return str(key[0])
    return ",".join(str(part).replace("\\", "\\\\").replace(",", "\\,") for part in key)


def split_resource(resource: str) -> tuple[str | None, str]:
    """Schema and name of `schema.table`; no schema where there is no dot."""
    schema, _, name = resource.rpartition(".")
    return schema or None, name


def tables(connection: sa.Connection, manifest: Manifest, cursors: dict[str, str]) -> list[Table]:
    """The published tables. Raises sa's errors; SourceUnavailable, with all remedies, where one cannot be polled."""
    found, obstacles = examine(connection, manifest, cursors)
    if obstacles:
        listed = "; ".join(f"{finding.subject}: {finding.problem}: {finding.remedy}" for finding in obstacles)
        raise SourceUnavailable(f"opening {manifest.system}: {listed}")
    return found


def published_by(connection: sa.Connection, manifest: Manifest) -> dict[str, Table]:
    """By resource, those that can be polled, for whoever writes into them. Raises sa's errors."""
    found, _ = examine(connection, manifest, manifest.connect.get("cursors") or {})
    return {table.resource: table for table in found}


def written_by(manifest: Manifest, table: Table) -> tuple[str, str] | None:
    """The entity whose deliveries are written into the table, and the column by which they find a row; None where there
    is no such entity or column, or where there are several."""
    into = [(entity, each.key.column) for entity, each in manifest.subscribes.items() if each.into == table.resource]
    columns = {column.name for column in table.columns}
    return into[0] if len(into) == 1 and into[0][1] in columns else None


def examine(
    connection: sa.Connection, manifest: Manifest, cursors: dict[str, str]
) -> tuple[list[Table], list[Finding]]:
    """The tables that can be polled, and what keeps the others from it."""
    inspector = sa.inspect(connection)
    found: list[Table] = []
    findings: list[Finding] = []
    for resource in manifest.resources():
        obstacle = _obstacle(inspector, resource, cursors.get(resource, ""))
        if obstacle is None:
            found.append(_table(connection, inspector, manifest, resource, cursors[resource]))
        else:
            findings.append(obstacle)
    return found, findings


def _obstacle(inspector: sa.Inspector, resource: str, cursor: str) -> Finding | None:
    schema, name = split_resource(resource)
    if not inspector.has_table(name, schema):
        remedy = f"correct `from: {resource}` in the manifest (schema.table, letter by letter), or create the table"
        return Finding(resource, "there is no such table", remedy)
    names = [column["name"] for column in inspector.get_columns(name, schema)]
    if cursor not in names:
        remedy = f"name one that every change of a row sets anew under `connect: cursors`; it has {', '.join(names)}"
        return Finding(resource, f"there is no cursor column {cursor}", remedy)
    if not inspector.get_pk_constraint(name, schema)["constrained_columns"]:
        return Finding(
            resource, "it has no primary key, so its rows have no name", f"ALTER TABLE {resource} ADD PRIMARY KEY (…);"
        )
    return None


def _table(connection: sa.Connection, inspector: sa.Inspector, manifest: Manifest, resource: str, cursor: str) -> Table:
    schema, name = split_resource(resource)
    reflected = inspector.get_columns(name, schema)
    columns = tuple(column_of(column["name"], column["type"], connection.dialect) for column in reflected)
    fields = tuple(field_names([column.name for column in columns]))
    by_name = {column.name: column for column in columns}
    key = inspector.get_pk_constraint(name, schema)["constrained_columns"]
    fed = manifest.resources()[resource]
    needed = {*key, *(column for _, publication in fed for column in publication.key.columns)}
    needed |= {each.key.column for each in manifest.subscribes.values() if each.into == resource}
    namespace = f"lienthong.raw.{manifest.system}.{avro_name(resource)}"
    return Table(
        resource=resource,
        entities=tuple(entity for entity, _ in fed),
        clause=sa.table(name, schema=schema),
        columns=columns,
        fields=fields,
        shape={"type": "record", "name": "Row", "namespace": namespace, "fields": list(_fields(columns, fields))},
        key=tuple(by_name[column] for column in key),
        cursor=by_name[cursor],
        brief_fields=tuple(f for f, column in zip(fields, columns, strict=True) if column.name in needed),
        dialect=connection.dialect.name,
    )


def _fields(columns: Iterable[Column], fields: Iterable[str]) -> Iterator[dict[str, Any]]:
    for column, name in zip(columns, fields, strict=True):
        field = {"name": name, "type": ["null", *column.avro], "default": None, "source_type": column.source_type}
        yield field if name == column.name else field | {"column": column.name}
