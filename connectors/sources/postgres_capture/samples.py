"""A few rows, typed as the stream types them."""

from connectors.sources.postgres_capture.copying import lines
from connectors.sources.postgres_capture.database import Database
from connectors.sources.postgres_capture.session import unconverted
from connectors.sources.postgres_capture.snapshot import select
from connectors.sources.postgres_capture.tuples import copy_cells, row_of_cells
from schemas.records import Row


def rows(database: Database, entity: str, limit: int) -> list[Row]:
    """Up to `limit` rows of the tables that feed the entity. Raises psycopg.Error."""
    tables, _ = database.examine()
    found: list[Row] = []
    for published in database.published(tables).values():
        if entity in published.entities and len(found) < limit:
            readers = published.shapes.of(published.table.columns).readers
            query = f"{select(published.table)} LIMIT {limit - len(found)}"
            with unconverted(database.connection):
                found += [row_of_cells(readers, copy_cells(line)) for line in lines(database.connection, query)]
    return found
