"""Since when a last stable offset has not moved."""

from streams.engine.stable_offsets import Standing

HERE, THERE = ("t", 0), ("t", 1)


def test_it_stands_only_before_the_end_and_only_while_it_does_not_move() -> None:
    standing = Standing()
    assert standing.look({HERE: 5, THERE: 9}, {HERE: 7, THERE: 9}, now=100) == {HERE: 0, THERE: 0}
    assert standing.look({HERE: 5, THERE: 9}, {HERE: 20, THERE: 9}, now=130) == {HERE: 30, THERE: 0}
    assert standing.look({HERE: 5}, {HERE: 21}, now=160) == {HERE: 60}
    assert standing.look({HERE: 19}, {HERE: 21}, now=190) == {HERE: 0}
    assert standing.look({HERE: 21}, {HERE: 21}, now=220) == {HERE: 0}


def test_a_partition_that_comes_back_begins_anew() -> None:
    standing = Standing()
    standing.look({HERE: 5}, {HERE: 7}, now=100)
    standing.look({}, {}, now=130)
    assert standing.look({HERE: 5}, {HERE: 7}, now=160) == {HERE: 0}
