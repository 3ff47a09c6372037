"""What a folder remembers of one table, in one SQLite file: positions, current rows, the number of its last file.

SQLite's transaction is what makes a write whole. Its lock (fcntl) lets one writer in at a time, also from another
machine where the file system shares locks; the generation in it tells a writer that another has taken over.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from connectors.errors import Fenced, SinkUnavailable
from connectors.values import Stream, Writes
from schemas.formats import newer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS position (
  topic TEXT, partition INTEGER, topic_id TEXT NOT NULL, next_offset INTEGER NOT NULL, generation INTEGER NOT NULL,
  PRIMARY KEY (topic, partition));
CREATE TABLE IF NOT EXISTS held (key TEXT PRIMARY KEY, columns TEXT NOT NULL, version INTEGER, source_time INTEGER);
CREATE TABLE IF NOT EXISTS departed (
  key TEXT PRIMARY KEY, source TEXT, epoch INTEGER, "commit" INTEGER, ordinal INTEGER, at INTEGER);
CREATE TABLE IF NOT EXISTS arrived (
  key TEXT PRIMARY KEY, source TEXT, epoch INTEGER, "commit" INTEGER, ordinal INTEGER);
CREATE TABLE IF NOT EXISTS file (number INTEGER NOT NULL);
INSERT INTO file SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM file);
"""
#: SQLite's `user_version`; files from before there was a number have 0.
_FORMAT: Final = 1
#: A write holds the lock for moments, unless its process is frozen.
_LOCK_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class Ledger:
    """Open on one file. `connection` is for statements inside `transaction`."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error, OSError, and SinkUnavailable where a newer version has written it."""
        self._path = path
        self.connection = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA synchronous = EXTRA")
        [format_found] = self.connection.execute("PRAGMA user_version").fetchone()
        if refused := newer(f"the ledger {path.name}", found=format_found, known=_FORMAT):
            self.connection.close()
            raise SinkUnavailable(f"opening what the folder remembers: {refused}")
        self._identity = _identity(path)
        with self.transaction():
            for statement in _SCHEMA.split(";\n"):
                self.connection.execute(statement)
            self.connection.execute(f"PRAGMA user_version = {_FORMAT}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, alone. Raises SinkUnavailable where the path no longer leads to the file that was opened."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            self._check_identity()
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def take(self, stream: Stream, held: int | None) -> tuple[int, int]:
        """Next offset and generation of a stream; `held`: the generation to go on with. Inside a transaction."""
        where = (stream.topic, stream.partition)
        found = self._found(stream)
        if held is not None and (found is None or (found[0], found[2]) != (stream.topic_id, held)):
            raise Fenced(f"going on with {stream.topic} as generation {held}: the folder has {_told(found)}")
        if held is not None and found is not None:
            return found[1], held
        topic_id, next_offset, generation = found or (stream.topic_id, 0, 0)
        if topic_id != stream.topic_id:
            _log.warning("delivery topic was recreated: writing it again from its beginning", topic=stream.topic)
            next_offset = 0
        self.connection.execute(
            "INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?, ?)",
            (*where, stream.topic_id, next_offset, generation + 1),
        )
        return next_offset, generation + 1

    def advance(self, writes: Writes, generation: int) -> None:
        """Moves the position on. Inside a transaction, as its first step. Raises Fenced."""
        stream = writes.stream
        moved = self.connection.execute(
            "UPDATE position SET next_offset = ? WHERE topic = ? AND partition = ? AND topic_id = ? "
            "AND generation = ? AND next_offset = ?",
            (writes.next_offset, stream.topic, stream.partition, stream.topic_id, generation, writes.expected),
        )
        if moved.rowcount != 1:
            raise Fenced(
                f"writing {stream.topic} from offset {writes.expected} as generation {generation}: the folder has "
                f"{_told(self._found(stream))}; another sink has taken over, so this one stops"
            )

    def next_number(self) -> int:
        """Of the next file. Inside a transaction."""
        self.connection.execute("UPDATE file SET number = number + 1")
        return self.last_number()

    def begin_after(self, number: int) -> None:
        """The next file is to have a greater number than this. Inside a transaction."""
        self.connection.execute("UPDATE file SET number = ?1 WHERE number < ?1", (number,))

    def last_number(self) -> int:
        """Of the last file whose writing was committed; 0 before there is one."""
        [number] = self.connection.execute("SELECT number FROM file").fetchone()
        return int(number)

    def close(self) -> None:
        """Gives up what was not committed."""
        self.connection.close()

    def _found(self, stream: Stream) -> tuple[str, int, int] | None:
        found: tuple[str, int, int] | None = self.connection.execute(
            "SELECT topic_id, next_offset, generation FROM position WHERE topic = ? AND partition = ?",
            (stream.topic, stream.partition),
        ).fetchone()
        return found

    def _check_identity(self) -> None:
        # A network folder that came loose leaves an empty one, or another, at its place.
        if _identity(self._path) != self._identity:
            raise SinkUnavailable(
                f"writing to {self._path.parent.parent.parent}: it is not the folder that was opened; see that it is "
                "mounted"
            )


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _told(found: tuple[str, int, int] | None) -> str:
    if found is None:
        return "no position for it"
    topic_id, next_offset, generation = found
    return f"offset {next_offset}, generation {generation}, topic id {topic_id}"
