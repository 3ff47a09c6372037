"""What is looked after now and then while partitions are owned: the changelog's identity, the age of
checkpoints, transactions that stay open."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace

import structlog
from confluent_kafka import KafkaException

from streams.engine.assignment import Assignment
from streams.engine.cluster import Cluster
from streams.engine.fail_stop import fail_stop
from streams.engine.partitions import Partition
from streams.engine.settings import EngineSettings
from streams.engine.stable_offsets import StableOffsets

_log = structlog.get_logger(__name__)
_CHANGELOG_SECONDS = 30.0
_CHECKPOINT_SECONDS = 600.0


class Upkeep:
    """Runs on the event loop, beside everything else."""

    def __init__(
        self, settings: EngineSettings, cluster: Cluster, *, assignment: Callable[[], Assignment | None]
    ) -> None:
        self._changelog = settings.changelog
        self._stable = StableOffsets(settings, cluster)
        self._cluster = cluster
        self._assignment = assignment

    async def run(self, pool: Executor) -> None:
        """Look after things until cancelled; questions to the broker are asked on ``pool``."""
        refreshed = time.monotonic()
        while True:
            await asyncio.sleep(_CHANGELOG_SECONDS)
            await self._check_changelog(pool)
            await self._watch_stable_offsets(pool)
            if time.monotonic() - refreshed > _CHECKPOINT_SECONDS:
                refreshed = time.monotonic()
                refresh_checkpoints(self._ready())

    async def _check_changelog(self, pool: Executor) -> None:
        """A changelog that was recreated under a running worker no longer holds what the local state holds."""
        known = {partition.changelog_id for partition in self._ready()}
        try:
            shapes = await asyncio.get_running_loop().run_in_executor(pool, self._cluster.describe, [self._changelog])
        except KafkaException as error:
            _log.warning("the changelog could not be checked", error=str(error))
            return
        shape = shapes.get(self._changelog)
        if known and (shape is None or known != {shape.topic_id}):
            fail_stop("the changelog was deleted or recreated while the engine ran", changelog=self._changelog)

    async def _watch_stable_offsets(self, pool: Executor) -> None:
        try:
            numbers = [partition.number for partition in self._ready()]
            await asyncio.get_running_loop().run_in_executor(pool, self._stable.look, numbers)
        except KafkaException as error:
            _log.warning("the last stable offsets could not be looked at", error=str(error))

    def _ready(self) -> list[Partition]:
        assignment = self._assignment()
        partitions = assignment.partitions.values() if assignment is not None else []
        return [partition for partition in partitions if partition.state is not None]


def refresh_checkpoints(partitions: list[Partition]) -> None:
    """Renew the time of the checkpoints: a state that is owned is complete, however long ago it was written to."""
    for partition in partitions:
        if partition.state is None or partition.in_flight is not None:
            continue
        checkpoint = partition.state.checkpoint()
        if checkpoint is not None:
            partition.state.apply({}, replace(checkpoint, written=time.time()))
