"""A rehearsal tells what the real worker then does, to the field, and an edited event ends as its source goes on."""

from typing import Any

import pytest

from schemas import topics
from schemas.catalogue import compile_catalogue
from streams.difference import Change
from streams.rehearse import Rehearsal, Unrehearsable
from streams.repeat import repeat
from streams.walk_markers import reproject
from tests.unit.streams.city import ENTITY, worker
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, RawWriter, decoded
from tests.unit.streams.simulation import CITY, COLUMNS, Source

RAW = topics.raw("a", ENTITY)
ROW: dict[str, str | None] = {"ten": "Nguyễn Văn An", "sinh": "1990", "xa": "00001", "dt": None}
A, B = "001099000001", "001099000002"


class Desk:
    """A worker over three partitions, and rehearsals on its states."""

    def __init__(self) -> None:
        self.registry, self.kafka, self.source = MemoryRegistry(), MemoryKafka(3), Source("a")
        self.worker = worker(CITY, self.registry)
        self._write = RawWriter(self.registry, "a", COLUMNS)
        self._read: dict[tuple[str, int], int] = {}

    def insert(self, so: str | None, **values: str) -> Any:
        self.source.begin()
        self.source.insert(so, {**ROW, **values})
        return self.take(self.source.log[-1])

    def take(self, logged: tuple[str | None, Any]) -> Any:
        """Capture one event and work everything off; returns the event."""
        key, event = logged
        self.kafka.append(RAW, str(key).encode(), self._write(event))
        while any(self._work(*place) for place in list(self.kafka.logs)):
            pass
        return event

    def _work(self, topic: str, partition: int) -> bool:
        log, done = self.kafka.logs[topic, partition], self._read.get((topic, partition), 0)
        if not topic.startswith(("raw.", "identify.")) or done == len(log):
            return False
        self._read[topic, partition] = len(log)
        self.worker.process(self.kafka.batch(topic, partition, done, len(log) - done))
        return True

    def rehearsal(self, **more: Any) -> Rehearsal:
        return Rehearsal(
            ENTITY,
            compile_catalogue(CITY, 1),
            self.registry,
            states=lambda partition, key: self.kafka.states[partition].get(key),
            home=self.kafka.home,
            **more,
        )

    def record(self, key: str, event: Any) -> tuple[str, bytes, bytes]:
        return RAW, key.encode(), self._write(event)

    def held(self, system: str) -> dict[str, Any]:
        """What a subscriber ends with, by key."""
        found: dict[str, Any] = {}
        for record in self.kafka.logs[topics.to(system, ENTITY), 0]:
            sent = decoded(record.value, self.registry)
            if sent["operation"] == "upsert":
                found[sent["key"]] = sent["fields"]
            else:
                found.pop(sent["key"], None)
        return found


@pytest.fixture
def desk() -> Desk:
    return Desk()


def _mended(event: Any, key: str, **after: str | None) -> Any:
    return {**event, "edit": event["edit"] + 1, "after": {**event["after"], **after}, "new_key": key}


def test_it_tells_what_would_change_where_and_writes_nothing(desk: Desk) -> None:
    desk.insert(A)
    bad = desk.insert(A, ten="Nguyễn Văn Anh", sinh="31/02/1990")
    before = {place: list(log) for place, log in desk.kafka.logs.items()}
    rehearsal = desk.rehearsal()
    played = rehearsal.play(
        *desk.record(f"citizen_id:{A}", {**bad, "edit": 1, "after": {**bad["after"], "sinh": "1991"}})
    )
    assert played.letters == [] and not played.superseded
    told = {
        (change.system, field.field): (field.before, field.after)
        for change in rehearsal.changes()
        for field in change.fields()
    }
    assert set(told) <= {(system, field) for system in ("all", "twin", "ward") for field in ("full_name", "birth_date")}
    assert {place: list(log) for place, log in desk.kafka.logs.items()} == before


def test_what_is_told_is_what_then_happens(desk: Desk) -> None:
    desk.insert(A)
    bad = desk.insert(None, sinh="31/02/1990", ten="Lê Thị Bé")
    mended = _mended(bad, f"citizen_id:{B}", so=B, sinh="1990")
    rehearsal = desk.rehearsal()
    rehearsal.play(*desk.record("a#2", mended))
    told = {system: {c.key: c.after for c in rehearsal.changes() if c.system == system} for system in ("all", "ward")}
    before = {system: desk.held(system) for system in told}
    desk.take(("a#2", mended))
    for system, changes in told.items():
        assert changes
        assert desk.held(system) == {
            key: after for key, after in (before[system] | changes).items() if after is not None
        }


