"""The worker of the engine's benchmarks: counts keys and sends each record on."""

import os
from pathlib import Path

import schemas.logs
from streams.engine.app import EngineApp
from streams.engine.engine import Engine
from streams.engine.settings import EngineSettings

schemas.logs.configure("bench")
OUTPUTS = int(os.environ.get("BENCH_OUTPUTS", "1"))

app = EngineApp("bench")
engine = Engine(
    app,
    EngineSettings(
        bootstrap=os.environ["BENCH_KAFKA"],
        group="bench",
        worker=os.environ.get("BENCH_WORKER", "bench"),
        data_dir=Path(os.environ["BENCH_DATA"]),
        anchor="bench.in",
        changelog="bench.state",
        producers=int(os.environ.get("BENCH_PRODUCERS", "2")),
    ),
)


@app.agent(engine.channel)
async def count(batches):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as Faust's users write it
    """One state read, one state write and the outputs for each record."""
    async for batch in batches:
        async with batch:
            state = batch.state
            for record in batch.records:
                state.put(record.key, b"%d" % (int(state.get(record.key) or 0) + 1))
                for _ in range(OUTPUTS):
                    batch.send("bench.out", record.key, record.value)
