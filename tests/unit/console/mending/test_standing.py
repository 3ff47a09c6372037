"""Where a dead letter stands follows from what was decided, and from what its row has said since."""

from typing import Any

import pytest

from console.decisions import Actor, decision
from console.mending.standing import Standing, decided, edits_of, since
from schemas.records import Action
from streams.deduplicate import NO_FLOOR
from streams.identify import JUST_BEFORE
from tests.unit.console.city import claim

WHO = Actor("lan", "vì sao")
EVENT: Any = {"system": "a", "resource": "rows", "row": "1", "epoch": 1, "commit": 5, "ordinal": 2, "edit": 0}


def said(**more: Any) -> Any:
    return claim("a", {}, resource="rows", **({"commit": 5, "ordinal": 2} | more))


@pytest.mark.parametrize(
    ("actions", "standing"),
    [
        ([], Standing.open),
        (["reveal"], Standing.open),
        (["edit", "reveal"], Standing.edited),
        (["retry", "discard"], Standing.discarded),
        (["discard", "retry"], Standing.retried),
        (["supersede"], Standing.superseded),
    ],
)
def test_the_last_decision_that_changes_anything_counts(actions: list[Action], standing: Standing) -> None:
    assert decided([decision(action, "x", WHO, system="a") for action in actions]) is standing


@pytest.mark.parametrize(
    ("claims", "floor", "standing"),
    [
        ([], NO_FLOOR, Standing.open),
        ([said(commit=4)], NO_FLOOR, Standing.open),
        ([said(mapping=JUST_BEFORE)], NO_FLOOR, Standing.open),
        ([said()], NO_FLOOR, Standing.settled),
        ([said(ordinal=3)], NO_FLOOR, Standing.superseded),
        ([said(commit=6, mapping=JUST_BEFORE)], NO_FLOOR, Standing.superseded),
        ([said(row="2", commit=9), said(under="k", commit=9)], NO_FLOOR, Standing.open),
        ([], (2, 0, 0), Standing.superseded),
    ],
)
def test_what_became_of_an_event_is_seen_in_the_state(claims: list[Any], floor: Any, standing: Standing) -> None:
    assert since(EVENT, claims, floor) is standing


def test_every_correction_is_newer_than_the_one_before() -> None:
    decisions = [decision(action, "x", WHO, system="a") for action in ("edit", "retry", "edit")]
    assert edits_of([], 0) == 1
    assert edits_of(decisions, 1) == 4
