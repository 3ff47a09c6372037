"""Where each stream stands, in the target's own schema `lienthong`: changed only together with the data."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import structlog
from psycopg import Connection

from connectors.errors import Fenced, SinkUnavailable
from connectors.sinks.postgres_target import arrivals, departures
from connectors.values import Stream, Writes
from schemas.formats import newer

_EXISTS = "SELECT to_regclass('lienthong.position') IS NOT NULL AND to_regclass('lienthong.arrived') IS NOT NULL"

# `IF NOT EXISTS` would ask for the right to create even where the schema is there.
_SCHEMA_EXISTS = "SELECT to_regnamespace('lienthong') IS NOT NULL"

_CREATE_SCHEMA = "CREATE SCHEMA lienthong"

_CREATE = """
CREATE TABLE IF NOT EXISTS lienthong.position (
  topic text NOT NULL,
  "partition" int NOT NULL,
  topic_id text NOT NULL,
  next_offset bigint NOT NULL,
  generation bigint NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (topic, "partition")
) WITH (fillfactor = 50);
COMMENT ON TABLE lienthong.position IS
  'Liên thông: up to where each delivery topic has been written here. Changed with the data; do not edit. Format 1.'
"""

#: In words, for people see it, too; tables from before there was a number have none.
_FORMAT = 1
_READ_FORMAT = (
    r"SELECT substring(obj_description(to_regclass('lienthong.position'), 'pg_class') from 'Format (\d+)')::int"
)

_NEW = """
INSERT INTO lienthong.position (topic, "partition", topic_id, next_offset, generation, updated_at)
VALUES (%(topic)s, %(partition)s, %(topic_id)s, 0, 0, clock_timestamp()) ON CONFLICT DO NOTHING
"""

_READ = """
SELECT topic_id, next_offset, generation FROM lienthong.position
WHERE topic = %(topic)s AND "partition" = %(partition)s FOR UPDATE
"""

_TAKE = """
UPDATE lienthong.position
SET topic_id = %(topic_id)s, next_offset = %(next_offset)s, generation = generation + 1, updated_at = clock_timestamp()
WHERE topic = %(topic)s AND "partition" = %(partition)s RETURNING generation
"""

_ADVANCE = """
UPDATE lienthong.position SET next_offset = %(next_offset)s, updated_at = clock_timestamp()
WHERE topic = %(topic)s AND "partition" = %(partition)s
  AND topic_id = %(topic_id)s AND generation = %(generation)s AND next_offset = %(expected)s
"""

#: A write holds the row for moments, unless its process is frozen.
_WAIT_BRIEFLY = "SET LOCAL lock_timeout = '2s'"

_END_FROZEN = """
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
  AND application_name = current_setting('application_name')
  AND state = 'idle in transaction' AND state_change < clock_timestamp() - interval '1 second'
"""

_log = structlog.get_logger(__name__)


def ensure_tables(connection: Connection[Any]) -> None:
    """Create the schema and its tables where they are missing; needs no right to create where they are not.

    Raises SinkUnavailable where a newer version has made them.
    """
    refuse_newer(connection)
    if _holds(connection, _EXISTS):
        return
    with connection.transaction():
        # Two sinks may start at once.
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('lienthong.position', 0))")
        if not _holds(connection, _SCHEMA_EXISTS):
            connection.execute(_CREATE_SCHEMA)
        connection.execute(_CREATE)
        connection.execute(departures.CREATE)
        connection.execute(arrivals.CREATE)


def refuse_newer(connection: Connection[Any]) -> None:
    """Raises SinkUnavailable where a newer version has made the tables; nothing where there are none."""
    found = connection.execute(_READ_FORMAT).fetchone()
    if refused := newer("lienthong.position", found=found[0] or 1 if found else 1, known=_FORMAT):
        raise SinkUnavailable(f"opening the target: {refused}")


def take(
    connection: Connection[Any], streams: Sequence[Stream], held: Mapping[Stream, int]
) -> dict[Stream, tuple[int, int]]:
    """Next offset and generation of each stream, in one transaction.

    A stream in `held` goes on with the generation it has, and raises Fenced when another sink has raised it; any other
    is taken over from whoever holds it.
    """
    with connection.transaction():
        connection.execute(_WAIT_BRIEFLY)
        ordered = sorted(streams, key=lambda stream: (stream.topic, stream.partition))
        return {stream: _take_one(connection, stream, held.get(stream)) for stream in ordered}


def end_frozen(connection: Connection[Any]) -> None:
    """End sessions of this system's sinks that sit in the middle of a write: what holds a row that `take` waits for.

    One that is merely slow, because Kafka is, finds its write rolled back and tries it again.
    """
    connection.execute(_END_FROZEN)


def forget(connection: Connection[Any], topics: Sequence[str]) -> None:
    """As if these topics had never been written here. Raises SinkUnavailable where a newer version has written."""
    refuse_newer(connection)
    if _holds(connection, _EXISTS):
        connection.execute("DELETE FROM lienthong.position WHERE topic = ANY(%s)", [list(topics)])


def advance(connection: Connection[Any], writes: Writes, generation: int) -> None:
    """First statement of a write: locks the row, checks it and moves it on. Raises Fenced; then nothing is written."""
    place = {**_named(writes.stream), "generation": generation}
    moved = connection.execute(_ADVANCE, {**place, "next_offset": writes.next_offset, "expected": writes.expected})
    if moved.rowcount == 1:
        return
    found = connection.execute(_READ, place).fetchone()
    raise Fenced(
        f"writing {writes.stream.topic} from offset {writes.expected} as generation {generation}: the target has "
        f"{_told(found)}; another sink has taken over, so this one stops"
    )


def _holds(connection: Connection[Any], question: LiteralString) -> bool:
    found = connection.execute(question).fetchone()
    return bool(found and found[0])


def _take_one(connection: Connection[Any], stream: Stream, held: int | None) -> tuple[int, int]:
    place = _named(stream)
    connection.execute(_NEW, place)
    topic_id, next_offset, generation = connection.execute(_READ, place).fetchone() or ("", 0, 0)
    if held is not None:
        if (topic_id, generation) != (stream.topic_id, held):
            raise Fenced(
                f"going on with {stream.topic} as generation {held}: the target has "
                f"{_told((topic_id, next_offset, generation))}; another sink has taken over, so this one stops"
            )
        return next_offset, held
    if topic_id != stream.topic_id:
        _log.warning(
            "delivery topic was recreated: writing it again from its beginning",
            topic=stream.topic,
            known_topic_id=topic_id,
            topic_id=stream.topic_id,
            forgotten_offset=next_offset,
        )
        next_offset = 0
    taken = connection.execute(_TAKE, {**place, "next_offset": next_offset}).fetchone()
    return next_offset, taken[0] if taken else generation + 1


def _named(stream: Stream) -> dict[str, Any]:
    return {"topic": stream.topic, "partition": stream.partition, "topic_id": stream.topic_id}


def _told(found: tuple[Any, ...] | None) -> str:
    if found is None:
        return "no position for it"
    topic_id, next_offset, generation = found
    return f"offset {next_offset}, generation {generation}, topic id {topic_id}"
