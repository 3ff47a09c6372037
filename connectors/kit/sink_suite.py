"""What every kind of sink must do. See `sink_suite`."""
# ruff: noqa: S101, S311 - a suite is made of assertions, and of seeded randomness

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import ClassVar

import pytest

from connectors.delivery.loop import MOST_DELIVERIES
from connectors.errors import Fenced, SinkUnavailable
from connectors.kit.sink_feed import STREAM, Feed, delete, expected, rename, upsert
from connectors.kit.sink_target import KEY, NAME_LIMIT, SinkTarget
from connectors.values import Rejected, Write

OpenTarget = Callable[[pytest.FixtureRequest], AbstractContextManager[SinkTarget]]

#: More than the column `ho_ten` of a target takes.
TOO_LONG = "Ừ" * (NAME_LIMIT + 1)


def sink_suite(open_target: OpenTarget) -> type["SinkSuite"]:
    """The whole suite as a test class for one kind; assign it to a name that starts with `Test`."""
    return type("SinkSuite", (SinkSuite,), {"open_target": staticmethod(open_target)})


class SinkSuite:
    """Each test gets a fresh target and a feed of a sink that is open on it."""

    open_target: ClassVar[OpenTarget]

    @pytest.fixture
    def target(self, request: pytest.FixtureRequest) -> Iterator[SinkTarget]:
        with type(self).open_target(request) as target:
            yield target

    @pytest.fixture
    def feed(self, target: SinkTarget) -> Iterator[Feed]:
        sink = target.sink()
        yield Feed(sink)
        sink.close()

    # What is written

    def test_an_upsert_makes_the_row_and_then_changes_it(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An", ngay_sinh="1990-05-12"), upsert("k#2", ho_ten="Bình"))
        feed.write(upsert("k#1", ho_ten="An Nhiên", ngay_sinh="1990-05-12"))
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == {"k#1": "An Nhiên", "k#2": "Bình"}
        assert feed.rejected == []

    def test_a_field_that_became_empty_is_emptied(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An", ghi_chu="tạm trú"))
        feed.write(upsert("k#1", ho_ten="An"))
        assert target.rows()["k#1"]["ghi_chu"] is None

    def test_a_delete_takes_the_row_away_and_only_that(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten="Bình"))
        feed.write(delete("k#1"), delete("k#3"))
        assert list(target.rows()) == ["k#2"]

    def test_a_rename_takes_the_row_to_its_new_key(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An", ghi_chu="mới sinh"))
        feed.write(rename("k#1", "citizen_id:001099012345"))
        assert target.rows() == expected({}, [upsert("citizen_id:001099012345", ho_ten="An", ghi_chu="mới sinh")])

    def test_a_rename_onto_a_row_that_exists_leaves_that_one(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten="Bình"))
        feed.write(rename("k#1", "k#2"))
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == {"k#2": "Bình"}

    def test_a_rename_onto_a_key_that_was_left_later_ends_the_row(self, target: SinkTarget, feed: Feed) -> None:
        """k#1 → k#2 → k#3 in the source, and the owner of k#2 was ahead of that of k#1."""
        feed.write(upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten="An Nhiên"))
        feed.write(rename("k#2", "k#3", at=20))
        feed.write(rename("k#1", "k#2", at=10))
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == {"k#3": "An Nhiên"}

    def test_what_was_said_before_a_rename_arrived_is_not_written_over_it(self, target: SinkTarget, feed: Feed) -> None:
        """k#1 → k#2 → k#1 in the source, and the owner of k#2 was ahead of that of k#1."""
        feed.write(upsert("k#2", ho_ten="Ba"), rename("k#2", "k#1", at=30))
        feed.write(upsert("k#1", 10, ho_ten="Một"), rename("k#1", "k#2", at=20))
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == {"k#1": "Ba"}
        feed.open()
        feed.write(delete("k#1", at=20), upsert("k#1", 30, ho_ten="Bốn"), upsert("k#1", 40, ho_ten="Năm"))
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == {"k#1": "Năm"}

    def test_a_rename_back_to_a_key_that_was_left_before_keeps_the_row(self, target: SinkTarget, feed: Feed) -> None:
        """A number was mistyped and then corrected: what the target alone knows of the row must survive."""
        feed.write(upsert("k#1", ho_ten="An", ghi_chu="của hệ đích"))
        feed.write(rename("k#1", "k#2", at=10))
        feed.write(rename("k#2", "k#1", at=20))
        assert {key: row["ghi_chu"] for key, row in target.rows().items()} == {"k#1": "của hệ đích"}

    def test_a_rename_of_what_is_not_there_does_nothing(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#2", ho_ten="Bình"))
        feed.write(rename("k#1", "k#3"), rename("k#2", "k#2"))
        assert list(target.rows()) == ["k#2"]
        assert feed.position == 3

    @pytest.mark.parametrize(
        "text",
        [
            "Nguyễn Thị Ngọc Ánh",
            "Nguyê\u0303n",
            "Đặng Ưng Ẩn",
            'O\'Brien "\\x" %s {0}',
            " hai  khoảng\ttrắng ",
            "𠀀 😀",
            "null",
            "",
        ],
        ids=ascii,
    )
    def test_text_arrives_as_it_is(self, target: SinkTarget, feed: Feed, text: str) -> None:
        feed.write(upsert("k#Đỗ", ho_ten=text, ghi_chu=text + "\n" + text))
        assert (target.rows()["k#Đỗ"]["ho_ten"], target.rows()["k#Đỗ"]["ghi_chu"]) == (text, text + "\n" + text)

    @pytest.mark.parametrize("size", [1, MOST_DELIVERIES])
    def test_batches_of_any_size(self, target: SinkTarget, feed: Feed, size: int) -> None:
        items = [upsert(f"k#{number}", ho_ten=f"Người {number}") for number in range(size)]
        feed.write(*items)
        assert target.rows() == expected({}, items)
        assert feed.open() == size

    # Order

    def test_several_deliveries_of_one_key_in_one_batch(self, target: SinkTarget, feed: Feed) -> None:
        first = upsert("k#1", ho_ten="Một", ghi_chu="cũ")
        items = [first, delete("k#1"), upsert("k#1", ho_ten="Hai"), upsert("k#1", ho_ten="Ba"), rename("k#1", "k#2")]
        feed.write(*items, upsert("k#2", ho_ten="Bốn"), upsert("k#1", ho_ten="Năm"))
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == {"k#2": "Bốn", "k#1": "Năm"}

    @pytest.mark.parametrize("seed", range(8))
    def test_any_history_ends_as_if_written_one_by_one(self, target: SinkTarget, feed: Feed, seed: int) -> None:
        chance = random.Random(seed)
        rows = target.rows()
        for _ in range(6):
            items = [_any_write(chance) for _ in range(chance.choice([1, 5, 60]))]
            feed.write(*items)
            rows = expected(rows, items)
            assert target.rows() == rows

    # Once

    def test_a_repeat_is_not_applied_twice(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#0", ho_ten="Không"))
        items = [upsert("k#1", ho_ten="An", ngay_sinh="1990"), upsert("k#2", ghi_chu="x"), delete("k#0")]
        feed.write(*items)
        before = target.changes()
        feed.write(*items)
        feed.write(rename("k#0", "k#9"), *items)
        assert target.changes() == before

    def test_the_position_is_kept(self, target: SinkTarget, feed: Feed) -> None:
        assert feed.position == 0
        feed.write(upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten="Bình"))
        feed.write(delete("k#2"))
        assert Feed(target.sink()).position == 3

    def test_streams_have_positions_of_their_own(self, target: SinkTarget) -> None:
        sink, other = target.sink(), STREAM._replace(partition=1)
        sink.open([STREAM, other])
        feed = Feed(sink, other)
        feed.write(upsert("k#1", ho_ten="An"))
        sink.close()
        assert target.sink().open([STREAM, other]) == {STREAM: 0, other: 1}

    def test_cut_off_in_a_write_means_neither_data_nor_position(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An"))
        items = [upsert("k#1", ho_ten="Bình"), upsert("k#2", ho_ten=TOO_LONG), upsert("k#3", ho_ten="Chi")]
        with pytest.raises(SinkUnavailable):
            feed.write(*items, reject=lambda _: target.sever())
        assert target.rows() == expected({}, [upsert("k#1", ho_ten="An")])
        assert feed.open() == 1
        feed.write(*items)
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == {"k#1": "Bình", "k#3": "Chi"}

    def test_cut_off_between_writes_it_goes_on_when_opened_again(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An"))
        target.sever()
        with pytest.raises(SinkUnavailable):
            feed.write(upsert("k#1", ho_ten="Bình"))
        assert feed.open() == 1
        feed.write(upsert("k#1", ho_ten="Bình"))
        assert target.rows()["k#1"]["ho_ten"] == "Bình"

    def test_let_go_of_it_goes_on_when_opened_again(self, target: SinkTarget, feed: Feed) -> None:
        """As while the system is paused."""
        feed.write(upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten="Bình"))
        feed.sink.close()
        assert feed.open() == 2
        feed.write(delete("k#1"))
        assert list(target.rows()) == ["k#2"]

    def test_what_cannot_be_buried_is_not_passed_over(self, target: SinkTarget, feed: Feed) -> None:
        with pytest.raises(ConnectionError):
            feed.write(upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten=TOO_LONG), reject=fail)
        assert target.rows() == {}
        assert feed.open() == 0

    # Fencing

    def test_an_older_sink_is_fenced(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An"))
        newer = Feed(target.sink())
        with pytest.raises(Fenced):
            feed.write(upsert("k#1", ho_ten="cũ"))
        newer.write(upsert("k#1", ho_ten="mới"))
        assert target.rows()["k#1"]["ho_ten"] == "mới"
        assert newer.position == 2

    def test_an_older_sink_does_not_take_back_what_it_lost(self, target: SinkTarget, feed: Feed) -> None:
        newer = Feed(target.sink())
        with pytest.raises(Fenced):
            feed.open()
        newer.write(upsert("k#1", ho_ten="mới"))
        assert list(target.rows()) == ["k#1"]

    def test_taken_over_in_the_middle_of_a_write_it_writes_nothing(self, target: SinkTarget, feed: Feed) -> None:
        newer: list[Feed] = []
        items = [upsert("k#1", ho_ten="cũ"), upsert("k#2", ho_ten=TOO_LONG)]
        with pytest.raises((Fenced, SinkUnavailable)):
            feed.write(*items, reject=lambda _: newer.append(Feed(target.sink())))
        assert (target.rows(), newer[0].position) == ({}, 0)
        with pytest.raises(Fenced):
            feed.open()
        newer[0].write(upsert("k#1", ho_ten="mới"))
        assert target.rows()["k#1"]["ho_ten"] == "mới"

    def test_a_position_that_is_not_the_expected_one_fences(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An"))
        feed.position = 0
        with pytest.raises(Fenced):
            feed.write(upsert("k#1", ho_ten="cũ"))
        assert target.rows()["k#1"]["ho_ten"] == "An"
        assert feed.open() == 1

    def test_a_recreated_topic_is_written_from_its_beginning(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten="Bình"))
        recreated = Feed(target.sink(), STREAM._replace(topic_id="YmFyZm9vAAAAAAAAAAAAAA"))
        assert recreated.position == 0
        recreated.write(upsert("k#1", ho_ten="An Nhiên"))
        with pytest.raises(Fenced):
            feed.write(upsert("k#1", ho_ten="cũ"))
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == {"k#1": "An Nhiên", "k#2": "Bình"}

    # What the target refuses

    def test_one_bad_row_among_many(self, target: SinkTarget, feed: Feed) -> None:
        items = [upsert(f"k#{number}", ho_ten=f"Người {number}") for number in range(300)]
        items[137] = upsert("k#137", ho_ten=TOO_LONG)
        feed.write(*items)
        assert target.rows() == expected({}, [item for item in items if item.key[KEY] != "k#137"])
        assert [(refused.place, refused.reason) for refused in feed.rejected] == [(137, "value_too_long")]
        assert feed.rejected[0].column == "ho_ten"
        assert "ho_ten" in feed.rejected[0].message
        assert TOO_LONG not in feed.rejected[0].message
        assert feed.open() == 300

    def test_a_bad_row_alone(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten=TOO_LONG))
        assert target.rows() == {}
        assert [refused.place for refused in feed.rejected] == [0]
        assert feed.open() == 1

    def test_a_refused_state_leaves_the_one_before_it(self, target: SinkTarget, feed: Feed) -> None:
        feed.write(upsert("k#1", ho_ten="An"), upsert("k#1", ho_ten=TOO_LONG), upsert("k#2", ho_ten="Bình"))
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == {"k#1": "An", "k#2": "Bình"}
        assert [refused.place for refused in feed.rejected] == [1]

    def test_a_healthy_target_has_no_problems(self, target: SinkTarget) -> None:
        findings = target.sink().probe()
        assert findings
        assert [finding for finding in findings if finding.problem] == []


def _any_write(chance: random.Random) -> Write:
    key, other = (f"k#{chance.randrange(6)}" for _ in range(2))
    kind = chance.choices(["upsert", "delete", "rename"], [5, 2, 3])[0]
    if kind == "upsert":
        return upsert(key, ho_ten=f"Người {chance.randrange(3)}", ghi_chu=chance.choice([None, "x"]))
    return delete(key) if kind == "delete" else rename(key, other)


def fail(_: Rejected) -> None:
    """A burial that does not succeed."""
    raise ConnectionError
