"""The service that feeds Faust agents with batches: it wires the engine's parts and moves partitions in and out."""

import asyncio
import concurrent.futures
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException
from mode import Service
from rocksdict import Cache

from streams.engine import metrics
from streams.engine.app import EngineApp
from streams.engine.assignment import Assignment
from streams.engine.cluster import Cluster
from streams.engine.consumer import Fetching, GroupConsumer, Place
from streams.engine.errors import AbandonedError, EngineError
from streams.engine.fail_stop import fail_stop
from streams.engine.group_offsets import next_offsets
from streams.engine.handover import Handover, PoisonHandler
from streams.engine.recovery import Recovered, Recovery
from streams.engine.settings import EngineSettings
from streams.engine.sources import usable_sources
from streams.engine.state import PartitionState
from streams.engine.upkeep import Upkeep
from streams.engine.watchdog import Watchdog

_log = structlog.get_logger(__name__)


class Engine(Service):
    """One consumer group, its partitions' states and its transactions. The app starts and stops it.

    ``channel`` is what agents read: each event is one Batch, each channel has one agent.
    """

    def __init__(self, app: EngineApp, settings: EngineSettings, *, on_poison: PoisonHandler | None = None) -> None:
        """Register with the app; nothing runs before the app does.

        ``on_poison(record, error, batch)`` sends and puts, in an open batch of its own, what shall stand in the place
        of a record that cannot be processed. Without it such a record holds up its partition.
        """
        super().__init__()
        self.settings = settings
        self.channel = app.engine_channel(concurrency=settings.concurrency)
        self._watchdog = Watchdog(settings.silence_seconds, name=settings.group)
        self._cluster = Cluster(settings)
        self._cache = Cache(settings.block_cache_bytes)
        self._handover = Handover(settings, self.channel, self._watchdog)
        self._handover.on_poison = on_poison
        self._consumer = GroupConsumer(settings, self, self._watchdog)
        # Of its own: steps of other engines may take long and must not stand before this one's.
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="engine-step")
        #: Held while partitions are taken over or let go, one such step after the other.
        self._lifecycle = asyncio.Lock()
        self._assignment: Assignment | None = None
        self._recovery: Recovery | None = None
        self._is_stopping = False
        self._event_loop: asyncio.AbstractEventLoop | None = None
        app.service(self)  # type: ignore[arg-type]  # an instance will do

    @property
    def on_poison(self) -> PoisonHandler | None:
        """What answers a record that cannot be processed; may be set until the app starts."""
        return self._handover.on_poison

    @on_poison.setter
    def on_poison(self, handler: PoisonHandler) -> None:
        self._handover.on_poison = handler

    @property
    def trouble(self) -> str:
        """Why it does not work yet; empty when it does. From any thread."""
        assignment = self._assignment
        if self._is_stopping:
            return "it is stopping"
        if assignment is None:
            return "it waits for its group, or for the broker"
        missing = [number for number, partition in assignment.partitions.items() if partition.state is None]
        return f"the state of {len(missing)} partitions is being recovered" if missing else ""

    async def refresh_topics(self) -> None:
        """Ask ``settings.topics`` again and go on with what it answers; topics that stay are not disturbed.

        When the broker does not answer nothing changes: call it again, best from a timer.
        """
        recovery, assignment = self._recovery, self._assignment
        if recovery is None or assignment is None:
            return  # the next assignment asks anyhow
        await self._blocking(recovery.join)
        async with self._lifecycle:
            if assignment is self._assignment and assignment.is_current:
                try:
                    await self._change_topics(assignment)
                except KafkaException as error:
                    _log.warning("the source topics could not be looked up: they stay as they are", error=str(error))

    # --- as mode.Service

    async def on_start(self) -> None:
        """See mode.Service."""
        metrics.begin(self.settings.group)
        self._event_loop = asyncio.get_running_loop()
        self._watchdog.start()

    async def on_stop(self) -> None:
        """See mode.Service. Finishes the batches that have started, then leaves the group at once."""
        self._is_stopping = True
        async with self._lifecycle:
            if not await self._handover.drain(self.settings.stop_seconds):
                _log.warning("stopping before all started batches were done: they will be processed again")
            await self._let_go()
        await self._blocking(lambda: self._consumer.stop(seconds=self.settings.stop_seconds))
        self._handover.rounds.stop()
        self._watchdog.stop()
        self._pool.shutdown(wait=False)

    @Service.task
    async def _serve(self) -> None:
        await self._guarded(self._run())

    async def _run(self) -> None:
        await self._await_topics()
        try:
            await self._handover.rounds.start()
        except AbandonedError:
            return
        if self._is_stopping:
            return
        self._consumer.start()
        upkeep = Upkeep(self.settings, self._cluster, assignment=lambda: self._assignment)
        await asyncio.gather(self._handover.run(), upkeep.run(self._pool))

    async def _await_topics(self) -> None:
        """Whoever sets the topics up may start at the same time."""
        needed = {self.settings.anchor, self.settings.changelog}
        while not self._is_stopping:
            try:
                shapes = await self._blocking(lambda: self._cluster.describe(needed))
            except KafkaException as error:
                _log.warning("the engine waits for the broker", error=str(error))
            else:
                if needed <= set(shapes):
                    return
                _log.warning("the engine waits for its topics: create them", missing=sorted(needed - set(shapes)))
            await asyncio.sleep(1.0)

    # --- as consumer.Owner, on the consumer's thread

    def assigned(self, assignment: Assignment) -> None:
        """See Owner."""
        self._submit(self._take_over(assignment))

    def revoked(self, assignment: Assignment) -> None:
        """See Owner."""
        released = self._submit(self._release(assignment, self.settings.revoke_seconds))
        # The rest of the session belongs to closing; whatever is not done by then is refused by the broker.
        deadline = time.monotonic() + self.settings.revoke_seconds * 1.5
        while released is not None and not released.done():
            self._watchdog.report("consumer")
            if time.monotonic() > deadline:
                _log.warning("partitions were revoked before all batches were done: those do not count")
                break
            concurrent.futures.wait([released], timeout=0.2)
        assignment.end()

    def lost(self, assignment: Assignment) -> None:
        """See Owner."""
        assignment.end()
        self._submit(self._release(assignment, 0.0))

    def out_of_range(self, assignment: Assignment, place: Place, seen: Fetching) -> None:
        """See Owner."""
        self._submit(self._find_again(assignment, place, seen))

    def received(self) -> None:
        """See Owner."""
        self._call(self._handover.wake)

    # --- partitions come and go, on the loop

    async def _take_over(self, assignment: Assignment) -> None:
        async with self._lifecycle:
            if not assignment.is_current or self._is_stopping:
                return
            assignment.topics = [self.settings.anchor, *self.settings.topics()]
            self._assignment = assignment
            self._handover.take(assignment)
            self._recovery = Recovery(
                assignment=assignment,
                settings=self.settings,
                cluster=self._cluster,
                cache=self._cache,
                watchdog=self._watchdog,
                on_ready=lambda recovered: self._call(lambda: self._begin(assignment, recovered)),
            )
            self._recovery.start()

    def _begin(self, assignment: Assignment, recovered: Recovered) -> None:
        if not assignment.is_current or assignment is not self._assignment:
            recovered.state.close()
            return
        partition = assignment.partitions[recovered.number]
        partition.state, partition.changelog_id = recovered.state, recovered.changelog_id
        partition.committed |= recovered.offsets
        partition.replace_queues(removed=set(), added=recovered.offsets)
        places = {(topic, recovered.number): offset for topic, offset in recovered.offsets.items()}
        self._consumer.begin(assignment, places)
        metrics.PARTITIONS.labels(self.settings.group).inc()

    async def _release(self, assignment: Assignment, seconds: float) -> None:
        async with self._lifecycle:
            if assignment is self._assignment:
                if seconds:
                    await self._handover.drain(seconds)
                await self._let_go()

    async def _let_go(self) -> None:
        assignment, self._assignment = self._assignment, None
        if assignment is None:
            return
        assignment.end()
        if self._recovery is not None:
            await self._blocking(self._recovery.join)
        self._handover.let_go()
        states = [partition.state for partition in assignment.partitions.values() if partition.state is not None]
        await self._blocking(lambda: _close(states))
        metrics.PARTITIONS.labels(self.settings.group).set(0)

    async def _change_topics(self, assignment: Assignment) -> None:
        before = set(assignment.topics)
        # A topic that comes back while a batch of it is still under way would begin before that batch: next time.
        wanted = [
            topic
            for topic in [self.settings.anchor, *self.settings.topics()]
            if topic in before or not _has_work(assignment, topic)
        ]
        try:
            usable, offsets = await self._blocking(lambda: self._look_up(assignment, wanted))
        except AbandonedError:
            return
        removed = before - set(usable)
        if not removed and not offsets:
            return
        assignment.topics = usable
        for partition in assignment.partitions.values():
            added = {topic: offset for (topic, number), offset in offsets.items() if number == partition.number}
            partition.replace_queues(removed=removed, added=added)
            partition.committed |= added
        self._consumer.forget(assignment, removed)
        self._consumer.begin(assignment, offsets)
        _log.info("source topics changed", added=sorted({topic for topic, _ in offsets}), removed=sorted(removed))

    async def _find_again(self, assignment: Assignment, place: Place, seen: Fetching) -> None:
        """A topic was recreated, or retention overtook the worker, while it ran."""
        topic, number = place
        while assignment.is_current:
            # What was fetched before is committed first: the new place follows from what is committed.
            if assignment.partitions[number].has_work(topic):
                await asyncio.sleep(0.05)
                continue
            try:
                offsets = await self._blocking(lambda: self._offsets(assignment, [place]))
            except AbandonedError:
                return
            except KafkaException as error:
                _log.warning("a source partition waits for the broker", topic=topic, error=str(error))
                await asyncio.sleep(1.0)
            else:
                self._consumer.begin_again(assignment, place, seen, offsets[place])
                return

    def _look_up(self, assignment: Assignment, wanted: list[str]) -> tuple[list[str], dict[Place, int]]:
        """The usable ones of the wanted topics, and where to begin in those that are new."""
        shapes = self._cluster.describe([*wanted, self.settings.changelog])
        usable = usable_sources(wanted, shapes, settings=self.settings)
        added = [topic for topic in usable if topic not in assignment.topics]
        return usable, self._offsets(
            assignment, [(topic, number) for topic in added for number in assignment.partitions]
        )

    def _offsets(self, assignment: Assignment, places: list[Place]) -> dict[Place, int]:
        """Where to go on. Raises AbandonedError when the assignment ends meanwhile."""

        def proceed() -> None:
            if not assignment.is_current:
                raise AbandonedError("looking up offsets: the partitions were taken away")

        reader = Consumer(self.settings.recovery_config())
        try:
            return next_offsets(reader, self._cluster, places, proceed=proceed)
        finally:
            reader.close()

    # --- threads

    async def _blocking(self, call: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def _call(self, call: Callable[[], None]) -> None:
        """Run on the loop soon; nothing happens when the loop is closed, for then nothing counts any more."""
        if self._event_loop is not None and not self._event_loop.is_closed():
            self._event_loop.call_soon_threadsafe(call)

    def _submit(self, step: Coroutine[Any, Any, None]) -> "concurrent.futures.Future[None] | None":
        if self._event_loop is None or self._event_loop.is_closed():
            step.close()
            return None
        return asyncio.run_coroutine_threadsafe(self._guarded(step), self._event_loop)

    async def _guarded(self, step: Coroutine[Any, Any, None]) -> None:
        """An engine that is broken inside must not look alive."""
        try:
            await step
        except asyncio.CancelledError:
            raise
        except EngineError as error:
            fail_stop(str(error))
        except Exception as error:
            _log.exception("the engine failed")
            fail_stop("the engine failed", kind=type(error).__name__)


def _has_work(assignment: Assignment, topic: str) -> bool:
    return any(partition.has_work(topic) for partition in assignment.partitions.values())


def _close(states: list[PartitionState]) -> None:
    for state in states:
        state.close()
