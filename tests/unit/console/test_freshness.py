"""Freshness is the age of the last healthy word or of the oldest waiting record, judged by the declared cadence."""

import pytest

from console.backlog import Waiting
from console.freshness import Health, Line, lines
from console.observing import Picture
from tests.unit.console.city import catalogue, outcome, word

_NOW = 1_000_000.0


def _ago(seconds: float) -> int:
    return int((_NOW - seconds) * 1e6)


def _picture() -> Picture:
    states = {
        "source/ho_tich": word("source", "ho_tich", "streaming", time=_ago(2)),
        "sink/dan_cu": word("sink", "dan_cu", "streaming", time=_ago(3)),
    }
    return Picture(connectors=states, healthy={key: state["time"] for key, state in states.items()})


def _look(picture: Picture) -> tuple[Line, Line]:
    sink, source = lines(catalogue(), picture, now=_NOW)
    return source, sink


def test_a_healthy_city_is_green_and_sums_what_it_did() -> None:
    picture = _picture()
    picture.ledger.take(outcome("captured", "ho_tich", "", count=5))
    picture.ledger.take(outcome("delivered", "dan_cu", "to.dan_cu.person", count=4))
    picture.ledger.take(outcome("quarantined", "ho_tich", "raw.ho_tich.person"))
    source, sink = _look(picture)
    assert (source.captured, source.delivered, source.quarantined, source.health) == (5, None, 1, Health.green)
    assert (sink.captured, sink.delivered, sink.quarantined, sink.health) == (None, 4, 0, Health.green)
    assert source.freshness == pytest.approx(2)


@pytest.mark.parametrize(("age", "health"), [(15, Health.green), (30, Health.yellow), (60, Health.red)])
def test_a_waiting_record_makes_its_reader_late_though_it_beats(age: int, health: Health) -> None:
    picture = _picture()
    picture.waiting["to.dan_cu.person"] = Waiting(3, int((_NOW - age) * 1000))
    source, sink = _look(picture)
    assert (sink.waiting, sink.health) == (3, health)
    assert (source.waiting, source.health) == (0, Health.green)


def test_a_retrying_source_is_as_fresh_as_its_last_good_word() -> None:
    picture = _picture()
    picture.healthy["source/ho_tich"] = _ago(300)
    picture.connectors["source/ho_tich"] = word("source", "ho_tich", "retrying", time=_ago(1), message="cannot connect")
    source, _ = _look(picture)
    assert (source.phase, source.health, source.trouble) == ("retrying", Health.red, "cannot connect")
    assert source.freshness == pytest.approx(300)


def test_a_connector_without_a_word_for_long_is_silent_unless_it_said_goodbye() -> None:
    picture = _picture()
    picture.connectors["source/ho_tich"] = word("source", "ho_tich", "streaming", time=_ago(60))
    picture.connectors["sink/dan_cu"] = word("sink", "dan_cu", "stopped", time=_ago(60))
    source, sink = _look(picture)
    assert (source.phase, sink.phase) == ("silent", "stopped")


def test_a_system_that_never_ran_has_a_line_too() -> None:
    source, _ = _look(Picture())
    assert (source.phase, source.freshness, source.health) == ("absent", None, Health.red)


def test_a_first_snapshot_is_not_yet_fresh_but_no_alarm() -> None:
    picture = Picture(connectors={"source/ho_tich": word("source", "ho_tich", "snapshot", time=_ago(1))})
    source, _ = _look(picture)
    assert (source.phase, source.freshness, source.health) == ("snapshot", None, Health.yellow)
