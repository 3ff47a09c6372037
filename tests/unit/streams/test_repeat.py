"""A system that does not show what it was sent gets the present truth once more, from the owner of the key."""

from typing import Any

from schemas import topics
from streams.repeat import repeat
from streams.walk_markers import ORIGIN
from tests.unit.streams.city import ENTITY
from tests.unit.streams.test_worker import KEY, Bench

IDENTIFY = topics.identify(ENTITY)


def ask(bench: Bench, *systems: str, key: bytes = KEY) -> None:
    bench.send(bench.worker._wire.write_forward(repeat(systems)), key=key, topic=IDENTIFY)


def sent(bench: Bench, system: str) -> list[Any]:
    return bench.read(topics.to(system, ENTITY))


def test_who_is_asked_for_gets_the_present_state_as_a_version_of_its_own_and_nobody_else() -> None:
    bench = Bench()
    bench.insert()
    before = {system: len(sent(bench, system)) for system in ("all", "twin")}
    [first] = sent(bench, "all")
    ask(bench, "all")
    again = sent(bench, "all")[-1]
    assert {system: len(sent(bench, system)) - count for system, count in before.items()} == {"all": 1, "twin": 0}
    assert (again["operation"], again["fields"]) == ("upsert", first["fields"])
    assert again["version"] == first["version"] + 1
    assert again["event_id"] != first["event_id"]


def test_each_request_is_answered() -> None:
    bench = Bench()
    bench.insert()
    ask(bench, "all")
    ask(bench, "all")
    versions = [delivery["version"] for delivery in sent(bench, "all")]
    assert versions == sorted(set(versions))
    assert len(versions) == 3


def test_a_row_that_should_not_be_there_is_deleted_once_more() -> None:
    bench = Bench()
    ask(bench, "all", key=b"citizen_id:001099000009")
    [told] = sent(bench, "all")
    assert (told["operation"], told["key"]) == ("delete", "citizen_id:001099000009")


def test_a_system_that_subscribes_no_more_is_sent_nothing_and_the_state_stays() -> None:
    bench = Bench()
    bench.insert()
    states = dict(bench.kafka.states[0].entries)
    ask(bench, "gone")
    assert bench.kafka.states[0].entries == states
    assert bench.read(topics.DEAD_LETTERS) == []


def test_what_was_repeated_is_counted_as_routed_and_the_request_as_processed() -> None:
    bench = Bench()
    bench.insert()
    before = len(bench.read(topics.OUTCOMES))
    ask(bench, "all")
    told = [(outcome["result"], outcome["system"]) for outcome in bench.read(topics.OUTCOMES)[before:]]
    assert sorted(told) == [("processed", ORIGIN), ("routed", "all")]
