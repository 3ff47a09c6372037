"""What people decide, and why: written to `decisions` before it is done, and read back from there."""

import getpass
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated, NamedTuple, TypeAlias
from uuid import uuid4

import typer
from confluent_kafka import Producer

from console.decoding import PATIENCE_SECONDS, Decoder
from console.errors import ConsoleError, Unanswered
from console.reading import BEGINNING, Reader, quiet_client
from schemas.compose import load
from schemas.kafka import producer_settings
from schemas.records import Action, Decision
from schemas.registry import Registry, Writer
from schemas.settings import Settings
from schemas.topics import DECISIONS

#: Options of every command that decides something.
By: TypeAlias = Annotated[str, typer.Option("--by", help="Who decides; your user name where nothing is said.")]
Why: TypeAlias = Annotated[str, typer.Option("--why", help="Why: kept with the decision, for whoever asks later.")]

_ANSWER_SECONDS = 15.0


class Actor(NamedTuple):
    """Who decides, and why."""

    by: str
    why: str


def actor(by: str, why: str) -> Actor:
    """Raises ConsoleError where nothing is said of why."""
    if not why.strip():
        raise ConsoleError("deciding this: say why with --why; it is kept for whoever asks later")
    return Actor(by.strip() or getpass.getuser(), why.strip())


def decision(  # noqa: PLR0913 - a decision has this many facts
    action: Action, subject: str, who: Actor, *, system: str, entity: str = "", detail: str = ""
) -> Decision:
    """Made now. `detail` never holds a value."""
    return Decision(
        id=uuid4().hex,
        action=action,
        subject=subject,
        system=system,
        entity=entity,
        by=who.by,
        why=who.why,
        detail=detail,
        time=time.time_ns() // 1000,
    )


def keep(settings: Settings, decisions: Iterable[Decision]) -> None:
    """Returns once Kafka has acknowledged all of them. Raises Unanswered, and what the registry raises."""
    encode = Writer(
        Registry(settings.registry, patience=PATIENCE_SECONDS), f"{DECISIONS}-value", load("decision")
    ).encode
    more = quiet_client(settings.kafka) | {"delivery.timeout.ms": int(_ANSWER_SECONDS * 1000)}
    producer, refused = Producer(producer_settings(settings.kafka, **more)), list[str]()
    for each in decisions:
        producer.produce(
            DECISIONS,
            encode(each),
            each["subject"].encode(),
            on_delivery=lambda error, _: refused.append(error.str()) if error else None,
        )
        producer.poll(0)
    if producer.flush(_ANSWER_SECONDS) or refused:
        told = refused[0] if refused else "no answer"
        raise Unanswered(f"keeping a decision in {DECISIONS}: {told}; nothing was done; see that Kafka runs, and apply")


def kept(reader: Reader, decoder: Decoder) -> dict[str, list[Decision]]:
    """Every decision by its subject, the oldest first."""
    found: dict[str, list[Decision]] = defaultdict(list)
    if DECISIONS in reader.topics():
        for record in reader.to_the_end({(DECISIONS, 0): BEGINNING}):
            if record.value is not None:
                made = decoder.decision(record.value)
                found[made["subject"]].append(made)
    return found
