"""The compiled catalogue: who publishes, owns, receives; revisions; JSON both ways."""

from typing import Any

import pytest

from schemas.catalogue import Catalogue, CatalogueError, compile_catalogue
from schemas.manifest import Manifest


def manifest(system: str, *, fields: str = "", owns: str = "", receives: str = "") -> Manifest:
    body: dict[str, Any] = {"system": system, "connect": {"kind": "postgres", "dsn": f"${{file:{system}_dsn}}"}}
    if fields:
        publication = {"from": "t", "key": {"citizen_id": "so", "else": "id"}, "fields": {f: f for f in fields.split()}}
        body["publishes"] = {"person": publication | {"owns": owns.split()}}
    if receives:
        subscription = {"into": "t", "key": {"k": "key"}, "fields": {f: f for f in receives.split()}, "purpose": "thử"}
        body["subscribes"] = {"person": subscription}
    return Manifest.model_validate(body)


ALL = [
    manifest("c", receives="full_name"),
    manifest("b", fields="full_name sex phone", owns="full_name"),
    manifest("z", fields="phone sex ward", owns="existence ward"),
    manifest("a", fields="full_name phone", receives="sex"),
]


@pytest.fixture
def catalogue() -> Catalogue:
    return compile_catalogue(ALL, 7)


def test_systems_stand_in_order_of_their_ids(catalogue: Catalogue) -> None:
    assert list(catalogue.manifests) == ["a", "b", "c", "z"]
    assert catalogue.entities() == ["person"]
    assert catalogue.publishers("person") == ["a", "b", "z"]
    assert catalogue.subscribers("person") == ["a", "c"]
    assert catalogue.publishers("household") == []


def test_the_owner_speaks_first_then_who_owns_existence_then_the_others(catalogue: Catalogue) -> None:
    assert catalogue.order("person", "full_name") == ("b", "a")
    assert catalogue.order("person", "phone") == ("z", "a", "b")
    assert catalogue.order("person", "sex") == ("z", "b")
    assert catalogue.order("person", "ward") == ("z",)
    assert catalogue.order("person", "note") == ()


def test_owners_of_existence(catalogue: Catalogue) -> None:
    assert catalogue.existence_owners("person") == ("z",)
    assert compile_catalogue(ALL[:2], 1).existence_owners("person") == ()


def test_the_order_of_files_changes_nothing(catalogue: Catalogue) -> None:
    assert compile_catalogue(reversed(ALL), 7).to_json() == catalogue.to_json()


def test_publications_and_subscriptions(catalogue: Catalogue) -> None:
    assert [publication.resource for publication in catalogue.publications("b", "person")] == ["t"]
    assert catalogue.publications("c", "person") == []
    subscription = catalogue.subscription("c", "person")
    assert subscription is not None
    assert subscription.purpose == "thử"
    assert catalogue.subscription("b", "person") is None


def test_json_reads_back_the_same(catalogue: Catalogue) -> None:
    read = Catalogue.from_json(catalogue.to_json())
    assert read.manifests == catalogue.manifests
    assert read.revision == 7
    assert read.mapping_revision("b") == 7
    assert read.order("person", "phone") == catalogue.order("person", "phone")
    assert b"${file:a_dsn}" in read.to_json()


def test_a_mapping_revision_changes_with_its_own_manifest_alone(catalogue: Catalogue) -> None:
    changed = [one if one.system != "b" else manifest("b", fields="full_name", owns="full_name") for one in ALL]
    later = compile_catalogue([*changed, manifest("new", fields="note")], 8, previous=catalogue)
    assert {system: later.mapping_revision(system) for system in later.manifests} == {
        "a": 7,
        "b": 8,
        "c": 7,
        "new": 8,
        "z": 7,
    }
    again = Catalogue.from_json(later.to_json())
    assert compile_catalogue(changed, 9, previous=again).mapping_revision("b") == 8


def test_an_unknown_system_is_named_with_what_to_do(catalogue: Catalogue) -> None:
    for ask in (catalogue.manifest, catalogue.mapping_revision):
        with pytest.raises(CatalogueError, match=r"'x' in catalogue revision 7: .* `lienthong apply`"):
            ask("x")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"revision": 1, "manifests": [{}]}'])
def test_what_is_no_catalogue_is_refused(data: bytes) -> None:
    with pytest.raises(CatalogueError, match="lienthong apply"):
        Catalogue.from_json(data)
