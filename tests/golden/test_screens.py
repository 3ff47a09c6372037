"""Screens as officers see them, compared whole."""

from pathlib import Path
from typing import Any

import pytest

from console.finding import Found
from console.show_view import record_view, showing
from console.words import Language
from schemas.catalogue import Catalogue
from schemas.records import EntityState
from tests.unit.console.city import catalogue, claim, state
from tests.unit.console.screens import printed

FOLDER = Path(__file__).parent / "screens"
KEY = "citizen_id:001099012345"
DAY = 86_400_000_000


def manifest(system: str, fields: list[str], owns: list[str], receives: str = "") -> dict[str, Any]:
    """One system with a column of the same name for every field."""
    published = {"from": f"{system}.people", "key": {"citizen_id": "id", "else": "no"}, "owns": owns}
    made: dict[str, Any] = {"system": system, "connect": {"kind": "postgres"}}
    if fields:
        made["publishes"] = {"person": {**published, "fields": {field: field for field in fields}}}
    if receives:
        made["subscribes"] = {
            "person": {"into": f"{system}.people", "key": {"k": "key"}, "fields": {"x": receives}, "purpose": "golden"}
        }
    return made


def city() -> Catalogue:
    return catalogue(
        manifest("ho_tich", ["full_name", "birth_date", "sex", "ward"], ["full_name", "birth_date", "sex", "birth"]),
        manifest(
            "dan_cu", ["citizen_id", "old_id", "full_name", "ward"], ["citizen_id", "old_id", "ward", "existence"]
        ),
        manifest("dkkd", ["phone", "full_name"], [], "full_name"),
        manifest("suc_khoe", [], [], "ward"),
        manifest("bao_cao", [], [], "death_date"),
    )


def person() -> EntityState:
    def said(system: str, day: int, values: dict[str, Any], **more: Any) -> Any:
        time = 1_790_000_000_000_000 + day * DAY
        return claim(system, values, resource=f"{system}.people", source_time=time, commit=day, **more)

    return state(
        KEY,
        said("ho_tich", 1, {"full_name": "Nguyễn Văn An", "birth_date": "1999"}, row="17", stated_null=["sex"]),
        said(
            "dan_cu",
            2,
            {"citizen_id": "001099012345", "old_id": "012345678", "full_name": "NGUYEN VAN AN"},
            row="5",
            aliases=["old_id:012345678"],
            held=[{"field": "ward", "reason": "ward_split", "proposals": ["00004", "00008"]}],
        ),
        said("dkkd", 3, {"full_name": "Nguyễn Văn An", "phone": "+84912345678"}, row="a1", echoed=["full_name"]),
        said("dkkd", 4, {"phone": "+84987654321"}, row="b7", under="old_id:012345678"),
        said("dkkd", 5, None, row="c9"),  # type: ignore[arg-type]  # a row that is gone
        said("ho_tich", 5, None, row="18", left_to="citizen_id:001099055555"),  # type: ignore[arg-type]
        version=7,
        aliases=["ho_tich#17"],
        routes=[
            {"system": "dkkd", "version": 7, "digest": b"x", "unconfirmed": [], "texts": []},
            {"system": "suc_khoe", "version": 4, "digest": b"", "unconfirmed": [], "texts": []},
        ],
        changed_time=1_790_000_000_000_000 + 4 * DAY,
    )


def moved() -> EntityState:
    """A key on which rows disagree."""
    link = {"system": "dan_cu", "resource": "dan_cu.people", "row": "5", "target": KEY}
    other = {**link, "row": "6", "target": "citizen_id:001099055555"}
    return state("old_id:012345678", status="deleted", version=0, value=None, routes=[], links=[link, other])


SCREENS = {"person": Found("ho_tich#17", person()), "disputed": Found("old_id:012345678", moved())}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", SCREENS)
def test_screen(name: str, language: Language) -> None:
    how = showing(city(), "person", language, show_values=False)
    expected = (FOLDER / f"show_{name}.{language}.txt").read_text(encoding="utf-8")
    assert told(record_view(SCREENS[name], how)) == expected


def told(renderable: Any) -> str:
    lines = printed(renderable, width=130).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"
