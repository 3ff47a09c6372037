"""What every kind of source must do. See `source_suite`."""
# ruff: noqa: S101 - a suite is made of assertions

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import pytest

from connectors.errors import Fenced, SourceUnavailable
from connectors.kit.source_system import ENTITY, TABLE, KeptMemory, SourceSystem
from connectors.kit.source_tap import Tap, ids, position
from connectors.resync_requests import is_done
from schemas.records import ChangeEvent, ResyncRequest

OpenSystem = Callable[[pytest.FixtureRequest], AbstractContextManager[SourceSystem]]


def source_suite(open_system: OpenSystem) -> type["SourceSuite"]:
    """The whole suite as a test class for one kind; assign it to a name that starts with `Test`."""
    return type("SourceSuite", (SourceSuite,), {"open_system": staticmethod(open_system)})


class SourceSuite:
    """Each test gets a fresh system with two rows, and opens its sources by `tap`."""

    open_system: ClassVar[OpenSystem]

    @pytest.fixture
    def system(self, request: pytest.FixtureRequest) -> Iterator[SourceSystem]:
        with type(self).open_system(request) as system:
            system.put(1, ma="001099012345", ho_ten="Nguyễn Văn An")
            system.put(2, ma=None, ho_ten="Đỗ Thị Bình")
            yield system

    @pytest.fixture
    def tap(self, system: SourceSystem) -> Iterator[Callable[..., Tap]]:
        taps: list[Tap] = []

        def start(after: Tap | None = None) -> Tap:
            memory = KeptMemory(after.memory if after else None)
            taps.append(Tap(system.source(), memory))
            return taps[-1]

        yield start
        for opened in reversed(taps):
            opened.source.close()

    def test_it_begins_with_a_snapshot_between_markers(self, tap: Callable[..., Tap]) -> None:
        events = tap().read_snapshot()
        assert [event["operation"] for event in events] == ["snapshot_begin", "read", "read", "snapshot_end"]
        assert {event["row"] for event in events[1:3]} == {"1", "2"}
        assert len({(event["epoch"], event["commit"]) for event in events}) == 1
        assert all((event["system"], event["resource"]) == ("kit", TABLE) for event in events)
        assert _names(events) == {"1": "Nguyễn Văn An", "2": "Đỗ Thị Bình"}

    def test_changes_follow_in_their_order(self, system: SourceSystem, tap: Callable[..., Tap]) -> None:
        reading = tap()
        reading.read_snapshot()
        system.put(3, ma=None, ho_ten="Chi")
        system.put(1, ma="001099012345", ho_ten="Nguyễn Văn Ân")
        system.remove(2)
        events = reading.read_rows("3", "1", "2")
        assert [event["operation"] for event in events] == ["create", "update", "delete"]
        assert _names(events[:2]) == {"3": "Chi", "1": "Nguyễn Văn Ân"}
        assert events[2]["after"] is None
        assert (events[2]["before"] or {}).get("id") is not None

    def test_positions_and_ids_grow_with_the_events(self, system: SourceSystem, tap: Callable[..., Tap]) -> None:
        reading = tap()
        reading.read_snapshot()
        for number in range(3, 8):
            system.put(number, ho_ten=f"Người {number}")
        reading.read_rows("3", "4", "5", "6", "7")
        data = [event for event in reading.events if event["row"]]
        assert [position(event) for event in data] == sorted({position(event) for event in data})
        assert len(set(ids(data))) == len(data)

    def test_every_change_names_its_entity_and_shape(self, tap: Callable[..., Tap]) -> None:
        source = tap().source
        shapes: list[tuple[str, dict[str, Any]]] = []
        until = time.monotonic() + 30
        while len(shapes) < 4 and time.monotonic() < until:
            changes = source.read(0.2)
            shapes += [(change.entity, change.shape) for change in changes.items] if changes else []
        assert {entity for entity, _ in shapes} == {ENTITY}
        assert all(shape["type"] == "record" for _, shape in shapes)
        assert {field["name"] for _, shape in shapes for field in shape["fields"]} >= {"id", "ma", "ho_ten"}

    def test_it_says_when_there_is_nothing(self, tap: Callable[..., Tap]) -> None:
        reading = tap()
        reading.read_snapshot()
        reading.confirm()
        began = time.monotonic()
        changes = reading.read()
        assert changes is None or changes.items == []
        assert time.monotonic() - began < 5

    def test_what_was_not_confirmed_comes_again_with_the_same_ids(
        self, system: SourceSystem, tap: Callable[..., Tap]
    ) -> None:
        first = tap()
        first.read_snapshot()
        first.confirm()
        system.put(3, ho_ten="Chi")
        system.put(4, ho_ten="Dung")
        given = ids(first.read_rows("3", "4"))
        first.source.close()
        again = tap(first)
        assert ids(again.read_rows("3", "4")) == given

    def test_it_goes_on_without_a_gap_after_a_kill(self, system: SourceSystem, tap: Callable[..., Tap]) -> None:
        first = tap()
        first.read_snapshot()
        first.confirm()
        system.put(3, ho_ten="Chi")
        first.read_rows("3")
        first.confirm()
        system.sever()
        system.put(4, ho_ten="Dung")
        system.remove(3)
        second = tap(first)
        second.read_until(lambda events: any(event["operation"] == "delete" for event in events))
        rows = [(event["operation"], event["row"]) for event in second.events]
        assert rows[-2:] == [("create", "4"), ("delete", "3")]
        assert all(event["epoch"] == first.events[-1]["epoch"] for event in second.events)

    def test_an_interrupted_snapshot_begins_anew_in_a_new_epoch(self, tap: Callable[..., Tap]) -> None:
        first = tap()
        first.read_until(lambda events: len(events) > 0)
        first.source.close()
        second = tap(first)
        events = second.read_snapshot()
        assert [event["operation"] for event in events] == ["snapshot_begin", "read", "read", "snapshot_end"]
        assert events[0]["epoch"] >= first.events[0]["epoch"]

    def test_asked_to_it_reads_every_row_anew_in_a_new_epoch(
        self, system: SourceSystem, tap: Callable[..., Tap]
    ) -> None:
        reading = tap()
        reading.read_snapshot()
        reading.confirm()
        epoch, known = reading.events[-1]["epoch"], len(reading.events)
        request = reading.memory.ask()
        _read_to_the_end_of(reading, request)
        events = reading.events[known:]
        operations = [event["operation"] for event in events]
        assert [operations[0], operations[-1]] == ["snapshot_begin", "snapshot_end"]
        assert sorted(event["row"] for event in events if event["operation"] == "read") == ["1", "2"]
        assert all(event["epoch"] > epoch for event in events)
        system.put(3, ho_ten="Chi")
        [change] = reading.read_rows("3")
        assert position(change) > position(events[-1])

    def test_reading_anew_goes_on_after_a_kill_and_is_done_once(
        self, system: SourceSystem, tap: Callable[..., Tap]
    ) -> None:
        first = tap()
        first.read_snapshot()
        first.confirm()
        request = first.memory.ask()
        until = len(first.events)
        first.read_until(lambda events: len(events) > until)
        first.source.close()
        system.remove(2)
        second = tap(first)
        _read_to_the_end_of(second, request)
        rows = [event["row"] for event in [*first.events[until:], *second.events] if event["operation"] == "read"]
        assert "1" in rows
        assert second.events[-1]["epoch"] > first.events[0]["epoch"]
        second.source.close()
        third = tap(second)
        system.put(3, ho_ten="Chi")
        third.read_rows("3")
        assert not any(event["operation"] == "read" for event in third.events)

    def test_cut_off_it_says_so_and_goes_on_when_opened_again(
        self, system: SourceSystem, tap: Callable[..., Tap]
    ) -> None:
        reading = tap()
        reading.read_snapshot()
        reading.confirm()
        system.sever()
        with pytest.raises(SourceUnavailable):
            _read_for_a_while(reading)
        system.put(3, ho_ten="Chi")
        reading.open()
        reading.read_rows("3")

    def test_an_older_source_is_stopped_by_a_newer_one(self, system: SourceSystem, tap: Callable[..., Tap]) -> None:
        older = tap()
        older.read_snapshot()
        older.confirm()
        newer = tap(older)
        system.put(3, ho_ten="Chi")
        newer.read_rows("3")
        with pytest.raises((Fenced, SourceUnavailable)):
            _read_for_a_while(older)

    def test_a_healthy_system_has_no_problems(self, system: SourceSystem) -> None:
        findings = system.source().probe()
        assert findings
        assert [finding for finding in findings if finding.problem] == []

    def test_it_shows_a_few_rows(self, system: SourceSystem) -> None:
        rows = system.source().sample(ENTITY, 1)
        assert len(rows) == 1
        assert rows[0]["ho_ten"] in {"Nguyễn Văn An", "Đỗ Thị Bình"}


def _read_to_the_end_of(reading: Tap, request: ResyncRequest) -> None:
    def done(_: list[ChangeEvent]) -> bool:
        reading.confirm()
        return is_done(request, reading.memory.last["resync"] if reading.memory.last else None)

    reading.read_until(done)


def _names(events: list[ChangeEvent]) -> dict[str, str]:
    return {event["row"]: event["after"]["ho_ten"] for event in events if event["after"]}


def _read_for_a_while(reading: Tap) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        reading.read()
