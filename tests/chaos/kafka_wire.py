"""Just enough of Kafka's protocol to tell requests apart, and to take the one with transaction markers to pieces."""

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from io import BytesIO

OFFSETS_TOPIC = "__consumer_offsets"


class Api(IntEnum):
    """The requests that the tests interfere with, by their keys."""

    PRODUCE = 0
    ADD_OFFSETS_TO_TXN = 25
    END_TXN = 26
    WRITE_TXN_MARKERS = 27
    TXN_OFFSET_COMMIT = 28


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came, without its length. ``broker``: the port of the one for whom it is."""

    frame: bytes
    broker: int
    api: int
    version: int
    correlation: int


@dataclass(frozen=True, slots=True)
class Marker:
    """One transaction's end, and the partitions in which it is to be written."""

    producer_id: int
    producer_epoch: int
    is_commit: bool
    topics: dict[str, list[int]]
    coordinator_epoch: int


def request_of(frame: bytes, *, broker: int) -> Request:
    """What the header says."""
    return Request(frame, broker, *struct.unpack_from(">hhi", frame))


def ask(port: int, frame: bytes) -> bytes:
    """Send one request on a connection of its own and return the answer, both without their length."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(struct.pack(">i", len(frame)) + frame)
        (length,) = struct.unpack(">i", _exactly(line, 4))
        return _exactly(line, length)


def markers_of(request: Request) -> list[Marker]:
    """The content of a WriteTxnMarkers request, version 1."""
    return _read_markers(BytesIO(request.frame[_header_length(request.frame) :]))


def with_markers(request: Request, markers: list[Marker]) -> bytes:
    """The same request with other content."""
    return request.frame[: _header_length(request.frame)] + _write_markers(markers)


def only(markers: list[Marker], wanted: Callable[[str], bool]) -> list[Marker]:
    """The markers for the topics whose name is wanted; those of which nothing is left are left out."""
    kept = []
    for marker in markers:
        topics = {name: numbers for name, numbers in marker.topics.items() if wanted(name)}
        if topics:
            kept.append(
                Marker(marker.producer_id, marker.producer_epoch, marker.is_commit, topics, marker.coordinator_epoch)
            )
    return kept


def _exactly(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = line.recv(count - len(data))
        if not more:
            raise ConnectionError("the broker closed the connection")
        data += more
    return data


def _header_length(frame: bytes) -> int:
    # Header version 2: key, version, correlation, client id (null or 16-bit length), no tagged fields.
    client: int = struct.unpack_from(">h", frame, 8)[0]
    return 10 + max(client, 0) + 1


def _read_markers(data: BytesIO) -> list[Marker]:
    markers = []
    for _ in range(_varint(data) - 1):
        producer_id, epoch, is_commit = struct.unpack(">qh?", data.read(11))
        topics = {}
        for _ in range(_varint(data) - 1):
            name = data.read(_varint(data) - 1).decode()
            count = _varint(data) - 1
            topics[name] = list(struct.unpack(f">{count}i", data.read(4 * count)))
            data.read(1)
        (coordinator_epoch,) = struct.unpack(">i", data.read(4))
        data.read(1)
        markers.append(Marker(producer_id, epoch, is_commit, topics, coordinator_epoch))
    return markers


def _write_markers(markers: list[Marker]) -> bytes:
    data = _compact(len(markers))
    for marker in markers:
        data += struct.pack(">qh?", marker.producer_id, marker.producer_epoch, marker.is_commit)
        data += _compact(len(marker.topics))
        for name, numbers in marker.topics.items():
            data += _compact(len(name.encode())) + name.encode()
            data += _compact(len(numbers)) + struct.pack(f">{len(numbers)}i", *numbers) + b"\0"
        data += struct.pack(">i", marker.coordinator_epoch) + b"\0"
    return data + b"\0"


def _compact(length: int) -> bytes:
    """A compact length: one more, as an unsigned varint."""
    length += 1
    data = b""
    while length > 0x7F:
        data += bytes([length & 0x7F | 0x80])
        length >>= 7
    return data + bytes([length])


def _varint(data: BytesIO) -> int:
    value = shift = 0
    while True:
        (byte,) = data.read(1)
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7
