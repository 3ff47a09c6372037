"""While deliveries flow, nothing that is on its way is taken for drift, and everything that was changed behind our back
is found: over many histories in which anything may happen between any two steps of a look.
"""

import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

import pytest

from connectors.values import Difference, Expected, Stream
from console.errors import Unanswered
from console.reconciling import looks
from console.reconciling.expectation import Known
from console.reconciling.looks import Drift, Looker

STREAM = Stream("person", "to.s.person", 0, "id")
#: Keys below are left alone by the traffic, so that what is planted there stays.
QUIET, ALL = 20, 60


@dataclass
class World:
    """A delivery topic, a sink and its target. What another key's owner has still to say after a rename waits."""

    chance: random.Random
    log: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    owed: list[str] = field(default_factory=list)
    written: int = 0
    target: dict[str, str] = field(default_factory=dict)
    moves: bool = True

    def happen(self) -> None:
        """A few things, in any order."""
        for _ in range(self.chance.choice((0, 0, 1, 4)) if self.moves else 0):
            self.chance.choice((self.deliver, self.deliver, self.rename, self.answer, self.write, self.write))()

    def deliver(self) -> None:
        key = f"k{self.chance.randrange(QUIET, ALL)}"
        value = None if self.chance.random() < 0.2 else f"{len(self.log)}"
        if key not in self.owed:
            self.log.append((key, value, None))

    def rename(self) -> None:
        old, new = (f"k{number}" for number in self.chance.sample(range(QUIET, ALL), 2))
        if old not in self.owed and new not in self.owed:
            self.log.append((old, None, new))
            self.owed.append(new)

    def answer(self) -> None:
        if self.owed:
            self.log.append((self.owed.pop(0), f"{len(self.log)}", None))

    def write(self) -> None:
        if self.written < len(self.log):
            key, value, moved_to = self.log[self.written]
            old = self.target.pop(key, None)
            if moved_to is not None and old is not None:
                self.target.setdefault(moved_to, old)
            elif value is not None:
                self.target[key] = value
            self.written += 1

    def write_all(self) -> None:
        while self.written < len(self.log):
            self.write()

    # As `Readable`

    def position(self, _: Stream) -> int:
        self.happen()
        self.write()
        return self.written

    def prepare(self, _: str) -> None:
        self.happen()

    def differences(self, _: str, expected: Collection[Expected]) -> list[Difference]:
        found = []
        for key, row in expected:
            self.happen() if self.chance.random() < 0.1 else None
            held = self.target.get(key)
            if (None if row is None else row[0]) != held:
                found.append(Difference(key, "extra" if row is None else "missing" if held is None else "different"))
        return found

    def strangers(self, _: str, known: Iterable[str]) -> list[str]:
        self.happen()
        told = set(known)
        return [key for key in self.target if key not in told]

    def close(self) -> None: ...


@dataclass
class Reading:
    """See `Expectation`: the log, read."""

    world: World
    end: int = 0
    touched: set[str] = field(default_factory=set)
    said: dict[str, str | None] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    buried: dict[str, str] = field(default_factory=dict)
    #: Of which it is not known what is expected.
    unclear: list[str] = field(default_factory=list)

    def follow(self) -> None:
        self.world.happen()
        for key, value, moved_to in self.world.log[self.end :]:
            self.said[key] = value
            self.touched |= {key} | ({moved_to} if moved_to else set())
            self.open = self.open - {key} | ({moved_to} if moved_to else set())
        self.end = len(self.world.log)

    def rows(self) -> list[Expected]:
        return [Expected(key, None if value is None else [value]) for key, value in self.said.items()]

    def find(self, keys: Collection[str]) -> dict[str, Known]:
        return {each.key: Known(f"owner of {each.key}", each) for each in self.rows() if each.key in keys}

    def told(self) -> Iterator[str]:
        return iter([*self.said, *self.unclear])

    def is_open(self, key: str) -> bool:
        return key in self.open

    def refused(self) -> dict[str, str]:
        return dict(self.buried)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "_LOOK_SECONDS", 0)


