"""The one thread that owns the group's consumer: every call on it happens here, for elsewhere some of them hang."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, Protocol

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.engine import metrics
from streams.engine.assignment import Assignment, generation_of
from streams.engine.errors import EngineError, SettingsError
from streams.engine.fail_stop import fail_stop
from streams.engine.partitions import Partition
from streams.engine.records import Record
from streams.engine.settings import EngineSettings
from streams.engine.watchdog import Watchdog

_log = structlog.get_logger(__name__)
_kafka_log = logging.getLogger("streams.engine.kafka")
_PART = "consumer"
_POLL_SECONDS = 0.05
_BALANCE_SECONDS = 0.05
_LAG_SECONDS = 5.0
#: Topic and partition number.
Place = tuple[str, int]


class Fetching(NamedTuple):
    """What was being fetched of a source partition: its how-manieth beginning, and the next offset."""

    begun: int
    position: int


class Owner(Protocol):
    """Who hears of assignments. Called on the consumer's thread, inside its poll."""

    def assigned(self, assignment: Assignment) -> None:
        """Begin to recover; return at once."""

    def revoked(self, assignment: Assignment) -> None:
        """Return when started batches have committed and the states are closed, or the time for it is over."""

    def lost(self, assignment: Assignment) -> None:
        """Somebody else may own the partitions already: nothing counts. Return at once."""

    def out_of_range(self, assignment: Assignment, place: Place, seen: "Fetching") -> None:
        """The next record of a source partition is not in the log: ``begin_again`` elsewhere. Return at once."""

    def received(self) -> None:
        """There are new records in the queues."""


