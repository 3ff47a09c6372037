"""The city is ready when every source streams and nothing waits; until then each obstacle is named."""

from console.backlog import Waiting
from console.observing import Picture
from console.progress import obstacles, subscribers
from schemas.records import Phase
from tests.unit.console.city import catalogue, outcome, word


def _picture(phase: Phase = "streaming", message: str = "") -> Picture:
    return Picture(connectors={"source/ho_tich": word("source", "ho_tich", phase, time=0, message=message)})


def test_nothing_stands_in_the_way_of_a_city_that_has_run_dry() -> None:
    assert not list(obstacles(catalogue(), _picture()))


def test_a_source_that_is_still_in_its_snapshot_or_in_trouble_is_named() -> None:
    [found] = obstacles(catalogue(), _picture("snapshot"))
    assert "ho_tich is in phase snapshot" in found.problem
    [found] = obstacles(catalogue(), _picture("retrying", "cannot connect"))
    assert "retrying: cannot connect" in found.problem


def test_a_source_that_never_started_is_named_with_the_command() -> None:
    [found] = obstacles(catalogue(), Picture())
    assert "run_source ho_tich" in found.remedy


def test_what_waits_is_named_by_who_should_take_it_upstream_first() -> None:
    picture = _picture()
    picture.waiting = {
        topic: Waiting(1200, 1) for topic in ("to.dan_cu.person", "raw.ho_tich.person", "identify.person")
    }
    problems = [found.problem for found in obstacles(catalogue(), picture)]
    assert problems == [
        "1,200 records of raw.ho_tich.person wait for the workers",
        "1,200 records of identify.person wait for the workers",
        "1,200 deliveries wait for the sink of dan_cu",
    ]


def test_progress_counts_deliveries_and_not_what_was_captured() -> None:
    picture = _picture()
    picture.ledger.take(outcome("captured", "ho_tich", "", count=100))
    picture.ledger.take(outcome("delivered", "dan_cu", "to.dan_cu.person", count=40))
    picture.ledger.take(outcome("quarantined", "dan_cu", "to.dan_cu.person", first=50, last=50))
    [found] = subscribers(catalogue(), picture)
    assert (found.system, found.done, found.expected) == ("dan_cu", 41, 41)
    picture.waiting = {"to.dan_cu.person": Waiting(9, 1)}
    [found] = subscribers(catalogue(), picture)
    assert (found.done, found.expected) == (41, 50)
