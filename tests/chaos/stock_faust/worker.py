"""A stock Faust worker, told by the same environment as ``engine_counting``, with the agent that STOCK_BODY names.

It reads ``<name>.in`` and writes ``<count>:<value read>`` to ``<name>.out``, as its users write such agents.
"""

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import faust
from faust.serializers import codecs

NAME, WORKER = os.environ["ENGINE_NAME"], os.environ["ENGINE_WORKER"]
BODY = os.environ.get("STOCK_BODY", "table")
RAISE_SHARE = float(os.environ.get("ENGINE_RAISE_SHARE", "0"))
PARTITIONS = 4


class _Text(codecs.Codec):
    """Bytes as they are, but for one value that it cannot read."""

    def _loads(self, s: bytes) -> bytes:
        if s == b"poison":
            raise ValueError("cannot be read")
        return s

    def _dumps(self, s: Any) -> bytes:
        return bytes(s)


codecs.register("text", _Text())
app = faust.App(
    NAME,
    broker=f"kafka://{os.environ['ENGINE_KAFKA']}",
    store="rocksdb://?driver=rocksdict",
    datadir=str(Path(os.environ["ENGINE_DATA"]) / WORKER),
    topic_partitions=PARTITIONS,
    topic_disable_leader=True,
    broker_session_timeout=10.0,
    broker_heartbeat_interval=3.0,
    producer_max_request_size=10_000_000,
    processing_guarantee=os.environ.get("STOCK_GUARANTEE", "at_least_once"),
)
source = app.topic(f"{NAME}.in", key_type=bytes, value_type=bytes, value_serializer="text")
out = app.topic(f"{NAME}.out", key_type=bytes, value_type=bytes, value_serializer="raw")
late = app.topic(f"{NAME}.late", key_type=bytes, value_type=bytes, value_serializer="raw")


def result(count: int, value: bytes) -> bytes:
    """What goes out for a record."""
    return b"%d:%b" % (count, value) + (b"x" * 2_000_000 if value == b"large" else b"")


def maybe_raise() -> None:
    """As the test told."""
    if random.random() < RAISE_SHARE:
        raise RuntimeError("now and then")


if BODY == "table":
    counts = app.Table("counts", default=int, partitions=PARTITIONS, key_type=bytes)

    @app.agent(source)
    async def counting(stream: Any) -> None:
        """Counts each key."""
        async for event in stream.events():
            counts[event.key] += 1
            maybe_raise()
            topic = late if event.value == b"to-late" else out
            await topic.send(key=event.key, value=result(counts[event.key], event.value))

elif BODY == "two at once":

    @app.agent(source, concurrency=2)
    async def passing(stream: Any) -> None:
        """Takes its time with each record."""
        async for event in stream.events():
            await asyncio.sleep(random.uniform(0, 0.02))
            await (await out.send(key=event.key, value=result(0, event.value)))

elif BODY == "take":

    @app.agent(source)
    async def taking(stream: Any) -> None:
        """Ten at a time."""
        async for events in stream.take_events(10, within=0.2):
            maybe_raise()
            for event in events:
                await out.send(key=event.key, value=result(0, event.value))

elif BODY == "without a table":

    @app.agent(source)
    async def sending(stream: Any) -> None:
        """Sends each record on."""
        async for event in stream.events():
            maybe_raise()
            await out.send(key=event.key, value=result(0, event.value))

else:
    seen = app.Table("seen", default=int, partitions=PARTITIONS, key_type=bytes)

    @app.agent(source)
    async def deduplicating(stream: Any) -> None:
        """Passes each value on once: marks it, and sends it, in one order or the other."""
        async for event in stream.noack().events():
            if not seen[event.value] and BODY == "mark, then send":
                seen[event.value] = 1
                await out.send(key=event.key, value=result(0, event.value))
            elif not seen[event.value]:
                await (await out.send(key=event.key, value=result(0, event.value)))
                seen[event.value] = 1
            event.ack()
