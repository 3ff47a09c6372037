"""What a subscriber should hold by a golden record is what deliveries have made of its table, once all is calm."""

import random

import pytest

from schemas.catalogue import compile_catalogue
from streams.merge import unknown
from streams.project import subscribers
from streams.route import NOT_HELD, due, route
from tests.unit.streams.city import ENTITY
from tests.unit.streams.test_route import live, subscriber
from tests.unit.streams.two_way_city import CITY, FIELDS, KEYS, System, TwoWayCity
from tests.unit.streams.two_way_users import Users

SUBSCRIBERS = {each.system: each for each in subscribers(compile_catalogue(CITY, 1), ENTITY)}


def city(seed: int) -> TwoWayCity:
    """Calm, after a history of edits by the users of all systems."""
    chance = random.Random(seed)
    made = TwoWayCity({name: System(name, chance.choice(("marked", "log"))) for name in "ohd"})
    Users(made, chance).run(30)
    made.settle(chance)
    return made


@pytest.mark.parametrize("seed", range(40))
def test_systems_that_also_speak_hold_what_is_due(seed: int) -> None:
    calm, judged = city(seed), 0
    for so in KEYS:
        state = calm.state(so)
        for system in calm.systems.values() if state is not None else ():
            for key, view in due(state, SUBSCRIBERS[system.name]) or ():  # type: ignore[arg-type]  # not None here
                row = key.partition("#")[2] if key.startswith(f"{system.name}#") else system.row_of(so)
                held = system.table.get(row or "")
                shown = None if held is None else {column: held[column] for column in system.receives}
                expected = None if view is None else {c: view.fields[FIELDS[c]] for c in system.receives}
                assert shown == expected
                judged += 1
    assert judged or not any(system.table for system in calm.systems.values())


def test_nothing_is_due_of_a_key_that_was_never_told_or_is_yet_to_be_told() -> None:
    told = route(live(name="A", ward="1"), [subscriber()])
    assert due(live(name="A", ward="1"), subscriber()) is None
    assert due(live(routes=told, name="B", ward="1"), subscriber()) is None
    assert due(live(routes=told, name="A", ward="1"), subscriber(form="another")) is None
    [(key, view)] = due(live(routes=told, name="A", ward="2"), subscriber()) or []
    assert (key, view and view.fields) == ("k:1", {"name": "A", "ward": None})


def test_what_has_left_is_due_to_be_gone_once_that_was_said() -> None:
    told = route(live(name="A"), [subscriber()])
    left = {**unknown("k:1"), "routes": told.routes}
    assert due(left, subscriber()) is None  # type: ignore[arg-type]
    gone = {**left, "routes": [{**told.routes[0], "digest": NOT_HELD}]}
    assert due(gone, subscriber()) == [("k:1", None)]  # type: ignore[arg-type]
    only = subscriber(where=lambda entity: entity["ward"] == "1")
    assert due({**gone, "value": {"name": "A", "ward": "2"}}, only) == [("k:1", None)]  # type: ignore[typeddict-item]
