"""A database, its log, a source and a consumer in miniature, all of it decided by a seed: for `Resync` as it is.

The database is as unkind as PostgreSQL can be: a transaction is in the log before others see it, for as long as it
likes. The source dies at any moment; what Kafka had not acknowledged may be there or not.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from connectors.sources.postgres_capture import lsn
from connectors.sources.postgres_capture.chunk import Begun, RowRead
from connectors.sources.postgres_capture.epochs import Epochs, followed_by
from connectors.sources.postgres_capture.jobs import Job, Progress, advanced
from connectors.sources.postgres_capture.resync import Resync
from connectors.sources.postgres_capture.row_events import Stamp
from connectors.sources.postgres_capture.visibility import Seen
from connectors.values import Change

TABLE = "public.t"
_STEP = 10
Position = tuple[int, int, int]


def change(operation: str, row: str, position: Position, **more: Any) -> Change:
    """One event; `value`, a number that grows with every change, is its row."""
    epoch, commit, ordinal = position
    event = {"operation": operation, "resource": TABLE, "row": row, "epoch": epoch, "commit": commit}
    event |= {"ordinal": ordinal, "previous_row": None, "transaction": None, "after": None}
    return Change("person", event | more, {})  # type: ignore[arg-type]  # what is needed of an event


class Edit(NamedTuple):
    """One change within a transaction. `value` None: the row is deleted; `row` empty: the table is emptied."""

    row: str
    value: int | None
    previous_row: str | None = None


@dataclass
class Transaction:
    """`commit`: its place in the log, 0 before."""

    xid: int
    edits: list[Edit] = field(default_factory=list)
    commit: int = 0

    @property
    def rows(self) -> set[str]:
        """What it has locked."""
        return {name for edit in self.edits for name in (edit.row, edit.previous_row) if name is not None}


class Database:
    """`rows`: what a statement sees now."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.rows: dict[str, int] = {}
        self.log: list[tuple[int, Transaction | None]] = []
        self.running: list[Transaction] = []
        self.end = _STEP
        #: Whether a statement reads the table: it is not emptied meanwhile.
        self.is_read = False
        self._xid = 2**32 - 20  # the stream's names of transactions begin again soon
        self._ended = self._xid
        self._value = 0

    def work(self) -> None:
        """Somebody goes on with a transaction."""
        doing = self.chance.random()
        if not self.running or (doing < 0.3 and len(self.running) < 4):
            self.running.append(Transaction(self._next_xid()))
        one = self.chance.choice(self.running)
        if not one.commit and doing < 0.6:
            self._edit(one)
        elif not one.commit:
            one.commit = self._write(one)
        else:
            self._show(one)

    def rest(self) -> None:
        """All that was begun is committed, and seen."""
        for one in list(self.running):
            one.commit = one.commit or self._write(one)
            self._show(one)

    def message(self) -> int:
        """A place behind everything in the log."""
        self._write(None)
        return self.end

    def seen(self) -> Seen:
        """What a statement sees. The newest transactions are not listed."""
        return Seen(self._ended + 1, frozenset(one.xid for one in self.running if one.xid <= self._ended))

    def pass_by(self) -> None:
        """A transaction that does nothing."""
        self._ended = self._next_xid()

    def _next_xid(self) -> int:
        self._xid += 1
        return self._xid

    def _write(self, one: Transaction | None) -> int:
        start, self.end = self.end, self.end + _STEP
        self.log.append((start, one))
        return start

    def rows_at(self, place: int) -> dict[str, int]:
        """The table as the log says it is there."""
        rows: dict[str, int] = {}
        for start, one in self.log:
            if one is not None and start < place:
                _apply(one, rows)
        return rows

    def _show(self, one: Transaction) -> None:
        self.running.remove(one)
        self._ended = max(self._ended, one.xid)
        _apply(one, self.rows)

    def _edit(self, one: Transaction) -> None:
        """On rows that nobody else has locked. One change a row and transaction is enough here."""
        locked = {row for other in self.running for row in other.rows}
        if "" in locked:
            return
        free = sorted(self.rows.keys() - locked)
        new = str(self.chance.randrange(100, 1000))
        self._value += 1
        doing = self.chance.random()
        if doing < 0.02 and len(self.running) == 1 and not one.edits and not self.is_read:
            one.edits.append(Edit("", None))
        elif (doing < 0.3 or not free) and new not in self.rows and new not in locked:
            one.edits.append(Edit(new, self._value))
        elif free and doing < 0.65:
            one.edits.append(Edit(self.chance.choice(free), self._value))
        elif free and doing < 0.8:
            one.edits.append(Edit(self.chance.choice(free), None))
        elif free and new not in self.rows and new not in locked:
            one.edits.append(Edit(new, self._value, self.chance.choice(free)))


