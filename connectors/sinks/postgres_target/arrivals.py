"""Which keys renames have reached, their owners yet to answer, kept in the target; see `connectors.lateness`."""

from collections.abc import Mapping
from typing import Any

import orjson
from psycopg import Connection

from connectors.lateness import Moment

CREATE = """
CREATE TABLE IF NOT EXISTS lienthong.arrived (
  target text NOT NULL,
  key text NOT NULL,
  source text NOT NULL,
  epoch bigint NOT NULL,
  commit bigint NOT NULL,
  ordinal bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (target, key)
);
COMMENT ON TABLE lienthong.arrived IS
  'Liên thông: keys that a rename has reached and whose own state is still to come; do not edit.'
"""

TABLE = "lienthong.arrived"

_READ = "SELECT key, source, epoch, commit, ordinal FROM lienthong.arrived WHERE target = %s"

_ADD = """
INSERT INTO lienthong.arrived (target, key, source, epoch, commit, ordinal)
SELECT %s, j.* FROM json_to_recordset(%s::json) AS j(key text, source text, epoch bigint, commit bigint, ordinal bigint)
ON CONFLICT (target, key) DO UPDATE
SET source = excluded.source, epoch = excluded.epoch, commit = excluded.commit, ordinal = excluded.ordinal
"""

_REMOVE = "DELETE FROM lienthong.arrived WHERE target = %s AND key = ANY(%s)"


def read(connection: Connection[Any], target: str) -> dict[str, Moment]:
    """By key."""
    rows = connection.execute(_READ, [target]).fetchall()
    return {key: Moment(source, epoch, commit, ordinal) for key, source, epoch, commit, ordinal in rows}


def change(
    connection: Connection[Any], target: str, *, before: Mapping[str, Moment], after: Mapping[str, Moment]
) -> None:
    """Inside the caller's transaction; nothing at all where nothing has changed, which is nearly always."""
    if gone := [key for key in before if key not in after]:
        connection.execute(_REMOVE, [target, gone])
    if new := [{"key": key, **m._asdict()} for key, m in after.items() if before.get(key) != m]:
        connection.execute(_ADD, [target, orjson.dumps(new).decode()])
