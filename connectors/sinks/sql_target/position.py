"""Where each stream stands: a table of our own in the target, changed only together with the data."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
import structlog

from connectors.errors import Fenced, SinkUnavailable
from connectors.values import Stream, Writes
from schemas.formats import newer

#: The tables that the sink makes for itself, where the role's unqualified names lead.
TABLES: Final = sa.MetaData()

POSITION: Final = sa.Table(
    "lienthong_position",
    TABLES,
    sa.Column("topic", sa.String(249), primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("topic_id", sa.String(64), nullable=False),
    sa.Column("next_offset", sa.BigInteger, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    comment="Liên thông: up to where each delivery topic has been written here. Changed with the data; do not edit.",
)

#: Said by a row of no stream, in `next_offset`, for not every database keeps comments; without it, it is the first.
_FORMAT: Final = 1
_FORMAT_ROW: Final = Stream("", "lienthong.format", 0, "")

_log = structlog.get_logger(__name__)


def ensure_tables(connection: sa.Connection) -> None:
    """Makes the tables that are missing. Inside the caller's transaction.

    Raises SinkUnavailable, before anything is changed, where a newer version has made them.
    """
    refuse_newer(connection)
    TABLES.create_all(connection)
    if _read(connection, _FORMAT_ROW) is None:
        row = {"topic": _FORMAT_ROW.topic, "part": _FORMAT_ROW.partition, "topic_id": "", "next_offset": _FORMAT}
        connection.execute(sa.insert(POSITION).values(**row, generation=0))


def refuse_newer(connection: sa.Connection) -> None:
    """Raises SinkUnavailable where a newer version has made the tables; nothing where there are none."""
    if not sa.inspect(connection).has_table(POSITION.name):
        return
    found = connection.execute(sa.select(POSITION.c.next_offset).where(_is(_FORMAT_ROW))).scalar_one_or_none()
    if refused := newer(POSITION.name, found=found or _FORMAT, known=_FORMAT):
        raise SinkUnavailable(f"opening the target: {refused}")


def take(connection: sa.Connection, streams: Sequence[Stream], held: Mapping[Stream, int]) -> dict[Stream, int]:
    """Generation of each stream, which it takes over; a stream in `held` goes on with the generation that it has.

    Inside the caller's transaction. Raises Fenced when another sink has taken over a stream in `held`.
    """
    ordered = sorted(streams, key=lambda stream: (stream.topic, stream.partition))
    return {stream: _take_one(connection, stream, held.get(stream)) for stream in ordered}


def next_offset(connection: sa.Connection, stream: Stream) -> int:
    """Where the stream goes on."""
    return int(connection.execute(sa.select(POSITION.c.next_offset).where(_is(stream))).scalar_one())


def forget(connection: sa.Connection, topics: Sequence[str]) -> None:
    """As if these topics had never been written here. Inside the caller's transaction."""
    connection.execute(sa.delete(POSITION).where(POSITION.c.topic.in_(topics)))


def written_up_to(connection: sa.Connection, stream: Stream) -> int:
    """The same for who only looks; -1 where nothing of the stream, as Kafka knows it now, was ever written."""
    known = sa.select(POSITION.c.next_offset).where(_is(stream), POSITION.c.topic_id == stream.topic_id)
    found = connection.execute(known).scalar_one_or_none()
    return -1 if found is None else int(found)


def advance(connection: sa.Connection, writes: Writes, generation: int) -> None:
    """First statement of a write: locks the row, checks it and moves it on. Raises Fenced; then nothing is written."""
    stream, position = writes.stream, POSITION.c
    checked = sa.update(POSITION).where(
        _is(stream),
        position.topic_id == stream.topic_id,
        position.generation == generation,
        position.next_offset == writes.expected,
    )
    if connection.execute(checked.values(next_offset=writes.next_offset)).rowcount == 1:
        return
    raise Fenced(
        f"writing {stream.topic} from offset {writes.expected} as generation {generation}: the target has "
        f"{_told(_read(connection, stream))}; another sink has taken over, so this one stops"
    )


def _take_one(connection: sa.Connection, stream: Stream, held: int | None) -> int:
    found = _read(connection, stream)
    if held is not None:
        if found is None or (found.topic_id, found.generation) != (stream.topic_id, held):
            raise Fenced(
                f"going on with {stream.topic} as generation {held}: the target has {_told(found)}; another sink has "
                "taken over, so this one stops"
            )
        return held
    if found is None:
        new = {"topic": stream.topic, "part": stream.partition, "topic_id": stream.topic_id}
        connection.execute(sa.insert(POSITION).values(**new, next_offset=0, generation=1))
        return 1
    if found.topic_id != stream.topic_id:
        _log.warning(
            "delivery topic was recreated: writing it again from its beginning",
            topic=stream.topic,
            known_topic_id=found.topic_id,
            topic_id=stream.topic_id,
            forgotten_offset=found.next_offset,
        )
    goes_on = found.next_offset if found.topic_id == stream.topic_id else 0
    generation = int(found.generation) + 1
    taken = {"topic_id": stream.topic_id, "next_offset": goes_on, "generation": generation}
    connection.execute(sa.update(POSITION).where(_is(stream)).values(**taken))
    return generation


def _read(connection: sa.Connection, stream: Stream) -> sa.Row[Any] | None:
    return connection.execute(sa.select(POSITION).where(_is(stream)).with_for_update()).one_or_none()


def _is(stream: Stream) -> sa.ColumnElement[bool]:
    return sa.and_(POSITION.c.topic == stream.topic, POSITION.c.part == stream.partition)


def _told(found: sa.Row[Any] | None) -> str:
    if found is None:
        return "no position for it"
    return f"offset {found.next_offset}, generation {found.generation}, topic id {found.topic_id}"
