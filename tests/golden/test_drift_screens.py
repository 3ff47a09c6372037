"""What `lienthong reconcile` shows, compared whole."""

from pathlib import Path

import pytest

from connectors.values import Cell
from console.drift_view import Reported, drift_view
from console.reconciling.looks import Drift, Found
from console.words import Language
from tests.unit.console.city import catalogue
from tests.unit.console.screens import printed

FOLDER = Path(__file__).parent / "screens"
KEY = "citizen_id:00109901234{}"


def _drifts() -> list[Drift]:
    number = Cell("so_dinh_danh", "001099012342", "001099099999")
    name = Cell("ho_va_ten", "Nguyễn Văn An", "NGUYEN VAN AN")
    return [
        Drift(KEY.format(1), KEY.format(1), "missing"),
        Drift("ho_tich#17", "ho_tich#17", "extra"),
        Drift(KEY.format(2), KEY.format(2), "different", (number, name)),
        Drift(KEY.format(3), KEY.format(3), "different", (Cell("ngay_mat", None, "2026-01-02"),)),
        Drift(KEY.format(4), KEY.format(4), "refused", (Cell("ngay_sinh", "1950", ""),)),
        *(Drift(f"citizen_id:0011990{n:05}", f"citizen_id:0011990{n:05}", "missing") for n in range(18)),
    ]


SCREENS = {"clean": Found(1_000_000, 0, []), "found": Found(12_345, 3, _drifts())}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", SCREENS)
def test_screen(name: str, language: Language) -> None:
    subscription = catalogue().manifest("dan_cu").subscribes["person"]
    report = Reported("dan_cu", "person", subscription, SCREENS[name], 12.3, language, shows_all=False)
    told = "\n".join(line.rstrip() for line in printed(drift_view(report), width=130).splitlines()) + "\n"
    path = FOLDER / f"reconcile_{name}.{language}.txt"
    assert told == path.read_text(encoding="utf-8")


def test_every_word_is_there_in_both_languages_with_the_same_places() -> None:
    from console.drift_words import _ENGLISH, _VIETNAMESE

    def places(text: str) -> list[str]:
        return sorted(part.split("}")[0] for part in text.split("{")[1:])

    assert {name: places(text) for name, text in _VIETNAMESE.items()} == {
        name: places(text) for name, text in _ENGLISH.items()
    }
