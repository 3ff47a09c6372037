"""The local state: what is written stays, a batch sees its own puts, a scan sees one moment."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rocksdict import Cache

from streams.engine.checkpoint import Checkpoint
from streams.engine.errors import BatchClosedError, StateError
from streams.engine.overlay import BatchState
from streams.engine.state import PartitionState
from tests.unit.full_disk import no_file_larger_than

CACHE = Cache(1_000_000)
MARK = Checkpoint("topic", 7)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[PartitionState]:
    opened = PartitionState(tmp_path / "p", cache=CACHE)
    yield opened
    opened.close()


def test_what_was_applied_is_there_after_opening_again_with_its_checkpoint(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "p", cache=CACHE)
    assert state.checkpoint() is None
    state.apply({b"a": b"1", b"b": b"2", b"gone": b"x"}, Checkpoint("topic", 6))
    state.apply({b"b": b"3", b"gone": None}, MARK)
    state.close()
    state.close()
    again = PartitionState(tmp_path / "p", cache=CACHE)
    assert list(again.items()) == [(b"a", b"1"), (b"b", b"3")]
    assert again.get(b"gone") is None
    assert again.checkpoint() == MARK
    again.close()


def test_a_wiped_state_is_empty_and_has_no_checkpoint(state: PartitionState) -> None:
    state.apply({b"a": b"1"}, MARK)
    state.wipe()
    assert list(state.items()) == []
    assert state.checkpoint() is None
    state.apply({b"b": b"2"}, MARK)
    assert state.get(b"b") == b"2"


def test_damaged_files_are_replaced_by_an_empty_state(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "p", cache=CACHE)
    state.apply({b"a": b"1"}, MARK)
    state.close()
    (tmp_path / "p" / "CURRENT").write_text("nonsense")
    again = PartitionState(tmp_path / "p", cache=CACHE)
    assert again.get(b"a") is None
    again.close()


_RESTORES_AND_DIES = """
import os, sys
from pathlib import Path
from rocksdict import Cache
from streams.engine.checkpoint import Checkpoint
from streams.engine.state import PartitionState
state = PartitionState(Path(sys.argv[1]), cache=Cache(1_000_000), memtable_bytes=100_000)
state.apply({b"before": b"1"}, Checkpoint("topic", 1))
for number in range(1, 300):
    state.restore({b"%d" % number: os.urandom(2_000)}, Checkpoint("topic", number + 1))
    if number == int(sys.argv[2]):
        state.flush()
