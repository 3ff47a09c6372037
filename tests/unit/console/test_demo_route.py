"""The demo finds its way from the manifests alone."""

from typing import Any

import pytest

from console.demo_route import find_route
from console.errors import ConsoleError
from tests.unit.console.city import DAN_CU, HO_TICH, catalogue


def _with_where(where: str) -> dict[str, Any]:
    return DAN_CU | {"subscribes": {"person": DAN_CU["subscribes"]["person"] | {"where": where}}}


def test_goes_from_the_owner_of_existence_to_its_subscriber() -> None:
    route = find_route(catalogue(), "person", source=None, target=None)
    assert (route.source, route.target) == ("ho_tich", "dan_cu")
    assert (route.column("full_name"), route.column("death_date")) == ("ho_ten", "ngay_mat")
    assert route.written("death_date")("2026-11-22") == "22/11/2026"
    assert route.target_key()("ho_tich#9") == {"ma": "ho_tich#9"}


@pytest.mark.parametrize(
    ("source", "target", "named"), [("dan_cu", None, "publishes person"), (None, "ho_tich", "receives person")]
)
def test_a_system_that_cannot_play_its_part_is_refused(source: str | None, target: str | None, named: str) -> None:
    with pytest.raises(ConsoleError, match=named):
        find_route(catalogue(), "person", source=source, target=target)


def test_without_a_subscriber_there_is_no_way() -> None:
    with pytest.raises(ConsoleError, match="no system is a postgres system that receives person"):
        find_route(catalogue(HO_TICH), "person", source=None, target=None)


def test_who_leaves_the_subscribers_scope_is_expected_to_be_gone() -> None:
    route = find_route(catalogue(HO_TICH, _with_where("death_date is None")), "person", source=None, target=None)
    living = {"full_name": "An", "sex": "male"}
    expected = route.expected(living)
    assert expected is not None
    assert (expected["ho_va_ten"], expected["gioi_tinh"]) == ("An", "Nam")
    assert route.expected(living | {"death_date": "2026-11-22"}) is None
