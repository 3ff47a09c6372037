"""Whether anything still moves in Kafka, and whether what moved went forward."""

import time
from collections.abc import Iterator
from contextlib import suppress

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from schemas import topics
from schemas.codec import CodecError
from schemas.compose import for_entity
from schemas.records import Delivery
from schemas.registry import Decoder, Registry
from tests.chaos.city import City
from tests.chaos.topic_tail import records

ENTITY = "person"
_MOVING = ("raw.", "identify.", "to.")

Offsets = dict[tuple[str, int], int]


def wait_for_silence(city: City, *, still: float, seconds: float) -> Offsets:
    """Until for `still` seconds nothing was written to raw, identify or delivery topics.

    Returns the ends of those topics. AssertionError after `seconds`, naming the topics that grow: a ping-pong.
    """
    admin = AdminClient({"bootstrap.servers": city.kafka.bootstrap})
    deadline, since, last = time.monotonic() + seconds, time.monotonic(), ends(admin)
    while time.monotonic() - since < still:
        time.sleep(0.3)
        now = ends(admin)
        if now != last:
            moving = sorted({topic for topic, number in now if now[topic, number] != last.get((topic, number))})
            assert time.monotonic() < deadline, f"no silence within {seconds:.0f} s after the last edit: {moving}"
            since, last = time.monotonic(), now
    return last


def ends(admin: AdminClient) -> Offsets:
    """Of every partition in which a change can be under way."""
    found = admin.list_topics(timeout=20).topics
    places = [
        TopicPartition(name, number) for name in found if name.startswith(_MOVING) for number in found[name].partitions
    ]
    latest: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    futures = admin.list_offsets(dict.fromkeys(places, latest), request_timeout=20)
    return {(place.topic, place.partition): int(future.result().offset) for place, future in futures.items()}


def versions_that_went_back(city: City, system: str) -> list[str]:
    """Keys of a delivery topic that were told an older version after a newer one."""
    newest: dict[str, int] = {}
    faults = []
    for delivery in _deliveries(city, system):
        key, version = delivery["key"], delivery["version"]
        if version < newest.get(key, 0):
            faults.append(f"{system} {key}: version {version} after {newest[key]}")
        newest[key] = max(version, newest.get(key, 0))
    return faults


def _deliveries(city: City, system: str) -> Iterator[Delivery]:
    decoder = Decoder(Registry(city.registry), for_entity("delivery", ENTITY))
    for message in records(city.kafka.bootstrap, topics.to(system, ENTITY)):
        with suppress(CodecError):  # a campaign's poison
            yield decoder.decode(bytes(message.value() or b""))
