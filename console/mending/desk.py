"""What a command that mends needs of the city: letters and their payloads, states, rehearsals. All read on demand."""

from functools import cached_property
from typing import TYPE_CHECKING

from console.applied import applied_catalogue
from console.decoding import PATIENCE_SECONDS, Decoder
from console.errors import ConsoleError
from console.mending.event import Captured, home_key, read
from console.mending.letters import Case, read_cases
from console.mending.standing import Standing, since
from console.mending.states import KafkaStates
from console.reading import BEGINNING, Reader, Record
from schemas import compose
from schemas.catalogue import Catalogue
from schemas.errors import SchemasError
from schemas.identity import local_row
from schemas.manifest import OWN, Publication
from schemas.records import ChangeEvent, DeadLetter, EntityState
from schemas.registry import Decoder as FrameDecoder
from schemas.registry import Registry, RegistryRefused, RegistryUnavailable
from schemas.sealing import Seal, SealError
from schemas.settings import Settings
from streams.floors import floor_in, floor_key

if TYPE_CHECKING:
    from streams.rehearse import Rehearsal

_PATIENCE_SECONDS = 10.0
_PASSING = (ConsoleError, RegistryUnavailable, RegistryRefused)


class Desk:
    """Raises Unanswered where Kafka does not answer, and what the registry raises."""

    def __init__(self, settings: Settings, reader: Reader) -> None:
        self.settings = settings
        self.reader = reader
        self.decoder = Decoder(settings)
        self.registry = Registry(settings.registry, patience=PATIENCE_SECONDS)
        self.catalogue: Catalogue = applied_catalogue(settings, reader)
        self._states: dict[str, KafkaStates] = {}
        self._last: dict[str, dict[bytes, int]] = {}

    @cached_property
    def seal(self) -> Seal:
        """Raises SealError for who does not have the key."""
        return Seal.from_file(self.settings.secrets / self.settings.dead_letter_key)

    def cases(self) -> list[Case]:
        """All dead letters. With the key at hand, also what has overtaken or settled those that are open."""
        cases = read_cases(self.reader, self.decoder)
        try:
            _ = self.seal
        except SealError:
            return cases
        for case in cases:
            if case.standing is Standing.open:
                case.standing = self._standing(case.letter)
        return cases

    def payload(self, letter: DeadLetter) -> bytes:
        """The record as it was. Raises ConsoleError where nobody has it any more, and SealError."""
        if letter["payload"] is not None:
            return self.seal.open(letter["payload"])
        found = self.original(letter)
        if found is None or found.value is None:
            raise ConsoleError(
                f"opening dead letter {letter['id'][:12]}: it was too large to keep, and Kafka holds it no more; "
                "correct it in the source, or `lienthong resync` its system"
            )
        return found.value

    def original(self, letter: DeadLetter) -> Record | None:
        """The record where it stands in Kafka; None where it never did, or does no more."""
        if not letter["topic"]:
            return None
        self.reader.follow({(letter["topic"], letter["partition"]): letter["offset"]})
        found = self.reader.next(_PATIENCE_SECONDS)
        return found if found is not None and found.offset == letter["offset"] else None

    def captured(self, letter: DeadLetter) -> Captured:
        """The change event in a letter. Raises ConsoleError where it holds none, or none that can be read."""
        if letter["stage"] == "sink" or letter["topic"].startswith("identify."):
            raise ConsoleError(f"opening dead letter {letter['id'][:12]}: it holds no change of a source's row")
        return read(self.payload(letter), self.registry)

    def delivery_key(self, letter: DeadLetter) -> str:
        """The key of a delivery that its target refused. Raises ConsoleError where it cannot be read."""
        decode = FrameDecoder(self.registry, compose.for_entity("delivery", letter["entity"])).decode
        try:
            return str(decode(self.payload(letter))["key"])
        except SchemasError as error:
            raise ConsoleError(f"opening dead letter {letter['id'][:12]}: {error}; discard it") from error

    def owner_key(self, letter: DeadLetter) -> str:
        """The key whose owner has sent a delivery. Raises ConsoleError where there is none any more."""
        key, entity, system = self.delivery_key(letter), letter["entity"], letter["system"]
        stated = self.catalogue.subscription(system, entity) if system in self.catalogue.manifests else None
        row = local_row(key)
        if stated is None or stated.key.kind != OWN or row is None:
            return key
        for value in self.states(entity).holding(row.encode()):
            state = self.decoder.entity_state(value, entity)
            if any(claim["system"] == system and claim["row"] == row and claim["values"] for claim in state["claims"]):
                return state["key"]
        raise ConsoleError(f"looking for the record of {system}'s row in a dead letter: it is gone; discard the letter")

    def publication(self, event: ChangeEvent, entity: str) -> Publication:
        """Raises ConsoleError where the system publishes the resource no more."""
        if event["system"] in self.catalogue.manifests:
            for publication in self.catalogue.publications(event["system"], entity):
                if publication.resource == event["resource"]:
                    return publication
        raise ConsoleError(
            f"looking for {event['resource']} of {event['system']}: nobody publishes it any more; discard the letter"
        )

    def states(self, entity: str) -> KafkaStates:
        """As they stood when they were first asked for."""
        if entity not in self._states:
            self._states[entity] = KafkaStates(self.reader, entity)
        return self._states[entity]

    def rehearsal(self, entity: str) -> "Rehearsal":
        """A new one, on the states as they stand."""
        from streams.rehearse import Rehearsal  # noqa: PLC0415 - Faust comes with it, a third of a command's start

        states = self.states(entity)
        return Rehearsal(entity, self.catalogue, self.registry, states=states, home=states.home, passing=_PASSING)

    def is_overtaken(self, letter: DeadLetter) -> bool:
        """Whether a delivery that was refused has a later one of its key behind it."""
        if letter["topic"] not in self._last:
            last: dict[bytes, int] = {}
            for record in self.reader.to_the_end({(letter["topic"], letter["partition"]): BEGINNING}):
                last[record.key or b""] = record.offset
            self._last[letter["topic"]] = last
        return self._last[letter["topic"]].get(self.delivery_key(letter).encode(), -1) > letter["offset"]

    def _standing(self, letter: DeadLetter) -> Standing:
        """What has become of an open letter by itself; open where nobody can tell."""
        try:
            if letter["stage"] == "sink":
                return Standing.superseded if self.is_overtaken(letter) else Standing.open
            captured = self.captured(letter)
            event, entity = captured.event, letter["entity"]
            key = home_key(captured, self.publication(event, entity), event["system"]).encode()
        except (ConsoleError, SealError):
            return Standing.open
        states = self.states(entity)
        partition = states.home(key)
        known = self._state(entity, partition, key)
        floor = self._state(entity, partition, floor_key(event["system"], event["resource"]).encode())
        return since(event, known["claims"] if known else (), floor_in(floor))

    def _state(self, entity: str, partition: int, key: bytes) -> EntityState | None:
        value = self.states(entity)(partition, key)
        return None if value is None else self.decoder.entity_state(value, entity)
