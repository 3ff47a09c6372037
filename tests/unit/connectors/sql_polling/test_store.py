"""What is kept on this machine: whole or not at all, and by one owner."""

import sqlite3
import stat
from pathlib import Path

import pytest

from connectors.errors import Fenced, SourceUnavailable
from connectors.sources.sql_polling.store import Known, Round, Store
from tests.unit.full_disk import no_file_larger_than


def _known(name: str, cursor: str = "1") -> Known:
    return Known(name, f"[{name}]", cursor, b"d", {"id": int(name)})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sources" / "dkkd.sqlite"


@pytest.fixture
def store(path: Path) -> Store:
    made = Store(path)
    made.begin_anew("a", 3)
    return made


def test_rows_are_known_until_they_are_forgotten(store: Store) -> None:
    with store.writing():
        store.learn("t", [_known("1"), _known("2")])
        store.learn("t", [_known("2", cursor="9")])
    assert store.known("t", ["1", "2", "3"]) == {"1": _known("1"), "2": _known("2", cursor="9")}
    assert store.known("khác", ["1"]) == {}
    with store.writing():
        store.forget("t", ["1"])
    assert set(store.known("t", ["1", "2"])) == {"2"}


def test_what_was_seen_of_our_writes_goes_on_from_the_last_sweep(store: Store) -> None:
    assert store.seen("t", ["1", "2"]) == {}
    with store.writing():
        store.keep_seen("t", {"1": 7, "2": 3})
    assert store.seen("t", ["1", "2", "3"]) == {"1": 7, "2": 3}
    with store.writing():
        store.keep_swept("t", 5)
        store.forget("t", ["1"])
    assert store.seen("t", ["1", "2", "3"]) == {"1": 5, "2": 5, "3": 5}
    assert store.seen("khác", ["1"]) == {}


def test_a_round_that_fails_leaves_nothing(store: Store) -> None:
    before = store.last
    with pytest.raises(ZeroDivisionError), store.writing():
        store.learn("t", [_known("1")])
        store.next_commit()
        raise ZeroDivisionError
    assert store.known("t", ["1"]) == {}
    assert store.last == before


def test_positions_grow_with_rounds_and_generations_also_after_a_restart(store: Store, path: Path) -> None:
    found = []
    for generation in (3, 4):
        again = Store(path)
        again.take_over(generation)
        for _ in range(2):
            with again.writing():
                found.append(again.next_commit())
    assert found == sorted(set(found))
    assert [commit >> 32 for commit in found] == [3, 3, 4, 4]
    assert Store(path).last == found[-1]
    assert max(found) < 2**63


def test_only_the_owner_writes(store: Store, path: Path) -> None:
    newer = Store(path)
    newer.take_over(4)
    with pytest.raises(Fenced), store.writing():
        store.learn("t", [_known("1")])
    newer.begin_anew("b", 4)
    with pytest.raises(Fenced), store.writing():
        pass
    assert newer.known("t", ["1"]) == {}


def test_rounds_come_again_in_order_until_they_are_acknowledged(store: Store, path: Path) -> None:
    rounds = [Round(n, "t", "{}", [{"after": {"b": b"\xff"}, "row": str(n)}]) for n in (5, 6, 7)]
    with store.writing():
        for found in rounds:
            store.keep_round(found)
    assert list(Store(path).unacknowledged()) == rounds
    store.acknowledged(6)
    assert list(Store(path).unacknowledged()) == rounds[2:]


def test_floors_are_kept(store: Store, path: Path) -> None:
    assert store.floor("t") is None
    with store.writing():
        store.keep_floor("t", "2026-01-01")
    assert Store(path).floor("t") == "2026-01-01"


def test_a_sweep_tells_what_is_not_known_so_and_what_was_not_met(store: Store) -> None:
    with store.writing():
        store.learn("t", [_known("1"), _known("2"), _known("3")])
    store.begin_meeting()
    assert sorted(store.meet("t", [("1", "[1]", "1"), ("2", "[2]", "8"), ("4", "[4]", "1")])) == ["[2]", "[4]"]
    assert [known.name for known in store.missed("t", 10)] == ["3"]
    store.begin_meeting()
    assert len(store.missed("t", 2)) == 2


def test_begun_anew_it_knows_nothing(store: Store) -> None:
    with store.writing():
        store.learn("t", [_known("1")])
        store.keep_floor("t", 5)
        store.keep_round(Round(5, "t", "{}", []))
    store.begin_anew("b", 9)
    assert (store.known("t", ["1"]), store.floor("t"), list(store.unacknowledged())) == ({}, None, [])
    assert (store.id, store.generation, store.last) == ("b", 9, 0)


def test_others_may_not_read_it(store: Store, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_damaged_file_is_made_anew(store: Store, path: Path) -> None:
    store.close()
    for found in path.parent.iterdir():
        found.write_bytes(b"no database" * 1000)
    assert Store(path).id == ""


def test_a_disk_that_fails_passes(store: Store, path: Path) -> None:
    blocking = sqlite3.connect(path)
    blocking.execute("DROP TABLE unacknowledged")
    blocking.commit()
    with pytest.raises(SourceUnavailable, match="data folder"):
        store.acknowledged(5)


def _round(commit: int, size: int) -> Round:
    return Round(commit, "t", "{}", [{"row": "x" * size}])


def test_what_kafka_has_acknowledged_takes_no_room(store: Store, path: Path) -> None:
    """Rounds of 1 MB, ten of them unacknowledged at a time, as Kafka lets them wait: the room is used again."""
    sizes = []
    for turn in range(20):
        commits = range(turn * 10, turn * 10 + 10)
        for commit in commits:
            with store.writing():
                store.keep_round(_round(commit, 1_000_000))
        store.acknowledged(commits[-1])
        sizes.append(sum(found.stat().st_size for found in path.parent.iterdir()))
    assert list(store.unacknowledged()) == []
    assert max(sizes) < 22_000_000
    with store.writing():
        store.keep_round(_round(999, 30_000_000))
    store.acknowledged(999)
    with store.writing():  # what begins the log anew cuts it back
        store.keep_floor("t", 1)
    assert path.with_name(path.name + "-wal").stat().st_size <= 4_000_000


def test_a_full_disk_is_told_of_and_what_was_written_before_stays(store: Store, path: Path) -> None:
    kept = _round(1, 1_000)
    with store.writing():
        store.learn("t", [_known("1")])
        store.keep_round(kept)
    last = store.last
    with no_file_larger_than(300_000):
        with pytest.raises(SourceUnavailable, match="see that the data folder has room"):
            _write_too_much(store)
        assert (list(store.unacknowledged()), store.last) == ([kept], last)
    assert list(Store(path).unacknowledged()) == [kept]
    _write_too_much(store)
    assert set(store.known("t", ["1", "2"])) == {"1", "2"}
    assert [found.commit for found in Store(path).unacknowledged()] == [1, store.last]


def _write_too_much(store: Store) -> None:
    with store.writing():
        store.learn("t", [_known("2")])
        store.keep_round(_round(store.next_commit(), 1_000_000))
