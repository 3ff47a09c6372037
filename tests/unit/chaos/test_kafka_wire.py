"""A WriteTxnMarkers request is taken to pieces and put together again without a change."""

import struct

from tests.chaos.kafka_wire import Api, Marker, markers_of, only, request_of, with_markers

HEADER = struct.pack(">hhih", Api.WRITE_TXN_MARKERS, 1, 77, 3) + b"abc" + b"\0"
MARKERS = [
    Marker(5, 1, is_commit=True, topics={"__consumer_offsets": [3], "out": [0, 1, 2]}, coordinator_epoch=9),
    Marker(2**40, 32_000, is_commit=False, topics={"t" * 200: list(range(300))}, coordinator_epoch=-1),
]


def test_what_is_written_is_read_again() -> None:
    request = request_of(with_markers(request_of(HEADER, broker=1), MARKERS), broker=1)
    assert (request.api, request.version, request.correlation) == (27, 1, 77)
    assert markers_of(request) == MARKERS
    assert with_markers(request, markers_of(request)) == request.frame


def test_topics_are_chosen_and_markers_of_nothing_left_out() -> None:
    assert only(MARKERS, "out".__eq__) == [Marker(5, 1, is_commit=True, topics={"out": [0, 1, 2]}, coordinator_epoch=9)]
