"""What one source keeps on this machine, in SQLite: the rows as last said, and what Kafka has not acknowledged.

It can be lost: positions then start anew with a snapshot. All that one round found is written before any of it is
handed out, so that a restart hands out the very same events again.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from connectors.errors import Fenced, SourceUnavailable
from connectors.sources.sql_polling import plain
from schemas.formats import newer
from schemas.records import Row

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS owner (id TEXT NOT NULL, generation INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS floors (resource TEXT PRIMARY KEY, since TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS known (
    resource TEXT, name TEXT, key TEXT NOT NULL, cursor TEXT NOT NULL, digest BLOB NOT NULL, brief TEXT NOT NULL,
    PRIMARY KEY (resource, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unacknowledged (place INTEGER PRIMARY KEY, resource TEXT, shape TEXT, events TEXT);
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, begun INTEGER, after TEXT, paged INTEGER, rows INTEGER, done INTEGER, place INTEGER)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (resource TEXT, name TEXT, writes INTEGER, PRIMARY KEY (resource, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS swept (resource TEXT PRIMARY KEY, writes INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS said (resource TEXT, name TEXT, PRIMARY KEY (resource, name)) WITHOUT ROWID;
CREATE TEMP TABLE met (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE chunk (name TEXT PRIMARY KEY, key TEXT NOT NULL, cursor TEXT NOT NULL) WITHOUT ROWID;
"""
#: SQLite's `user_version`; files from before there was a number have 0.
_FORMAT: Final = 1
_BUSY_SECONDS: Final = 10.0
#: What SQLite's log is cut back to after a long transaction.
_LOG_BYTES: Final = 4_000_000
#: Rounds of one generation; both fit into a position's 63 bits.
_ROUND_BITS: Final = 32
_ROUNDS: Final = (1 << _ROUND_BITS) - 1


class Known(NamedTuple):
    """One row as last said. `key` and `cursor` as JSON text; `brief` what a later change must repeat of it."""

    name: str
    key: str
    cursor: str
    digest: bytes
    brief: Row


class Come(NamedTuple):
    """How far a table that is read anew has come: `after` the last primary key, whether all pages were read, whether
    all was handed out, up to which position.
    """

    begun: bool = False
    after: list[Any] | None = None
    paged: bool = False
    rows: int = 0
    done: bool = False
    commit: int = 0


class Round(NamedTuple):
    """Events of one resource that Kafka has not acknowledged; `commit` is their position."""

    commit: int
    resource: str
    shape: str
    events: list[dict[str, Any]]


