"""A walk over the states of a partition: in steps, resumable, between live changes, ended by a newer one."""

from typing import Any

import pytest

from schemas import topics
from schemas.catalogue import Catalogue, compile_catalogue
from streams import walk, walk_markers
from streams.place import Place
from streams.revision import REVISION_KEY, Worked, revision_record, worked_in
from tests.unit.streams.city import ENTITY
from tests.unit.streams.live_city import _REGISTRY as REGISTRY
from tests.unit.streams.live_city import compiled
from tests.unit.streams.memory import MemoryBatch, MemoryKafka, RawWriter
from tests.unit.streams.simulation import COLUMNS, Source, manifest, publication, subscription

IDENTIFY, RAW, TO = topics.identify(ENTITY), topics.raw("a", ENTITY), topics.to("s", ENTITY)
A = manifest("a", publishes=publication({"full_name": "ten", "ward": "xa"}, ["full_name", "ward", "existence"]))
S = manifest("s", subscribes=subscription({"k": "key"}, {"n": "full_name"}))
T = manifest("t", subscribes=subscription({"k": "key"}, {"n": "full_name"}))
FIRST = compile_catalogue([A, S], 1)
SECOND = compile_catalogue([A, S, T], 2, previous=FIRST)
THIRD = compile_catalogue([A, T], 3, previous=SECOND)


class Bench:
    """One partition with five people in it, worked by the first catalogue."""

    def __init__(self) -> None:
        self.kafka, self.source = MemoryKafka(), Source("a")
        self._write = RawWriter(REGISTRY, "a", COLUMNS)
        self._read: dict[str, int] = {}
        self.source.begin()
        for number in range(5):
            self.change(f"00109900000{number}", FIRST)

    def change(self, so: str, catalogue: Catalogue, **values: str) -> None:
        """A person of this number is new."""
        self.source.insert(so, {"ten": "An", "sinh": None, "xa": "00001", "dt": None, **values})
        self.say(catalogue)

    def say(self, catalogue: Catalogue) -> None:
        """What the source did last is worked."""
        key, event = self.source.log[-1]
        self.kafka.append(RAW, None if key is None else key.encode(), self._write(event))
        self.work(RAW, catalogue)

    def apply(self, catalogue: Catalogue) -> None:
        """The marker is in the topic."""
        value = compiled(catalogue)._wire.write_forward(walk_markers.reproject(catalogue.revision, at=5))
        self.kafka.append(IDENTIFY, None, value)

    def next_batch(self, topic: str) -> MemoryBatch:
        return self.kafka.batch(topic, 0, self._read.get(topic, 0), 1)

    def work(self, topic: str, catalogue: Catalogue) -> None:
        """One record of the topic."""
        batch = self.next_batch(topic)
        compiled(catalogue).process(batch)
        self._read[topic] = self._read.get(topic, 0) + len(batch.records)

    def walk(self, catalogue: Catalogue) -> int:
        """The steps until nothing is left to do."""
        steps = 0
        while self.next_batch(IDENTIFY).records:
            self.work(IDENTIFY, catalogue)
            steps += 1
        return steps

    def worked(self) -> Worked:
        batch = self.kafka.batch(RAW, 0, 0, 0)
        return Place(batch, compiled(FIRST)._wire).worked

    def told(self, system: str) -> list[str]:
        """Keys of what was delivered, in order."""
        return [d["key"][-1] for d in self.kafka.read(topics.to(system, ENTITY), REGISTRY)]

    def deliveries(self) -> list[Any]:
        """Of the first subscriber."""
        return self.kafka.read(TO, REGISTRY)

    def routes(self) -> list[list[str]]:
        entries = self.kafka.states[0].entries
        wire = compiled(FIRST)._wire
        return [
            [route["system"] for route in wire.read_state(value)["routes"]]
            for key, value in sorted(entries.items())
            if key != REVISION_KEY.encode()
        ]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_new_subscriber_is_filled_in_steps_and_nobody_else_hears_of_it(bench: Bench) -> None:
    bench.apply(SECOND)
    assert bench.walk(SECOND) == 3
    assert bench.told("t") == list("01234")
    assert bench.told("s") == list("01234"), "as before"
    assert bench.worked() == Worked(2, 2)


def test_a_step_stops_when_its_time_is_over(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100))
    monkeypatch.setattr(walk, "STEP_KEYS", 1000)
    monkeypatch.setattr("streams.walk.time.monotonic", lambda: next(clock))
    bench.apply(SECOND)
    assert bench.walk(SECOND) == 5, "one key a step at least, else it would never end"
    assert bench.told("t") == list("01234")


