"""Tables that are read anew while changes go on being read."""

from collections.abc import Iterator

import pytest

from connectors.resync_requests import is_done
from tests.integration.shared_servers import SharedPostgres
from tests.integration.source_database import Database, Reading, fresh

_TABLE = """
CREATE TABLE nguon (id bigint PRIMARY KEY, ten text);
ALTER TABLE nguon REPLICA IDENTITY FULL;
INSERT INTO nguon SELECT g, 'a' FROM generate_series(1, 2500) g;
"""


@pytest.fixture
def database(postgres: SharedPostgres) -> Iterator[Database]:
    with fresh(postgres, _TABLE) as made:
        yield made


def _read_anew(reading: Reading, resource: str = "*", rate: int = 0) -> Reading:
    request = reading.memory.ask(resource, rate=rate)

    def done() -> bool:
        reading.confirm()
        return is_done(request, reading.memory.last["resync"] if reading.memory.last else None)

    return reading.until(done)


def test_every_row_is_said_again_between_markers_of_a_new_epoch(database: Database) -> None:
    reading = database.read().snapshot()
    before = len(reading.events)
    _read_anew(reading)
    events = reading.events[before:]
    assert [events[0]["operation"], events[-1]["operation"]] == ["snapshot_begin", "snapshot_end"]
    assert {event["operation"] for event in events[1:-1]} == {"read"}
    assert [int(event["row"]) for event in events[1:-1]] == list(range(1, 2501))
    assert {event["epoch"] for event in events} == {2}
    positions = [(event["commit"], event["ordinal"]) for event in events]
    assert positions == sorted(set(positions))
