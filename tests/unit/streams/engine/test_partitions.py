"""What a partition hands out, in which order, and when."""

import time

from streams.engine.batch import Batch
from streams.engine.partitions import Partition, Piece, SourceQueue
from streams.engine.records import Record
from streams.engine.state import PartitionState


def rows(topic: str, *offsets: int, size: int = 1) -> list[Record]:
    return [Record(topic, 0, offset, None, b"x" * size) for offset in offsets]


def partition_with(**queued: list[Record]) -> Partition:
    partition = Partition(0, state=object.__new__(PartitionState))
    partition.queues = {topic: SourceQueue() for topic in queued}
    for topic, records in queued.items():
        partition.queues[topic].append(records)
    return partition


def taken(partition: Partition, *, records: int = 2, size: int = 1_000) -> list[tuple[str, int]] | None:
    piece = partition.next_piece(records=records, size=size)
    return [(record.topic, record.offset) for record in piece.records] if piece else None


def test_records_of_one_topic_come_in_order_and_topics_take_turns() -> None:
    partition = partition_with(a=rows("a", 1, 2, 3, 4), b=rows("b", 7), c=[])
    assert taken(partition) == [("a", 1), ("a", 2)]
    assert taken(partition) == [("b", 7)]
    assert taken(partition) == [("a", 3), ("a", 4)]
    assert taken(partition) is None


def test_a_batch_holds_so_many_bytes_but_at_least_one_record() -> None:
    partition = partition_with(a=rows("a", 1, 2, 3, size=60) + rows("a", 4, size=500) + rows("a", 5))
    assert taken(partition, records=10, size=130) == [("a", 1), ("a", 2)]
    assert taken(partition, records=10, size=130) == [("a", 3)]
    assert taken(partition, records=10, size=130) == [("a", 4)]
    assert taken(partition, records=10, size=130) == [("a", 5)]


def test_the_queue_knows_its_size_in_bytes() -> None:
    queue = SourceQueue()
    queue.append(rows("a", 1, 2, size=10))
    assert (len(queue), queue.size) == (2, 20)
    queue.take(records=1, size=100)
    assert (len(queue), queue.size) == (1, 10)


def test_nothing_is_handed_out_before_the_state_is_there_or_while_a_batch_is_under_way() -> None:
    partition = partition_with(a=rows("a", 1))
    state, partition.state = partition.state, None
    assert taken(partition) is None
    partition.state, partition.in_flight = state, object.__new__(Batch)
    assert taken(partition) is None
    partition.in_flight = None
    assert taken(partition) == [("a", 1)]


def test_what_was_given_back_comes_first_in_its_order_and_after_its_delay() -> None:
    partition = partition_with(a=rows("a", 5))
    partition.give_back([Piece(rows("b", 3))], delay=0)
    partition.give_back([Piece(rows("b", 1)), Piece(rows("b", 2))], delay=60)
    assert taken(partition) is None
    partition.not_before = time.monotonic()
    assert [taken(partition) for _ in range(4)] == [[("b", 1)], [("b", 2)], [("b", 3)], [("a", 5)]]


def test_a_topic_has_work_while_it_is_queued_or_waits_to_be_tried_again() -> None:
    partition = partition_with(a=rows("a", 1), b=[])
    assert partition.has_work("a")
    assert not partition.has_work("b")
    assert not partition.has_work("c")
    partition.give_back([Piece(rows("b", 1))], delay=60)
    assert partition.has_work("b")


def test_a_topic_that_is_taken_out_leaves_nothing_behind() -> None:
    partition = partition_with(a=rows("a", 1), b=rows("b", 1))
    partition.give_back([Piece(rows("a", 0)), Piece(rows("b", 0))], delay=0)
    partition.replace_queues(removed={"a"}, added=["c"])
    assert not partition.has_work("a")
    assert [taken(partition), taken(partition), taken(partition)] == [[("b", 0)], [("b", 1)], None]
    assert set(partition.queues) == {"b", "c"}
