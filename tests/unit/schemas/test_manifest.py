"""The model of a manifest: short and long forms mean the same, and what is dumped reads back."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.manifest import FieldIn, FieldOut, Manifest

PUBLICATION: dict[str, Any] = {
    "from": "public.cong_dan",
    "key": {"citizen_id": "so_dinh_danh", "else": "id"},
    "fields": {"full_name": "ho_ten", "sex": {"from": "gioi_tinh", "codes": {"1": "male"}}},
    "owns": ["full_name", "existence"],
}
SUBSCRIPTION: dict[str, Any] = {
    "into": "public.nhan_khau",
    "key": {"ma": "key"},
    "fields": {"ten": "full_name", "ngay_sinh": {"from": "birth_date", "format": "yyyy-MM-dd"}},
    "purpose": "kiểm thử",
}


def manifest(**changes: Any) -> Manifest:
    return Manifest.model_validate(
        {
            "system": "ho_tich",
            "connect": {"kind": "postgres", "dsn": "${file:ho_tich_dsn}"},
            "publishes": {"person": PUBLICATION},
            "subscribes": {"person": SUBSCRIPTION},
        }
        | changes
    )


def test_one_publication_stands_for_a_list_of_one() -> None:
    assert manifest() == manifest(publishes={"person": [PUBLICATION]})


def test_a_column_alone_stands_for_its_long_form() -> None:
    [publication] = manifest().publishes["person"]
    assert publication.fields["full_name"] == FieldIn(column="ho_ten")
    assert publication.fields["sex"] == FieldIn(column="gioi_tinh", codes={"1": "male"})
    fields = manifest().subscribes["person"].fields
    assert fields == {
        "ten": FieldOut(field="full_name"),
        "ngay_sinh": FieldOut(field="birth_date", format="yyyy-MM-dd"),
    }


def test_keys_name_their_columns_and_kinds() -> None:
    key = manifest().publishes["person"][0].key
    assert (key.identifiers, key.otherwise) == ((("citizen_id", "so_dinh_danh"),), "id")
    assert key.columns == ("so_dinh_danh", "id")
    target = manifest().subscribes["person"].key
    assert (target.column, target.kind) == ("ma", "key")


def test_a_key_may_be_local_only() -> None:
    key = manifest(publishes={"person": PUBLICATION | {"key": {"else": "id"}}}).publishes["person"][0].key
    assert (key.identifiers, key.columns) == ((), ("id",))


def test_several_identifiers_keep_their_order_in_every_form() -> None:
    stated = {"citizen_id": "so_dinh_danh", "old_id": "so_cmnd", "key": "ma_lien_thong", "else": "id"}
    published = PUBLICATION | {"key": stated, "also": {"so_cu": "citizen_id"}}
    found = manifest(publishes={"person": published})
    [publication] = found.publishes["person"]
    assert [kind for kind, _ in publication.key.identifiers] == ["citizen_id", "old_id", "key"]
    assert publication.key.columns == ("so_dinh_danh", "so_cmnd", "ma_lien_thong", "id")
    assert publication.columns[:5] == (*publication.key.columns, "so_cu")
    dumped = found.dumped()["publishes"]["person"][0]
    assert (list(dumped["key"].items()), dumped["also"]) == (list(stated.items()), {"so_cu": "citizen_id"})
    assert Manifest.model_validate(json.loads(json.dumps(found.dumped()))) == found


def test_a_row_number_that_is_also_an_identifier_is_one_column() -> None:
    key = {"citizen_id": "so", "else": "so"}
    [publication] = manifest(publishes={"person": PUBLICATION | {"key": key}}).publishes["person"]
    assert publication.key.columns == ("so",)


def test_what_a_system_owns_is_told_by_all_its_blocks() -> None:
    blocks = [PUBLICATION, PUBLICATION | {"from": "t", "owns": ["ward"]}]
    found = manifest(publishes={"person": blocks})
    assert found.owned("person") == {"full_name", "existence", "ward"}
    assert not found.owned("business")


def test_columns_are_named_once_key_first() -> None:
    fields = {"citizen_id": "so_dinh_danh", "full_name": "ho_ten", "note": "ho_ten"}
    [publication] = manifest(publishes={"person": PUBLICATION | {"fields": fields}}).publishes["person"]
    assert publication.columns == ("so_dinh_danh", "id", "ho_ten")


def test_what_is_dumped_reads_back_the_same() -> None:
    found = manifest(name={"vi": "CSDL hộ tịch", "en": "Civil status"}, steward="Sở Tư pháp", cadence="10s")
    dumped = found.dumped()
    assert Manifest.model_validate(dumped) == found
    assert dumped["publishes"]["person"][0]["key"] == {"citizen_id": "so_dinh_danh", "else": "id"}
    assert dumped["subscribes"]["person"]["key"] == {"ma": "key"}
    assert dumped["connect"]["dsn"] == "${file:ho_tich_dsn}"


def test_resources_tell_all_entities_that_they_feed() -> None:
    both = manifest(publishes={"person": [PUBLICATION], "household": PUBLICATION | {"fields": {"head": "chu_ho"}}})
    assert [entity for entity, _ in both.resources()["public.cong_dan"]] == ["person", "household"]


@pytest.mark.parametrize(("cadence", "seconds"), [("10s", 10), ("1m", 60), ("2h", 7200), ("1d", 86400)])
def test_cadence_in_seconds(cadence: str, seconds: int) -> None:
    assert manifest(cadence=cadence).cadence_seconds == seconds


def test_the_title_falls_back_to_the_id() -> None:
    assert manifest().title("vi") == "ho_tich"
    assert manifest(name={"vi": "Hộ tịch", "en": "Civil status"}).title("vi") == "Hộ tịch"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"system": "Hộ tịch"}, ("system",)),
        ({"connect": {"dsn": "x"}}, ("connect",)),
        ({"cadence": "soon"}, ("cadence",)),
        ({"subscribes": {"person": SUBSCRIPTION | {"key": {"a": "key", "b": "key"}}}}, ("subscribes", "person", "key")),
        ({"subscribes": {"person": SUBSCRIPTION | {"purpose": " "}}}, ("subscribes", "person", "purpose")),
        ({"publishes": {"person": PUBLICATION | {"key": {"citizen_id": "a"}}}}, ("publishes", "person", 0, "key")),
        ({"publishes": {"person": PUBLICATION | {"fields": {}}}}, ("publishes", "person", 0, "fields")),
        ({"publishes": {"person": []}}, ("publishes", "person")),
        ({"color": "red"}, ("color",)),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(changes: dict[str, Any], place: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        manifest(**changes)
    assert [error["loc"] for error in caught.value.errors()] == [place]


def test_nothing_changes_a_manifest() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        manifest().system = "dan_cu"  # type: ignore[misc]


def test_drift_is_reported_unless_the_manifest_wants_it_repaired() -> None:
    assert manifest().subscribes["person"].on_drift == "report"
    repaired = manifest(subscribes={"person": SUBSCRIPTION | {"on_drift": "repair"}})
    assert repaired.subscribes["person"].on_drift == "repair"
    assert repaired.dumped()["subscribes"]["person"]["on_drift"] == "repair"
    assert "on_drift" not in manifest().dumped()["subscribes"]["person"]
    alone = manifest(subscribes={"person": SUBSCRIPTION | {"exclusive": True}}, publishes={})
    assert alone.subscribes["person"].exclusive
    assert "exclusive" not in manifest().dumped()["subscribes"]["person"]
    with pytest.raises(ValidationError, match="the system writes rows of its own"):
        manifest(subscribes={"person": SUBSCRIPTION | {"key": {"id": "own"}, "exclusive": True}})
    with pytest.raises(ValidationError, match="on_drift"):
        manifest(subscribes={"person": SUBSCRIPTION | {"on_drift": "ignore"}})
