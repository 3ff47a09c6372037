"""Where the group stands: the offsets from which a new owner goes on."""

from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID, Consumer, KafkaError, KafkaException, TopicPartition

from streams.engine.errors import EngineError

_log = structlog.get_logger(__name__)
_PATIENCE = 2.0
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


def committed_offsets(
    reader: Consumer, partitions: Iterable[tuple[str, int]], *, proceed: Callable[[], None]
) -> dict[tuple[str, int], int]:
    """The stable committed offset of each (topic, partition), OFFSET_BEGINNING where there is none.

    Stable: waits until no open transaction holds an offset of them, so that nobody can move them any more but by the
    present generation. ``proceed`` is called before each attempt; it raises when nobody waits any longer.
    """
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
            return {
                (place.topic, place.partition): OFFSET_BEGINNING if place.offset == OFFSET_INVALID else place.offset
                for place in answer
            }
        _raise_unless_passing(errors[0])


def _raise_unless_passing(error: KafkaError) -> None:
    if error.code() not in _PASSING and not error.retriable():
        raise EngineError(f"reading the group's committed offsets: {error.str()}; check the worker's rights")
    _log.info("the group's offsets are not stable yet: asking again", error=error.name())
