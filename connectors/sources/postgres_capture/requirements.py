"""What a published table must be like, and what mends it where it is not."""

from collections.abc import Iterable, Iterator

from connectors.sources.postgres_capture.structure import Table
from connectors.values import Finding
from schemas.manifest import Publication

_KINDS = {"v": "a view", "m": "a materialised view", "f": "a foreign table", "S": "a sequence", "i": "an index"}


def missing_table(resource: str) -> Finding:
    """For a table that is not there."""
    remedy = f"correct `from: {resource}` in the manifest (schema.table, letter by letter), or create the table"
    return Finding(resource, "there is no such table", remedy)


def obstacles(table: Table, publications: Iterable[Publication], role: str) -> Iterator[Finding]:
    """What keeps the table from being captured faithfully."""
    needed = dict.fromkeys(column for publication in publications for column in publication.key.columns)
    if table.kind not in ("r", "p"):
        kind = _KINDS.get(table.kind, "no table")
        yield Finding(table.resource, f"it is {kind}, which cannot be replicated", "publish the table behind it")
        return
    if not table.logged:
        yield Finding(table.resource, "it is not logged", f"ALTER TABLE {table.spelled} SET LOGGED;")
    if not table.readable:
        schema = table.spelled.split(".")[0]
        grants = f"GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {table.spelled} TO {role};"
        yield Finding(table.resource, f"role {role} may not read it", grants)
    if table.filtered:
        remedy = f"ALTER ROLE {role} BYPASSRLS;"
        yield Finding(table.resource, "row-level security hides rows from this role", remedy)
    if not table.primary_key:
        remedy = f"ALTER TABLE {table.spelled} ADD PRIMARY KEY (…);"
        yield Finding(table.resource, "it has no primary key, so its rows have no name", remedy)
        return
    yield from _identity(table, dict.fromkeys([*table.primary_key, *needed]))


def _identity(table: Table, needed: Iterable[str]) -> Iterator[Finding]:
    """The old row must bring the entity's key and the primary key, else a deletion or a new key is not seen."""
    present = {column.name for column in table.columns}
    for leaf in table.leaves:
        lacking = [column for column in needed if column in present and column not in leaf.identity_columns]
        if leaf.identity != "f" and lacking:
            problem = f"its replica identity does not cover {', '.join(lacking)}: the old value would not be sent"
            yield Finding(table.resource, problem, f"ALTER TABLE {leaf.spelled} REPLICA IDENTITY FULL;")


def unmapped(table: Table, publications: Iterable[Publication]) -> Iterator[Finding]:
    """Columns that the manifest names and the table does not send; their rows end among the dead letters."""
    present = {column.name for column in table.columns}
    for publication in publications:
        for column in publication.columns:
            if column in table.generated:
                problem = f"column {column} is generated, and generated columns are not replicated"
                yield Finding(table.resource, problem, "map the columns that it is made from")
            elif column not in present:
                names = ", ".join(sorted(present))
                yield Finding(table.resource, f"there is no column {column}", f"correct the manifest; it has {names}")
