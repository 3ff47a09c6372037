"""Where the group stands: the offsets from which a new owner goes on."""

from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.engine import metrics
from streams.engine.cluster import Cluster
from streams.engine.errors import EngineError

_log = structlog.get_logger(__name__)
_PATIENCE = 2.0
_Place = tuple[str, int]
#: A transaction that may still commit these offsets is open, or the coordinator is moving: ask again.
_PASSING = frozenset(
    {
        KafkaError.UNSTABLE_OFFSET_COMMIT,
        KafkaError._TIMED_OUT,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError._WAIT_COORD,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError._TRANSPORT,
    }
)


def next_offsets(
    reader: Consumer, cluster: Cluster, partitions: Iterable[_Place], *, proceed: Callable[[], None]
) -> dict[_Place, int]:
    """Where to go on in each (topic, partition): the stable committed offset, else the first that exists.

    Always a number: with a logical offset librdkafka may ask for it once more after a later assign, and then deliver
    from there again. ``proceed`` is called before each attempt; it raises when nobody waits any longer. Raises
    KafkaException when the broker does not answer.
    """
    places = list(partitions)
    if not places:
        return {}
    committed = _committed_offsets(reader, places, proceed=proceed)
    firsts, ends = cluster.first_offsets(places), cluster.end_offsets(places)
    return {
        place: _within(place, committed.get(place, first), first=first, end=ends[place])
        for place, first in firsts.items()
    }


def _within(place: _Place, offset: int, *, first: int, end: int) -> int:
    """The offset, or the first one when it is not in the log any more."""
    topic, partition = place
    if offset > end:
        _log.error("a source topic was recreated: it is read from its start", topic=topic, partition=partition)
    elif offset < first:
        metrics.EXPIRED.labels(topic).inc(first - offset)
        _log.error(
            "retention removed records that were never processed: the system behind them needs a resync",
            topic=topic,
            partition=partition,
            offsets=first - offset,
        )
    else:
        return offset
    return first


def _committed_offsets(
    reader: Consumer, partitions: Iterable[_Place], *, proceed: Callable[[], None]
) -> dict[_Place, int]:
    """Waits until no open transaction holds an offset: then nobody can move it any more but the present generation."""
    asked = [TopicPartition(topic, number) for topic, number in partitions]
    while True:
        proceed()
        try:
            answer = reader.committed(asked, timeout=_PATIENCE)
        except KafkaException as error:
            _raise_unless_passing(error.args[0])
            continue
        errors = [place.error for place in answer if place.error is not None]
        if not errors:
            return {(place.topic, place.partition): place.offset for place in answer if place.offset >= 0}
        _raise_unless_passing(errors[0])


def _raise_unless_passing(error: KafkaError) -> None:
    if error.code() not in _PASSING and not error.retriable():
        raise EngineError(f"reading the group's committed offsets: {error.str()}; check the worker's rights")
    _log.info("the group's offsets are not stable yet: asking again", error=error.name())
