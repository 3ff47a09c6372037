"""The Faust module that the engine's tests run as workers: counts each key, and misbehaves as told by the environment.

For each name in ENGINE_NAME one engine: sources ``<name>.in`` (the anchor) and what the file ``sources`` lists; output
``<name>.out`` with value ``<count>:<value read>``; poison goes to ``<name>.dead`` as ``<error>:<value read>``.
"""

import asyncio
import faulthandler
import logging
import os
import random
import resource
import signal
import threading
import time
from functools import partial
from pathlib import Path

import schemas.logs
from streams.engine.app import EngineApp
from streams.engine.batch import Batch
from streams.engine.engine import Engine
from streams.engine.records import Record
from streams.engine.settings import EngineSettings

WORKER, DATA = os.environ["ENGINE_WORKER"], Path(os.environ["ENGINE_DATA"])
RAISE_SHARE = float(os.environ.get("ENGINE_RAISE_SHARE", "0"))

#: What librdkafka shall tell into the log, as it spells it: "cgrp,broker".
DEBUG = os.environ.get("ENGINE_DEBUG", "")

if "ENGINE_FILE_BYTES" in os.environ:  # larger ones cannot be written, as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["ENGINE_FILE_BYTES"]), resource.RLIM_INFINITY))

schemas.logs.configure("counting")
if DEBUG:
    logging.getLogger("streams.engine.kafka").setLevel(logging.DEBUG)
    logging.getLogger("streams.engine.kafka").addHandler(logging.StreamHandler())
faulthandler.register(signal.SIGQUIT)  # for whoever wonders where a worker stands
app = EngineApp(f"counting-{WORKER}")


def end_with(parent: int) -> None:
    """A test that was killed cannot stop its workers."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()


def sources() -> list[str]:
    """Asked by the engine; the file may change while the worker runs."""
    listed = DATA / "sources"
    return listed.read_text().split() if listed.exists() else []


def to_dead(name: str, record: Record, error: BaseException, batch: Batch) -> None:
    """The app's answer to a record that cannot be processed."""
    batch.send(f"{name}.dead", record.key, b"%b:%b" % (type(error).__name__.encode(), record.value or b""), partition=0)


def settings(name: str) -> EngineSettings:
    """Short times, so that the tests are short."""
    return EngineSettings(
        bootstrap=os.environ["ENGINE_KAFKA"],
        group=name,
        worker=WORKER,
        data_dir=DATA / WORKER / name,
        anchor=f"{name}.in",
        changelog=f"{name}.state",
        topics=sources,
        session_timeout_ms=int(os.environ.get("ENGINE_SESSION_MS", "6000")),
        transaction_timeout_ms=int(os.environ.get("ENGINE_TRANSACTION_MS", "10000")),
        batch_size=int(os.environ.get("ENGINE_BATCH", "100")),
        silence_seconds=float(os.environ.get("ENGINE_SILENCE", "60")),
        high_water=int(os.environ.get("ENGINE_HIGH_WATER", "10000")),
        low_water=int(os.environ.get("ENGINE_HIGH_WATER", "10000")) // 3,
        infrastructure_errors=(ConnectionError,),
        handover_seconds=1.0,
        kafka={"debug": DEBUG} if DEBUG else {},
    )


def count(name: str, record: Record, batch: Batch) -> None:
    """One record: its key's count goes up by one and out."""
    key, value = record.key or b"", record.value or b""
    if value == b"stuck" and "ENGINE_SKIPS_STUCK" not in os.environ:
        threading.Event().wait()
    if value == b"poison":
        raise ValueError("cannot be processed")
    number = int(batch.state.get(key) or 0) + 1
    batch.state.put(key, b"%d" % number)
    out = f"{name}.late" if value == b"to-late" else f"{name}.out"
    padding = b"x" * 2_000_000 if value == b"large" else b""
    batch.send(out, key, b"%d:%b" % (number, value) + padding)


#: How often an agent may still raise outside a batch: Faust ends a worker whose agents crash again and again.
outside = [None] * 3


async def suffer() -> None:
    """Be slow, or raise now and then, while the test has a file of that name there."""
    if (DATA / "slow").exists():
        await asyncio.sleep(random.uniform(0, 0.5))
    if (DATA / "raise").exists() and random.random() < 0.5:
        raise random.choice([ConnectionError("as it was told"), RuntimeError("as it was told")])


def serve(name: str) -> Engine:
    """An engine with its agent."""
    engine = Engine(app, settings(name), on_poison=partial(to_dead, name))

    @app.agent(engine.channel, name=f"counting-{name}")
    async def counting(batches):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - as Faust's users write it
        """Counts."""
        async for batch in batches:
            if outside and random.random() < RAISE_SHARE / 4:
                outside.pop()
                raise RuntimeError("outside the batch")
            async with batch:
                for record in batch.records:
                    count(name, record, batch)
                await suffer()
                if random.random() < RAISE_SHARE:
                    raise random.choice([ConnectionError("now and then"), RuntimeError("now and then")])

    return engine


engines = [serve(name) for name in os.environ["ENGINE_NAME"].split(",")]


@app.timer(0.5)  # type: ignore[untyped-decorator]
async def refresh() -> None:
    """Follow what the test writes into the list of sources."""
    for engine in engines:
        await engine.refresh_topics()
