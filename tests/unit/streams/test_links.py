"""Which words of a row about a key still count there: those that the row has not outlived."""

from schemas.records import Claim, Link
from streams.links import link_to, still_here, still_said, target_of
from tests.unit.streams.claims import claim

HERE, THERE, ELSEWHERE = "a#1", "citizen_id:001099000001", "citizen_id:001099000002"


def _said(commit: int, *, left_to: str | None = None, row: str = "1") -> Claim:
    return claim(None if left_to else {"full_name": "A"}, commit=commit, left_to=left_to, row=row)


def _link(commit: int, target: str = THERE) -> Link:
    return link_to(target, _said(commit))


def test_a_link_stands_until_its_row_is_heard_of_here_later() -> None:
    links = [_link(2)]
    assert still_said(links, [_said(1)]) is links
    assert still_said(links, [_said(3, row="2")]) is links
    assert target_of(still_said(links, [_said(3)]), HERE) is None
    assert target_of(still_said(links, [_said(3, left_to=ELSEWHERE)]), HERE) is None


def test_a_link_stands_where_its_row_has_left_to_just_there() -> None:
    links = [_link(2)]
    assert still_said(links, [_said(3, left_to=THERE)]) is links


def test_a_row_that_a_better_mapping_reads_again_has_not_moved_for_that() -> None:
    links, again = [_link(2)], claim({"full_name": "A"}, commit=2, mapping=9)
    assert still_said(links, [again]) is links
    assert still_here([_said(2)], [link_to(THERE, again)]) == [_said(2)]


def test_what_a_row_said_here_before_it_spoke_from_elsewhere_counts_no_more() -> None:
    old, other = _said(1), _said(1, row="2")
    assert still_here([old, other], [_link(2)]) == [other]
    assert still_here([old], [{**_link(2), "target": None}]) == [], "it has left, whatever it says there"
    now = [_said(3)]
    assert still_here(now, [_link(2)]) is now
    assert still_here(now, []) is now


def test_what_an_alias_has_sent_is_the_aliass_own_affair() -> None:
    copies = [claim({"full_name": "A"}, under=ELSEWHERE)]
    assert still_here(copies, [_link(2)]) is copies
