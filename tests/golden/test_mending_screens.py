"""What an officer sees who mends dead letters, compared whole."""

from pathlib import Path
from typing import Any

import pytest

from console.decisions import Actor, decision
from console.mending.letters import Case, grouped
from console.mending.parcels import Parcel
from console.mending.proposal import Plan, Proposal
from console.mending.proposal_view import proposal_view
from console.mending.standing import Standing
from console.mending.view import case_view, group_view, groups_view, row_view
from console.words import Language
from streams.difference import Change
from tests.unit.console.city import dead_letter
from tests.unit.console.screens import printed

FOLDER = Path(__file__).parent / "screens"
AT = 1_790_000_000_000_000
SHORT = {
    "reason": "bad_citizen_id",
    "field": "citizen_id",
    "message": "citizen_id from column so_dinh_danh: 11 digits; a citizen id has 12; correct it in the source system",
}
ROW = {"id": 7, "so_dinh_danh": "00109901234", "ho_ten": "Nguyễn Văn An", "ngay_sinh": "12/05/1990", "ghi_chu": None}
FIELDS = {"so_dinh_danh": "citizen_id", "ho_ten": "full_name", "ngay_sinh": "birth_date"}
WHO = Actor("lan.nguyen", "đã đối chiếu sổ gốc")


def letter(name: str, standing: Standing = Standing.open, **more: Any) -> Case:
    decisions = []
    if standing is Standing.edited:
        decisions = [
            decision("reveal", name, WHO, system="ho_tich"),
            decision("edit", name, WHO, system="ho_tich", detail="so_dinh_danh"),
        ]
        decisions = [{**made, "time": AT + 60_000_000} for made in decisions]
    return Case(dead_letter(name * 32, time=AT, **more), decisions, standing)


CASES = [letter("a"), letter("b"), letter("c", Standing.superseded), letter("d", Standing.edited, **SHORT)]


def proposal() -> Proposal:
    old = {"full_name": "Nguyễn Văn An", "citizen_id": None}
    new = {"full_name": "Nguyễn Văn Ân", "citizen_id": "001099012345"}
    key = "citizen_id:001099012345"
    changes = [
        Change("bao_cao", key, None, {"death_date": "2026-01-02"}),
        Change("dan_cu", key, old, new, "ho_tich#7"),
        Change("dkkd", key, {"full_name": "Nguyễn Văn An"}, {"full_name": "Nguyễn Văn Ân"}),
        Change("suc_khoe", key, {"ward": "00004"}, None),
    ]
    plans = [Plan(case, Parcel("raw.ho_tich.person", "k", b"", [])) for case in CASES]
    return Proposal(plans[:2], [(plans[3], plans[3].case.letter)], [plans[2]], changes)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", ["groups", "group", "letter", "row", "proposal"])
def test_screen(name: str, language: Language) -> None:
    groups = grouped(CASES)
    screens = {
        "groups": groups_view(groups, language),
        "group": group_view(groups[0], language),
        "letter": case_view(CASES[3], language),
        "row": row_view(ROW, FIELDS, language, revealed=False),
        "proposal": proposal_view(proposal(), "person", language),
    }
    lines = (line.rstrip() for line in printed(screens[name], width=110).splitlines())
    expected = (FOLDER / f"mending_{name}.{language}.txt").read_text(encoding="utf-8")
    assert "\n".join(lines) + "\n" == expected
