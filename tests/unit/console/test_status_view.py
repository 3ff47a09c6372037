"""The table says what officers need at both widths, in both languages."""

from dataclasses import replace

import pytest

from console.freshness import Health, Line
from console.status_view import status_view
from console.words import Language
from schemas.records import Resync
from tests.unit.console.screens import printed

_SOURCE = Line(
    system="ho_tich",
    role="source",
    phase="streaming",
    health=Health.green,
    freshness=2.0,
    cadence=10.0,
    captured=1_234_567,
    delivered=None,
    quarantined=12,
    waiting=0,
    trouble="",
    time=0,
)
_SINK = replace(_SOURCE, system="dan_cu", role="sink", captured=None, delivered=1_234_555, health=Health.red)


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("language", Language)
def test_one_line_a_system_and_role_at_any_width(width: int, language: Language) -> None:
    screen = printed(status_view([_SINK, _SOURCE], revision=7, language=language, width=width), width=width)
    [source] = [line for line in screen.splitlines() if "ho_tich" in line]
    [sink] = [line for line in screen.splitlines() if "dan_cu" in line]
    assert language.number(1_234_567) in source
    assert language.number(1_234_555) in sink
    assert "●" in source
    assert "✖" in sink


def test_speaks_vietnamese_unless_asked_otherwise() -> None:
    vietnamese = printed(status_view([_SOURCE], revision=7, language=Language.vi, width=100))
    english = printed(status_view([_SOURCE], revision=7, language=Language.en, width=100))
    assert "nguồn" in vietnamese
    assert "đang chạy" in vietnamese
    assert "streaming" in english


def test_the_last_trouble_stands_below_the_table() -> None:
    troubled = replace(_SOURCE, phase="retrying", trouble="cannot connect to [host]")
    screen = printed(status_view([troubled], revision=7, language=Language.en, width=100))
    assert "ho_tich (source): cannot connect to [host]" in screen
    assert "Last trouble" not in printed(status_view([_SOURCE], revision=7, language=Language.en, width=100))


def test_a_source_whose_changes_nobody_takes_says_whose_fault_it_is() -> None:
    stuck = replace(_SOURCE, waiting=1200, health=Health.red)
    screen = printed(status_view([stuck], revision=7, language=Language.en, width=100), width=100)
    assert "1,200 records wait for the workers" in screen
    calm = replace(_SOURCE, waiting=3)
    assert "workers" not in printed(status_view([calm], revision=7, language=Language.en, width=100))


def test_what_is_read_anew_stands_below_the_table() -> None:
    resync: Resync = {"taken": {}, "answers": [], "resource": "public.t", "left": 2, "rows": 1200, "expected": 5000}
    screen = printed(status_view([replace(_SOURCE, resync=resync)], revision=7, language=Language.en, width=100))
    assert "ho_tich: reading public.t anew, 1,200 / ~5,000 rows; 2 tables left" in screen
    assert "anew" not in printed(status_view([_SOURCE], revision=7, language=Language.en, width=100))


def test_a_pause_that_nobody_obeys_yet_is_told_and_one_that_is_obeyed_only_once() -> None:
    asked = replace(_SOURCE, phase="stopped", paused="lan: chuyển máy chủ")
    screen = printed(status_view([asked], revision=7, language=Language.en, width=100))
    assert "a pause stands (lan: chuyển máy chủ)" in screen
    rests = replace(asked, phase="paused", trouble=asked.paused)
    screen = printed(status_view([rests], revision=7, language=Language.vi, width=100))
    assert screen.count("lan: chuyển máy chủ") == 1
    assert "tạm dừng" in screen