def world(seed: int) -> World:
    """With a history behind it, all of it written."""
    made = World(random.Random(seed))
    made.log += [(f"k{number}", f"first {number}", None) for number in range(ALL)]
    for _ in range(100):
        made.happen()
    made.write_all()
    return made


def looker(made: World, *, corrects: bool = False) -> Looker:
    return Looker(Reading(made), made, STREAM, corrects)


@pytest.mark.parametrize("seed", range(200))
def test_traffic_alone_is_no_drift(seed: int) -> None:
    assert looker(world(seed)).look(pause=0).drifts == []


@pytest.mark.parametrize("seed", range(200))
def test_what_was_changed_behind_our_back_is_found_and_nothing_else(seed: int) -> None:
    made = world(seed)
    made.log.append(("k3", None, None))
    made.write_all()
    made.target |= {"k1": "changed", "k3": "back again"}
    del made.target["k2"]
    found = looker(made).look(pause=0)
    assert sorted((each.key, each.kind) for each in found.drifts) == [
        ("k1", "different"),
        ("k2", "missing"),
        ("k3", "extra"),
    ]
    assert found.drifts[0].owner == f"owner of {found.drifts[0].key}"


@pytest.mark.parametrize("seed", range(50))
def test_in_a_table_that_holds_nothing_else_every_other_row_is_extra(seed: int) -> None:
    made = world(seed)
    made.target |= {"never told": "x", "in another form": "y"}
    reading = Reading(made, unclear=["in another form"])
    found = Looker(reading, made, STREAM, corrects=False, owner_of=lambda key: f"owner of {key}").look(pause=0)
    assert found.drifts == [Drift("owner of never told", "never told", "extra")]
    assert Looker(Reading(made), made, STREAM, corrects=False).look(pause=0).drifts == []


def test_a_row_that_a_rename_has_brought_is_not_judged_before_its_owner_has_spoken() -> None:
    made = World(random.Random(0), moves=False)
    made.log += [("a", "1", None), ("b", "2", None), ("b", None, None), ("a", None, "b")]
    made.write_all()
    assert made.target == {"b": "1"}
    assert looker(made).look(pause=0).drifts == []
    made.log.append(("b", None, None))
    assert [each.kind for each in looker(made).look(pause=0).drifts] == []


def test_rows_of_a_systems_own_are_not_missed() -> None:
    made = World(random.Random(0), [("a", "1", None), ("b", "1", None)], moves=False)
    made.write_all()
    made.target = {"b": "2"}
    assert [each.key for each in looker(made, corrects=True).look(pause=0).drifts] == ["b"]


def test_what_the_target_refused_is_told_apart_also_where_nobody_knows_what_it_should_be() -> None:
    made = World(random.Random(0), [("a", "1", None), ("b", "1", None), ("c", "1", None)], moves=False)
    made.write_all()
    made.target["a"] = "older"
    made_looker = looker(made)
    assert isinstance(made_looker.expectation, Reading)
    made_looker.expectation.buried = {"a": "A", "c": "C", "z": "Z"}
    found = made_looker.look(pause=0).drifts
    assert sorted((each.key, each.kind) for each in found) == [("a", "refused"), ("z", "refused")]


def test_a_sink_that_does_not_come_any_further_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "_PATIENCE_SECONDS", -1)
    made = World(random.Random(0), [("a", "1", None)], moves=False)
    monkeypatch.setattr(made, "position", lambda _: -1)
    with pytest.raises(Unanswered, match=r"to\.s\.person.*offset 0 of 1.*lienthong status"):
        looker(made).look(pause=0)


def test_keys_that_change_meanwhile_are_counted_and_not_accused() -> None:
    made = World(random.Random(0), [("a", "1", None), ("b", "1", None)], moves=False)
    made.write_all()
    made.target["a"] = "changed"
    made_looker = looker(made)
    follow, times = made_looker.expectation.follow, []

    def deliver_then_follow() -> None:
        times.append(1)
        if len(times) == 2:
            made.log.append(("a", "3", None))
        follow()

    made_looker.expectation.follow = deliver_then_follow  # type: ignore[method-assign]
    found = made_looker.look(pause=0)
    assert (found.drifts, found.on_the_way, found.checked) == ([], 1, 2)
    assert Drift("x", "y", "extra") not in found.drifts
