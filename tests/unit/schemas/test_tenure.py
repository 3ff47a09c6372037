"""Who takes part since when, and what is left behind: what a catalogue keeps from one revision to the next."""

from schemas.catalogue import Catalogue, compile_catalogue
from schemas.manifest import Manifest
from tests.unit.schemas.test_catalogue import manifest


def following(before: Catalogue, *manifests: Manifest) -> Catalogue:
    """The next revision, by way of the JSON in which it is kept."""
    return Catalogue.from_json(
        compile_catalogue(manifests, before.revision + 1, previous=Catalogue.from_json(before.to_json())).to_json()
    )


A, B = manifest("a", fields="full_name", receives="phone"), manifest("b", fields="phone")
FIRST = compile_catalogue([A, B], 1)


def test_a_part_keeps_the_revision_in_which_it_took_its_form() -> None:
    second = following(FIRST, A, manifest("b", fields="phone", owns="phone"), manifest("c", receives="phone"))
    assert [second.since(*part) for part in (("a", "publishes", "person"), ("b", "publishes", "person"))] == [1, 1]
    third = following(second, A, manifest("b", fields="phone note"))
    assert [third.since(system, "publishes", "person") for system in ("a", "b")] == [1, 3]
    assert following(third, A, manifest("b", fields="phone")).since("b", "publishes", "person") == 4
    assert second.since("c", "subscribes", "person") == 2
    assert second.since("c", "publishes", "person") == 0


def test_the_place_of_what_is_received_outlives_its_fields() -> None:
    second = following(FIRST, A, manifest("c", receives="phone"))
    third = following(second, A, manifest("c", receives="note"))
    assert [third.since("c", role, "person") for role in ("subscribes", "keeps")] == [3, 2]
    kept = third.manifest("c").dumped()
    moved = Manifest.model_validate(
        kept | {"subscribes": {"person": kept["subscribes"]["person"] | {"into": "elsewhere"}}}
    )
    assert following(third, A, moved).since("c", "keeps", "person") == 4


def test_what_is_taken_out_stays_known_until_it_is_cleaned_up() -> None:
    second = following(FIRST, A)
    assert list(second.manifests) == ["a"]
    left = second.tenure.leaving["b"]
    assert (left.connect, left.publishes) == (B.connect, B.publishes)
    third = following(second, manifest("a", receives="phone"))
    assert {system: (list(m.publishes), list(m.subscribes)) for system, m in third.tenure.leaving.items()} == {
        "a": (["person"], []),
        "b": (["person"], []),
    }
    cleaned = Catalogue.from_json(third.cleaned("b").to_json())
    assert (cleaned.revision, list(cleaned.tenure.leaving), cleaned.tenure.since) == (3, ["a"], third.tenure.since)


def test_a_part_that_comes_back_is_another_part_and_leaves_nothing_behind() -> None:
    third = following(following(FIRST, A), A, B)
    assert third.since("b", "publishes", "person") == 3
    assert third.since("a", "publishes", "person") == 1
    assert not third.tenure.leaving


def test_a_resource_that_fed_an_entity_stays_known() -> None:
    other = Manifest.model_validate(
        B.dumped() | {"publishes": {"person": {**B.dumped()["publishes"]["person"][0], "from": "u"}}}
    )
    second = following(FIRST, A, other)
    assert second.retired("person") == {("b", "t")}
    assert second.retired("household") == frozenset()
    assert not second.tenure.leaving, "the system still publishes"
    third = following(following(second, A), A, B)
    assert third.retired("person") == {("b", "u")}


def test_a_catalogue_from_before_this_was_kept_is_read() -> None:
    old = FIRST.to_json().partition(b', "tenure"')[0] + b"}"
    second = following(Catalogue.from_json(old), A, manifest("c", fields="note"))
    assert second.since("a", "publishes", "person") == 0
    assert second.since("c", "publishes", "person") == 2
    assert list(second.tenure.leaving) == ["b"]
