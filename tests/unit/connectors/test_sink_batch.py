"""From delivery records to writes: what is mapped, passed over, filtered, and what can never be."""

from typing import Any, cast

import pytest
from confluent_kafka import Message

from connectors.delivery.batch import Batch, Failure, Translator
from connectors.delivery.outcomes import Reporter, outcomes_of
from connectors.values import Stream
from schemas import compose
from schemas.codec import codec_for
from schemas.dead_letters import Reason
from schemas.manifest import Subscription
from schemas.records import Delivery
from schemas.registry import Registry, RegistryUnavailable, frame

_STREAM = Stream("person", "to.dan_cu.person", 0, "id")
_SCHEMA = compose.for_entity("delivery", "person")


class OneSchema:
    """What is asked of a registry; it knows schema 7 alone, and can be out of reach."""

    url = "http://registry"
    reachable = True

    def schema(self, schema_id: int) -> dict[str, Any] | None:
        if not self.reachable:
            raise RegistryUnavailable("no answer")
        return _SCHEMA if schema_id == 7 else None


def _translator(key: str = "citizen_id") -> tuple[Translator, OneSchema]:
    subscription = Subscription.model_validate(
        {
            "into": "public.nhan_khau",
            "key": {"so": key},
            "fields": {"ten": "full_name", "sinh": {"from": "birth_date", "format": "dd/MM/yyyy"}},
            "purpose": "kiểm tra",
        }
    )
    registry = OneSchema()
    return Translator(subscription, "person", cast(Registry, registry)), registry


def _delivery(operation: str, key: str, *, moved_to: str | None = None, revision: int = 1, **fields: Any) -> bytes:
    value = {
        "operation": operation,
        "key": key,
        "version": 3,
        "moved_to": moved_to,
        "fields": dict.fromkeys(compose.entity_fields("person")) | fields if operation == "upsert" else None,
        "origin": "ho_tich",
        "event_id": f"event of {key}",
        "source_time": 1000 + revision,
        "routed_time": 0,
        "revision": revision,
    }
    return frame(7, codec_for(_SCHEMA).encode(cast(Delivery, value)))


def _translate(*values: bytes | None, key: str = "citizen_id") -> Batch:
    messages = [Message(topic=_STREAM.topic, partition=0, offset=10 + n, value=v) for n, v in enumerate(values)]
    return _translator(key)[0].translate(_STREAM, 10, messages)


def test_an_upsert_is_mapped_to_the_targets_columns() -> None:
    batch = _translate(_delivery("upsert", "citizen_id:001090000001", full_name="An", birth_date="1990-05-12"))
    [write] = batch.items
    assert (write.operation, write.key, write.version, write.offset) == ("upsert", {"so": "001090000001"}, 3, 10)
    assert write.values == {"ten": "An", "sinh": "12/05/1990"}
    assert (write.event_id, write.source_time) == ("event of citizen_id:001090000001", 1001)
    assert (batch.expected, batch.next_offset, batch.records[0].event_id) == (
        10,
        11,
        "event of citizen_id:001090000001",
    )


def test_tombstones_move_the_position_and_no_more() -> None:
    batch = _translate(None, _delivery("delete", "citizen_id:1"), None)
    assert ([write.operation for write in batch.items], batch.next_offset) == (["delete"], 13)


def test_a_key_that_the_target_cannot_hold_is_filtered() -> None:
    batch = _translate(_delivery("upsert", "ho_tich#1"), _delivery("rename", "ho_tich#1", moved_to="citizen_id:1"))
    assert (batch.items, [record.offset for record in batch.filtered]) == ([], [10, 11])


def test_a_rename_out_of_scope_is_a_delete() -> None:
    out, within = _translate(
        _delivery("rename", "citizen_id:1", moved_to="ho_tich#1"),
        _delivery("rename", "citizen_id:1", moved_to="citizen_id:2"),
    ).items
    assert (out.operation, out.key, out.moved_to) == ("delete", {"so": "1"}, None)
    assert (within.operation, within.moved_to) == ("rename", {"so": "2"})


def test_the_whole_key_holds_every_kind() -> None:
    batch = _translate(_delivery("rename", "ho_tich#1", moved_to="citizen_id:1"), key="key")
    assert (batch.items[0].key, batch.items[0].moved_to) == ({"so": "ho_tich#1"}, {"so": "citizen_id:1"})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "undecodable"),
        (b"khong phai", "undecodable"),
        (frame(8, b"x"), "undecodable"),
        (frame(7, b"x"), "undecodable"),
    ],
    ids=ascii,
)
def test_what_cannot_be_read_is_a_failure_and_stops_nothing(value: bytes, reason: str) -> None:
    batch = _translate(value, _delivery("delete", "citizen_id:1"))
    assert [(failure.record.offset, failure.reason.code) for failure in batch.failures] == [(10, "undecodable")]
    assert batch.failures[0].record.event_id == "to.dan_cu.person/0/10"
    assert len(batch.items) == 1


def test_what_cannot_be_mapped_names_the_column_and_not_the_value() -> None:
    [failure] = _translate(_delivery("upsert", "citizen_id:1", birth_date="1990")).failures
    assert failure.reason.field == "sinh"
    assert "1990" not in failure.reason.message
    assert failure.record.event_id == "event of citizen_id:1"


def test_a_delivery_without_its_content_empties_and_deletes_nothing() -> None:
    upsert = codec_for(_SCHEMA).decode(_delivery("upsert", "citizen_id:1"), 5) | {"fields": None}
    batch = _translate(frame(7, codec_for(_SCHEMA).encode(upsert)), _delivery("rename", "citizen_id:1"))
    assert batch.items == []
    assert [failure.reason.code for failure in batch.failures] == ["incomplete_delivery"] * 2


def test_trouble_with_the_registry_blames_no_record() -> None:
    translator, registry = _translator()
    registry.reachable = False
    message = Message(topic=_STREAM.topic, partition=0, offset=1, value=_delivery("delete", "citizen_id:1"))
    with pytest.raises(RegistryUnavailable):
        translator.translate(_STREAM, 1, [message])


def test_outcomes_are_ranges_and_single_exceptions() -> None:
    batch = _translate(
        _delivery("delete", "citizen_id:1", revision=5),
        _delivery("delete", "citizen_id:2", revision=4),
        _delivery("delete", "ho_tich#1"),
        b"?",
        _delivery("delete", "citizen_id:3", revision=9),
    )
    assert batch.revision == 9
    rejected = {1: Failure(batch.records[1], Reason("foreign_key", "…"))}
    found = outcomes_of(Reporter("dan_cu", "sink/dan_cu", 1), batch, rejected)
    told = [(each["result"], each["first"], each["last"], each["count"], each["reason"]) for each in found]
    assert told == [
        ("quarantined", 13, 13, 1, "undecodable"),
        ("quarantined", 11, 11, 1, "foreign_key"),
        ("filtered", 12, 12, 1, None),
        ("delivered", 10, 14, 2, None),
    ]
    assert (found[3]["oldest_source_time"], found[3]["newest_source_time"]) == (1005, 1009)
    assert found[1]["event_id"] == "event of citizen_id:2"


def test_nothing_has_no_outcome() -> None:
    assert outcomes_of(Reporter("dan_cu", "sink/dan_cu", 1), _translate(None), {}) == []