def _apply(one: Transaction, rows: dict[str, int]) -> None:
    for edit in one.edits:
        if not edit.row:
            rows.clear()
            continue
        rows.pop(edit.previous_row or edit.row, None)
        if edit.value is not None:
            rows[edit.row] = edit.value


class Rows:
    """Makes the events of rows that were read."""

    def read(self, name: str, row: dict[str, Any], stamp: Stamp, ordinal: int) -> list[Change]:
        """See chunk.Events."""
        return [change("read", name, (stamp.epoch, stamp.commit, ordinal), after=row)]

    def marker(self, operation: str, stamp: Stamp, ordinal: int) -> list[Change]:
        """See chunk.Events."""
        return [change(operation, "", (stamp.epoch, stamp.commit, ordinal))]


def _read(row: str, value: int) -> RowRead:
    """Rows of a size that lets a chunk have only a few."""
    return RowRead(row, [row.encode()], {"value": value}, 1_000_000)


class Reader:
    """See resync.Reader: rows come some at a time."""

    gate_seconds = float("inf")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._database.is_read = False
        self._coming: list[RowRead] = []

    def seen(self) -> Seen:
        """See resync.Reader."""
        return self._database.seen()

    def open_transactions(self) -> frozenset[int]:
        """See resync.Reader."""
        self._database.pass_by()
        return self._database.seen().running

    def begin(self, job: Job, limit: int, trust: Callable[[Seen], bool]) -> Begun | None:
        """See resync.Reader."""
        emptied = any("" in one.rows for one in self._database.running)
        if emptied or not trust(self._database.seen()):
            return None
        self._database.is_read = True
        after = int(job.after[0]) if job.after else 0
        rows = sorted((int(row), value) for row, value in self._database.rows.items() if int(row) > after)
        self._coming = [
            RowRead(str(row), [str(row).encode()], {"value": value}, 1_000_000) for row, value in rows[:limit]
        ]
        return Begun(self._database.message(), 0, len(rows), Rows())

    def take(self) -> list[RowRead] | None:
        """See resync.Reader."""
        if not self._coming:
            self._database.is_read = False
            return None
        some = self._database.chance.randint(0, 3)
        rows, self._coming = self._coming[:some], self._coming[some:]
        return rows


class Token(NamedTuple):
    """As capture.Token."""

    position: int
    progress: Progress


@dataclass
class Kept:
    """What Kafka keeps of the source."""

    epoch: int = 1
    epochs: tuple[tuple[str, int], ...] = ()
    jobs: tuple[Job, ...] = ()


