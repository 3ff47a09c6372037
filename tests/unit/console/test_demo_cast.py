"""The demo's parts are found in the manifests alone."""

from pathlib import Path

import pytest

from console.demo_cast import EVENT, PERSON, Cast, find_cast
from console.errors import ConsoleError
from console.manifests import load_folder
from schemas.catalogue import compile_catalogue
from tests.unit.console.city import catalogue

CITY = Path(__file__).parents[3] / "deploy" / "hanoi" / "systems"


@pytest.fixture
def cast() -> Cast:
    return find_cast(compile_catalogue(load_folder(CITY).manifests, 1))


def test_everybody_in_the_city_has_a_part(cast: Cast) -> None:
    assert (cast.register.system, cast.authority.system) == ("ho_tich", "dan_cu")
    assert cast.entries is not None
    assert [audience.system for audience in cast.of(PERSON)] == ["dan_cu", "dkkd", "ho_tich", "suc_khoe"]
    assert [audience.system for audience in cast.of(EVENT)] == ["bao_cao"]


def test_a_side_writes_as_its_system_does(cast: Cast) -> None:
    assert cast.register.row({"birth_date": "2026-11-22", "sex": "male", "old_id": "1"}) == {
        "ngay_sinh": "22/11/2026",
        "gioi_tinh": "1",
    }
    assert cast.authority.column_of_key("citizen_id") == "so_dinh_danh"


@pytest.mark.parametrize(
    ("system", "key", "where"),
    [
        ("dan_cu", "ho_tich#7", {"ma_lien_thong": "ho_tich#7"}),
        ("suc_khoe", "citizen_id:001226000001", {"ma": "citizen_id:001226000001"}),
        ("dkkd", "citizen_id:001226000001", {"so_dinh_danh": "001226000001"}),
        ("dkkd", "ho_tich#7", None),
        ("ho_tich", "ho_tich#7", {"id": "7"}),
    ],
)
def test_a_record_is_found_as_each_system_knows_it(
    cast: Cast, system: str, key: str, where: dict[str, str] | None
) -> None:
    [audience] = [audience for audience in cast.of(PERSON) if audience.system == system]
    assert audience.finds(key) == where


def test_an_audience_shows_what_it_is_told_and_wants_its_own(cast: Cast) -> None:
    by_system = {audience.system: audience for audience in cast.of(PERSON)}
    told = {"death_date": "2026-11-22", "residence": "Hà Nội"}
    assert by_system["dkkd"].shows(told) == {"dia_chi": "Hà Nội", "ngay_mat": "2026-11-22"}
    assert by_system["dan_cu"].shows(told) == {"ngay_qua_doi": "2026-11-22"}
    assert by_system["suc_khoe"].wants({"ward": "00025"})
    assert not by_system["suc_khoe"].wants({"ward": "00331"})


def test_without_a_system_for_a_part_there_is_no_demo() -> None:
    with pytest.raises(ConsoleError, match="registers births"):
        find_cast(catalogue())
