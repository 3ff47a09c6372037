"""Fingerprints change with what must be done again, and with nothing else."""

from typing import Any

import pytest

from schemas.catalogue import Catalogue, compile_catalogue
from schemas.fingerprints import of_publications, of_subscription
from schemas.manifest import Manifest

_BODY: dict[str, Any] = {
    "system": "a",
    "connect": {"kind": "postgres", "dsn": "${file:a}"},
    "publishes": {
        "person": {
            "from": "t",
            "key": {"citizen_id": "so", "else": "id"},
            "fields": {"birth_date": {"from": "sinh", "format": "dd/MM/yyyy"}, "sex": "gt"},
            "owns": ["sex"],
        }
    },
    "subscribes": {
        "person": {"into": "u", "key": {"k": "key"}, "fields": {"p": "phone"}, "where": "sex == 'male'", "purpose": "x"}
    },
}


def _catalogue(body: dict[str, Any] = _BODY, revision: int = 1, previous: Catalogue | None = None) -> Catalogue:
    return compile_catalogue([Manifest.model_validate(body)], revision, previous=previous)


def _with(role: str, **said: Any) -> dict[str, Any]:
    return {**_BODY, role: {"person": {**_BODY[role]["person"], **said}}}


@pytest.mark.parametrize(
    "body",
    [
        _with("publishes", **{"from": "t2"}),
        _with("publishes", key={"else": "id"}),
        _with("publishes", fields={"sex": "gt"}),
        _with("publishes", fields={"birth_date": {"from": "sinh", "format": "yyyy-MM-dd"}, "sex": "gt"}),
        _with("publishes", fields={"birth_date": "sinh", "sex": {"from": "gt", "codes": {"1": "male"}}}),
    ],
)
def test_another_way_to_read_rows_is_another_fingerprint(body: dict[str, Any]) -> None:
    first = _catalogue()
    second = _catalogue(body, 2, first)
    assert of_publications(second, "a") != of_publications(first, "a")
    assert of_subscription(second, "a", "person") == of_subscription(first, "a", "person")


@pytest.mark.parametrize(
    "body",
    [
        _with("subscribes", into="u2"),
        _with("subscribes", key={"so": "citizen_id"}),
        _with("subscribes", fields={"q": "phone"}),
        _with("subscribes", fields={"p": {"from": "phone", "format": "e164"}}),
    ],
)
def test_another_way_to_write_rows_is_another_fingerprint(body: dict[str, Any]) -> None:
    first = _catalogue()
    second = _catalogue(body, 2, first)
    assert of_subscription(second, "a", "person") != of_subscription(first, "a", "person")
    assert of_publications(second, "a") == of_publications(first, "a")


@pytest.mark.parametrize(
    "body",
    [
        {**_BODY, "cadence": "5s", "connect": {"kind": "postgres", "dsn": "${file:b}"}},
        _with("publishes", owns=["sex", "birth_date", "existence"]),
        _with("subscribes", where=None, purpose="y", legal_basis="z"),
    ],
)
def test_what_changes_no_row_changes_no_fingerprint(body: dict[str, Any]) -> None:
    first = _catalogue()
    second = _catalogue(body, 2, first)
    assert of_publications(second, "a") == of_publications(first, "a")
    assert of_subscription(second, "a", "person") == of_subscription(first, "a", "person")


def test_a_form_that_is_taken_again_is_another_one() -> None:
    first = _catalogue()
    third = _catalogue(_BODY, 3, _catalogue(_with("subscribes", into="u2"), 2, first))
    assert of_subscription(third, "a", "person") != of_subscription(first, "a", "person")
    assert of_publications(third, "a") == of_publications(first, "a")


def test_what_was_away_is_read_and_sent_again() -> None:
    first = _catalogue()
    away = compile_catalogue([], 2, previous=first)
    back = _catalogue(revision=3, previous=away)
    assert of_publications(back, "a") != of_publications(first, "a")
    assert of_subscription(back, "a", "person") != of_subscription(first, "a", "person")
