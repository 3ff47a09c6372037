"""Checkpoints of states that are owned do not grow old."""

import time
from pathlib import Path

from rocksdict import Cache

from streams.engine.batch import Batch
from streams.engine.checkpoint import Checkpoint
from streams.engine.partitions import Partition
from streams.engine.state import PartitionState
from streams.engine.upkeep import refresh_checkpoints


def test_only_the_time_of_idle_partitions_is_renewed(tmp_path: Path) -> None:
    cache = Cache(1_000_000)
    idle, busy, new = (Partition(n, state=PartitionState(tmp_path / str(n), cache=cache)) for n in range(3))
    old = Checkpoint("id", 7, time.time() - 1_000)
    for partition in (idle, busy):
        assert partition.state is not None
        partition.state.apply({b"k": b"v"}, old)
    busy.in_flight = object.__new__(Batch)
    refresh_checkpoints([idle, busy, new, Partition(3)])
    assert idle.state is not None and busy.state is not None and new.state is not None
    renewed = idle.state.checkpoint()
    assert renewed is not None
    assert (renewed.topic_id, renewed.next_offset) == ("id", 7)
    assert time.time() - renewed.written < 60
    assert idle.state.get(b"k") == b"v"
    assert busy.state.checkpoint() == old
    assert new.state.checkpoint() is None
