"""The sink `postgres`: deliveries become rows of a PostgreSQL table, exactly once, in their order."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import structlog
from psycopg import Connection
from psycopg.errors import LockNotAvailable
from pydantic import BaseModel, ConfigDict

from connectors.errors import SinkUnavailable
from connectors.sinks.postgres_target import departures, position, probe, session
from connectors.sinks.postgres_target.readback import PostgresReadback
from connectors.sinks.postgres_target.refusals import Refused, translated
from connectors.sinks.postgres_target.writer import Writer
from connectors.values import Finding, Rejected, Stream, Writes
from schemas.manifest import Manifest
from schemas.settings import Settings
from schemas.topics import to

_log = structlog.get_logger(__name__)


class Connect(BaseModel):
    """`connect:` of a system whose kind is `postgres`."""

    model_config = ConfigDict(extra="ignore")  # a source of the same system may have settings of its own

    #: Subscriptions whose key is `own` are possible.
    own_rows: ClassVar[bool] = True

    kind: Literal["postgres"]
    #: Connection string or URL, as libpq takes it.
    dsn: str


def sink(manifest: Manifest, settings: Settings) -> "PostgresSink":
    """The sink of one system; its secrets are resolved."""
    return PostgresSink(manifest, Connect.model_validate(manifest.connect))


def forget(manifest: Manifest, settings: Settings) -> str:
    """Forget the positions of what the system receives no more; its rows stay. Raises SinkUnavailable."""
    gone = [to(manifest.system, entity) for entity in manifest.subscribes]
    dsn, doing = (
        Connect.model_validate(manifest.connect).dsn,
        f"forgetting positions in the target of {manifest.system}",
    )
    with session.connect(dsn, manifest.system) as connection, _no_refusal(doing):
        position.forget(connection, gone)
    return f"position of {', '.join(gone)}"


def readable(manifest: Manifest, settings: Settings) -> PostgresReadback:
    """What reads the target of one system back; its secrets are resolved."""
    return PostgresReadback(manifest.system, Connect.model_validate(manifest.connect).dsn, manifest.subscribes)


class PostgresSink:
    """See `connectors.contract.Sink`. Data and position are one transaction; the position's row fences."""

    def __init__(self, manifest: Manifest, connect: Connect) -> None:
        self._system = manifest.system
        self._subscriptions = manifest.subscribes
        self._dsn = connect.dsn
        self._connection: Connection[Any] | None = None
        self._writers: dict[str, Writer] = {}
        self._generations: dict[Stream, int] = {}
        self._told = False
        #: Only who also publishes can take our writes for its own.
        self._publishes = bool(manifest.publishes)

    def open(self, streams: Sequence[Stream]) -> dict[Stream, int]:
        """See Sink. Opened again, after trouble, it goes on as the same sink: Fenced when another has begun since."""
        self.close()
        connection = self._connection = session.connect(self._dsn, self._system)
        with _no_refusal(f"opening the target of {self._system}"):
            position.ensure_tables(connection)
            self._writers = {stream.entity: self._writer(connection, stream.entity) for stream in streams}
            self._mark_writes(connection)
            departures.forget(connection)
            taken = self._take(connection, streams)
        self._generations.update({stream: generation for stream, (_, generation) in taken.items()})
        return {stream: next_offset for stream, (next_offset, _) in taken.items()}

    def write(self, writes: Writes, reject: Callable[[Rejected], None]) -> None:
        """See Sink. After SinkUnavailable it is open whether all was written or nothing: `open` tells."""
        stream = writes.stream
        connection, generation = self._connection, self._generations.get(stream)
        if connection is None or generation is None:
            raise SinkUnavailable(f"writing {stream.topic}: the sink is not open for it; open it")
        doing = f"writing {stream.topic} from offset {writes.expected}"
        try:
            with translated(doing), connection.transaction():
                self._begin(connection, writes, generation)
                self._writers[stream.entity].write_together(writes.items)
        except Refused:
            with _no_refusal(doing), connection.transaction():
                self._begin(connection, writes, generation)
                # The table may have changed since it was read, so that what it refused now fits.
                self._writers[stream.entity] = writer = self._writer(connection, stream.entity)
                writer.write_apart(writes.items, reject)
        self._writers[stream.entity].committed()

    def probe(self) -> list[Finding]:
        """See Sink."""
        try:
            with session.connect(self._dsn, self._system) as connection, _no_refusal(f"probing {self._system}"):
                tables = [
                    finding
                    for subscription in self._subscriptions.values()
                    for finding in probe.table_findings(connection, subscription)
                ]
                return [probe.position_finding(connection), *tables, probe.origin_finding(connection)]
        except SinkUnavailable as error:
            return [
                Finding(self._system, str(error), "correct `connect: dsn`, or see that the database can be reached")
            ]

    def close(self) -> None:
        """See Sink."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _begin(self, connection: Connection[Any], writes: Writes, generation: int) -> None:
        position.advance(connection, writes, generation)
        if self._publishes:
            session.mark_transaction(connection)

    def _take(self, connection: Connection[Any], streams: Sequence[Stream]) -> dict[Stream, tuple[int, int]]:
        try:
            return position.take(connection, streams, self._generations)
        except LockNotAvailable:
            position.end_frozen(connection)
            return position.take(connection, streams, self._generations)

    def _mark_writes(self, connection: Connection[Any]) -> None:
        if session.may_set_origin(connection):
            session.mark_writes(connection)
        elif not self._told:
            self._told = True
            remedy = session.origin_grant(connection)
            _log.warning("our writes cannot be marked by a replication origin", system=self._system, remedy=remedy)

    def _writer(self, connection: Connection[Any], entity: str) -> Writer:
        return Writer(connection, self._subscriptions[entity])


@contextmanager
def _no_refusal(doing: str) -> Iterator[None]:
    """Outside the writes themselves no error is about one row: whatever it is, it is mended and tried again."""
    try:
        with translated(doing):
            yield
    except Refused as refused:
        raise SinkUnavailable(
            f"{doing}: {refused.reason} (SQLSTATE {refused.state}) outside any one row; see what the target checks "
            "when it commits, and its rules on lienthong.position"
        ) from refused
