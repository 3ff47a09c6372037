"""The sink `sql_poll`: deliveries become rows of a database that SQLAlchemy reaches, exactly once, in their order.

Standard SQL alone, so that it does for any database with transactions and savepoints; tested on PostgreSQL and SQLite.
The position is a row of a table of our own, `lienthong_position`, in the transaction that writes the data; beside it
stand `lienthong_departed`, `lienthong_arrived` and, for tables that the system publishes, too, `lienthong_counted` and
`lienthong_written` (see `sql_target.written`). They are made where the role's unqualified names lead: give the role a
schema of its own there, or make them for it.

What the target refuses is looked for in a transaction that is rolled back, and buried while none is open: the lock on
the position is never held while Kafka is waited for.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Final, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import SinkUnavailable
from connectors.sinks.sql_target import moves, position, probe, session, written
from connectors.sinks.sql_target.readback import SqlReadback
from connectors.sinks.sql_target.recorder import recorder
from connectors.sinks.sql_target.session import Refused, translated
from connectors.sinks.sql_target.writer import Writer
from connectors.sqlalchemy_engine import said
from connectors.values import Finding, Rejected, Stream, Writes
from schemas.manifest import Manifest
from schemas.settings import Settings
from schemas.topics import to

#: Each attempt but the first knows more refusals; a target that finds new ones again and again changes under us.
_ATTEMPTS: Final = 4


class Connect(BaseModel):
    """`connect:` of a system whose kind is `sql_poll`."""

    model_config = ConfigDict(extra="ignore")  # a source of the same system has settings of its own

    #: Subscriptions whose key is `own` are possible.
    own_rows: ClassVar[bool] = True

    kind: Literal["sql_poll"]
    #: As SQLAlchemy takes it. The role needs SELECT, INSERT, UPDATE, DELETE on the tables it writes; SELECT and UPDATE
    #: where it corrects the system's own rows.
    url: str


def sink(manifest: Manifest, settings: Settings) -> "SqlPollSink":
    """The sink of one system; its secrets are resolved."""
    return SqlPollSink(manifest, Connect.model_validate(manifest.connect))


def forget(manifest: Manifest, settings: Settings) -> str:
    """Forget the positions of what the system receives no more; its rows stay. Raises SinkUnavailable."""
    gone = [to(manifest.system, entity) for entity in manifest.subscribes]
    connection = session.connect(Connect.model_validate(manifest.connect).url, manifest.system)
    try:
        with translated(f"forgetting positions in the target of {manifest.system}"), connection.begin():
            position.ensure_tables(connection)
            position.forget(connection, gone)
    finally:
        session.drop(connection)
    return f"position of {', '.join(gone)}"


def readable(manifest: Manifest, settings: Settings) -> SqlReadback:
    """What reads the target of one system back; its secrets are resolved."""
    return SqlReadback(manifest.system, Connect.model_validate(manifest.connect).url, manifest.subscribes)


class SqlPollSink:
    """See `connectors.contract.Sink`."""

    def __init__(self, manifest: Manifest, connect: Connect) -> None:
        self._system = manifest.system
        self._manifest = manifest
        self._subscriptions = manifest.subscribes
        self._url = connect.url
        self._connection: sa.Connection | None = None
        self._writers: dict[str, Writer] = {}
        self._generations: dict[Stream, int] = {}

    def open(self, streams: Sequence[Stream]) -> dict[Stream, int]:
        """See Sink. Opened again, after trouble, it goes on as the same sink: Fenced when another has begun since."""
        self.close()
        connection = self._connection = session.connect(self._url, self._system)
        doing = f"opening the target of {self._system}"
        try:
            with translated(doing), connection.begin():
                position.ensure_tables(connection)
            with translated(doing), connection.begin():
                entities = {stream.entity: None for stream in streams}
                self._writers = {entity: self._writer(connection, entity) for entity in entities}
                moves.forget_old(connection)
                taken = position.take(connection, streams, self._generations)
                offsets = {stream: position.next_offset(connection, stream) for stream in streams}
                for stream, offset in offsets.items():
                    if self._writers[stream.entity].is_recorded:
                        written.begin(connection, stream, next_offset=offset)
        except Refused as refused:  # another sink has made the same row at the same time
            raise SinkUnavailable(f"{doing}: {refused.reason}; it is tried again") from None
        self._generations.update(taken)
        return offsets

    def write(self, writes: Writes, reject: Callable[[Rejected], None]) -> None:
        """See Sink. After SinkUnavailable it is open whether all was written or nothing: `open` tells."""
        stream = writes.stream
        connection, generation = self._connection, self._generations.get(stream)
        doing = f"writing {stream.topic} from offset {writes.expected}"
        if connection is None or connection.closed or generation is None:
            raise SinkUnavailable(f"{doing}: the sink is not open for it; open it")
        refused: set[int] = set()
        for _ in range(_ATTEMPTS):
            try:
                with translated(doing), connection.begin():
                    position.advance(connection, writes, generation)
                    self._writers[stream.entity].write(writes, without=refused)
            except Refused:
                for found in self._refusals(connection, writes, refused, doing):
                    reject(found)
                    refused.add(found.place)
            else:
                self._writers[stream.entity].committed()
                return
        raise SinkUnavailable(f"{doing}: the target refuses it outside any one row; see what it checks when it commits")

    def probe(self) -> list[Finding]:
        """See Sink."""
        try:
            with session.connect(self._url, self._system) as connection:
                return probe.findings(connection, self._subscriptions.values())
        except (SinkUnavailable, SQLAlchemyError) as error:
            told = str(error) if isinstance(error, SinkUnavailable) else said(error)
            remedy = "correct `connect: url` or what it refers to, and see that the server runs and lets us in"
            return [Finding("connection", told, remedy)]

    def close(self) -> None:
        """See Sink."""
        if self._connection is not None:
            session.drop(self._connection)
        self._connection = None

    def _writer(self, connection: sa.Connection, entity: str) -> Writer:
        return Writer(connection, self._subscriptions[entity], recorder(connection, self._manifest, entity))

    def _refusals(self, connection: sa.Connection, writes: Writes, known: set[int], doing: str) -> list[Rejected]:
        """What the target refuses of them, as its tables are now."""
        entity = writes.stream.entity
        try:
            with translated(doing), connection.begin() as trial:
                # The table may have changed since it was read, so that what it refused now fits.
                self._writers[entity] = self._writer(connection, entity)
                found = self._writers[entity].refusals(writes.items, known=known)
                trial.rollback()
        except Refused as refused:
            raise SinkUnavailable(f"{doing}: {refused.reason} outside any one row; see the target") from None
        return found
