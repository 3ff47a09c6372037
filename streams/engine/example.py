"""A complete worker: counts words, keeps the counts in its state and sends each new count on.

Make the topics ``lines`` and ``counts.state`` with equal numbers of partitions (the latter compacted) and ``counts``,
then start one or more, each with a name of its own::

    WORKER=w1 KAFKA=127.0.0.1:9092 faust -A streams.engine.example worker --without-web
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from streams.engine.app import EngineApp
from streams.engine.batch import Batch
from streams.engine.engine import Engine
from streams.engine.records import Record
from streams.engine.settings import EngineSettings


def skip(record: Record, _error: BaseException, batch: Batch) -> None:
    """A line that cannot be read is put aside as it is; without this it would hold up its partition."""
    batch.send("lines.unreadable", record.key, record.value)


WORKER = os.environ.get("WORKER", "w1")
app = EngineApp(f"word-count-{WORKER}")
engine = Engine(
    app,
    EngineSettings(
        bootstrap=os.environ.get("KAFKA", "127.0.0.1:9092"),
        group="word-count",
        worker=WORKER,
        data_dir=Path(".data/word-count") / WORKER,
        anchor="lines",
        changelog="counts.state",
    ),
    on_poison=skip,
)


@app.agent(engine.channel)
async def count_words(batches: AsyncIterator[Batch]) -> None:
    """Lines in, counts out: each line counts exactly once."""
    async for batch in batches:
        async with batch:
            for record in batch.records:
                for word in (record.value or b"").decode().split():
                    key = word.encode()
                    count = int(batch.state.get(key) or 0) + 1
                    batch.state.put(key, b"%d" % count)
                    batch.send("counts", key, b"%d" % count)
