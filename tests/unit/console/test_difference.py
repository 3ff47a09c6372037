"""What `lienthong apply` tells before it does anything."""

from typing import Any

from console.difference import differences, is_removing, touched
from schemas.catalogue import Catalogue, compile_catalogue
from schemas.manifest import Manifest

PUBLISHES: dict[str, Any] = {"from": "t", "key": {"citizen_id": "so", "else": "id"}, "fields": {"full_name": "ten"}}
RECEIVES: dict[str, Any] = {"into": "n", "key": {"k": "key"}, "fields": {"ten": "full_name"}, "purpose": "thử"}


def system(name: str, connect: str = "memory", **parts: Any) -> Manifest:
    return Manifest.model_validate({"system": name, "connect": {"kind": connect}, **parts})


def publisher(**more: Any) -> Manifest:
    return system("a", publishes={"person": PUBLISHES | more})


def receiver(connect: str = "memory", **more: Any) -> Manifest:
    return system("b", connect, subscribes={"person": RECEIVES | more})


FIRST = compile_catalogue([publisher(), receiver()], 1)


def then(*manifests: Manifest, after: Catalogue = FIRST) -> Catalogue:
    return compile_catalogue(manifests, after.revision + 1, previous=after)


def told(after: Catalogue, before: Catalogue | None = FIRST) -> list[tuple[str, str, str]]:
    return [(each.kind, each.system, each.what) for each in differences(before, after)]


def test_at_first_everything_is_made() -> None:
    assert told(FIRST, None) == [("made", "a", "publishes person"), ("made", "b", "receives person")]
    assert touched(None, FIRST) == []


def test_what_is_the_same_is_not_mentioned() -> None:
    again = then(publisher(), receiver())
    assert (told(again), touched(FIRST, again)) == ([], [])


def test_a_new_subscriber_is_filled() -> None:
    found = then(publisher(), receiver(), system("c", subscribes={"person": RECEIVES}))
    assert told(found) == [("made", "c", "receives person")]
    assert touched(FIRST, found) == ["person"]
    assert "topic to.c.person is made" in differences(FIRST, found)[0].told()


def test_another_filter_another_form_and_another_way_to_reach_it_differ() -> None:
    assert told(then(publisher(), receiver(where="ward == '00001'"))) == [
        ("changed", "b", "receives other person records")
    ]
    assert told(then(publisher(), receiver(fields={"ho": "full_name"}))) == [
        ("changed", "b", "receives person in another form")
    ]
    reached = then(publisher(), receiver("csv"))
    assert told(reached) == [("changed", "b", "is reached in another way")]
    assert touched(FIRST, reached) == []


def test_another_mapping_is_read_anew_and_another_owner_is_weighed_anew() -> None:
    mapped = then(publisher(fields={"full_name": "ho_ten"}), receiver())
    assert told(mapped) == [("changed", "a", "publishes person in another form")]
    owned = then(publisher(owns=["full_name"]), receiver())
    assert told(owned) == [("changed", "a", "owns other fields of person")]
    assert touched(FIRST, mapped) == touched(FIRST, owned) == ["person"]


def test_what_is_taken_away_is_told_until_it_is_cleaned_up() -> None:
    gone = then(publisher())
    assert told(gone) == [("removed", "b", "receives person no more")]
    assert is_removing(differences(FIRST, gone))
    assert "to.b.person and its position are deleted" in differences(FIRST, gone)[0].told()
    assert told(gone, gone) == [("removed", "b", "receives person no more")], "an apply that was cut short goes on"
    assert told(gone.cleaned("b"), gone.cleaned("b")) == []
    assert not is_removing(differences(FIRST, then(publisher(), receiver(where="ward == '00001'"))))


def test_what_a_system_says_of_itself_is_told_though_nothing_carried_changes() -> None:
    found = then(publisher(), system("b", cadence="20s", subscribes={"person": RECEIVES}))
    assert told(found) == [("changed", "b", "says something else of itself")]
    assert touched(FIRST, found) == []
