"""Has the target compute its checksums while what it should hold is still being read, on a connection of their own."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from psycopg import Connection

from connectors.sinks.postgres_target.checksums import Sums, digits_for, sums_query
from connectors.sinks.postgres_target.refusals import translated
from connectors.sinks.postgres_target.structure import Column, Table

#: Of a table of which the database knows no number of rows.
_MANY = 1_000_000
_ABOUT = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)"


def ask_sums(connection: Connection[Any], table: Table, columns: Sequence[Column], *, digits: int) -> Sums:
    """The sums as the target has them now."""
    found = connection.execute(sums_query(table, columns, digits=digits))
    return {bucket: (rows, int(total)) for bucket, rows, total in found}


class SumsAhead:
    """Begun when it is made. What is written meanwhile may be in them, or not: they tell where to look, no more."""

    def __init__(self, connection: Connection[Any], table: Table, columns: Sequence[Column]) -> None:
        """The connection is closed in the end."""
        self._connection = connection
        with translated("asking for the size of a table"):
            found = connection.execute(_ABOUT, [table.identifier.as_string()]).fetchone()
        about = found[0] if found and found[0] > 0 else _MANY
        self.digits = digits_for(about)
        self._pool = ThreadPoolExecutor(1)
        self._asked = self._pool.submit(ask_sums, connection, table, columns, digits=self.digits)

    def result(self) -> Sums:
        """Waits for them."""
        return self._asked.result()

    def close(self) -> None:
        """Nobody needs them any more."""
        if not self._asked.done():
            self._connection.cancel_safe()
        self._pool.shutdown()
        self._connection.close()
