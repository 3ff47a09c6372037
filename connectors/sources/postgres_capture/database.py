"""What the source asks of the database beside snapshot and stream: structure, types, single rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import Connection, pq

from connectors.errors import SourceUnavailable
from connectors.sources.postgres_capture import lsn, requirements
from connectors.sources.postgres_capture.relations import Published, Relation
from connectors.sources.postgres_capture.session import unconverted
from connectors.sources.postgres_capture.shapes import Shapes
from connectors.sources.postgres_capture.structure import Table, read_table
from connectors.sources.postgres_capture.types import ROWS_OF_TYPES, TypeRow, Types
from connectors.values import Finding
from schemas.manifest import Manifest, Publication


class Database:
    """One session and the tables that a manifest publishes. Methods raise psycopg.Error."""

    def __init__(self, connection: Connection[Any], manifest: Manifest) -> None:
        self.connection = connection
        self._manifest = manifest
        self._types = Types(lambda: map(TypeRow._make, connection.execute(ROWS_OF_TYPES).fetchall()))

    @property
    def role(self) -> str:
        """Whom we are connected as."""
        return self.connection.info.user

    def end_of_wal(self) -> int:
        """The position at which the server writes."""
        found = self.connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        return lsn.parse(found[0]) if found else 0

    def tables(self) -> list[Table]:
        """The published tables. Raises SourceUnavailable, with all remedies, where one cannot be captured."""
        tables, findings = self.examine()
        if findings:
            listed = "; ".join(f"{found.subject}: {found.problem}: {found.remedy}" for found in findings)
            raise SourceUnavailable(f"opening {self._manifest.system}: {listed}")
        return tables

    def examine(self) -> tuple[list[Table], list[Finding]]:
        """The published tables that exist, and what keeps any of them from being captured."""
        tables, findings = [], []
        for resource, fed in self._manifest.resources().items():
            table = read_table(self.connection, resource)
            if table is None:
                findings.append(requirements.missing_table(resource))
                continue
            tables.append(table)
            findings += requirements.obstacles(table, _publications(fed), self.role)
        return tables, findings

    def published(self, tables: Iterable[Table]) -> dict[int, Published]:
        """By oid, the tables with what they feed. Shapes are made anew: types may have changed since."""
        fed = self._manifest.resources()
        return {table.oid: self._published(table, fed[table.resource]) for table in tables}

    def read_again(self, relation: Relation, columns: Sequence[str], key: Sequence[str]) -> list[bytes | None] | None:
        """Cells of the row with this primary key as it is now; None when it, or a column of it, is gone."""
        names = ", ".join(_quoted(column) for column in columns)
        where = " AND ".join(f"{_quoted(name)} = ${n}" for n, name in enumerate(relation.primary_key, 1))
        command = f"SELECT {names} FROM {relation.table.spelled} WHERE {where}"  # noqa: S608 - names are quoted
        texts = [part.encode("utf-8", "surrogateescape") for part in key]
        with unconverted(self.connection):
            result = self.connection.pgconn.exec_params(command.encode(), texts)
        if result.status != pq.ExecStatus.TUPLES_OK:
            state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
            if state in ("42P01", "42703"):  # undefined table, undefined column: a later change of structure
                return None
            raise psycopg.OperationalError(f"reading a row of {relation.table.resource} again: SQLSTATE {state}")
        return [result.get_value(0, place) for place in range(len(columns))] if result.ntuples else None

    def primary_keys(self, table: Table, kept: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """What the primary key may be called: as it is now, and as it was kept."""
        now = read_table(self.connection, table.resource)
        return {"now": now.primary_key if now else (), "kept": tuple(kept)}

    def _published(self, table: Table, fed: Sequence[tuple[str, Publication]]) -> Published:
        return Published(
            table=table,
            entities=tuple(entity for entity, _ in fed),
            key_columns=frozenset(column for _, publication in fed for column in publication.key.columns),
            shapes=Shapes(system=self._manifest.system, resource=table.resource, types=self._types),
        )


def _publications(fed: Sequence[tuple[str, Publication]]) -> list[Publication]:
    return [publication for _, publication in fed]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
