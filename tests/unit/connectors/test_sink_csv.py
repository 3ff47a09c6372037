"""What the suite does not ask of the sink `csv`: what its files look like, and what happens to them in trouble."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import Fenced, SinkUnavailable
from connectors.kit import sink_manifest
from connectors.kit.sink_feed import STREAM, Feed, delete, rename, upsert
from connectors.sinks.csv import CsvSink, sink
from connectors.sinks.csv_target.shelf import Shelf
from schemas.settings import Settings
from tests.contract.sinks.csv import records
from tests.unit.full_disk import no_file_larger_than

_TIME = 1_788_134_400_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "báo cáo"
    made.mkdir()
    return made


def _sink(folder: Path, **more: Any) -> CsvSink:
    return sink(sink_manifest({"kind": "csv", "folder": str(folder), **more}), Settings())


def _seen(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_each_write_is_one_file_of_what_it_changed(folder: Path) -> None:
    feed = Feed(_sink(folder))
    feed.write(upsert("k#1", ho_ten="An", ghi_chu="=1")._replace(version=3, source_time=_TIME), upsert("k#2"))
    feed.write(rename("k#1", "k#3"), delete("k#2"), delete("k#9"))
    assert _seen(folder) == ["public.nguoi.000000000001.csv", "public.nguoi.000000000002.csv"]
    assert (folder / "public.nguoi.000000000001.csv").read_bytes().decode() == (
        '"ma","ho_ten","ngay_sinh","ghi_chu","operation","moved_to","version","time"\r\n'
        '"k#1","An",,"\'=1","upsert",,"3","2026-08-31T00:00:00.000000+00:00"\r\n'
        '"k#2",,,,"upsert",,"1",\r\n'
    )
    changes = records(folder / "public.nguoi.000000000002.csv")
    assert [(row["operation"], row["ma"], row["moved_to"], row["ho_ten"]) for row in changes] == [
        ("rename", "k#1", "k#3", "An"),
        ("delete", "k#2", None, None),
    ]


def test_a_snapshot_is_in_the_order_of_keys_with_the_version_of_the_last_change(folder: Path) -> None:
    feed = Feed(_sink(folder, mode="snapshot", bom=True))
    assert (folder / "public.nguoi.csv").read_bytes().startswith('\ufeff"ma","ho_ten"'.encode())
    feed.write(upsert("k#2", ho_ten="Bình"), upsert("k#1", ho_ten="An")._replace(version=4))
    feed.write(upsert("k#1", ho_ten="An")._replace(version=5))
    assert [(row["ma"], row["version"]) for row in records(folder / "public.nguoi.csv")] == [("k#1", "4"), ("k#2", "1")]
    assert _seen(folder) == ["public.nguoi.csv"]


def test_a_write_without_changes_makes_no_file_and_moves_the_position(folder: Path) -> None:
    feed = Feed(_sink(folder))
    feed.write(delete("k#1"))
    assert (_seen(folder), feed.open()) == ([], 1)


def test_files_that_were_taken_away_do_not_come_again(folder: Path) -> None:
    feed = Feed(_sink(folder))
    feed.write(upsert("k#1", ho_ten="An"))
    (folder / "public.nguoi.000000000001.csv").unlink()
    newer = Feed(_sink(folder))
    newer.write(upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten="Bình"))
    assert newer.position == 3
    assert _seen(folder) == ["public.nguoi.000000000002.csv"]
    assert [row["ma"] for row in records(folder / "public.nguoi.000000000002.csv")] == ["k#2"]


@pytest.mark.parametrize("mode", ["append", "snapshot"])
def test_what_was_committed_and_not_shown_is_shown_by_the_next(
    folder: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(_sink(folder, mode=mode))
    before = _seen(folder)
    with monkeypatch.context() as patch:
        patch.setattr(Shelf, "settle", _no_space)
        with pytest.raises(SinkUnavailable, match="has room"):
            feed.write(upsert("k#1", ho_ten="An"))
    assert _seen(folder) == before
    newer = Feed(_sink(folder, mode=mode))
    assert newer.position == 1
    assert [row["ho_ten"] for path in folder.glob("*.csv") for row in records(path)] == ["An"]


def test_what_was_drafted_and_not_committed_is_never_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed(_sink(folder))
    draft = Shelf.draft

    def drafted(*arguments: Any) -> None:
        draft(*arguments)
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(Shelf, "draft", drafted)
        with pytest.raises(SinkUnavailable, match="disk I/O error"):
            feed.write(upsert("k#1", ho_ten="An"))
    assert len(list(folder.glob(".lienthong/*/0*"))) == 1
    assert feed.open() == 0
    assert list(folder.glob(".lienthong/*/0*")) == []
    feed.write(upsert("k#1", ho_ten="Bình"))
    assert [row["ho_ten"] for row in records(folder / "public.nguoi.000000000001.csv")] == ["Bình"]


def test_a_snapshot_that_is_gone_comes_again(folder: Path) -> None:
    Feed(_sink(folder)).write(upsert("k#1", ho_ten="An"))
    Feed(_sink(folder, mode="snapshot"))
    assert [row["ho_ten"] for row in records(folder / "public.nguoi.csv")] == ["An"]


def test_a_snapshot_waits_for_its_turn(folder: Path) -> None:
    feed = Feed(_sink(folder, mode="snapshot", every=0.3))
    feed.write(upsert("k#1"))
    shown = time.monotonic()
    feed.write(upsert("k#2"))
    assert time.monotonic() - shown > 0.25
    assert len(records(folder / "public.nguoi.csv")) == 2


def test_two_partitions_share_a_table(folder: Path) -> None:
    one, other = Feed(_sink(folder)), Feed(_sink(folder), STREAM._replace(partition=1))
    one.write(upsert("k#1"))
    other.write(upsert("k#2"))
    one.write(upsert("k#3"))
    assert [records(path)[0]["ma"] for path in sorted(folder.glob("*.csv"))] == ["k#1", "k#2", "k#3"]


def test_a_process_in_the_middle_of_a_write_keeps_others_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sinks.csv_target.ledger._LOCK_SECONDS", 0.1)
    feed = Feed(_sink(folder))
    holder = sqlite3.connect(folder / ".lienthong" / "public.nguoi" / "ledger.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(SinkUnavailable, match="frozen"):
        feed.write(upsert("k#1"))
    with pytest.raises(SinkUnavailable, match="frozen"):
        feed.open()
    holder.execute("ROLLBACK")
    assert feed.open() == 0


def test_a_folder_that_is_gone_is_not_made_up_for(folder: Path) -> None:
    feed = Feed(_sink(folder))
    away = folder.rename(folder.with_name("away"))
    with pytest.raises(SinkUnavailable):
        feed.write(upsert("k#1"))
    with pytest.raises(SinkUnavailable, match="not there"):
        feed.open()
    assert not folder.exists()
    away.rename(folder)
    assert feed.open() == 0


def test_a_ledger_that_was_lost_ends_the_sink_that_knew_it(folder: Path) -> None:
    feed = Feed(_sink(folder))
    feed.write(upsert("k#1", ho_ten="An"))
    (folder / ".lienthong" / "public.nguoi" / "ledger.sqlite").unlink()
    with pytest.raises(Fenced):
        feed.open()
    newer = Feed(_sink(folder))
    assert newer.position == 0
    newer.write(upsert("k#1", ho_ten="Bình"))
    assert [records(path)[0]["ho_ten"] for path in sorted(folder.glob("*.csv"))] == ["An", "Bình"]


def test_the_probe_says_what_is_wrong(folder: Path) -> None:
    [problem] = [found for found in _sink(folder / "none").probe() if found.problem]
    assert "not there" in problem.problem
    manifest = sink_manifest({"kind": "csv", "folder": str(folder)})
    subscription = manifest.subscribes["person"]
    columns = {**subscription.fields, "version": subscription.fields["ho_ten"]}
    for wrong in ({"into": "../x"}, {"into": ".x"}, {"fields": columns}):
        changed = manifest.model_copy(update={"subscribes": {"person": subscription.model_copy(update=wrong)}})
        made = sink(changed, Settings())
        assert [found.remedy for found in made.probe() if found.problem]
        with pytest.raises(SinkUnavailable):
            made.open([STREAM])


@pytest.mark.parametrize("mode", ["append", "snapshot"])
def test_a_full_disk_is_told_of_and_nothing_is_lost(folder: Path, mode: str) -> None:
    feed = Feed(_sink(folder, mode=mode))
    feed.write(upsert("k#0", ho_ten="An"))
    before = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    many = [upsert(f"k#{number}", ho_ten="Bình" * 20) for number in range(1, 3_000)]
    with no_file_larger_than(100_000), pytest.raises(SinkUnavailable, match="has room"):
        feed.write(*many)
    assert {path.name: path.read_bytes() for path in folder.glob("*.csv")} == before
    assert feed.open() == 1
    feed.write(*many)
    seen = [row["ma"] for path in sorted(folder.glob("*.csv")) for row in records(path)]
    assert sorted(seen) == sorted(f"k#{number}" for number in range(3_000))
    assert list(folder.glob(".lienthong/*/0*")) == []


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")
