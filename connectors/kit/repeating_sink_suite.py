"""The sink suite for kinds whose target has no transactions, so that a write can be cut off in its middle.

Only what cannot be had is let go: that a write which was cut off, or taken over, has left nothing behind. It must then
be written again, and end as if it had been written once.
"""
# ruff: noqa: S101 - a suite is made of assertions

import pytest

from connectors.errors import Fenced, SinkUnavailable
from connectors.kit.sink_feed import Feed, upsert
from connectors.kit.sink_suite import TOO_LONG, OpenTarget, SinkSuite, fail
from connectors.kit.sink_target import SinkTarget


def repeating_sink_suite(open_target: OpenTarget) -> type["RepeatingSinkSuite"]:
    """Like `sink_suite`."""
    return type("RepeatingSinkSuite", (RepeatingSinkSuite,), {"open_target": staticmethod(open_target)})


class RepeatingSinkSuite(SinkSuite):
    """What differs from `SinkSuite`."""

    def test_cut_off_in_a_write_means_neither_data_nor_position(self, target: SinkTarget, feed: Feed) -> None:
        """Data there may be, where more than one request is needed: they are written again."""
        feed.write(upsert("k#1", ho_ten="An"))
        items = [upsert("k#1", ho_ten="Bình"), upsert("k#2", ho_ten=TOO_LONG), upsert("k#3", ho_ten="Chi")]
        target.sever()
        with pytest.raises(SinkUnavailable):
            feed.write(*items)
        assert "k#3" not in target.rows()
        assert feed.open() == 1
        feed.write(*items)
        assert {key: row["ho_ten"] for key, row in target.rows().items()} == {"k#1": "Bình", "k#3": "Chi"}
        assert [refused.place for refused in feed.rejected] == [1]

    def test_what_cannot_be_buried_is_not_passed_over(self, target: SinkTarget, feed: Feed) -> None:
        items = [upsert("k#1", ho_ten="An"), upsert("k#2", ho_ten=TOO_LONG), upsert("k#3", ho_ten="Chi")]
        with pytest.raises(ConnectionError):
            feed.write(*items, reject=fail)
        assert feed.open() == 0
        feed.write(*items)
        assert list(target.rows()) == ["k#1", "k#3"]
        assert [refused.place for refused in feed.rejected] == [1]

    def test_taken_over_in_the_middle_of_a_write_it_writes_nothing(self, target: SinkTarget, feed: Feed) -> None:
        """Nothing more, and its position does not count."""
        newer: list[Feed] = []
        items = [upsert("k#1", ho_ten="cũ"), upsert("k#2", ho_ten=TOO_LONG)]
        with pytest.raises((Fenced, SinkUnavailable)):
            feed.write(*items, reject=lambda _: newer.append(Feed(target.sink())))
        assert newer[0].position == 0
        with pytest.raises(Fenced):
            feed.open()
        newer[0].write(upsert("k#1", ho_ten="mới"))
        assert target.rows()["k#1"]["ho_ten"] == "mới"
