"""What a sink's process decides without any server: how long to wait, what it can start, what it says of itself."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from connectors.delivery.control import Control, Status
from connectors.delivery.kind import CannotStart, make_sink
from connectors.delivery.last_word import LastWord
from connectors.delivery.outcomes import Reporter
from connectors.delivery.reports import Reports
from connectors.delivery.trouble import Backoff
from schemas.manifest import Manifest
from schemas.records import ConnectorState
from schemas.settings import Settings


def test_waits_grow_with_the_trouble_and_never_beyond_half_a_minute() -> None:
    now = 0.0
    backoff = Backoff(lambda: now)
    assert 0.08 <= backoff.next_delay() <= 0.1
    now = 8.0
    assert 1.6 <= backoff.next_delay() <= 2.0
    now = 10_000.0
    assert 24.0 <= backoff.next_delay() <= 30.0
    backoff.reset()
    assert backoff.next_delay() <= 0.1


def _manifest(**connect: str) -> Manifest:
    return Manifest.model_validate({"system": "dich", "connect": connect})


@pytest.mark.parametrize(
    ("connect", "told"),
    [
        ({"kind": "telex"}, "no sink of kind 'telex'; there are"),
        ({"kind": "postgres_target"}, "no sink of kind"),
        ({"kind": "postgres"}, "dsn: Field required"),
        ({"kind": "postgres", "dsn": "${file:khong_co}"}, "${file:khong_co}"),
    ],
    ids=str,
)
def test_what_cannot_start_says_why(tmp_path: Path, connect: dict[str, str], told: str) -> None:
    with pytest.raises(CannotStart, match=r"^dich: ") as raised:
        make_sink(_manifest(**connect), Settings(secrets=tmp_path))
    assert told in str(raised.value)


def test_a_wrong_setting_is_told_without_the_secret_in_it(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("rat-bi-mat")
    manifest = Manifest.model_validate({"system": "dich", "connect": {"kind": "postgres", "dsn": ["${file:dsn}"]}})
    with pytest.raises(CannotStart) as raised:
        make_sink(manifest, Settings(secrets=tmp_path))
    assert "rat-bi-mat" not in str(raised.value)


def test_what_a_newer_catalogue_has_made_waits_until_it_is_known_to_say_the_same() -> None:
    control = Control(revision=3, heard=3)
    assert control.may_write(3)
    with ThreadPoolExecutor(2) as streams:
        asked = [streams.submit(control.may_write, 4) for _ in range(2)]
        assert control.changed.wait(5)
        assert not any(each.done() for each in asked)
        control.revision = 4
        assert [each.result(5) for each in asked] == [True, True]
    assert not control.stop.is_set()


def test_what_a_newer_catalogue_has_made_in_another_way_is_written_by_none_of_the_streams(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.delivery.control._JUDGED_SECONDS", 0.1)
    control = Control(revision=3, heard=3)
    for _ in ("one stream", "another"):
        assert not control.may_write(4)
        assert control.stop.is_set()
    assert control.may_write(3)
    assert control.heard == 4


class Heard:
    """Keeps what is said."""

    reporter = Reporter("dich", "sink/dich", 1)

    def __init__(self) -> None:
        self.states: list[ConnectorState] = []

    def say(self, state: ConnectorState, *, safely: bool) -> None:
        self.states.append(state)


def test_the_last_word_is_that_of_the_stream_that_fares_worst() -> None:
    heard = Heard()
    word = LastWord(cast(Reports, heard), 7)
    person, land = Status("streaming", "", 5, 0), Status("retrying", "no table", 2, 9)
    word.say({"person": person, "land": land})
    land.phase, land.message = "streaming", ""
    word.say({"person": person, "land": land})
    assert [(state["phase"], state["message"]) for state in heard.states] == [
        ("retrying", "land: no table"),
        ("streaming", ""),
    ]
    assert heard.states[0]["generation"] == 7
    assert '"land": {"position": 2, "lag": 9}' in heard.states[0]["detail"]
