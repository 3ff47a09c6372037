"""Microseconds per change of what the connectors do themselves: no database, no Kafka.

python -m tests.bench.bench_connectors [--runs 200] [--profile]

The quickest of many runs counts, as in `bench_pipeline`.
"""

import argparse
import cProfile
import pstats
import random
import time
from collections.abc import Callable, Iterator
from datetime import date
from struct import pack
from typing import Any, Final, cast

import orjson

from connectors.delivery.batch import Translator
from connectors.lateness import sift
from connectors.quarantine import Quarantine
from connectors.sinks.postgres_target.waves import waves
from connectors.source_records import SourceRecords
from connectors.sources.postgres_capture.epochs import Epochs
from connectors.sources.postgres_capture.pgoutput import Pgoutput
from connectors.sources.postgres_capture.relations import Published
from connectors.sources.postgres_capture.row_events import RowEvents, Stamp
from connectors.sources.postgres_capture.shapes import Column, Shapes
from connectors.sources.postgres_capture.structure import Table
from connectors.sources.postgres_capture.tuples import copy_cells
from connectors.sources.postgres_capture.types import TypeRow, Types
from connectors.values import Change, Changes, Stream
from schemas.manifest import Manifest
from schemas.manifest_yaml import parse
from schemas.registry import Registry
from tests.bench.carriers.pair_manifests import SOURCE, TARGET
from tests.bench.load.people import Person, person
from tests.bench.pipeline_scenes import pair
from tests.unit.streams.memory import MemoryBatch, MemoryRegistry

RECORDS: Final = 200
_TYPES: Final = {"varchar": 1043, "date": 1082, "int4": 23, "timestamptz": 1184}
_COLUMNS: Final = {
    **dict.fromkeys(Person._fields, _TYPES["varchar"]),
    "ngay_sinh": _TYPES["date"],
    "version": _TYPES["int4"],
    "updated_at": _TYPES["timestamptz"],
}
_TABLE: Final = Table(
    resource="public.cong_dan_a",
    oid=1,
    spelled="public.cong_dan_a",
    kind="r",
    logged=True,
    readable=True,
    filtered=False,
    columns=tuple(Column(name, oid) for name, oid in _COLUMNS.items()),
    generated=frozenset(),
    primary_key=("so_dinh_danh",),
    key_numbers=(1,),
    leaves=(),
)


class _Taker:
    """Takes records as a producer does."""

    def produce(self, topic: str, value: bytes, **more: Any) -> None:
        """Nothing comes of it."""


class _Message:
    """A delivery as the consumer hands it out."""

    def __init__(self, offset: int, value: bytes) -> None:
        self._offset, self._value = offset, value

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return self._value

    def topic(self) -> str:
        return "to.dich.person"

    def partition(self) -> int:
        return 0


def _published() -> Published:
    rows = [TypeRow(oid, name, 0, 0, ",") for name, oid in _TYPES.items()]
    shapes = Shapes(system="nguon", resource=_TABLE.resource, types=Types(lambda: rows))
    return Published(table=_TABLE, entities=("person",), key_columns=frozenset({"so_dinh_danh"}), shapes=shapes)


def _cells(one: Person) -> list[bytes]:
    texts = [value.isoformat() if isinstance(value, date) else str(value) for value in one]
    return [text.encode() for text in (*texts, "2026-11-27 10:00:00.123456+00")]


def _records(registry: Any) -> SourceRecords:
    manifest = Manifest.model_validate(parse(SOURCE).value)
    quarantine = Quarantine.__new__(Quarantine)
    quarantine.tell = lambda *_: None  # type: ignore[method-assign]
    return SourceRecords(cast(Any, _Taker()), registry, manifest, quarantine)


def snapshot(people: list[Person]) -> Callable[[], Any]:
    """From the lines of COPY to records handed over."""
    lines = [b"\t".join(_cells(one)) for one in people]
    events, stamp, records = (
        RowEvents(_published()),
        Stamp("nguon", 1, 23_000_000_000, 1_760_000_000_000_000),
        _registered(),
    )

    def run() -> None:
        changes: list[Change] = []
        for ordinal, line in enumerate(lines):
            cells = copy_cells(line)
            changes += events.read(events.name(cells), events.values(cells), stamp, ordinal)
        batch = records.open_batch()
        records.send(Changes(changes, None), batch)
        records.close(batch)

    return run


