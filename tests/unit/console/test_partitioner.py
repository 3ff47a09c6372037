"""The partitioner agrees with Kafka's own test vectors."""

import pytest

from console.partitioner import partition_of

# org.apache.kafka.common.utils.UtilsTest.testMurmur2
_VECTORS = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
}


@pytest.mark.parametrize(("key", "digest"), _VECTORS.items())
def test_agrees_with_kafka(key: str, digest: int) -> None:
    for partitions in (1, 4, 7, 1_000_003):
        assert partition_of(key, partitions=partitions) == (digest & 0x7FFFFFFF) % partitions
