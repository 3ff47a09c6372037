"""Every record that a worker has read meets one end, and every delivery was said to be routed."""

from collections import Counter
from collections.abc import Mapping

from console.store.sorting import is_end
from schemas import topics
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry


def assert_every_record_has_one_end(
    kafka: MemoryKafka, registry: MemoryRegistry, read: Mapping[tuple[str, int], int]
) -> None:
    """`read`: by partition of what workers read, the offset after the last record that they have dealt with."""
    ends, routed = Counter[tuple[str, int]](), Counter[str]()
    for outcome in kafka.read(topics.OUTCOMES, registry):
        if is_end(outcome["result"], outcome["topic"]) and outcome["field"] is None:
            ends[outcome["topic"], outcome["partition"]] += outcome["count"]
        elif outcome["result"] == "routed":
            routed[topics.to(outcome["system"], outcome["entity"])] += outcome["count"]
    assert ends == Counter({place: offset for place, offset in read.items() if offset})
    stand = {topic: len(log) for (topic, _), log in kafka.logs.items() if topics.place(topic).kind == "to" and log}
    assert routed == Counter(stand)
