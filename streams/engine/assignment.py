"""The partitions that the group gave to this worker, and the proof with which their offsets are committed."""

import struct
import threading
from dataclasses import dataclass, field

from streams.engine.errors import EngineError, SettingsError
from streams.engine.partitions import Partition

_PREFIX = b"CGMDv2:"


@dataclass(slots=True, eq=False)
class Assignment:
    """One generation of the group as this worker saw it. A new generation brings a new object."""

    #: The group's generation.
    generation: int
    #: Group metadata as captured on the consumer's thread when the partitions were assigned; never refreshed, so that
    #: whatever a worker does after its time is refused by the broker.
    metadata: bytes
    partitions: dict[int, Partition]
    #: Source topics, the anchor first.
    topics: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def is_current(self) -> bool:
        """Whether work for these partitions still counts. May be asked from any thread."""
        return not self._ended.is_set()

    def end(self) -> None:
        """From now on nothing done for these partitions counts. May be called from any thread, repeatedly."""
        self._ended.set()


def generation_of(metadata: bytes) -> int:
    """The generation inside librdkafka's serialised group metadata.

    Raises EngineError when it holds no membership: the broker would not fence a commit made with it. Raises
    SettingsError when the installed client writes it in another form.
    """
    if not metadata.startswith(_PREFIX):
        raise SettingsError(
            "reading the consumer group metadata: an unknown format; "
            "this version of confluent-kafka is not supported, install the locked one"
        )
    (generation,) = struct.unpack_from("=i", metadata, len(_PREFIX))
    _group, member, *_ = metadata[len(_PREFIX) + 4 :].split(b"\0")
    if generation < 0 or not member:
        raise EngineError("reading the consumer group metadata: this consumer is no member of its group")
    return int(generation)