class Store:
    """One thread uses it. Methods raise SourceUnavailable where the disk fails, writing Fenced after a takeover."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file; one that is damaged is made anew."""
        with _disk(f"opening {path.name}"):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                self._open(path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                _remove(path)
                self._open(path)

    def _open(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        [format_found] = self._connection.execute("PRAGMA user_version").fetchone()
        if refused := newer(f"the local store {path.name}", found=format_found, known=_FORMAT):
            self._connection.close()
            raise SourceUnavailable(f"opening what is known of the rows: {refused}")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        self._connection.executescript(_TABLES)
        self._connection.execute(f"PRAGMA user_version = {_FORMAT}")
        found = self._connection.execute("SELECT id, generation, last FROM owner").fetchone()
        self.id: str
        self.generation: int
        #: The position of the last round.
        self.last: int
        self.id, self.generation, self.last = found or ("", 0, 0)

    def take_over(self, generation: int) -> None:
        """From now on writing is this generation's alone."""
        with _disk("taking the local store over"), self._transaction():
            self._connection.execute("UPDATE owner SET generation = ?", (generation,))
        self.generation = generation

    def begin_anew(self, identity: str, generation: int) -> None:
        """Forget everything. Whoever else still writes is fenced off."""
        with _disk("emptying the local store"), self._transaction():
            for table in ("owner", "floors", "known", "unacknowledged", "jobs", "said", "seen", "swept"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
            self._connection.execute("INSERT INTO owner VALUES (?, ?, 0)", (identity, generation))
        self.id, self.generation, self.last = identity, generation, 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing."""
        before = self.last
        try:
            with _disk("writing the local store"), self._transaction():
                owner = self._connection.execute("SELECT id, generation FROM owner").fetchone()
                if owner != (self.id, self.generation):
                    raise Fenced("writing the local store: another process has taken it over")
                yield
                if self.last != before:
                    self._connection.execute("UPDATE owner SET last = ?", (self.last,))
        except BaseException:
            self.last = before
            raise

    def next_commit(self) -> int:
        """The position of a new round: later rounds and later generations compare greater. Only while writing."""
        self.last = self.generation << _ROUND_BITS | (self.last & _ROUNDS) + 1
        return self.last

    def known(self, resource: str, names: Sequence[str]) -> dict[str, Known]:
        """Those of these rows that are known, by name."""
        marks = ",".join("?" * len(names))
        query = f"SELECT name, key, cursor, digest, brief FROM known WHERE resource = ? AND name IN ({marks})"  # noqa: S608
        return {known.name: known for known in self._listed(query, (resource, *names))}

    def learn(self, resource: str, rows: Iterable[Known]) -> None:
        """What has been said of these rows. Only while writing."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?, ?)",
            ((resource, row.name, row.key, row.cursor, row.digest, plain.dumps(row.brief)) for row in rows),
        )

    def forget(self, resource: str, names: Iterable[str]) -> None:
        """These rows are gone. Only while writing."""
        gone = [(resource, name) for name in names]
        self._connection.executemany("DELETE FROM known WHERE resource = ? AND name = ?", gone)
        self._connection.executemany("DELETE FROM seen WHERE resource = ? AND name = ?", gone)

    def seen(self, resource: str, names: Sequence[str]) -> dict[str, int]:
        """By row, up to which number our own writes are in what was said of it; missing where nobody knows."""
        swept, marks = self.swept(resource), ",".join("?" * len(names))
        query = f"SELECT name, writes FROM seen WHERE resource = ? AND name IN ({marks})"  # noqa: S608 - marks alone
        with _disk("reading the local store"):
            rows = dict(self._connection.execute(query, (resource, *names)).fetchall())
        return {name: max(rows.get(name, 0), swept) for name in names} if swept else rows

    def swept(self, resource: str) -> int:
        """The same of every row of the table; 0 where nobody knows."""
        with _disk("reading the local store"):
            found = self._connection.execute("SELECT writes FROM swept WHERE resource = ?", (resource,)).fetchone()
        return found[0] if found else 0

    def keep_seen(self, resource: str, seen: Mapping[str, int]) -> None:
        """By row, up to which number all is in it. Only while writing."""
        rows = ((resource, name, writes) for name, writes in seen.items())
        self._connection.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", rows)

    def keep_swept(self, resource: str, writes: int) -> None:
        """The same of all rows of the table. Only while writing."""
        self._connection.execute("INSERT OR REPLACE INTO swept VALUES (?, ?)", (resource, writes))
        self._connection.execute("DELETE FROM seen WHERE resource = ? AND writes <= ?", (resource, writes))

    def forget_seen(self, resource: str) -> None:
        """Nobody knows any more. Only while writing."""
        self._connection.execute("DELETE FROM seen WHERE resource = ?", (resource,))
        self._connection.execute("DELETE FROM swept WHERE resource = ?", (resource,))

    def floor(self, resource: str) -> Any:
        """The cursor from which rounds read; None: from the start."""
        found = self._connection.execute("SELECT since FROM floors WHERE resource = ?", (resource,)).fetchone()
        return plain.loads(found[0]) if found else None

    def keep_floor(self, resource: str, since: Any) -> None:
        """Only while writing."""
        self._connection.execute("INSERT OR REPLACE INTO floors VALUES (?, ?)", (resource, plain.dumps(since)))

    def keep_round(self, found: Round) -> None:
        """Until `acknowledged`. Only while writing."""
        row = (found.commit, found.resource, found.shape, plain.dumps(found.events))
        self._connection.execute("INSERT INTO unacknowledged VALUES (?, ?, ?, ?)", row)

    def acknowledged(self, commit: int) -> None:
        """Kafka has everything up to this position."""
        with self.writing():
            self._connection.execute("DELETE FROM unacknowledged WHERE place <= ?", (commit,))

    def unacknowledged(self) -> Iterator[Round]:
        """In order; what is acknowledged meanwhile may be missing."""
        last = -1
        while True:
            query = "SELECT * FROM unacknowledged WHERE place > ? ORDER BY place LIMIT 1"
            with _disk("reading the local store"):
                found = self._connection.execute(query, (last,)).fetchone()
            if found is None:
                return
            last = found[0]
            yield Round(found[0], found[1], found[2], plain.loads(found[3]))

    def come(self, job: str) -> Come:
        """How far a job has come."""
        query = "SELECT begun, after, paged, rows, done, place FROM jobs WHERE id = ?"
        with _disk("reading the local store"):
            found = self._connection.execute(query, (job,)).fetchone()
        if found is None:
            return Come()
        begun, after, paged, rows, done, commit = found
        return Come(bool(begun), plain.loads(after), bool(paged), rows, bool(done), commit)

    def keep_come(self, job: str, come: Come) -> None:
        """Only while writing."""
        row = (job, come.begun, plain.dumps(come.after), come.paged, come.rows, come.done, come.commit)
        self._connection.execute("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def forget_jobs(self, but: Iterable[str]) -> None:
        """All but these are done."""
        kept = {*but}
        with self.writing():
            for (job,) in self._connection.execute("SELECT id FROM jobs").fetchall():
                if job not in kept:
                    self._connection.execute("DELETE FROM jobs WHERE id = ?", (job,))

    def say(self, resource: str, names: Iterable[str]) -> None:
        """These rows have been said since the table began to be read anew. Only while writing."""
        self._connection.executemany("INSERT OR IGNORE INTO said VALUES (?, ?)", ((resource, name) for name in names))

    def unsaid(self, resource: str, limit: int) -> list[Known]:
        """Some of the known rows that have not been said since."""
        query = (
            "SELECT name, key, cursor, digest, brief FROM known WHERE resource = ? AND NOT EXISTS "
            "(SELECT 1 FROM said WHERE said.resource = known.resource AND said.name = known.name) LIMIT ?"
        )
        return list(self._listed(query, (resource, limit)))

    def forget_said(self, resource: str) -> None:
        """Nothing is read anew there any more. Only while writing."""
        self._connection.execute("DELETE FROM said WHERE resource = ?", (resource,))

    def begin_meeting(self) -> None:
        """A sweep begins: none of the known rows has been met."""
        self._connection.execute("DELETE FROM met")

    def meet(self, resource: str, chunk: Iterable[tuple[str, str, str]]) -> list[str]:
        """Rows (name, key, cursor) that are there; the keys of those that are not known so."""
        with _disk("sweeping"), self._transaction():
            self._connection.execute("DELETE FROM chunk")
            self._connection.executemany("INSERT INTO chunk VALUES (?, ?, ?)", chunk)
            self._connection.execute("INSERT OR IGNORE INTO met SELECT name FROM chunk")
        query = (
            "SELECT chunk.key FROM chunk LEFT JOIN known ON known.resource = ? AND known.name = chunk.name "
            "WHERE known.cursor IS NOT chunk.cursor"
        )
        return [key for (key,) in self._connection.execute(query, (resource,))]

    def missed(self, resource: str, limit: int) -> list[Known]:
        """Some of the known rows that were not met in this sweep."""
        query = (
            "SELECT name, key, cursor, digest, brief FROM known WHERE resource = ? "
            "AND NOT EXISTS (SELECT 1 FROM met WHERE met.name = known.name) LIMIT ?"
        )
        return list(self._listed(query, (resource, limit)))

    def close(self) -> None:
        """Never raises."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def _listed(self, query: str, values: Sequence[Any]) -> Iterator[Known]:
        with _disk("reading the local store"):
            for name, key, cursor, digest, brief in self._connection.execute(query, values).fetchall():
                yield Known(name, key, cursor, digest, plain.loads(brief))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise


@contextmanager
def _disk(doing: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise SourceUnavailable(f"{doing}: {error}; see that the data folder has room and may be written") from None


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
