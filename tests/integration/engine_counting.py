"""The Faust module that the engine's tests run as workers: counts each key, and misbehaves as told by the environment.

Sources ``<name>.in`` (the anchor) and ``<name>.more*``; output ``<name>.out`` with value ``<count>:<value read>``;
poison goes to ``<name>.dead``.
"""

import os
import random
from pathlib import Path

import schemas.logs
from streams.engine import Batch, Engine, EngineApp, EngineSettings, Record

NAME, WORKER = os.environ["ENGINE_NAME"], os.environ["ENGINE_WORKER"]
RAISE_SHARE = float(os.environ.get("ENGINE_RAISE_SHARE", "0"))
SILENT = os.environ.get("ENGINE_SILENT_KEY", "").encode()

schemas.logs.configure("counting")


def sources() -> list[str]:
    """Asked by the engine; the file may grow while the worker runs."""
    listed = Path(os.environ["ENGINE_DATA"]) / "sources"
    return listed.read_text().split() if listed.exists() else []


def to_dead(record: Record, error: BaseException, batch: Batch) -> None:
    """The app's answer to a record that cannot be processed."""
    batch.send(f"{NAME}.dead", record.key, str(type(error).__name__).encode(), partition=0)


app = EngineApp(f"counting-{WORKER}")
engine = Engine(
    app,
    EngineSettings(
        bootstrap=os.environ["ENGINE_KAFKA"],
        group=NAME,
        worker=WORKER,
        data_dir=Path(os.environ["ENGINE_DATA"]) / WORKER,
        anchor=f"{NAME}.in",
        changelog=f"{NAME}.state",
        topics=sources,
        session_timeout_ms=6_000,
        transaction_timeout_ms=int(os.environ.get("ENGINE_TRANSACTION_MS", "10000")),
        batch_size=int(os.environ.get("ENGINE_BATCH", "100")),
        silence_seconds=float(os.environ.get("ENGINE_SILENCE", "60")),
        infrastructure_errors=(ConnectionError,),
        handover_seconds=1.0,
    ),
    on_poison=to_dead,
)


def count(record: Record, batch: Batch) -> None:
    """One record: its key's count goes up by one and out."""
    key, value = record.key or b"", record.value or b""
    if value == b"poison":
        raise ValueError("cannot be processed")
    number = int(batch.state.get(key) or 0) + 1
    batch.state.put(key, b"%d" % number)
    out = f"{NAME}.late" if value == b"to-late" else f"{NAME}.out"
    padding = b"x" * 2_000_000 if value == b"large" else b""
    batch.send(out, key, b"%d:%b" % (number, value) + padding)


@app.agent(engine.channel)
async def counting(batches):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as Faust's users write it
    """Counts."""
    async for batch in batches:
        if random.random() < RAISE_SHARE / 4:
            raise RuntimeError("outside the batch")
        async with batch:
            for record in batch.records:
                count(record, batch)
            if random.random() < RAISE_SHARE:
                raise random.choice([ConnectionError("now and then"), RuntimeError("now and then")])


@app.timer(0.5)  # type: ignore[untyped-decorator]
async def refresh() -> None:
    """Follow what the test writes into the list of sources."""
    await engine.refresh_topics()
