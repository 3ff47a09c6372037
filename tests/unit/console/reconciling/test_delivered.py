"""What a target should hold by its delivery topic, over changes of what the subscriber gets of a record."""

from collections.abc import Sequence
from typing import Any

import pytest

from connectors.values import Expected, Stream
from console.reconciling import delivered
from console.reconciling.delivered import Delivered
from console.reconciling.expectation import Matter
from schemas import compose
from schemas.catalogue import Catalogue, compile_catalogue
from schemas.manifest import Manifest
from schemas.records import DeliveryOperation
from schemas.registry import Writer
from schemas.settings import Settings
from tests.unit.console.city import DAN_CU, HO_TICH
from tests.unit.streams.memory import MemoryRegistry

ANY: Any = None
KEYS = [f"citizen_id:00109901234{digit}" for digit in range(3)]
_RECEIVES = DAN_CU["subscribes"]["person"]


class Told:
    """A record of a delivery topic, as the client gives it."""

    def __init__(self, offset: int, key: str, value: bytes | None) -> None:
        self._offset, self._key, self._value = offset, key, value

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes:
        return self._key.encode()

    def value(self) -> bytes | None:
        return self._value

    def topic(self) -> str:
        return "to.dan_cu.person"

    def partition(self) -> int:
        return 0


class Topic:
    """The delivery topic, and the reader of it."""

    def __init__(self) -> None:
        self.registry = MemoryRegistry()
        self.records: list[Told] = []
        self._encode = Writer(self.registry, "x-value", compose.for_entity("delivery", "person")).encode
        self._at = 0

    def say(self, operation: DeliveryOperation | None, key: str, revision: int = 1, name: str = "An") -> None:
        fields = dict.fromkeys(compose.entity_fields("person")) | {"full_name": name}
        delivery = {
            "operation": operation,
            "key": key,
            "version": len(self.records) + 1,
            "moved_to": None,
            "fields": fields if operation == "upsert" else None,
            "origin": "ho_tich",
            "event_id": f"ho_tich/public.cong_dan/1/{len(self.records) + 1:x}/0",
            "source_time": 0,
            "routed_time": 0,
            "revision": revision,
        }
        value = None if operation is None else self._encode(delivery)
        self.records.append(Told(len(self.records), key, value))

    def end(self, _: Stream) -> int:
        return len(self.records)

    def start(self, _: Stream, offset: int | None) -> None:
        self._at = offset or 0

    @property
    def caught_up(self) -> bool:
        return self._at == len(self.records)

    def read(self, most: int, timeout: float) -> Sequence[Told]:
        found = self.records[self._at : self._at + most]
        self._at += len(found)
        return found


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Topic:
    made = Topic()
    monkeypatch.setattr(delivered, "AdminClient", lambda *_: None)
    monkeypatch.setattr(delivered, "find_streams", lambda *_: [Stream("person", "to.dan_cu.person", 0, "id")])
    monkeypatch.setattr(delivered, "Registry", lambda *_, **__: made.registry)
    monkeypatch.setattr(delivered, "Deliveries", lambda *_: made)
    return made


def _catalogue(revision: int, before: Catalogue | None = None, **receives: Any) -> Catalogue:
    subscriber = DAN_CU | {"subscribes": {"person": _RECEIVES | receives}}
    return compile_catalogue(map(Manifest.model_validate, (HO_TICH, subscriber)), revision, previous=before)


def _expected(catalogue: Catalogue) -> dict[str, Expected]:
    found = Delivered(Matter(Settings(), ANY, catalogue, "dan_cu", "person"))
    found.follow()
    return {each.key: each for each in found.rows()}


def test_what_was_deleted_is_expected_to_be_gone_also_when_other_fields_have_been_asked_for_since(topic: Topic) -> None:
    first = _catalogue(1)
    topic.say("upsert", KEYS[0])
    topic.say("upsert", KEYS[1])
    topic.say("delete", KEYS[0])
    assert {key: each.row is not None for key, each in _expected(first).items()} == {KEYS[0]: False, KEYS[1]: True}

    second = _catalogue(2, first, fields={"ho_va_ten": "full_name"})
    assert _expected(second) == {KEYS[0]: Expected(KEYS[0], None)}, "the other is on its way in its new form"
    topic.say("upsert", KEYS[1], revision=2)
    assert _expected(second) == {KEYS[0]: Expected(KEYS[0], None), KEYS[1]: Expected(KEYS[1], ["An"])}


def test_what_is_heard_after_the_first_reading_is_touched(topic: Topic) -> None:
    topic.say("upsert", KEYS[0])
    found = Delivered(Matter(Settings(), ANY, _catalogue(1), "dan_cu", "person"))
    found.follow()
    assert found.touched == set()
    topic.say("upsert", KEYS[1])
    topic.say("delete", KEYS[2])
    found.follow()
    assert found.touched == {KEYS[1], KEYS[2]}


def test_in_another_table_nothing_is_known_of_what_was_deleted_before(topic: Topic) -> None:
    topic.say("delete", KEYS[0])
    assert _expected(_catalogue(2, _catalogue(1), into="public.khac")) == {}


def test_of_a_grave_that_was_closed_nobody_has_a_word(topic: Topic) -> None:
    topic.say("delete", KEYS[0])
    topic.say(None, KEYS[0])
    assert _expected(_catalogue(1)) == {}


def test_what_comes_without_a_pause_does_not_keep_it_from_beginning(
    topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic.say("upsert", KEYS[0])
    read = topic.read

    def busy(_: int, timeout: float) -> Sequence[Told]:
        topic.say("upsert", KEYS[1])
        return read(1, timeout)

    monkeypatch.setattr(topic, "read", busy)
    found = Delivered(Matter(Settings(), ANY, _catalogue(1), "dan_cu", "person"))
    found.follow()
    assert found.has_begun
    assert {each.key for each in found.rows()} == {KEYS[0]}