class GroupConsumer:
    """Subscribes to the anchor and fetches, for each of its partitions that is ready, all source topics."""

    def __init__(self, settings: EngineSettings, owner: Owner, watchdog: Watchdog) -> None:
        self._settings = settings
        self._owner = owner
        self._watchdog = watchdog
        self._orders: deque[Callable[[], None]] = deque()
        self._assignment: Assignment | None = None
        #: Next offset to fetch of each source partition that is being fetched.
        self._positions: dict[Place, int] = {}
        #: How often each was begun, to tell an old error from a new one.
        self._begun: Counter[Place] = Counter()
        self._is_stale = False
        self._paused: set[Place] = set()
        #: Topics whose leaders the client was asked to look up.
        self._known: set[str] = set()
        self._balanced = self._measured = 0.0
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._guarded, name="engine-consumer", daemon=True)

    def start(self) -> None:
        """Join the group."""
        self._thread.start()

    def stop(self, *, seconds: float) -> None:
        """Leave the group at once. Blocking; without a broker it gives up after so many seconds."""
        self._quit.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def begin(self, assignment: Assignment, offsets: dict[Place, int]) -> None:
        """Fetch these source partitions too, from these offsets. From any thread; ignored for an older assignment."""
        self._orders.append(lambda: self._begin(assignment, offsets))

    def begin_again(self, assignment: Assignment, place: Place, seen: "Fetching", offset: int) -> None:
        """Go on elsewhere in a source partition, unless it has moved since ``seen``. From any thread."""

        def order() -> None:
            # The same error may come twice; after the first answer records may have arrived already.
            if seen == Fetching(self._begun[place], self._positions.get(place, -1)):
                self._begin(assignment, {place: offset})

        self._orders.append(order)

    def forget(self, assignment: Assignment, topics: set[str]) -> None:
        """Fetch these topics no more. From any thread."""
        self._orders.append(lambda: self._forget(assignment, topics))

    def _guarded(self) -> None:
        try:
            self._run()
        except BaseException as error:
            fail_stop("the consumer failed", error=str(error), kind=type(error).__name__)
        finally:
            self._watchdog.rest(_PART)

    def _run(self) -> None:
        consumer = Consumer(self._settings.consumer_config(), logger=_kafka_log)
        consumer.subscribe(
            [self._settings.anchor],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )
        while not self._quit.is_set():
            self._watchdog.report(_PART)
            self._obey(consumer)
            # consume(n, t) would wait until there are n.
            message = consumer.poll(_POLL_SECONDS)
            if message is not None:
                self._receive([message, *consumer.consume(self._settings.batch_size - 1, 0)])
            self._balance(consumer)
        consumer.close()

    # --- inside poll

    def _on_assign(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        # Nothing is fetched before the state is there; each partition begins when it is.
        consumer.assign([])
        metadata = consumer.consumer_group_metadata()
        try:
            generation = generation_of(bytes(metadata))
        except SettingsError:
            raise
        except EngineError as error:
            _log.warning("an assignment came too late and is ignored", error=str(error))
            return
        numbers = sorted(place.partition for place in places)
        _log.info("partitions assigned", group=self._settings.group, partitions=numbers, generation=generation)
        metrics.REBALANCES.labels(self._settings.group, "assigned").inc()
        self._assignment = Assignment(generation, metadata, {number: Partition(number) for number in numbers})
        self._owner.assigned(self._assignment)

    def _on_revoke(self, consumer: Consumer, _places: list[TopicPartition]) -> None:
        assignment = self._drop("revoked")
        if assignment is not None:
            self._owner.revoked(assignment)
        consumer.unassign()

    def _on_lost(self, consumer: Consumer, _places: list[TopicPartition]) -> None:
        assignment = self._drop("lost")
        if assignment is not None:
            self._owner.lost(assignment)
        consumer.unassign()

    def _drop(self, event: str) -> Assignment | None:
        assignment, self._assignment = self._assignment, None
        for topic, number in self._positions:
            # Its next owner tells it.
            with suppress(KeyError):
                metrics.LAG.remove(self._settings.group, topic, str(number))
        self._positions.clear()
        self._paused.clear()
        if assignment is not None:
            _log.info("partitions " + event, group=self._settings.group, generation=assignment.generation)
            metrics.REBALANCES.labels(self._settings.group, event).inc()
        return assignment

    # --- between polls

    def _begin(self, assignment: Assignment, offsets: dict[Place, int]) -> None:
        if assignment is self._assignment:
            self._positions |= offsets
            self._begun.update(offsets.keys())
            self._is_stale = True

    def _forget(self, assignment: Assignment, topics: set[str]) -> None:
        if assignment is self._assignment:
            self._positions = {place: at for place, at in self._positions.items() if place[0] not in topics}
            self._is_stale = True

    def _obey(self, consumer: Consumer) -> None:
        while self._orders:
            self._orders.popleft()()
        if not self._is_stale:
            return
        self._is_stale = False
        if self._assignment is not None:
            self._look_up_leaders(consumer)
            consumer.assign([TopicPartition(*place, offset) for place, offset in self._positions.items()])
            # A pause outlives an assign: begin with none, and let balance pause again what is full.
            consumer.resume([TopicPartition(*place) for place in self._positions])
            self._paused.clear()
            self._balanced = 0.0

    def _look_up_leaders(self, consumer: Consumer) -> None:
        # A topic whose leaders are not known yet is looked for once a second; asked for, it is known at once.
        for topic in {topic for topic, _number in self._positions} - self._known:
            try:
                consumer.list_topics(topic, timeout=1.0)
                self._known.add(topic)
            except KafkaException as error:
                _log.warning("looking up the leaders of a source topic: it comes later", topic=topic, error=str(error))

    def _receive(self, messages: list[Message]) -> None:
        assignment = self._assignment
        if assignment is None:
            return  # a rebalance came in the middle: they will be fetched again by whoever owns them
        received: dict[Place, list[Record]] = {}
        for message in messages:
            if (error := message.error()) is not None:
                self._note_error(assignment, message, error)
                continue
            record = _record(message)
            received.setdefault((record.topic, record.partition), []).append(record)
        for place, records in received.items():
            self._queue(assignment, place, records)
        self._owner.received()

    def _note_error(self, assignment: Assignment, message: Message, error: KafkaError) -> None:
        topic, number = message.topic(), message.partition()
        if error.fatal():
            raise EngineError(f"reading the source topics: {error.str()}")
        if error.code() == KafkaError._AUTO_OFFSET_RESET and topic is not None and number is not None:
            place = (topic, number)
            self._owner.out_of_range(assignment, place, Fetching(self._begun[place], self._positions.get(place, -1)))
        else:
            _log.warning("reading the source topics: trying again", error=str(error), topic=topic, partition=number)

    def _queue(self, assignment: Assignment, place: Place, records: list[Record]) -> None:
        topic, number = place
        partition = assignment.partitions.get(number)
        queue = partition.queues.get(topic) if partition is not None else None
        position = self._positions.get(place)
        if queue is None or position is None:
            return
        # librdkafka was seen to deliver from before the assigned offset after assigns in quick succession.
        fresh = records if records[0].offset >= position else [row for row in records if row.offset >= position]
        if fresh:
            queue.append(fresh)
            self._positions[place] = fresh[-1].offset + 1

    def _balance(self, consumer: Consumer) -> None:
        now = time.monotonic()
        if self._assignment is None or now - self._balanced < _BALANCE_SECONDS:
            return
        self._balanced = now
        settings, full, hungry = self._settings, [], []
        for topic, number in self._positions:
            queues = self._assignment.partitions[number].queues
            queue = queues.get(topic)
            if queue is None:
                continue
            most_bytes = settings.high_water_bytes // len(queues)
            if (topic, number) in self._paused:
                if len(queue) < settings.low_water and queue.size < most_bytes // 2:
                    hungry.append((topic, number))
            elif len(queue) > settings.high_water or queue.size > most_bytes:
                full.append((topic, number))
        if full:
            consumer.pause([TopicPartition(*place) for place in full])
        if hungry:
            consumer.resume([TopicPartition(*place) for place in hungry])
        self._paused = (self._paused | set(full)) - set(hungry)
        if now - self._measured > _LAG_SECONDS:
            self._measured = now
            self._measure(consumer, self._assignment)

    def _measure(self, consumer: Consumer, assignment: Assignment) -> None:
        for topic, number in self._positions:
            _low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), cached=True) or (0, 0)
            committed = assignment.partitions[number].committed.get(topic)
            if high >= 0 and committed is not None and committed >= 0:
                metrics.LAG.labels(self._settings.group, topic, str(number)).set(max(0, high - committed))


def _record(message: Message) -> Record:
    return Record(
        message.topic(),  # type: ignore[arg-type]
        message.partition(),  # type: ignore[arg-type]
        message.offset(),  # type: ignore[arg-type]
        message.key(),
        message.value(),
        message.timestamp()[1],
        message.headers,  # type: ignore[arg-type]
    )
