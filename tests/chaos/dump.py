"""What was said of a city that ended wrong, as files, so that a fault which was found can be understood."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas import topics
from schemas.codec import CodecError
from schemas.compose import for_entity
from schemas.registry import Decoder, Registry
from tests.chaos.five_city import FiveCity
from tests.chaos.five_manifests import SYSTEMS, TABLES
from tests.chaos.topic_tail import records

_ENTITY = "person"


def dump(city: FiveCity, folder: Path) -> None:
    """`topics.jsonl`: every record of the entity's topics, by time; `words.txt`: what the rows say by the test."""
    read = dict(_decoders(Registry(city.registry)))
    said = sorted(
        (
            (message.timestamp()[1], topic, message.partition(), message.offset(), message.key(), message.value())
            for topic in read
            for message in records(city.kafka.bootstrap, topic)
        ),
        key=lambda record: record[:4],
    )
    with (folder / "topics.jsonl").open("w", encoding="utf-8") as file:
        for time, topic, partition, offset, key, value in said:
            place, name = f"{topic}/{partition}/{offset}", (key or b"").decode(errors="replace")
            line = {"at": time, "place": place, "key": name, "value": _read(read[topic], value or b"")}
            file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    (folder / "words.txt").write_text("\n".join(map(str, city.said())), encoding="utf-8")


def _read(decoder: Decoder, value: bytes) -> Any:
    try:
        return decoder.decode(value)
    except CodecError:
        return "a campaign's poison"


def _decoders(registry: Registry) -> Iterator[tuple[str, Decoder]]:
    for system in TABLES:
        yield topics.raw(system, _ENTITY), Decoder(registry)
    for system in SYSTEMS:
        yield topics.to(system, _ENTITY), Decoder(registry, for_entity("delivery", _ENTITY))
    yield topics.identify(_ENTITY), Decoder(registry, for_entity("forward", _ENTITY))
    yield topics.state(_ENTITY), Decoder(registry, for_entity("entity_state", _ENTITY))
