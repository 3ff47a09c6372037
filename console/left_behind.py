"""What a system leaves behind that is taken out: topics, slot, publication, positions: removed once nobody needs it."""

import time
from collections.abc import Callable, Iterator, Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from connectors.errors import ConnectorsError
from connectors.kinds import Role
from console.backlog import NOTHING, waiting_after, workers_positions
from console.decoding import Decoder
from console.errors import ConsoleError
from console.freshness import SILENCE_SECONDS
from console.kinds import forget
from console.reading import BEGINNING, Place, Reader, quiet_client
from schemas import catalogue_topic
from schemas.catalogue import Catalogue
from schemas.errors import SchemasError
from schemas.manifest import Manifest
from schemas.settings import Settings
from schemas.topics import CONNECTORS, identify, raw, to

_LOOK_SECONDS = 0.5
_ANSWER_SECONDS = 30.0

Tell = Callable[[str], None]


class Cleaner:
    """Removes, system by system, what those leave behind that take part no more."""

    def __init__(self, settings: Settings, reader: Reader, *, tell: Tell, wait: Tell) -> None:
        """`tell` takes lines that stay, `wait` one that passes."""
        self._settings = settings
        self._reader = reader
        self._decode = Decoder(settings).connector_state
        self._tell, self._wait = tell, wait

    def clean(self, catalogue: Catalogue, *, seconds: float) -> Catalogue:
        """The catalogue as it is then. What is still needed after so many seconds is left for the next `apply`."""
        until = time.monotonic() + seconds
        for system, left in list(catalogue.tenure.leaving.items()):
            obstacle = self._obstacle(catalogue, left)
            while obstacle and time.monotonic() < until:
                self._wait(f"{system}: {obstacle}")
                time.sleep(_LOOK_SECONDS)
                obstacle = self._obstacle(catalogue, left)
            if obstacle:
                self._tell(f"[yellow]![/] {system} is not cleaned up yet: {obstacle}; run this again then")
            elif self._remove(catalogue, left):
                catalogue = catalogue.cleaned(system)
                catalogue_topic.publish(self._settings, catalogue)
        return catalogue

    def _obstacle(self, catalogue: Catalogue, left: Manifest) -> str:
        """Why nothing can be removed yet; empty when all can."""
        present = self._reader.topics()
        return next(self._obstacles(catalogue, left, present), "")

    def _obstacles(self, catalogue: Catalogue, left: Manifest, present: Mapping[str, int]) -> Iterator[str]:
        now = catalogue.manifests.get(left.system)
        words = self._words()
        for role, goes, stays in (
            ("source", left.publishes, now and now.publishes),
            ("sink", left.subscribes, now and now.subscribes),
        ):
            if goes and not stays and _is_alive(words.get(f"{role}/{left.system}")):
                yield f"its {role} has not stopped"
        for entity in sorted({*left.publishes, *left.subscribes}):
            if entity in left.publishes and (count := self._waiting(raw(left.system, entity), entity, present)):
                yield f"{count:,} of its records wait for the workers of {entity}"
            if self._markers(entity, present):
                yield f"the workers of {entity} have not looked at every record since it left"

    def _words(self) -> dict[str, tuple[str, float]]:
        """By connector, the phase of its last word and when it was said."""
        found = {}
        for record in self._reader.to_the_end({(CONNECTORS, 0): BEGINNING}):
            if record.key and record.value:
                state = self._decode(record.value)
                found[record.key.decode()] = str(state["phase"]), state["time"] / 1e6
        return found

    def _waiting(self, topic: str, entity: str, present: Mapping[str, int]) -> int:
        places = _places(topic, present)
        if not places:
            return 0
        found = waiting_after(self._reader, workers_positions(self._settings, entity, places))
        return found.get(topic, NOTHING).records

    def _markers(self, entity: str, present: Mapping[str, int]) -> bool:
        """Whether a walk over the states is under way: its markers have no key."""
        places = _places(identify(entity), present)
        if not places:
            return False
        positions = workers_positions(self._settings, entity, places)
        return any([record.key is None for record in self._reader.to_the_end(positions)])  # noqa: C419 - to the end

    def _remove(self, catalogue: Catalogue, left: Manifest) -> bool:
        """Whether all is gone."""
        now, done = catalogue.manifests.get(left.system), True
        roles: list[Role] = []
        if left.publishes and not (now and now.publishes):
            roles.append("sources")
        if left.subscribes:
            roles.append("sinks")
        removed = []
        for role in roles:
            try:
                removed.append(forget(role, left, self._settings))
            except (ConnectorsError, ConsoleError, SchemasError, OSError) as error:
                done = False
                told = f"{error}; it is tried again with the next `lienthong apply`"
                self._tell(f"[yellow]![/] {left.system}: what is kept there cannot be removed: {told}")
        gone = [raw(left.system, entity) for entity in left.publishes]
        gone += [to(left.system, entity) for entity in left.subscribes]
        removed += [f"topic {topic}" for topic in self._delete(gone)]
        if told := ", ".join(filter(None, removed)):
            self._tell(f"[green]✔[/] {left.system}: removed {told}")
        return done

    def _delete(self, topics: list[str]) -> list[str]:
        present = self._reader.topics()
        there = [topic for topic in topics if topic in present]
        if not there:
            return []
        admin = AdminClient(quiet_client(self._settings.kafka))  # named, for without a name it ends before the answers
        for topic, answer in admin.delete_topics(there).items():
            try:
                answer.result(_ANSWER_SECONDS)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    told = f"deleting topic {topic}: {error.args[0].str()}; see that you may, and apply again"
                    raise ConsoleError(told) from error
        return there


def _is_alive(word: tuple[str, float] | None) -> bool:
    return word is not None and word[0] != "stopped" and time.time() - word[1] < SILENCE_SECONDS


def _places(topic: str, present: Mapping[str, int]) -> list[Place]:
    return [(topic, number) for number in range(present.get(topic, 0))]
