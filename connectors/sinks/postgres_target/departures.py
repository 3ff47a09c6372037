"""Which keys were left, and when: so that a rename that comes late puts no old row under a key that has moved on.

A row's key goes A → B → C, and the owner of B may be ahead of the owner of A. Then the target hears of B, of B's rename
to C, and only then of A's rename to B. That last one must end A's row and not bring it back under B.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from psycopg import Connection

from connectors.lateness import key_text, moment
from connectors.values import Write

TABLE = "lienthong.departed"

CREATE = """
CREATE TABLE IF NOT EXISTS lienthong.departed (
  target text NOT NULL,
  key text NOT NULL,
  source text NOT NULL,
  epoch bigint NOT NULL,
  commit bigint NOT NULL,
  ordinal bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (target, key)
);
COMMENT ON TABLE lienthong.departed IS
  'Liên thông: keys that records have left lately, so that a late rename is seen to be late; do not edit.'
"""

#: Longer than raw events are kept: no rename can be later than that.
_FORGET = "DELETE FROM lienthong.departed WHERE at < clock_timestamp() - interval '8 days'"

_NOTE = """
INSERT INTO lienthong.departed AS d (target, key, source, epoch, commit, ordinal, at)
SELECT %s, j.key, j.source, j.epoch, j.commit, j.ordinal, clock_timestamp()
FROM json_to_recordset(%s::json) AS j(key text, source text, epoch bigint, commit bigint, ordinal bigint)
ON CONFLICT (target, key) DO UPDATE
SET source = excluded.source, epoch = excluded.epoch, commit = excluded.commit, ordinal = excluded.ordinal,
    at = excluded.at
WHERE d.source <> excluded.source
   OR (d.epoch, d.commit, d.ordinal) < (excluded.epoch, excluded.commit, excluded.ordinal)
"""

#: Whether the key in column `new0` of `j` was left later than the rename `j`. The clocks of two sources do not compare:
#: then it is taken for later, for the full state of the new key follows its rename in any case.
IS_LATE = """EXISTS (SELECT FROM lienthong.departed AS d WHERE d.target = {target} AND d.key = j.new0
 AND (d.source <> j.source
      OR (d.epoch, d.commit, d.ordinal) > (j.epoch::bigint, j.commit::bigint, j.ordinal::bigint)))"""


def note(connection: Connection[Any], target: str, left: Sequence[Write]) -> None:
    """These writes, deletes and renames, leave their keys. Inside the caller's transaction."""
    # One row a key: ON CONFLICT refuses to touch a row twice.
    rows = {key_text(write.key): {"key": key_text(write.key), **moment(write)._asdict()} for write in left}
    connection.execute(_NOTE, [target, orjson.dumps(list(rows.values())).decode()])


def forget(connection: Connection[Any]) -> None:
    """Whatever is too old to matter."""
    connection.execute(_FORGET)