class Source:
    """One process: reads the log from `confirmed`, hands out to `kafka`, keeps what is acknowledged."""

    def __init__(self, database: Database, kafka: "Kafka", kept: Kept, *, confirmed: int) -> None:
        self._database = database
        self._kafka = kafka
        self.kept = kept
        self.confirmed = self._settled = confirmed
        self._next = sum(start < confirmed for start, _ in database.log)
        self._now = 0.0
        self._stalled = False
        self._epochs = Epochs(kept.epochs, last=kept.epoch)
        self._resync = self.make_resync(Reader(database), self._epochs)
        self._resync.add(kept.jobs)

    def make_resync(self, reader: Reader, epochs: Epochs) -> Resync:
        """The one that is tested."""
        made = Resync(reader, epochs, system="s", clock=lambda: self._now)
        made._limit = 4
        return made

    def ask(self) -> None:
        """Read the table anew."""
        place, epoch = self._database.message(), self.kept.epoch + 1
        job = Job(resource=TABLE, epoch=epoch, since=lsn.spell(place))
        self.kept = Kept(epoch, followed_by(self.kept.epochs, place, epoch), (*self.kept.jobs, job))
        self._epochs.begin(place, epoch)
        self._resync.add([job])

    @property
    def idle(self) -> bool:
        """Whether everything has been read."""
        return self._resync.idle and self._next == len(self._database.log)

    def step(self) -> None:
        """Read some of the log, and what the resync has."""
        self._now += 0.02
        self._stalled ^= self._database.chance.random() < 0.04
        some = 0 if self._stalled else self._database.chance.randint(0, 3)
        entries = self._database.log[self._next : self._next + some]
        self._next += len(entries)
        changes = [made for start, one in entries if one for made in self._changes(start, one)]
        if entries:
            self._settled = entries[-1][0] + _STEP
        self._resync.saw(changes)
        changes += self._resync.step(self._settled, behind=False)
        self._kafka.take(changes, Token(self._settled, self._resync.progress))

    def _changes(self, start: int, one: Transaction) -> list[Change]:
        made = []
        for ordinal, edit in enumerate(one.edits, 1):
            place = (self._epochs.of(start), start, ordinal)
            more = {"previous_row": edit.previous_row, "transaction": one.xid & 0xFFFFFFFF}
            if not edit.row:
                made.append(change("truncate", "", place, **more))
            elif edit.value is None:
                made.append(change("delete", edit.row, place, **more))
            else:
                made.append(change("update", edit.row, place, after={"value": edit.value}, **more))
        return made

    def confirm(self, token: Token) -> None:
        """Kafka has acknowledged it."""
        self.confirmed = token.position
        if self._database.chance.random() < 0.5:
            self.kept.jobs = advanced(self.kept.jobs, token.progress)


class Kafka:
    """Batches in order: those acknowledged, and those on their way."""

    def __init__(self, database: Database) -> None:
        self.consumer = Consumer(database)
        self._waiting: list[tuple[Sequence[Change], Token]] = []

    def take(self, changes: Sequence[Change], token: Token) -> None:
        """Handed over."""
        self._waiting.append((changes, token))

    def acknowledge(self, some: int) -> Token | None:
        """The last token of so many batches that are written now."""
        token = None
        for changes, worth in self._waiting[:some]:
            self.consumer.read(changes)
            token = worth
        self._waiting = self._waiting[some:]
        return token

    def lose_the_rest(self, some: int) -> None:
        """The source is dead: of what it had handed over so many batches are written, unknown to it."""
        self.acknowledge(some)
        self._waiting = []

    @property
    def waiting(self) -> int:
        """Batches on their way."""
        return len(self._waiting)


class Consumer:
    """Holds rows by the rules of the pipeline: positions decide, markers leave a floor."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rows: dict[str, int] = {}
        self.wrongs: list[str] = []
        self._places: dict[str, Position] = {}
        self._newest: dict[str, int] = {}
        self._floor: Position = (0, 0, 0)

    def read(self, changes: Sequence[Change]) -> None:
        """The next events."""
        for _, event, _ in changes:
            place = event["epoch"], event["commit"], event["ordinal"]
            if event["operation"] == "snapshot_end":
                gone = self._raise_floor((event["epoch"], 0, 0))
                alive = gone & self._database.rows_at(event["commit"]).keys()
                self.wrongs += [f"row {row} is alive and was retracted" for row in alive]
            elif event["operation"] == "truncate":
                self._raise_floor(place)
            elif event["operation"] != "snapshot_begin":
                self._say(event["row"], place, event["after"])
                if event["previous_row"]:
                    self._say(event["previous_row"], place, None)

    def _raise_floor(self, floor: Position) -> set[str]:
        """The rows that fall."""
        self._floor = max(self._floor, floor)
        gone = {row for row in self.rows if self._places[row] < self._floor}
        for row in gone:
            del self.rows[row]
        return gone

    def _say(self, row: str, place: Position, after: dict[str, Any] | None) -> None:
        if place < self._floor or place < self._places.get(row, (0, 0, 0)):
            return
        self._places[row] = place
        if after is None:
            self.rows.pop(row, None)
            return
        value = after["value"]
        if value < self._newest.get(row, 0):
            self.wrongs.append(f"row {row} went back from {self._newest[row]} to {value}")
        self._newest[row] = value
        self.rows[row] = value
