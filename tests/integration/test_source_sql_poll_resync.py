"""A polled table that is read anew between the rounds."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.resync_requests import is_done
from schemas.records import ResyncRequest
from tests.integration.polled_database import TABLE, Polled, Reading, Replay, polled
from tests.integration.shared_servers import SharedPostgres

_TABLE = f"""
CREATE TABLE {TABLE} (id bigint PRIMARY KEY, ten text, cap_nhat timestamptz NOT NULL);
CREATE INDEX ON {TABLE} (cap_nhat);
INSERT INTO {TABLE} SELECT g, 'cũ ' || g, '2026-01-01' FROM generate_series(1, 3) g;
"""


@pytest.fixture
def database(postgres: SharedPostgres, tmp_path: Path) -> Iterator[Polled]:
    with polled(postgres, tmp_path, _TABLE) as made:
        yield made


def _is_done(reading: Reading, request: ResyncRequest) -> bool:
    if reading.token is not None:
        reading.confirm()
    return is_done(request, reading.memory.last["resync"] if reading.memory.last else None)


def _names(reading: Reading, *, ghost: bool = False) -> dict[str, object]:
    replay = Replay()
    for place, event in enumerate(reading.events):
        replay.take(event)
        if ghost and not place:
            replay.take({**event, "operation": "read", "row": "77", "ordinal": 77, "after": {"ten": "ma"}})
    return {row: after["ten"] for row, after in replay.rows().items()}


def test_what_is_no_longer_there_is_retracted_and_live_changes_stand(database: Polled) -> None:
    reading = database.read(sweep="1h").snapshot()
    assert "77" in _names(reading, ghost=True)
    request = reading.memory.ask(TABLE, rate=8)
    until = len(reading.events) + 3
    reading.until(lambda: len(reading.events) >= until)  # the marker and two rows
    database.run(
        f"UPDATE {TABLE} SET ten = 'mới', cap_nhat = now() WHERE id IN (1, 3); DELETE FROM {TABLE} WHERE id = 2"
    )
    database.run(f"INSERT INTO {TABLE} VALUES (0, 'phía sau', now())")
    reading.until(lambda: _is_done(reading, request))
    assert _names(reading, ghost=True) == {"0": "phía sau", "1": "mới", "2": "cũ 2", "3": "mới"}
    # Row 2 was there when it was read; that it is gone is for a sweep to see.
    assert reading.events[-1]["operation"] == "snapshot_end"


def test_a_row_that_was_taken_out_and_put_back_as_it_was_is_not_retracted(database: Polled) -> None:
    reading = database.read(sweep="1h", every="1h").snapshot()
    request = reading.memory.ask(rate=8)
    until = len(reading.events) + 3
    reading.until(lambda: len(reading.events) >= until)
    database.run(f"DELETE FROM {TABLE} WHERE id = 3")
    page = reading.token
    reading.until(lambda: reading.token != page)
    database.run(f"INSERT INTO {TABLE} VALUES (3, 'cũ 3', '2026-01-01')")
    reading.until(lambda: _is_done(reading, request))
    assert _names(reading) == database.names()


def test_it_goes_on_where_it_was_with_the_same_events(database: Polled) -> None:
    reading = database.read(sweep="1h").snapshot()
    request = reading.memory.ask(rate=8)
    until = len(reading.events) + 3
    reading.until(lambda: len(reading.events) >= until)
    unconfirmed = reading.events[until - 3 :]
    reading.source.close()
    again = database.read(after=reading, sweep="1h")
    again.until(lambda: _is_done(again, request))
    same = [{**event, "captured_time": 0} for event in again.events[:3]]
    assert same == [{**event, "captured_time": 0} for event in unconfirmed]
    assert [event["row"] for event in again.events[3:]] == ["3", ""]
    assert {event["epoch"] for event in again.events} == {2}


def test_it_is_told_how_far_it_has_come(database: Polled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sources.sql_polling.capture._KEEP_SECONDS", 0)
    reading = database.read(sweep="1h").snapshot()
    request = reading.memory.ask(rate=8)
    until = len(reading.events) + 3
    reading.until(lambda: len(reading.events) >= until)
    reading.confirm()
    assert reading.memory.last is not None
    told = reading.memory.last["resync"]
    assert told is not None
    assert (told["resource"], told["rows"], told["left"], told["answers"]) == (TABLE, 2, 1, [request["id"]])


def test_a_slow_one_reads_as_many_rows_a_second_as_it_may(database: Polled) -> None:
    database.run(f"INSERT INTO {TABLE} SELECT g, 'x', now() FROM generate_series(10, 2000) g")
    reading = database.read(sweep="1h").snapshot()
    before, began = len(reading.events), time.monotonic()
    reading.memory.ask(rate=400)
    reading.until(lambda: time.monotonic() > began + 2)
    assert 300 <= len(reading.events) - before <= 1000
