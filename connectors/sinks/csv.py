"""The sink `csv`: deliveries become CSV files in a folder, exactly once, each file whole or not there at all.

`mode: append` puts what each write changed into one new file, `<into>.<number>.csv`, numbers without a gap: key,
mapped columns, operation (upsert, delete, rename), moved_to (the new key of a rename), version, time (of the source, in
UTC). Files may be taken away once they are there. `mode: snapshot` keeps `<into>.csv`: every current row by key, with
the version and time of what changed it last; it is replaced at each write, at most once in `every` seconds.

How a line looks, and what keeps a cell from being a formula: csv_target/cells.py.

A write is committed in one place, the ledger in the hidden folder `.lienthong/<into>`: position, rows, file number.
The file is drafted and synced before that commit and renamed into sight after it; whoever opens the folder next renames
what a process that died did not. So data and position are never apart, also when power fails; nothing arrives twice.
Without that hidden folder all would be written again from the beginning. It must be on a file system with locks (NFSv4
and SMB have them), and one frozen process in the middle of a write keeps all others out until it is ended.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.errors import SinkUnavailable
from connectors.sinks.csv_target.cells import BOM, line, moment_text
from connectors.sinks.csv_target.ledger import Ledger
from connectors.sinks.csv_target.rows import Changed, Rows
from connectors.sinks.csv_target.shelf import Shelf
from connectors.values import Finding, Rejected, Stream, Write, Writes
from schemas.manifest import Manifest, Subscription
from schemas.settings import Settings

_OWN = {"append": ("operation", "moved_to", "version", "time"), "snapshot": ("version", "time")}


class Connect(BaseModel):
    """`connect:` of a system whose kind is `csv`."""

    model_config = ConfigDict(extra="ignore")  # a source of the same system may have settings of its own

    kind: Literal["csv"]
    #: Where the files go. It must exist.
    folder: Path
    mode: Literal["append", "snapshot"] = "append"
    #: Seconds between two rewritings of a snapshot, at least; a write waits for its turn.
    every: float = Field(default=0, ge=0, le=60)
    #: Begin each file with a byte order mark, which Excel wants to see.
    bom: bool = False
    #: Most characters of a column, by name, as the reader of the files takes them; longer values are refused.
    limits: dict[str, int] = {}


def sink(manifest: Manifest, settings: Settings) -> "CsvSink":
    """The sink of one system."""
    return CsvSink(manifest, Connect.model_validate(manifest.connect))


class CsvSink:
    """See `connectors.contract.Sink`."""

    def __init__(self, manifest: Manifest, connect: Connect) -> None:
        self._subscriptions = manifest.subscribes
        self._connect = connect
        self._tables: dict[str, _Table] = {}
        self._generations: dict[Stream, int] = {}

    def open(self, streams: Sequence[Stream]) -> dict[Stream, int]:
        """See Sink. Opened again, after trouble, it goes on as the same sink: Fenced when another has begun since."""
        self.close()
        problems = [found.problem for found in self.probe() if found.problem]
        if problems:
            raise SinkUnavailable(f"opening {self._connect.folder}: {problems[0]}")
        with _available(f"opening {self._connect.folder}", self._connect.folder):
            for entity in dict.fromkeys(stream.entity for stream in streams):
                self._tables[entity] = _Table(self._connect, self._subscriptions[entity])
            return {stream: self._take(stream) for stream in streams}

    def write(self, writes: Writes, reject: Callable[[Rejected], None]) -> None:
        """See Sink. After SinkUnavailable it is open whether all was written or nothing: `open` tells."""
        stream = writes.stream
        table, generation = self._tables.get(stream.entity), self._generations.get(stream)
        doing = f"writing {stream.topic} from offset {writes.expected}"
        if table is None or generation is None:
            raise SinkUnavailable(f"{doing}: the sink is not open for it; open it")
        table.wait_for_turn()
        with _available(doing, self._connect.folder):
            kept, arrivals = table.rows.sifted(writes.items)
        refused = {found.place: found for place, write in kept if (found := self._refused(place, write))}
        # Before the lock is taken: burying waits for Kafka.
        for found in refused.values():
            reject(found)
        with _available(doing, self._connect.folder):
            with table.ledger.transaction():
                table.ledger.advance(writes, generation)
                table.rows.arrive(arrivals)
                table.draft([write for place, write in kept if place not in refused])
            table.show()

    def probe(self) -> list[Finding]:
        """See Sink."""
        folder = self._connect.folder
        problem = ""
        if not folder.is_dir():
            problem = f"{folder} is not there, or is no folder"
        elif not os.access(folder, os.W_OK | os.X_OK):
            problem = f"{folder} cannot be written"
        remedy = "create it, or mount it, and let this process write there" if problem else ""
        tables = [self._table_finding(subscription) for subscription in self._subscriptions.values()]
        return [Finding(str(folder), problem, remedy), *tables]

    def close(self) -> None:
        """See Sink."""
        for table in self._tables.values():
            table.ledger.close()
        self._tables = {}

    def _take(self, stream: Stream) -> int:
        ledger = self._tables[stream.entity].ledger
        with ledger.transaction():
            position, generation = ledger.take(stream, self._generations.get(stream))
            self._tables[stream.entity].recover()
        self._tables[stream.entity].show()
        self._generations[stream] = generation
        return position

    def _refused(self, place: int, write: Write) -> Rejected | None:
        for column, limit in self._connect.limits.items():
            value = write.values.get(column)
            if isinstance(value, str) and len(value) > limit:
                return Rejected(place, "value_too_long", f"column {column} takes at most {limit} characters", column)
        return None

    def _table_finding(self, subscription: Subscription) -> Finding:
        name, own = subscription.into, _OWN[self._connect.mode]
        if Path(name).name != name or name.startswith(".") or "\0" in name:
            return Finding(name, f"`into: {name}` cannot be the name of a file", "name a file, without its ending")
        twice = sorted(set(own) & {subscription.key.column, *subscription.fields})
        if twice:
            return Finding(name, f"column {twice[0]} is one that this sink adds itself", "give the column another name")
        return Finding(name, "", "")


class _Table:
    """The files and the ledger of one subscription."""

    def __init__(self, connect: Connect, subscription: Subscription) -> None:
        self._connect = connect
        self._name = subscription.into
        self._key = subscription.key.column
        self._columns = [column for column in subscription.fields if column != self._key]
        self._shelf = Shelf(connect.folder, self._name)
        self._shelf.prepare()
        self.ledger = Ledger(self._shelf.ledger)
        self.rows = Rows(self.ledger.connection)
        self._shown_at = -connect.every

    def wait_for_turn(self) -> None:
        """Until a snapshot may be rewritten."""
        rest = self._shown_at + self._connect.every - time.monotonic()
        if self._connect.mode == "snapshot" and rest > 0:
            time.sleep(rest)

    def draft(self, items: Iterable[Write]) -> None:
        """Apply them, and write the file that tells of it. Inside the ledger's transaction."""
        changes = [changed for write in items if (changed := self.rows.apply(write))]
        if changes:
            self._draft(changes)

    def recover(self) -> None:
        """Go on where another process has ended. Inside the ledger's transaction."""
        self.rows.forget()
        self._shelf.settle(self.ledger.last_number())
        # A ledger that was lost must not have its successor write over what is there.
        self.ledger.begin_after(self._shelf.highest(self._name))
        if self._connect.mode == "snapshot" and not self._shelf.holds(f"{self._name}.csv"):
            self._draft([])

    def show(self) -> None:
        """Let the files be seen that the ledger has committed, whoever wrote them, in their order."""
        with self.ledger.transaction():
            self._shelf.settle(self.ledger.last_number())
        self._shown_at = time.monotonic()

    def _draft(self, changes: Iterable[Changed]) -> None:
        number = self.ledger.next_number()
        is_snapshot = self._connect.mode == "snapshot"
        name = f"{self._name}.csv" if is_snapshot else f"{self._name}.{number:012d}.csv"
        self._shelf.draft(number, name, self._lines(self.rows.all() if is_snapshot else changes))

    def _lines(self, changes: Iterable[Changed]) -> Iterator[str]:
        if self._connect.bom:
            yield BOM
        yield line([self._key, *self._columns, *_OWN[self._connect.mode]])
        for changed in changes:
            told = [changed.version, moment_text(changed.source_time)]
            if self._connect.mode == "append":
                told = [changed.operation, changed.moved_to, *told]
            yield line([changed.key, *(changed.columns.get(column) for column in self._columns), *told])


@contextmanager
def _available(doing: str, folder: Path) -> Iterator[None]:
    """Trouble with the disk or the share passes, or a person mends it."""
    try:
        yield
    except OSError as error:
        raise SinkUnavailable(
            f"{doing}: {error.strerror or type(error).__name__}; see that {folder} can be written and has room"
        ) from error
    except sqlite3.Error as error:
        raise SinkUnavailable(
            f"{doing}: the ledger in .lienthong: {error}; see that {folder} can be written and has room and locks, and "
            "that no frozen process holds it"
        ) from error
