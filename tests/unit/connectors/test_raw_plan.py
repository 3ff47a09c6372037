from typing import Any

import pytest

from connectors.raw_plan import make_plan
from schemas.manifest import Manifest
from schemas.mapping import MappingError
from schemas.records import ChangeEvent, Row

_AN, _BINH = "001099012345", "001199054321"


class _Registry:
    """Takes every schema."""

    def __init__(self) -> None:
        self.levels: dict[str, str] = {}
        self.subjects: list[str] = []

    def set_compatibility(self, subject: str, level: str) -> None:
        self.levels[subject] = level

    def register(self, subject: str, schema: Any) -> int:
        self.subjects.append(subject)
        return 7


def _plan(*fields: dict[str, Any], registry: _Registry | None = None) -> Any:
    body = {
        "system": "ho_tich",
        "connect": {"kind": "memory"},
        "publishes": {
            "person": {"from": "public.t", "key": {"citizen_id": "so-dd", "else": "id"}, "fields": {"full_name": "id"}}
        },
    }
    listed = [{"type": ["null", "string"], "default": None, **field} for field in fields]
    shape = {"type": "record", "name": "Row", "namespace": "x", "fields": listed}
    return make_plan(registry or _Registry(), Manifest.model_validate(body), "person", "public.t", shape)  # type: ignore[arg-type]


def _event(before: Row | None, after: Row | None) -> ChangeEvent:
    return {"before": before, "after": after, "new_key": None}  # type: ignore[typeddict-item]


_FIELDS = ({"name": "id"}, {"name": "so_dd", "column": "so-dd"})


@pytest.mark.parametrize(
    ("before", "after", "key", "new_key"),
    [
        (None, {"id": "1", "so_dd": _AN}, f"citizen_id:{_AN}", None),
        (None, {"id": "1", "so_dd": None}, "ho_tich#1", None),
        (None, {"id": "1", "so_dd": "12345678901"}, "ho_tich#1", None),
        ({"id": "1", "so_dd": _AN}, None, f"citizen_id:{_AN}", None),
        ({"id": "1", "so_dd": _AN}, {"id": "2", "so_dd": _AN}, f"citizen_id:{_AN}", None),
        ({"id": "1", "so_dd": None}, {"id": "1", "so_dd": _AN}, "ho_tich#1", f"citizen_id:{_AN}"),
        ({"id": "1", "so_dd": _AN}, {"id": "1", "so_dd": _BINH}, f"citizen_id:{_AN}", f"citizen_id:{_BINH}"),
        ({"id": "1", "so_dd": None}, {"id": "2", "so_dd": None}, "ho_tich#1", "ho_tich#2"),
    ],
)
def test_a_record_is_keyed_by_the_key_before_the_change(
    before: Row | None, after: Row | None, key: str, new_key: str | None
) -> None:
    event = _event(before, after)
    assert _plan(*_FIELDS).key(event) == key
    assert event["new_key"] == new_key


@pytest.mark.parametrize("fields", [({"name": "id"},), ({"name": "id"}, {"name": "so_dd"})])
def test_without_its_key_column_no_row_gets_a_key(fields: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(MappingError, match="no such column any more") as caught:
        _plan(*fields).key(_event(None, {"id": "1"}))
    assert (caught.value.reason, caught.value.column) == ("missing_column", "so-dd")


def test_a_row_that_nothing_names_has_no_key() -> None:
    with pytest.raises(MappingError):
        _plan(*_FIELDS).key(_event(None, {"id": None, "so_dd": None}))


def test_the_subject_takes_any_structure() -> None:
    registry = _Registry()
    assert _plan(*_FIELDS, registry=registry).topic == "raw.ho_tich.person"
    assert registry.levels == {"raw.ho_tich.person-value": "NONE"}
    assert registry.subjects == ["raw.ho_tich.person-value"]


def test_headers_say_what_does_not_change() -> None:
    assert dict(_plan(*_FIELDS).headers["delete"]) == {
        "ce_specversion": b"1.0",
        "ce_source": b"/systems/ho_tich/public.t",
        "ce_type": b"vn.lienthong.person.delete",
    }
