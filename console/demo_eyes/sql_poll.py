"""A database that SQLAlchemy reaches."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from console.errors import ConsoleError
from schemas.manifest import Subscription
from schemas.records import Row


def eye(system: str, connect: dict[str, Any], subscription: Subscription) -> "SqlEye":
    """Opened."""
    engine = sa.create_engine(connect["url"], poolclass=sa.NullPool, hide_parameters=True, isolation_level="AUTOCOMMIT")
    try:
        return SqlEye(engine.connect(), subscription.into)
    except SQLAlchemyError as error:
        first_line = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        raise ConsoleError(
            f"looking into the database of {system}: {first_line}; `lienthong check` tests the connection"
        ) from None


class SqlEye:
    """See `console.demo_eyes.Eye`."""

    def __init__(self, connection: sa.Connection, table: str) -> None:
        schema, _, name = table.rpartition(".")
        self._connection, self._table = connection, sa.table(name, schema=schema or None)

    def row(self, where: Row, names: list[str]) -> Row | None:
        """See Eye."""
        columns: list[sa.ColumnElement[Any]] = [sa.column(name) for name in names]
        conditions = [sa.cast(sa.column(name), sa.String) == str(value) for name, value in where.items()]
        found = self._connection.execute(sa.select(*columns).select_from(self._table).where(*conditions)).first()
        if found is None:
            return None
        return {name: None if value is None else str(value) for name, value in zip(names, found, strict=True)}

    def values(self, column: str, limit: int) -> list[str] | None:
        """See Eye."""
        wanted: sa.ColumnElement[Any] = sa.column(column)
        query = sa.select(wanted).select_from(self._table).where(wanted.is_not(None)).limit(limit + 1)
        found = [str(value) for (value,) in self._connection.execute(query)]
        return found if len(found) <= limit else None

    def close(self) -> None:
        """See Eye."""
        self._connection.close()
