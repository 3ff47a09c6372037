"""The home of a key: Kafka's murmur2, the partitioner that every producer of the city uses."""

_MASK = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C


def partition_of(key: str, *, partitions: int) -> int:
    """The partition that holds `key` in a topic of so many partitions (`murmur2_random` in librdkafka's terms)."""
    return (_murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    tail = len(data) % 4
    value = _SEED ^ len(data)
    for place in range(0, len(data) - tail, 4):
        word = int.from_bytes(data[place : place + 4], "little") * _MULTIPLIER & _MASK
        word = (word ^ word >> 24) * _MULTIPLIER & _MASK
        value = value * _MULTIPLIER & _MASK ^ word
    if tail:
        value = (value ^ int.from_bytes(data[-tail:], "little")) * _MULTIPLIER & _MASK
    value = (value ^ value >> 13) * _MULTIPLIER & _MASK
    return value ^ value >> 15
