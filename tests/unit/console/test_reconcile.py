"""What can be asked of `lienthong reconcile`, and what it answers where nothing can be read back."""

from typing import Any

import pytest
import typer
from prometheus_client import REGISTRY
from typer.testing import CliRunner

from console.cli import app
from console.errors import ConsoleError
from console.reconcile import _How, _is_to_be_mended, _keep_on, _matters, _receiving, _span, _told_and_counted
from console.reconciling.expectation import Matter
from console.reconciling.looks import Drift
from console.reconciling.mend import mendable
from console.reconciling.opening import is_readable, owner_in, pause_of
from console.screen import screen, troubles
from console.words import Language
from schemas.settings import Settings
from tests.unit.console.city import DAN_CU, HO_TICH, catalogue

ANY: Any = None
SERVICE = DAN_CU | {"system": "suc_khoe", "connect": {"kind": "rest", "url": "https://suc-khoe.vn"}}


@pytest.mark.parametrize(("text", "seconds"), [("10s", 10), ("5m", 300), ("1h", 3600), ("2d", 172_800)])
def test_a_span_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert _span(text) == seconds


@pytest.mark.parametrize("text", ["1", "0h", "h", "1w", "1 h"])
def test_another_span_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConsoleError, match=r"e\.g\. 1h"):
        _span(text)


def test_all_that_receive_are_meant_where_none_is_named() -> None:
    assert _receiving(catalogue(HO_TICH, DAN_CU, SERVICE), []) == ["dan_cu", "suc_khoe"]
    assert _receiving(catalogue(), ["dan_cu"]) == ["dan_cu"]
    with pytest.raises(ConsoleError, match="ho_tich: no such system receives; there are dan_cu"):
        _receiving(catalogue(), ["ho_tich"])


@pytest.mark.parametrize(
    ("language", "told"), [(Language.vi, "không cho đọc lại"), (Language.en, "cannot be read back")]
)
def test_a_kind_that_cannot_be_read_back_is_named(language: str, told: str) -> None:
    how = _How(Language(language), shows_all=False, shows_values=False, mends=False, asks=True)
    with screen.capture() as captured:
        assert list(_matters(Settings(), ANY, catalogue(SERVICE), "suc_khoe", how)) == []
    assert told in " ".join(captured.get().split())
    assert "rest" in captured.get()


def test_every_subscription_of_a_database_is_a_matter_of_its_own() -> None:
    how = _How(Language.en, shows_all=False, shows_values=False, mends=False, asks=True)
    [matter] = _matters(Settings(), ANY, catalogue(), "dan_cu", how)
    assert (matter.system, matter.entity, matter.subscription.into) == ("dan_cu", "person", "public.nhan_khau")
    assert [is_readable(catalogue(DAN_CU, SERVICE), system) for system in ("dan_cu", "suc_khoe")] == [True, False]


def test_only_a_system_that_also_speaks_needs_time_between_two_looks() -> None:
    speaking = HO_TICH | {"subscribes": {"person": DAN_CU["subscribes"]["person"]}}
    both = catalogue(speaking, DAN_CU)
    assert pause_of(Matter(Settings(), ANY, both, "dan_cu", "person")) == 0
    assert pause_of(Matter(Settings(), ANY, both, "ho_tich", "person")) == 10


def test_what_was_refused_is_not_sent_again() -> None:
    drifts = [Drift("a", "a", "missing"), Drift("b", "b", "refused"), Drift("c", "c", "different")]
    assert [each.owner for each in mendable(drifts)] == ["a", "c"]


def test_a_question_that_is_answered_with_no_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    how = _How(Language.en, shows_all=False, shows_values=False, mends=True, asks=True)
    matter = Matter(Settings(), ANY, catalogue(), "dan_cu", "person")
    monkeypatch.setattr(typer, "confirm", lambda question: "(7)" not in question)
    assert not _is_to_be_mended(matter, how, 7)


def test_nobody_is_there_to_be_asked_again_and_again() -> None:
    how = _How(Language.en, shows_all=False, shows_values=False, mends=True, asks=True)
    with pytest.raises(ConsoleError, match="add --yes"):
        _keep_on(Settings(), [], how, seconds=1)


def test_trouble_with_one_system_is_told_and_counted_and_ends_nothing() -> None:
    def failures() -> float:
        value = REGISTRY.get_sample_value("lienthong_reconciliation_failures_total", {"system": "dan_cu"})
        return value or 0.0

    before = failures()
    with troubles.capture() as captured, _told_and_counted("dan_cu"):
        raise ConsoleError("reading dan_cu back: no answer")
    assert "no answer" in captured.get()
    assert failures() == before + 1


def test_the_command_says_what_it_needs() -> None:
    shown = CliRunner().invoke(app, ["reconcile", "--help"], env={"COLUMNS": "120"})
    assert shown.exit_code == 0
    assert "on_drift: repair" in shown.stdout


def test_the_owner_of_a_row_is_found_by_the_key_that_the_target_keeps() -> None:
    [whole] = catalogue(DAN_CU).manifest("dan_cu").subscribes.values()
    bare = whole.model_copy(update={"key": whole.key.model_copy(update={"kind": "citizen_id"})})
    assert owner_in(whole)("ho_tich#1") == "ho_tich#1"
    assert owner_in(bare)("001099012345") == "citizen_id:001099012345"