def test_a_step_stops_when_it_has_sent_enough(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "STEP_KEYS", 1000)
    monkeypatch.setattr(walk, "STEP_BYTES", 10)
    bench.apply(SECOND)
    assert bench.walk(SECOND) == 5


def test_live_changes_go_between_the_steps_and_are_sent_once(bench: Bench) -> None:
    bench.apply(SECOND)
    bench.work(IDENTIFY, SECOND)
    assert bench.told("t") == ["0", "1"]
    bench.change("001099000008", SECOND)
    bench.change("001099000009", SECOND)
    assert bench.told("t") == ["0", "1", "8", "9"], "before the walk has come so far"
    bench.walk(SECOND)
    assert sorted(bench.told("t")) == [*list("01234"), "8", "9"]


def test_another_worker_goes_on_where_the_first_was_killed(bench: Bench) -> None:
    bench.apply(SECOND)
    bench.work(IDENTIFY, SECOND)
    rest = Bench.__new__(Bench)
    rest.__dict__ |= bench.__dict__
    assert rest.walk(SECOND) == 2
    assert rest.told("t") == list("01234")


def test_a_walk_ends_when_a_newer_marker_has_come(bench: Bench) -> None:
    bench.apply(SECOND)
    bench.work(IDENTIFY, SECOND)
    bench.apply(THIRD)
    steps = bench.walk(THIRD)
    assert steps == 1 + 1 + 3, "one step before its turn, one that does nothing"
    assert bench.told("t") == list("01234")
    assert bench.worked() == Worked(3, 3)


def test_an_older_marker_that_comes_late_does_nothing(bench: Bench) -> None:
    bench.apply(THIRD)
    bench.work(IDENTIFY, THIRD)
    bench.apply(SECOND)
    bench.walk(THIRD)
    assert bench.worked() == Worked(3, 3)
    assert bench.told("t") == list("01234")


def test_of_a_subscriber_that_left_it_is_kept_that_it_may_hold_the_record(bench: Bench) -> None:
    bench.apply(THIRD)
    bench.walk(THIRD)
    assert bench.routes() == [["s", "t"]] * 5
    assert bench.told("s") == list("01234"), "nothing is deleted in its system"


def test_an_older_worker_is_told_that_it_must_not_work_here(bench: Bench) -> None:
    older = compiled(FIRST)
    assert older.needs(bench.next_batch(RAW)) == 1
    bench.apply(SECOND)
    assert older.needs(bench.next_batch(IDENTIFY)) == 2
    bench.walk(SECOND)
    assert older.needs(bench.next_batch(RAW)) == 2


def test_bytes_that_are_no_forward_ask_for_no_catalogue(bench: Bench) -> None:
    bench.kafka.append(IDENTIFY, b"k", b"not a forward")
    assert compiled(FIRST).needs(bench.next_batch(IDENTIFY)) == 1


@pytest.mark.parametrize(("stated", "needed"), [(b"7", 7), (b"", 1), (b"x", 1)])
def test_a_marker_of_a_source_says_which_catalogue_reads_what_follows(bench: Bench, stated: bytes, needed: int) -> None:
    headers: list[Any] = [(topics.REVISION_HEADER, stated)]
    bench.kafka.append(RAW, None, b"", headers=headers)
    assert compiled(FIRST).needs(bench.next_batch(RAW)) == needed


def test_the_record_of_a_partition_reads_back() -> None:
    assert worked_in(revision_record(Worked(7, 5))) == Worked(7, 5)
    assert worked_in(None) == Worked(0, 0)


def test_what_a_source_says_after_it_left_is_dropped_and_no_dead_letter(bench: Bench) -> None:
    gone = compile_catalogue([S], 2, previous=FIRST)
    bench.change("001099000007", gone)
    assert not bench.kafka.logs[topics.DEAD_LETTERS, 0]
    outcome = bench.kafka.read(topics.OUTCOMES, REGISTRY)[-1]
    assert (outcome["result"], outcome["system"]) == ("superseded", "a")
    bench.apply(gone)
    bench.walk(gone)
    assert [d["operation"] for d in bench.kafka.read(TO, REGISTRY)][5:] == ["delete"] * 5


def test_one_version_says_one_thing(bench: Bench) -> None:
    other = manifest("s", subscribes=subscription({"k": "key"}, {"other": "full_name"}))
    bench.apply(compile_catalogue([A, other], 2, previous=FIRST))
    bench.walk(compile_catalogue([A, other], 2, previous=FIRST))
    versions = [d["version"] for d in bench.kafka.read(TO, REGISTRY)]
    assert versions == [1] * 5 + [2] * 5