os._exit(9)
"""


@pytest.mark.parametrize("flushed", [0, 299])
def test_a_process_that_dies_while_it_restores_leaves_the_state_of_a_checkpoint(tmp_path: Path, flushed: int) -> None:
    argv = [sys.executable, "-c", _RESTORES_AND_DIES, str(tmp_path / "p"), str(flushed)]
    assert subprocess.run(argv, timeout=60, check=False).returncode == 9
    state = PartitionState(tmp_path / "p", cache=CACHE)
    checkpoint = state.checkpoint()
    assert checkpoint is not None
    reached = checkpoint.next_offset
    assert reached == 300 if flushed else 1 < reached <= 300
    assert {key for key, _ in state.items()} == {b"before", *(b"%d" % number for number in range(1, reached))}
    state.close()


def test_what_was_restored_stays_when_it_is_closed_in_order(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "p", cache=CACHE)
    state.restore({b"a": b"1"}, MARK)
    state.close()
    again = PartitionState(tmp_path / "p", cache=CACHE)
    assert (again.get(b"a"), again.checkpoint()) == (b"1", MARK)
    again.close()


@pytest.mark.parametrize("step", [PartitionState.apply, PartitionState.restore])
def test_the_same_keys_written_again_and_again_take_no_more_room(tmp_path: Path, step: Callable[..., None]) -> None:
    """200 KB of values, 40 MB written: logs go with what they were for, and older values with the next merge."""
    state = PartitionState(tmp_path / "p", cache=CACHE, memtable_bytes=100_000)
    most = 0
    for turn in range(200):
        step(state, {b"%03d" % key: os.urandom(1_000) for key in range(200)}, Checkpoint("topic", turn))
        most = max(most, _size(tmp_path / "p"))
    state.close()
    assert 200_000 < _size(tmp_path / "p") <= most < 8_000_000


def _size(folder: Path) -> int:
    """Of its files, but those that go just now."""
    sizes = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return sum(sizes)


def test_a_full_disk_is_told_of_and_what_was_written_before_stays(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "p", cache=CACHE)
    state.apply({b"a": b"1"}, MARK)
    with no_file_larger_than(300_000):
        with pytest.raises(StateError, match="make room on its disk"):
            for number in range(100):
                state.apply({b"b": os.urandom(10_000)}, Checkpoint("topic", 10 + number))
        reached = state.checkpoint()
        with pytest.raises(StateError):
            state.apply({b"c": b"2"}, Checkpoint("topic", 200))
        with pytest.raises(Exception, match="error"):
            state.close()
    again = PartitionState(tmp_path / "p", cache=CACHE)
    assert (again.get(b"a"), again.get(b"c"), again.checkpoint()) == (b"1", None, reached)
    again.close()


def test_a_state_that_the_disk_does_not_take_is_not_thrown_away(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "p", cache=CACHE)
    state.apply({b"a": os.urandom(100_000)}, MARK)
    state.close()
    with no_file_larger_than(1_000), pytest.raises(StateError, match="make room on its disk"):
        PartitionState(tmp_path / "p", cache=CACHE)
    again = PartitionState(tmp_path / "p", cache=CACHE)
    assert again.checkpoint() == MARK
    again.close()


def test_a_second_holder_is_told_what_to_do(
    state: PartitionState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.engine.state._LOCK_SECONDS", 0.1)
    with pytest.raises(StateError, match="a name and a data folder of its own"):
        PartitionState(tmp_path / "p", cache=CACHE)


def test_a_batch_sees_its_own_puts_and_the_state_does_not(state: PartitionState) -> None:
    state.apply({b"a": b"1", b"b": b"2"}, MARK)
    batch = BatchState(state)
    batch.put(b"a", b"9")
    batch.put(b"b", None)
    batch.put(b"c", b"3")
    assert [batch.get(key) for key in (b"a", b"b", b"c", b"d")] == [b"9", None, b"3", None]
    assert list(state.items()) == [(b"a", b"1"), (b"b", b"2")]
    assert batch.changes == {b"a": b"9", b"b": None, b"c": b"3"}


def test_an_empty_key_is_refused(state: PartitionState) -> None:
    with pytest.raises(StateError, match="the key is empty"):
        BatchState(state).put(b"", b"1")


def test_a_closed_batch_can_no_longer_read_or_put(state: PartitionState) -> None:
    batch = BatchState(state)
    batch.close()
    with pytest.raises(BatchClosedError):
        batch.get(b"a")
    with pytest.raises(BatchClosedError):
        batch.put(b"a", b"1")
    with pytest.raises(BatchClosedError):
        next(batch.scan())


def test_a_scan_does_not_see_what_is_put_while_it_runs(state: PartitionState) -> None:
    state.apply({b"%03d" % number: b"old" for number in range(100)}, MARK)
    batch = BatchState(state)
    seen = []
    for key, value in batch.scan():
        seen.append((key, value))
        batch.put(key, b"new")
        batch.put(b"x" + key, b"more")
    assert seen == [(b"%03d" % number, b"old") for number in range(100)]
    assert dict(batch.scan()) == {b"%03d" % n: b"new" for n in range(100)} | {b"x%03d" % n: b"more" for n in range(100)}


_keys = st.binary(min_size=1, max_size=2)


@settings(deadline=None)  # each example opens a database, which a busy disk may hold up
@given(st.dictionaries(_keys, st.binary(max_size=2)), st.dictionaries(_keys, st.none() | st.binary(max_size=2)), _keys)
def test_a_scan_is_the_committed_state_under_the_batch_s_puts_in_the_order_of_keys(
    tmp_path_factory: pytest.TempPathFactory,
    committed: dict[bytes, bytes],
    puts: dict[bytes, bytes | None],
    start: bytes,
) -> None:
    state = PartitionState(tmp_path_factory.mktemp("state"), cache=CACHE)
    state.apply(committed, MARK)
    batch = BatchState(state)
    for key, value in puts.items():
        batch.put(key, value)
    model = sorted((key, value) for key, value in (committed | puts).items() if value is not None)
    assert list(batch.scan()) == model
    assert list(batch.scan(start)) == [(key, value) for key, value in model if key >= start]
    state.close()
