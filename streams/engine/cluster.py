"""What the broker knows about topics and offsets. Blocking; used from threads other than the event loop's."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from streams.engine.settings import EngineSettings

T = TypeVar("T")

_PATIENCE = 5.0


@dataclass(slots=True, frozen=True)
class TopicShape:
    """A topic as it exists now. Recreated under the same name it has another id."""

    topic_id: str
    partitions: int


class Cluster:
    """Questions to the broker. Every method raises KafkaException when it does not answer within some seconds."""

    def __init__(self, settings: EngineSettings) -> None:
        self._admin = AdminClient(settings.client_config())

    def describe(self, topics: Iterable[str]) -> dict[str, TopicShape]:
        """The shapes of the topics that exist."""
        found: dict[str, TopicShape] = {}
        wanted = TopicCollection(list(dict.fromkeys(topics)))
        with self._looking_again():
            for name, future in self._admin.describe_topics(wanted, request_timeout=_PATIENCE).items():
                try:
                    described = _answer(future)
                except KafkaException as error:
                    if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                        raise
                else:
                    found[name] = TopicShape(str(described.topic_id), len(described.partitions))
        return found

    def first_offsets(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The offset of the first record that retention and compaction left."""
        return self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    def end_offsets(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The offset after the last record, whether or not its transaction has ended."""
        return self._offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]

    def stable_offsets(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The offset of the first record of an open transaction, else the end: committed records are read so far."""
        return self._offsets(partitions, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED)  # type: ignore[no-untyped-call]

    def _offsets(
        self,
        partitions: Iterable[tuple[str, int]],
        which: OffsetSpec,
        isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
    ) -> dict[tuple[str, int], int]:
        request = {TopicPartition(topic, number): which for topic, number in partitions}
        if not request:
            return {}
        with self._looking_again():
            asked = self._admin.list_offsets(request, request_timeout=_PATIENCE, isolation_level=isolation)
            return {(at.topic, at.partition): _answer(future).offset for at, future in asked.items()}

    @contextmanager
    def _looking_again(self) -> Iterator[None]:
        """When a broker dies the client goes on asking those that it knew, for minutes, unless it is told to look."""
        try:
            yield
        except KafkaException:
            self._admin.list_topics(timeout=_PATIENCE)
            raise


def _answer(future: "Future[T]") -> T:
    """A client that is stuck may not even tell that its time is over."""
    try:
        return future.result(_PATIENCE + 1)
    except TimeoutError:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "no answer from the client")) from None
