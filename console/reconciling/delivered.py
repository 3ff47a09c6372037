"""What a table should hold by what its sink was sent: the last record of each key in the delivery topic.

The records are read and mapped by the very code by which the sink reads and maps them, late ones left out as it does.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import orjson
from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from connectors.delivery.batch import Translator
from connectors.delivery.reader import Reader as Deliveries
from connectors.delivery.reader import find_streams
from connectors.lateness import Moment, key_text, sift
from connectors.values import Expected, Write
from console.decoding import PATIENCE_SECONDS
from console.errors import ConsoleError, Unanswered
from console.reading import quiet_client
from console.reconciling.expectation import Known, Matter, Said, packed
from console.reconciling.letters import Letters
from schemas.mapping import key_out
from schemas.registry import Registry

_AT_ONCE: Final = 5_000
_PATIENCE_SECONDS: Final = 15.0


class CatalogueChanged(ConsoleError):  # noqa: N818 - reads as what happened
    """Deliveries are made by another catalogue than the one that was read."""


class Delivered:
    """See `Expectation`. One row a delivery key."""

    def __init__(self, matter: Matter) -> None:
        """Raises KafkaTrouble where the topic is not there."""
        settings, reader, catalogue, system, entity = matter
        subscription = matter.subscription
        [self.stream] = find_streams(AdminClient(quiet_client(settings.kafka)), system, entity)
        self.end = 0
        self.touched: set[str] = set()
        #: Whether the topic was read to its end once.
        self.has_begun = False
        self._revision = catalogue.revision
        self._since, self._kept_since = (catalogue.since(system, role, entity) for role in ("subscribes", "keeps"))
        self._key = key_out(subscription)
        self._translator = Translator(subscription, entity, Registry(settings.registry, patience=PATIENCE_SECONDS))
        self._reader = Deliveries(settings.kafka, system)
        self._letters = Letters(settings, reader, self.stream)
        #: By entity key, what its last record says, as JSON: offset, target key, row, whether the target is held to it.
        self._said = Said(_expected)
        self._arrivals: Mapping[str, Moment] = {}

    def follow(self) -> None:
        """See Expectation. Raises CatalogueChanged."""
        # Where changes flow without a pause, the end of the topic is never met: what stood there at the start counts.
        end = self._reader.end(self.stream)
        # Begun anew: an end that was seen before is no news.
        self._reader.start(self.stream, self.end or None)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self.end < end and not self._reader.caught_up:
            messages = self._reader.read(_AT_ONCE, 0.2)
            if messages:
                self._take(messages)
                deadline = time.monotonic() + _PATIENCE_SECONDS
            elif time.monotonic() > deadline:
                raise Unanswered(f"reading {self.stream.topic}: nothing came; look at the broker's log")
        self.has_begun = True

    def rows(self) -> Collection[Expected]:
        """See Expectation."""
        return self._said.rows()

    def find(self, keys: Collection[str]) -> dict[str, Known]:
        """See Expectation."""
        return self._said.find(keys)

    def told(self) -> Iterator[str]:
        """See Expectation."""
        return (orjson.loads(said)[1] for said in self._said.values())

    def is_open(self, key: str) -> bool:
        """See Expectation."""
        return key in self._arrivals

    def refused(self) -> dict[str, str]:
        """See Expectation."""
        buried = self._letters.offsets()
        said = ((owner, orjson.loads(each)) for owner, each in self._said.items()) if buried else ()
        return {key: owner.decode() for owner, (offset, key, *_) in said if offset in buried}

    def close(self) -> None:
        """Nothing more is read."""
        self._reader.close()

    def _take(self, messages: Sequence[Message]) -> None:
        batch = self._translator.translate(self.stream, self.end, messages)
        if batch.revision > self._revision:
            raise CatalogueChanged(f"reading {self.stream.topic}: the catalogue has changed meanwhile; ask again")
        owners = {message.offset() or 0: message.key() or b"" for message in messages}
        failed = {owners[failure.record.offset]: failure.record.offset for failure in batch.failures}
        self._take_writes(batch.items, owners, failed)
        self._take_failures(failed)
        if any(message.value() is None for message in messages):
            self._forget({message.key() or b"": message.value() for message in messages})
        self.end = batch.next_offset

    def _take_writes(self, writes: Sequence[Write], owners: Mapping[int, bytes], failed: dict[bytes, int]) -> None:
        kept, self._arrivals = sift(writes, self._arrivals)
        if self.has_begun:
            self.touched.update(key_text(write.key) for write in writes)
            self.touched.update(key_text(write.moved_to) for write in writes if write.moved_to)
        for _, write in kept:
            row = [*write.values.values()] if write.operation == "upsert" else None
            # What was sent in another form is sent anew, and the target may show either. What is gone has no form.
            is_judged = write.revision >= (self._kept_since if row is None else self._since)
            owner = owners[write.offset]
            self._said[owner] = packed([write.offset, key_text(write.key), row, is_judged])
            if failed.get(owner, write.offset) < write.offset:
                del failed[owner]

    def _take_failures(self, failed: Mapping[bytes, int]) -> None:
        """What cannot be mapped is the last word of these keys: nobody knows how it would look in the target."""
        for owner, offset in failed.items():
            key = self._key(owner.decode())
            if key is not None:
                self.touched.add(key_text(key))
                self._said[owner] = packed([offset, key_text(key), None, False])

    def _forget(self, last: Mapping[bytes | str, bytes | str | None]) -> None:
        """A grave has been closed: whatever is there now, nobody has a word on it. `last`: values by entity key."""
        for owner, value in last.items():
            if value is None:
                self._said.pop(owner, None)  # type: ignore[arg-type]  # str only where a deserializer is set


def _expected(said: bytes) -> tuple[Expected, ...]:
    _, key, row, is_judged = orjson.loads(said)
    return (Expected(key, row),) if is_judged else ()
