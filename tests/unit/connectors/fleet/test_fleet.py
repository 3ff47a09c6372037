"""Which connectors run, and when one that has ended is started again."""

import json
from dataclasses import dataclass, field

import pytest

from connectors.fleet.fleet import Fleet, Member
from connectors.fleet.scout import Roll, Wanted, line_of, metrics_port, read_lines
from connectors.run_sink import FENCED, MISUSED, STOPPED
from schemas.catalogue import compile_catalogue
from schemas.settings import Settings
from tests.unit.streams.two_way_city import CITY

_SETTINGS = Settings(metrics_port=17_000)
_NAMES = ("source/a", "sink/a", "sink/b")


@dataclass
class Yard:
    """Processes that do nothing: pids count up."""

    now: float = 1000.0
    started: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fleet = Fleet(self.start, clock=lambda: self.now)

    def start(self, member: Member) -> int:
        self.started.append(member.name)
        return len(self.started)

    def want(self, revision: int, *names: str) -> list[str]:
        """Which are started by that."""
        before = len(self.started)
        self.fleet.want(Wanted(revision, {name: number for number, name in enumerate(names, 1)}))
        self.fleet.start_due()
        return self.started[before:]

    def end(self, name: str, code: int) -> float | None:
        """The seconds until it is started again; None: never."""
        assert self.fleet.ended(self.fleet.running[name], code)
        return self.fleet.next_due()

    def wait(self, seconds: float) -> list[str]:
        before = len(self.started)
        self.now += seconds
        self.fleet.start_due()
        return self.started[before:]


@pytest.fixture
def yard() -> Yard:
    made = Yard()
    assert made.want(1, *_NAMES) == [*_NAMES]
    return made


def test_only_a_later_catalogue_counts(yard: Yard) -> None:
    assert yard.want(1, *_NAMES, "sink/c") == []
    assert yard.want(2, *_NAMES, "sink/c") == ["sink/c"]
    assert yard.want(1, "sink/d") == []
    assert yard.fleet.running == {"source/a": 1, "sink/a": 2, "sink/b": 3, "sink/c": 4}


@pytest.mark.parametrize("code", [1, -9])
def test_trouble_is_waited_for_longer_and_longer_until_it_is_over(yard: Yard, code: int) -> None:
    waits = []
    for _ in range(6):
        wait = yard.end("sink/a", code)
        assert wait is not None
        waits.append(wait)
        assert yard.wait(wait - 0.1) == []
        assert yard.wait(0.1) == ["sink/a"]
    assert waits == [2, 4, 8, 16, 30, 30]
    yard.now += 61
    assert yard.end("sink/a", code) == 2


@pytest.mark.parametrize("code", [STOPPED, MISUSED])
def test_who_has_nothing_to_do_or_needs_a_person_waits_for_another_catalogue(yard: Yard, code: int) -> None:
    assert yard.end("sink/a", code) is None
    assert yard.wait(3600) == []
    assert yard.want(2, *_NAMES) == ["sink/a"]


def test_who_was_fenced_stays_so(yard: Yard) -> None:
    assert yard.end("sink/a", FENCED) is None
    assert yard.want(2, *_NAMES) == []


def test_who_is_wanted_no_more_is_not_started_again(yard: Yard) -> None:
    assert yard.want(2, "source/a") == []
    assert yard.end("sink/a", 1) is None
    assert yard.wait(3600) == []
    assert yard.want(3, *_NAMES) == ["sink/a"]


def test_another_process_is_no_connector(yard: Yard) -> None:
    assert not yard.fleet.ended(99, 0)


def test_a_source_for_who_publishes_and_a_sink_for_who_receives() -> None:
    wanted = Roll({}).call(compile_catalogue(CITY, 7))
    assert wanted.revision == 7
    assert {"source/h", "sink/h", "source/d", "sink/d"} <= wanted.connectors.keys()
    text = line_of(wanted) + line_of(Wanted(8, {}))
    assert read_lines(text[:9]) == ([], text[:9])
    assert read_lines(text + b"[9") == ([wanted, Wanted(8, {})], b"[9")


def test_a_connector_keeps_its_number_and_prometheus_is_told_who_is_where() -> None:
    numbers = {"sink/d": 1, "sink/gone": 2}
    roll = Roll(numbers)
    assert json.loads(roll.targets(_SETTINGS)) == []
    found = roll.call(compile_catalogue(CITY, 7)).connectors
    assert found["sink/d"] == 1
    assert sorted(found.values()) == [1, *range(3, len(found) + 2)]
    told = {group["labels"]["process"]: group["targets"] for group in json.loads(roll.targets(_SETTINGS))}
    assert told["sink-d"] == ["127.0.0.1:17001"]
    assert len(told) == len(found)


def test_where_nothing_is_served_no_connector_has_a_port() -> None:
    assert [metrics_port(Settings(metrics_port=0), number) for number in (1, 2)] == [0, 0]
    assert [metrics_port(_SETTINGS, number) for number in (1, 2)] == [17_001, 17_002]
