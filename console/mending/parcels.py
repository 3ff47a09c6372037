"""What is sent to have a dead letter processed after all, and the sending."""

from typing import Final, NamedTuple

from confluent_kafka import Producer

from console.errors import ConsoleError, Unanswered
from console.mending.desk import Desk
from console.mending.event import Captured, keyed, write
from console.reading import quiet_client
from schemas import compose, topics
from schemas.identity import event_id
from schemas.kafka import producer_settings
from schemas.records import DeadLetter, Forward
from schemas.registry import Decoder, Writer
from schemas.settings import Settings
from streams.cloudevents import Envelope, Headers
from streams.repeat import repeat

_ANSWER_SECONDS: Final = 30.0


class Parcel(NamedTuple):
    """One record for the workers: a change in its raw topic, or a forward."""

    topic: str
    key: str
    value: bytes
    headers: Headers


def again(desk: Desk, letter: DeadLetter) -> Parcel:
    """What has the letter processed again as it is. Raises ConsoleError where that cannot be."""
    if letter["stage"] == "sink":
        return _owed(desk, letter, desk.owner_key(letter))
    if letter["topic"].startswith("identify."):
        return _forward_again(desk, letter)
    try:
        captured = desk.captured(letter)
    except ConsoleError:
        return _unread_again(desk, letter)
    return changed(desk, letter, captured, captured)


def changed(desk: Desk, letter: DeadLetter, original: Captured, mended: Captured) -> Parcel:
    """The event as it was mended, back in its raw topic with its own position. Raises ConsoleError.

    Its position is the original's, so that it can never overtake a later state of its row.
    """
    event, entity = original.event, letter["entity"]
    key, mended = keyed(original, mended, desk.publication(event, entity), event["system"])
    envelope = Envelope(entity, event_id(event), event["source_time"])
    return Parcel(topics.raw(event["system"], entity), key, write(mended), envelope.headers(event["operation"]))


def _unread_again(desk: Desk, letter: DeadLetter) -> Parcel:
    """Bytes that nobody could read: as they stand in Kafka, for their key is only there."""
    found = desk.original(letter)
    if found is None or found.key is None or found.value is None:
        raise ConsoleError(
            f"retrying dead letter {letter['id'][:12]}: Kafka holds the record no more, and its payload tells no key; "
            f"`lienthong resync {letter['system']}`, then discard the letter"
        )
    envelope = Envelope(letter["entity"], letter["event_id"], letter["time"])
    return Parcel(found.topic, found.key.decode(), found.value, envelope.headers("update"))


def _forward_again(desk: Desk, letter: DeadLetter) -> Parcel:
    found = desk.original(letter)
    decode = Decoder(desk.registry, compose.for_entity("forward", letter["entity"])).decode
    forward: Forward | None = None if found is None or not found.value else decode(found.value)
    if found is None or forward is None or not _may_come_late(forward):
        raise ConsoleError(
            f"retrying dead letter {letter['id'][:12]}: another key has sent it, and may have sent later ones since; "
            f"`lienthong resync {letter['system']}`, then discard the letter"
        )
    return Parcel(found.topic, (found.key or b"").decode(), found.value or b"", [])


def _may_come_late(forward: Forward) -> bool:
    """Claims of rows and words of links have positions; copies count in the order in which their sender sends them."""
    return forward["kind"] in ("claims", "alias") and not any(claim["under"] for claim in forward["claims"])


def _owed(desk: Desk, letter: DeadLetter, key: str) -> Parcel:
    """Asks the owner of the key to send a subscriber its present state: nobody else knows what that is by then."""
    entity = letter["entity"]
    topic = topics.identify(entity)
    write_forward = Writer(desk.registry, f"{topic}-value", compose.for_entity("forward", entity)).encode
    return Parcel(topic, key, write_forward(repeat([letter["system"]])), [])


def send(settings: Settings, parcels: list[Parcel]) -> None:
    """Returns once Kafka has acknowledged all. Raises Unanswered: then to do it again does no harm."""
    refused: list[str] = []
    more = quiet_client(settings.kafka) | {"delivery.timeout.ms": int(_ANSWER_SECONDS * 1000)}
    producer = Producer(producer_settings(settings.kafka, **more))
    for parcel in parcels:
        producer.produce(
            parcel.topic,
            parcel.value,
            parcel.key.encode(),
            headers=list(parcel.headers),
            on_delivery=lambda error, _: refused.append(error.str()) if error else None,
        )
        producer.poll(0)
    if producer.flush(_ANSWER_SECONDS) or refused:
        told = refused[0] if refused else "no answer"
        raise Unanswered(f"sending {len(parcels)} records to the workers: {told}; see that Kafka runs, and do it again")
