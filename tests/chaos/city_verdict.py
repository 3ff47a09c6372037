"""What is wrong with a city that has come to rest: told by the tables, by what people wrote, by every subscriber."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from confluent_kafka import Message

from schemas import topics
from schemas.compose import load
from schemas.registry import Decoder, Registry
from tests.chaos.authority import holdings, truth
from tests.chaos.comparison import OWN_ROWS, differences
from tests.chaos.five_manifests import SYSTEMS
from tests.chaos.silence import versions_that_went_back, wait_for_silence
from tests.chaos.topic_tail import records
from tests.chaos.yard import Origin, Yard

_STILL_SECONDS = 3.0
_SILENCE_SECONDS = 180.0
_ASK_SECONDS = 2.0
#: What is being written when the topics are at rest is soon there to be read.
_PATIENCE_SECONDS = 45.0


def faults_of(yard: Yard, *, seconds: float) -> list[str]:
    """Everything that is wrong, a line each. The city has so many seconds to come to rest.

    Lost: a row that somebody lacks. A ghost, or a resurrection: one that is not to be there. A value never written, or
    one that was overtaken: a column that is not what the specification says. An echo: deliveries that do not end.
    """
    city = yard.city
    city.wait_ready(seconds=seconds)
    wait_for_silence(city, still=_STILL_SECONDS, seconds=_SILENCE_SECONDS)
    wrong = _patiently(lambda: differences(holdings(truth(city.said())), city.held()))
    wrong += _patiently(lambda: _letters(yard))
    wrong += [f"files: {fault}" for fault in city.file_faults()]
    # A system's own row follows whoever it is about: each person has versions of their own.
    told = [system for system in SYSTEMS if system not in OWN_ROWS]
    return wrong + [f"order: {fault}" for system in told for fault in versions_that_went_back(city, system)]


def _patiently(look: Callable[[], list[str]]) -> list[str]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(_ASK_SECONDS)
    return found


def dead_letters(yard: Yard) -> Iterator[tuple[Origin, dict[str, Any], Message]]:
    """Each with where its record stands, and as it stands in the topic itself."""
    decoder = Decoder(Registry(yard.city.registry), load("dead_letter"))
    for message in records(yard.city.kafka.bootstrap, topics.DEAD_LETTERS):
        letter = decoder.decode(bytes(message.value() or b""))
        yield (letter["topic"], letter["partition"], letter["offset"]), letter, message


def _letters(yard: Yard) -> list[str]:
    """Every poison is among the dead letters, and nothing else is but what could not be read at its time."""
    found = {origin: letter for origin, letter, _ in dead_letters(yard)}
    lost = [f"poison at {origin} has no dead letter" for origin in sorted(yard.buried - found.keys())]
    # By event: one that was parked may have been said again.
    others = {found[origin]["event_id"]: found[origin] for origin in found.keys() - yard.buried}
    if len(others) > yard.parked:
        told = [
            f"dead letter of {each['system']}: {each['stage']} {each['reason']}: {each['message']}"
            for each in others.values()
        ]
        return [*lost, f"{len(others)} dead letters beside the poison, {yard.parked} expected", *told[:5]]
    return lost
