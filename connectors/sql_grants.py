"""What a system's connector may do in the system's own database, as statements for its administrators."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.manifest import OWN, Manifest

#: Kinds that log in to a database.
_DATABASES: Final = ("postgres", "sql_poll")
#: What it takes to mark our writes, so that they are not taken for the system's own.
_ORIGINS: Final = tuple(f"pg_replication_origin_{name}(text)" for name in ("oid", "create", "session_setup"))
_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*")


def of_system(manifest: Manifest, role: str) -> list[str]:
    """In the order in which they are run; `role` exists already, with its password. Empty for other kinds."""
    if manifest.kind not in _DATABASES:
        return []
    return [*_schemas(manifest, role), *_of_source(manifest, role), *_of_sink(manifest, role), *_of_own(manifest, role)]


def _schemas(manifest: Manifest, role: str) -> Iterator[str]:
    tables = [*manifest.resources(), *(subscription.into for subscription in manifest.subscribes.values())]
    for schema in dict.fromkeys(table.rpartition(".")[0] for table in tables):
        if schema:
            yield f"GRANT USAGE ON SCHEMA {_spelled(schema)} TO {role};"


def _of_source(manifest: Manifest, role: str) -> Iterator[str]:
    logical = manifest.kind == "postgres" and manifest.publishes
    if logical:
        yield f"ALTER ROLE {role} REPLICATION;"
    for table in manifest.resources():
        yield f"GRANT SELECT ON {_spelled(table)} TO {role};"
    if logical:
        name = str(manifest.connect.get("slot") or f"lienthong_{manifest.system}")
        tables = ", ".join(map(_spelled, manifest.resources()))
        yield f"CREATE PUBLICATION {name} FOR TABLE {tables} WITH (publish_via_partition_root = true);"


def _of_sink(manifest: Manifest, role: str) -> Iterator[str]:
    for subscription in manifest.subscribes.values():
        table, columns = _spelled(subscription.into), ", ".join(map(_spelled, subscription.fields))
        if subscription.key.kind == OWN:
            yield f"GRANT SELECT ON {table} TO {role};"
            yield f"GRANT UPDATE ({columns}) ON {table} TO {role};"
            continue
        written = f"{_spelled(subscription.key.column)}, {columns}"
        yield f"GRANT SELECT ({written}), INSERT ({written}), UPDATE ({written}), DELETE ON {table} TO {role};"


def _of_own(manifest: Manifest, role: str) -> Iterator[str]:
    """Tables of our own, for positions, in a schema of our own: in plain SQL the one that unqualified names lead to."""
    if manifest.kind == "sql_poll" and manifest.subscribes:
        yield f"CREATE SCHEMA {role} AUTHORIZATION {role};"
    if manifest.kind == "postgres" and manifest.subscribes:
        yield f"CREATE SCHEMA lienthong AUTHORIZATION {role};"
        if manifest.publishes:
            yield f"GRANT EXECUTE ON FUNCTION {', '.join(_ORIGINS)} TO {role};"


def _spelled(name: str) -> str:
    """As SQL wants it: in quotes where it is not all small letters."""
    return ".".join(part if _PLAIN.fullmatch(part) else f'"{part}"' for part in name.split("."))
