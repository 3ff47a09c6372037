"""Who is told what, when a state has changed."""

from typing import Any

from schemas.records import EntityState
from streams.merge import unknown
from streams.project import Projection, Subscriber
from streams.route import LEFT_BEHIND, NOT_HELD, Routed, holders, is_reshaped, remembered, route, route_rename
from streams.two_way import TwoWay
from tests.unit.streams.claims import claim

EMPTY = {"name": None, "ward": None}


def subscriber(system: str = "s", fields: tuple[str, ...] = ("name",), **more: Any) -> Subscriber:
    seen = Projection(fields, lambda entity: repr([entity[field] for field in fields]).encode())
    return Subscriber(
        system,
        f"to.{system}",
        more.pop("projection", seen),
        more.get("kind"),
        more.get("where"),
        more.get("form", "").encode(),
        more.get("two_way"),
    )


def live(key: str = "k:1", routes: Routed | None = None, **values: str) -> EntityState:
    held = routes.routes if routes else []
    return {**unknown(key), "version": 3, "status": "live", "value": EMPTY | values, "routes": held}


def told(routed: Routed) -> list[tuple[str, Any]]:
    return [(one.operation, one.view.fields if one.view else None) for one in routed.sent]


def test_a_new_record_is_sent_with_the_fields_that_are_subscribed_to() -> None:
    routed = route(live(name="A", ward="1"), [subscriber()])
    assert told(routed) == [("upsert", {"name": "A", "ward": None})]
    assert (routed.routes[0]["version"], len(routed.routes[0]["digest"])) == (3, 8)


def test_what_a_subscriber_does_not_see_leaves_it_in_peace() -> None:
    first = route(live(name="A", ward="1"), [subscriber()])
    again = route(live(routes=first, name="A", ward="2"), [subscriber()])
    assert (again.sent, again.results, again.routes) == ([], [("unchanged", "s")], first.routes)


def test_who_is_owed_the_truth_gets_it_unchanged_or_gone() -> None:
    first = route(live(name="A"), [subscriber()])
    assert told(route(live(routes=first, name="A"), [subscriber()], owed=["s"]))[0][0] == "upsert"
    assert told(route(unknown("k:1"), [subscriber()], owed=["s"])) == [("delete", None)]


def test_leaving_the_scope_is_a_delete_for_who_holds_the_record() -> None:
    only = subscriber(where=lambda entity: entity["ward"] == "1")
    assert route(live(ward="2"), [only]).results == [("filtered", "s")]
    inside = route(live(ward="1"), [only])
    outside = route(live(routes=inside, ward="2"), [only])
    assert told(outside) == [("delete", None)]
    assert outside.routes[0]["digest"] == NOT_HELD
    assert route(live(routes=outside, ward="2"), [only]).sent == []


def test_a_target_that_keeps_bare_identifiers_gets_only_those() -> None:
    only = subscriber(kind="citizen_id")
    assert route(live("a#1", name="A"), [only]).results == [("filtered", "s")]
    assert told(route(live("citizen_id:1", name="A"), [only]))[0][0] == "upsert"


def test_who_keeps_the_record_in_another_form_now_is_sent_it_again_as_a_version_of_its_own() -> None:
    first = route(live(name="A"), [subscriber(form="x"), subscriber("t")])
    state = live(name="A", routes=first)
    again = route(state, [subscriber(form="y"), subscriber("t")])
    assert [one.subscriber.system for one in again.sent] == ["s"]
    assert is_reshaped(state, again)
    newer: EntityState = {**state, "version": state["version"] + 1}
    assert not is_reshaped(newer, route(newer, [subscriber(form="y"), subscriber("t")]))


def test_who_left_the_scope_without_a_change_of_the_record_is_told_so_in_a_version_of_its_own() -> None:
    state = live(name="A", routes=route(live(name="A"), [subscriber()]))
    assert is_reshaped(state, route(state, [subscriber(where=lambda _: False)]))


def test_a_first_delivery_a_repeat_and_silence_are_no_new_form() -> None:
    first = route(live(name="A"), [subscriber()])
    state = live(name="A", routes=first)
    assert not is_reshaped(live(name="A"), first)
    assert not is_reshaped(state, route(state, [subscriber()], owed=["s"]))
    assert not is_reshaped(state, route(state, [subscriber()]))


def test_of_a_subscriber_that_left_it_is_kept_that_it_may_hold_the_record() -> None:
    held = route(live(name="A"), [subscriber(), subscriber("t")])
    routes = remembered(held.routes, {"t"})
    assert [(entry["system"], entry["digest"]) for entry in routes] == [
        ("s", LEFT_BEHIND),
        ("t", held.routes[1]["digest"]),
    ]
    told_so = route(live(name="A", routes=held), [subscriber(where=lambda _: False)])
    assert remembered(told_so.routes, set())[0]["digest"] == LEFT_BEHIND
    gone: EntityState = {**live(), "value": None, "routes": routes}
    back = route(gone, [subscriber()])
    assert told(back) == [("delete", None)]
    assert told(route({**live(name="A"), "routes": routes}, [subscriber()]))[0][0] == "upsert"


def test_equal_projections_are_made_once() -> None:
    made = []

    def encode(entity: Any) -> bytes:
        made.append(entity)
        return b"x"

    shared = Projection(("name",), encode)
    routed = route(live(name="A"), [subscriber("s", projection=shared), subscriber("t", projection=shared)])
    assert len(made) == 1
    assert routed.sent[0].view is routed.sent[1].view


def test_a_rename_goes_to_who_holds_the_record_and_can_hold_the_new_key() -> None:
    all_of_them = [subscriber("whole"), subscriber("bare", kind="k"), subscriber("late", kind="k")]
    held = route(live("k:1", name="A"), all_of_them[:2])
    state = live("k:1", routes=held, name="A")
    assert holders(state) == ["whole", "bare"]
    to_bare = route_rename(state, all_of_them, "k:2")
    assert (to_bare.renamed, to_bare.results[-1]) == (["whole", "bare"], ("filtered", "late"))
    to_local = route_rename(state, all_of_them, "a#2")
    assert (to_local.renamed, told(to_local)) == (["whole"], [("rename", None), ("delete", None)])
    assert all(entry["digest"] == NOT_HELD for entry in to_local.routes)


def test_a_row_of_its_own_making_that_was_never_spoken_of_here_is_renamed_all_the_same() -> None:
    speaker = subscriber("a", two_way=TwoWay("a", {}, own_rows=False))
    for more, renamed in (({"named": "k:1"}, ["a"]), ({"named": "k:2"}, []), ({"named": "k:1", "under": "k:3"}, [])):
        state: EntityState = {**unknown("k:1"), "claims": [claim({}, **more)]}
        assert route_rename(state, [speaker], "k:2").renamed == renamed
    told_once: EntityState = {**state, "routes": route_rename(state, [speaker], "k:2", owed=["a"]).routes}
    assert route_rename(told_once, [speaker], "k:2").renamed == []


def test_what_is_on_its_way_to_a_row_arrives_also_where_its_record_has_another_key() -> None:
    speaker = subscriber("a", two_way=TwoWay("a", {}, own_rows=True))
    held: Any = {"system": "a", "version": 1, "digest": b"x", "unconfirmed": [b"0" * 15], "texts": []}
    [entry] = route_rename({**unknown("k:1"), "routes": [held]}, [speaker], "k:2").routes
    assert (entry["digest"], entry["unconfirmed"]) == (NOT_HELD, [b"0" * 15])
