"""The ledger and a record's journey as officers see them, compared whole."""

from pathlib import Path

import pytest
from rich.console import RenderableType

from console.account_lines import Line
from console.account_view import account_view
from console.show_view import showing
from console.store.figures import Window
from console.trace_view import trace_view
from console.tracing.journey import Journey, Step, Verdict
from console.words import Language
from tests.golden.test_screens import DAY, FOLDER, KEY, city, told

NOON = 1_795_755_600_000_000
SECOND = 1_000_000


def ledger(language: Language) -> RenderableType:
    """A window, in which one delivery was lost."""
    published = [
        Line("ho_tich", "person", dict(_PUBLISHED), 12, 0),
        Line("dan_cu", "person", dict.fromkeys(_PUBLISHED, 0), 0, 0),
    ]
    received = [
        Line("dan_cu", "person", dict(_RECEIVED), 3, 0),
        Line("bao_cao", "person", dict(_RECEIVED, delivered=1), 0, 1),
    ]
    window = Window(NOON - DAY, NOON)
    return account_view(published, received, horizon=NOON - 30 * DAY, window=window, language=language)


_PUBLISHED = {
    "captured": 12_345,
    "standing": 12_350,
    "processed": 12_330,
    "superseded": 5,
    "quarantined": 3,
    "held": 7,
}
_RECEIVED = {
    "routed": 9_876,
    "delivered": 9_870,
    "filtered": 2_400,
    "unchanged": 60,
    "echo": 4,
    "quarantined": 2,
    "superseded": 1,
}


def journey(language: Language) -> RenderableType:
    """A person who has arrived in one system, waits for another, and is none of a third's business."""
    raw, to = "raw.ho_tich.person/2@4711", "to.dkkd.person/0@815"
    steps = [
        Step("changed", NOON, "ho_tich", "public.cong_dan 17", (("by_mapping", {"revision": 4}),)),
        Step("captured", NOON + SECOND, "ho_tich", "1/ff/1", (("by", {"process": "source/ho_tich"}),)),
        Step("raw", NOON + SECOND, "ho_tich", raw),
        Step("processed", NOON + 2 * SECOND, "ho_tich", raw, (("by", {"process": "w1"}),)),
        Step("golden", NOON + 2 * SECOND, "", "", (("golden", {"version": 7}), ("by_catalogue", {"revision": 5}))),
        Step("routed", NOON + 2 * SECOND, "dkkd", to, (("golden", {"version": 7}), ("by_catalogue", {"revision": 5}))),
        Step("delivered", NOON + 3 * SECOND, "dkkd", to, (("by", {"process": "sink/dkkd"}),)),
    ]
    waits = {"system": "suc_khoe", "version": 7, "time": NOON + 2 * SECOND, "count": 1_200}
    verdicts = [
        Verdict("dkkd", (("has_it", {"system": "dkkd", "version": 7, "time": NOON + 3 * SECOND}),)),
        Verdict("suc_khoe", (("on_its_way", waits), ("sink_says", {"message": "no route to host"}))),
        Verdict("bao_cao", (("out_of_scope", {"system": "bao_cao", "where": "ward == '00008'"}),)),
    ]
    refused = {"system": "dan_cu", "time": NOON + DAY, "reason": "bad_date", "message": "correct it in the source"}
    held = {"field": "ward", "system": "dan_cu", "reason": "ward_split"}
    found = Journey(steps, verdicts, [("later_refused", refused), ("held_field", held)])
    return trace_view(KEY, found, showing(city(), "person", language, show_values=False))


SCREENS = {"ledger": ledger, "trace": journey}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", SCREENS)
def test_screen(name: str, language: Language) -> None:
    expected = (Path(FOLDER) / f"{name}.{language}.txt").read_text(encoding="utf-8")
    assert told(SCREENS[name](language)) == expected
