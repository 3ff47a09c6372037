"""The city is ready when every source streams and nothing waits; until then each obstacle is named."""

from console.backlog import Waiting
from console.observing import Picture
from console.progress import obstacles, subscribers
from schemas.records import Phase
from tests.unit.console.city import catalogue, outcome, word

_NOW = 1_000.0


def _picture(phase: Phase = "streaming", message: str = "") -> Picture:
    source = word("source", "ho_tich", phase, time=int(_NOW * 1e6), message=message)
    sink = word("sink", "dan_cu", "streaming", time=int(_NOW * 1e6))
    return Picture(connectors={"source/ho_tich": source, "sink/dan_cu": sink}, workers={"person": 2})


def _problems(picture: Picture, now: float = _NOW) -> list[str]:
    return [found.problem for found in obstacles(catalogue(), picture, now=now)]


def test_nothing_stands_in_the_way_of_a_city_that_has_run_dry() -> None:
    assert _problems(_picture()) == []


def test_a_source_that_is_still_in_its_snapshot_or_in_trouble_is_named() -> None:
    [problem] = _problems(_picture("snapshot"))
    assert "ho_tich is in phase snapshot" in problem
    [problem] = _problems(_picture("retrying", "cannot connect"))
    assert "retrying: cannot connect" in problem


def test_who_never_started_is_named_with_the_command_though_nothing_waits() -> None:
    remedies = [found.remedy for found in obstacles(catalogue(), Picture(), now=_NOW)]
    for remedy, part in zip(remedies, ("run_source ho_tich", "streams.app", "run_sink dan_cu"), strict=True):
        assert part in remedy


def test_who_died_without_a_word_is_noticed_by_its_silence() -> None:
    assert _problems(_picture(), now=_NOW + 19) == []
    silent = ["the source of ho_tich has said nothing for 21 s", "the sink of dan_cu has said nothing for 21 s"]
    assert _problems(_picture(), now=_NOW + 21) == silent


def test_a_city_without_workers_is_not_ready() -> None:
    picture = _picture()
    picture.workers = {"person": 0}
    assert _problems(picture) == ["no worker of person runs"]


def test_what_waits_is_named_by_who_should_take_it_upstream_first() -> None:
    picture = _picture()
    picture.waiting = {
        topic: Waiting(1200, 1) for topic in ("to.dan_cu.person", "raw.ho_tich.person", "identify.person")
    }
    assert _problems(picture) == [
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
