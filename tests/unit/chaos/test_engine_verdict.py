"""The checker finds what it is there to find."""

from tests.chaos.engine_verdict import Row, Verdict, judge

INPUTS: list[list[Row]] = [[(b"a", b"1"), (b"b", b"2"), (b"a", b"3")], [(b"a", b"m1")]]
OUTPUTS: list[list[Row]] = [[(b"a", b"1:1"), (b"a", b"2:m1"), (b"a", b"3:3")], [(b"b", b"1:2")]]
STATE = {b"a": b"3", b"b": b"1"}


def judged(outputs: list[list[Row]], state: dict[bytes, bytes] = STATE) -> Verdict:
    return judge(INPUTS, outputs, changelog=STATE, held=state)


def test_what_is_right_is_clean() -> None:
    assert judged(OUTPUTS) == Verdict(4)
    assert judged(OUTPUTS).is_clean


def test_nothing_at_all_is_not_clean() -> None:
    assert not judge([], [], changelog={}, held={}).is_clean


def test_a_lost_record_is_found() -> None:
    verdict = judged([OUTPUTS[0]])
    assert (verdict.lost, verdict.twice, verdict.disordered) == (1, 0, 0)
    assert not verdict.is_clean


def test_a_record_that_counts_twice_is_found() -> None:
    verdict = judged([*OUTPUTS, [(b"b", b"2:2")]])
    assert (verdict.lost, verdict.twice) == (0, 1)
    assert not verdict.is_clean


def test_a_record_out_of_nowhere_is_found() -> None:
    assert judged([*OUTPUTS, [(b"c", b"1:9")]]).twice == 1


def test_another_order_under_a_key_is_found() -> None:
    verdict = judged([[(b"a", b"1:3"), (b"a", b"2:m1"), (b"a", b"3:1")], OUTPUTS[1]])
    assert (verdict.lost, verdict.twice, verdict.disordered) == (0, 0, 1)
    assert not verdict.is_clean


def test_a_count_that_was_made_from_a_wrong_state_is_found() -> None:
    assert judged([[(b"a", b"1:1"), (b"a", b"1:m1"), (b"a", b"2:3")], OUTPUTS[1]]).disordered == 1


def test_a_wrong_state_is_found_on_either_side() -> None:
    assert judged(OUTPUTS, {b"a": b"3"}).wrong_in_rocksdb == 1
    assert judged(OUTPUTS, STATE | {b"c": b"1"}).wrong_in_rocksdb == 1
    assert judge(INPUTS, OUTPUTS, changelog={b"a": b"2", b"b": b"1"}).wrong_in_topic == 1


def test_a_record_that_was_put_aside_is_not_lost_and_does_not_count() -> None:
    without: list[list[Row]] = [[(b"a", b"1:1"), (b"a", b"2:3")], OUTPUTS[1]]
    state = {b"a": b"2", b"b": b"1"}
    verdict = judge(INPUTS, without, dead=[(b"a", b"RuntimeError:m1")], changelog=state, held=state)
    assert verdict.is_clean
    assert verdict.put_aside == 1
    assert not judge(INPUTS, without, dead=[(b"a", b"RuntimeError:m1")] * 2, changelog=state).is_clean
    assert judge(INPUTS, OUTPUTS, dead=[(b"a", b"RuntimeError:m1")]).twice == 1
