"""One entity's worker, always by a catalogue that is new enough for the batch that it is given."""

import asyncio
from collections.abc import Callable

import structlog

from schemas.catalogue import Catalogue
from streams.catalogues import Catalogues
from streams.engine.batch import Batch
from streams.engine.records import Record
from streams.outcomes import Tally
from streams.worker import Worker

_log = structlog.get_logger(__name__)


class LiveWorker:
    """Compiles the rules once a revision, beside the event loop; batches go on by the old ones until they are there."""

    def __init__(self, catalogues: Catalogues, make: Callable[[Catalogue], Worker]) -> None:
        """`make` compiles; it may ask the registry, and runs on a thread but for the first time."""
        self._catalogues = catalogues
        self._make = make
        self._worker = make(catalogues.newest)
        self._compiling = asyncio.Lock()

    async def process(self, batch: Batch) -> Tally:
        """Everything that the records of a batch cause, into the batch. Raises Behind, and what `make` raises.

        Whatever a newer catalogue has touched waits for that one here: this is the barrier.
        """
        while (needed := self._worker.needs(batch)) > self._worker.revision:
            await self._catalogues.at_least(needed, lambda: _still_counts(batch))
            await self.renew()
        return self._worker.process(batch)

    async def renew(self) -> None:
        """Go on by the newest catalogue. Raises what `make` raises."""
        async with self._compiling:
            newest = self._catalogues.newest
            if newest.revision > self._worker.revision:
                self._worker = await asyncio.to_thread(self._make, newest)
                _log.info("working by a new catalogue", entity=self._worker.entity, revision=newest.revision)

    def poison(self, record: Record, error: BaseException, batch: Batch) -> None:
        """See Worker."""
        self._worker.poison(record, error, batch)


def _still_counts(batch: Batch) -> bool:
    batch.progress()
    return batch.counts