def stream(people: list[Person]) -> Callable[[], Any]:
    """From the messages of pgoutput to records handed over."""
    decoder = Pgoutput(
        system="nguon",
        shows_messages=True,
        epochs=Epochs([], last=1),
        published={1: _published()},
        read_again=lambda *_: None,
        primary_keys=lambda _: {"now": _TABLE.primary_key},
    )
    decoder.decode(_message(b"R", _relation()), [])
    messages = [_message(b"U", b"\0\0\0\1N" + _tuple(_cells(one))) for one in people]
    begin, end = _message(b"B", pack(">QqI", 23_000_000_000, 10**15, 7)), _message(b"C", b"\0" + pack(">QQq", 1, 2, 3))
    records = _registered()

    def run() -> None:
        changes: list[Change] = []
        for place in range(0, len(messages), 10):
            decoder.decode(begin, changes)
            for message in messages[place : place + 10]:
                decoder.decode(message, changes)
            decoder.decode(end, changes)
        batch = records.open_batch()
        records.send(Changes(changes, None), batch)
        records.close(batch)

    return run


def sink(_: list[Person]) -> Callable[[], Any]:
    """From deliveries to the text of the statement."""
    scene = pair(RECORDS)
    sent: list[_Message] = []

    def keep(self: MemoryBatch, topic: str, key: bytes | None, value: bytes | None, **more: Any) -> None:
        if topic == "to.dich_0.person" and value is not None:
            sent.append(_Message(len(sent), value))

    for batch in scene.parts[0].batches:
        kept = type("Kept", (MemoryBatch,), {"send": keep})
        scene.worker.process(kept(batch.topic, batch.partition, batch.records, batch.state, batch.kafka))
    subscription = Manifest.model_validate(parse(TARGET).value).subscribes["person"]
    translator = Translator(subscription, "person", cast(Registry, scene.registry))
    of = Stream("person", "to.dich.person", 0, "id")

    def run() -> None:
        batch = translator.translate(of, 0, cast(Any, sent))
        kept, _ = sift(batch.items, {})
        for wave in waves([write for _, write in kept]):
            orjson.dumps(list(wave.upserts.values())).decode()

    return run


def _registered() -> SourceRecords:
    registry = MemoryRegistry()
    registry.set_compatibility = lambda *_: None  # type: ignore[attr-defined]
    return _records(registry)


def _message(kind: bytes, body: bytes) -> bytes:
    return b"w" + bytes(24) + kind + body


def _relation() -> bytes:
    columns = b"".join(
        bytes([name == "so_dinh_danh"]) + name.encode() + b"\0" + pack(">Ii", oid, -1) for name, oid in _COLUMNS.items()
    )
    return b"\0\0\0\1public\0cong_dan_a\0d" + len(_COLUMNS).to_bytes(2, "big") + columns


def _tuple(cells: list[bytes]) -> bytes:
    return len(cells).to_bytes(2, "big") + b"".join(b"t" + len(cell).to_bytes(4, "big") + cell for cell in cells)


def _quickest(run: Callable[[], Any], runs: int) -> float:
    best = float("inf")
    for _ in range(runs):
        started = time.process_time_ns()
        run()
        best = min(best, time.process_time_ns() - started)
    return best / 1000 / RECORDS


def _people() -> Iterator[Person]:
    chance = random.Random(1)
    return (person(number * 96, chance) for number in range(RECORDS))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    for part in (snapshot, stream, sink):
        run = part(list(_people()))
        print(f"{part.__name__}: {_quickest(run, arguments.runs):.1f} us a change")
        if arguments.profile:
            profile = cProfile.Profile()
            profile.runcall(_quickest, run, arguments.runs)
            pstats.Stats(profile).sort_stats("tottime").print_stats(16)


if __name__ == "__main__":
    main()
