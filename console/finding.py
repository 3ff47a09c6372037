"""Finds one record by anything that people know of it: its key, a key that it had, an alias, a number in its fields."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from console.deciding import stands_for
from console.errors import ConsoleError
from console.masking import masked_key
from console.partitioner import partition_of
from console.reading import BEGINNING, Reader
from console.words import Language
from schemas import topics
from schemas.compose import entity_fields
from schemas.conversions import identifier_kinds, valid_identifier
from schemas.identity import identified
from schemas.records import EntityState

#: From a record's bytes to the state in them.
Decode = Callable[[bytes], EntityState]

#: The kinds of identifiers that a bare number may be, most likely first, by its number of digits.
_KINDS: Final[dict[int, tuple[str, ...]]] = {
    9: ("old_id",),
    10: ("tax_code", "business_code"),
    12: ("citizen_id", "tax_code"),
    13: ("tax_code", "business_code"),
}
#: As many forwardings as the streams follow at most.
_HOPS: Final = 8
#: Keys that an error names.
_NAMED: Final = 5


class Found(NamedTuple):
    """`asked`: as it was asked for. `by_field`: the field that holds it, where it is no key of any kind."""

    asked: str
    state: EntityState
    by_field: str | None = None


class States:
    """The last state of every key of an entity, as it stands in Kafka now."""

    def __init__(self, reader: Reader, entity: str, decode: Decode) -> None:
        self._reader = reader
        self._entity = entity
        self._decode = decode
        self.topic = topics.state(entity)
        self._partitions = reader.topics().get(self.topic, 0)

    def of(self, key: str) -> EntityState | None:
        """Reads the key's partition through; None where nothing is known."""
        if not self._partitions:
            return None
        place, value = (self.topic, partition_of(key, partitions=self._partitions)), None
        for record in self._reader.to_the_end({place: BEGINNING}):
            if record.key == key.encode():
                value = record.value
        return None if value is None else self._decode(value)

    def holding(self, text: str) -> Iterator[EntityState]:
        """Every state whose golden record has this text in a field; reads all partitions through."""
        needle, last = text.encode(), dict[bytes, bytes]()
        for record in self._reader.to_the_end({(self.topic, number): BEGINNING for number in range(self._partitions)}):
            if record.key is None:
                continue
            if record.value is not None and needle in record.value:
                last[record.key] = record.value
            else:
                last.pop(record.key, None)
        for value in last.values():
            state = self._decode(value)
            if text in (state["value"] or {}).values():
                yield state


def find(asked: str, states: States, *, entity: str, language: Language) -> Found:
    """The record that somebody means. Raises ConsoleError, which tells what to ask for, where none or several fit."""
    asked = asked.strip()
    for key in possible_keys(asked, entity):
        state = states.of(key)
        if state is not None and is_known(state):
            return Found(key, _followed(state, states))
    bare = asked.partition(":")[2] or asked
    fields = [field for field, kind in entity_fields(entity).items() if kind in identifier_kinds()]
    # A search reads everything through: only for what can be found at all.
    holding = states.holding(bare) if any(valid_identifier(kind)(bare) == bare for kind in _kinds(entity)) else ()
    fitting = [Found(bare, state, field) for state in holding if (field := _field_of(state, fields, bare))]
    if len(fitting) == 1:
        return fitting[0]
    shown = masked_key(asked) if ":" in asked or "#" in asked else masked_key(f":{asked}")[1:]
    if not fitting:
        raise ConsoleError(language.word("unknown_key", key=shown, topic=states.topic))
    keys = ", ".join(masked_key(found.state["key"]) for found in fitting[:_NAMED])
    raise ConsoleError(language.word("several", key=shown, topic=states.topic, count=len(fitting), keys=keys))


def possible_keys(asked: str, entity: str) -> list[str]:
    """The keys that were meant: a bare number may be an identifier of several kinds."""
    digits = asked.replace("-", "")
    if not (digits.isascii() and digits.isdigit()):
        return [asked]
    return [identified(kind, asked) for kind in _KINDS.get(len(digits), ()) if kind in _kinds(entity)]


def _kinds(entity: str) -> frozenset[str]:
    return identifier_kinds() & set(entity_fields(entity).values())


def is_known(state: EntityState) -> bool:
    """Whether anything was ever heard under the key; a key that only waits for a subscriber's echo is not."""
    return bool(state["claims"] or state["links"] or state["moved_to"])


def _followed(state: EntityState, states: States) -> EntityState:
    """The state that stands for this one now."""
    for _ in range(_HOPS):
        following = stands_for(state)
        there = states.of(following) if following is not None else None
        if there is None:
            break
        state = there
    return state


def _field_of(state: EntityState, fields: Iterable[str], text: str) -> str | None:
    value = state["value"] or {}
    return next((field for field in fields if value.get(field) == text), None)
