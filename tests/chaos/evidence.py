"""What the topics say of one row, so that a fault that was found can be understood."""

from typing import Any

import psycopg
from confluent_kafka import Consumer, TopicPartition

from schemas import topics
from schemas.compose import for_entity
from schemas.registry import Decoder, Registry
from tests.chaos.small_city import SmallCity


def evidence(city: SmallCity, uid: str) -> str:
    """Everything about the row with this uid, and about the keys it had: raw, forwards, deliveries, history."""
    registry = Registry(city.registry)
    lines, keys = [], set()
    for record in _records(city, topics.raw("nguon", "person"), 4):
        event: dict[str, Any] = Decoder(registry).decode(record.value())
        rows = [row for row in (event["before"], event["after"]) if row]
        if any(row["ghi_chu"].startswith(f"{uid}:") for row in rows):
            note = event["after"]["ghi_chu"] if event["after"] else "-"
            keys |= {_text(record.key()), event["new_key"]}
            lines.append(
                f"raw {_place(record)} {event['operation']} {_text(record.key())} -> {event['new_key']} "
                f"{event['commit']:x}/{event['ordinal']} {note}"
            )
    forwards = Decoder(registry, for_entity("forward", "person"))
    for record in _records(city, topics.identify("person"), 4):
        forward = forwards.decode(record.value())
        if any((claim["values"] or {}).get("note", "").startswith(f"{uid}:") for claim in forward["claims"]):
            lines.append(
                f"forward {_place(record)} {forward['formerly']} -> {_text(record.key())} {forward['event_id']} "
                f"{forward['claims'][0]['values']['note']} renamed={forward['renamed']}"
            )
    keys.discard(None)
    deliveries = Decoder(registry, for_entity("delivery", "person"))
    for record in _records(city, topics.to("dich", "person"), 1):
        delivery = deliveries.decode(record.value())
        if delivery["key"] in keys or delivery["moved_to"] in keys:
            note = (delivery["fields"] or {}).get("note")
            lines.append(
                f"delivery {_place(record)} {delivery['operation']} {delivery['key']} -> {delivery['moved_to']} "
                f"v{delivery['version']} {delivery['event_id']} {note}"
            )
    with psycopg.connect(city.target_dsn) as target:
        history = target.execute("select stt, thao_tac, ma, ghi_chu, ma_cu from public.lich_su order by stt").fetchall()
    lines += [f"history {row}" for row in history if row[2] in keys or row[4] in keys]
    return "\n".join(lines)


def _records(city: SmallCity, topic: str, partitions: int) -> list[Any]:
    consumer = Consumer(
        {"bootstrap.servers": city.kafka.bootstrap, "group.id": "evidence", "enable.partition.eof": True}
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    records, ended = [], 0
    while ended < partitions:
        message = consumer.poll(10)
        assert message is not None, f"{topic} cannot be read"
        if message.error() is not None:
            ended += 1
        elif message.value() is not None:
            records.append(message)
    consumer.close()
    return [record for record in records if record.key() is not None]


def _place(record: Any) -> str:
    return f"{record.partition()}@{record.offset()}"


def _text(key: bytes) -> str:
    return key.decode()