def test_an_edit_that_is_still_wrong_is_refused_again_with_the_reason(desk: Desk) -> None:
    bad = desk.insert(A, sinh="31/02/1990")
    [letter] = desk.rehearsal().play(*desk.record(f"citizen_id:{A}", {**bad, "edit": 1})).letters
    assert (letter["reason"], letter["field"]) == ("bad_date", "birth_date")


def test_an_event_that_was_overtaken_changes_nothing(desk: Desk) -> None:
    bad = desk.insert(A, sinh="31/02/1990")
    desk.source.begin()
    desk.source.update("1", so=A, values={**ROW, "ten": "Mới"})
    desk.take(desk.source.log[-1])
    rehearsal = desk.rehearsal()
    played = rehearsal.play(
        *desk.record(f"citizen_id:{A}", {**bad, "edit": 1, "after": {**bad["after"], "sinh": "1990"}})
    )
    assert played.superseded
    assert rehearsal.changes() == []


def test_a_record_that_moves_is_one_change_under_its_new_key(desk: Desk) -> None:
    desk.insert(None)
    desk.source.begin()
    desk.source.update("1", so=A, values=ROW)
    key, event = desk.source.log[-1]
    rehearsal = desk.rehearsal()
    rehearsal.play(*desk.record(str(key), event))
    moved = [change for change in rehearsal.changes() if change.system == "all"]
    assert [(change.key, change.formerly, change.fields()) for change in moved] == [(f"citizen_id:{A}", "a#1", [])]


def test_to_send_again_what_is_held_changes_nothing(desk: Desk) -> None:
    desk.insert(A)
    rehearsal = desk.rehearsal()
    forward = desk.worker._wire.write_forward(repeat(["all"]))
    assert rehearsal.play(topics.identify(ENTITY), f"citizen_id:{A}".encode(), forward) == ([], False)
    assert rehearsal.changes() == []


def test_what_concerns_a_whole_partition_is_not_rehearsed(desk: Desk) -> None:
    forward = desk.worker._wire.write_forward(reproject(2, at=0))
    with pytest.raises(Unrehearsable):
        desk.rehearsal().play(topics.identify(ENTITY), b"", forward)


def test_a_bug_in_a_step_is_a_refusal_and_trouble_is_not(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("of this test")

    good = desk.insert(A)
    monkeypatch.setattr("streams.settle.merge", broken)
    event = {**good, "commit": 9}
    [letter] = desk.rehearsal().play(*desk.record(f"citizen_id:{A}", event)).letters
    assert letter["reason"] == "unexpected_error"
    with pytest.raises(ValueError, match="of this test"):
        desk.rehearsal(passing=(ValueError,)).play(*desk.record(f"citizen_id:{A}", event))


@pytest.mark.parametrize("then", ["gone", "good", "another"])
def test_what_an_edit_has_moved_ends_as_its_source_goes_on(desk: Desk, then: str) -> None:
    """The source still knows the row without a number: all that it says goes to the key where the row was."""
    bad = desk.insert(None, sinh="31/02/1990")
    desk.take(("a#1", _mended(bad, f"citizen_id:{B}", so=B, sinh="1990")))
    assert f"citizen_id:{B}" in desk.held("all")
    desk.source.begin()
    if then == "gone":
        desk.source.delete("1")
    else:
        desk.source.update("1", so=A if then == "another" else None, values=ROW)
    desk.take(desk.source.log[-1])
    expected = {"gone": [], "good": ["a#1"], "another": [f"citizen_id:{A}"]}[then]
    assert list(desk.held("all")) == expected


def test_a_change_names_only_the_fields_that_differ() -> None:
    change = Change("all", "k", {"full_name": "A", "phone": None}, {"full_name": "B", "phone": None})
    assert [tuple(field) for field in change.fields()] == [("full_name", "A", "B")]
    assert [tuple(field) for field in Change("all", "k", {"phone": "1"}, None).fields()] == [("phone", "1", None)]
