"""A record is found by anything that people know of it, or they are told what to ask for."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest

from console.errors import ConsoleError
from console.finding import States, find, possible_keys
from console.partitioner import partition_of
from console.reading import Place, Record
from console.words import Language
from schemas.records import EntityState
from tests.unit.console.city import claim, state

_KEY = "citizen_id:001099012345"
_TOPIC = "entity.person"
_PARTITIONS = 3


class FakeReader:
    """States as JSON in a topic of three partitions."""

    def __init__(self, *states: EntityState) -> None:
        self._records = [
            Record(_TOPIC, self._home(each["key"]), 0, each["key"].encode(), _json(each), 0) for each in states
        ]

    @staticmethod
    def _home(key: str) -> int:
        return partition_of(key, partitions=_PARTITIONS)

    def topics(self) -> dict[str, int]:
        return {_TOPIC: _PARTITIONS} if self._records else {}

    def to_the_end(self, positions: Mapping[Place, int]) -> Iterator[Record]:
        yield from (record for record in self._records if (record.topic, record.partition) in positions)


def _json(found: EntityState) -> bytes:
    return orjson.dumps(found, default=lambda digest: digest.decode())


def _find(asked: str, *states: EntityState, language: Language = Language.en) -> Any:
    reader: Any = FakeReader(*states)
    return find(asked, States(reader, "person", orjson.loads), entity="person", language=language)


def _person(key: str = _KEY, **values: str) -> EntityState:
    return state(key, claim("ho_tich", values))


@pytest.mark.parametrize("asked", [_KEY, "001099012345", " 001099012345 "])
def test_by_its_key_whole_or_bare(asked: str) -> None:
    assert _find(asked, _person()).state["key"] == _KEY


def test_the_last_word_counts() -> None:
    assert _find(_KEY, _person(note="1"), _person(note="2")).state["value"] == {"note": "2"}


def test_by_a_key_that_it_had_also_over_several() -> None:
    first = state("ho_tich#5", claim("ho_tich", None), status="moved", value=None, moved_to="old_id:012345678")
    second = state("old_id:012345678", status="moved", value=None, moved_to=_KEY, claims=[claim("ho_tich", None)])
    for asked in ("ho_tich#5", "old_id:012345678", "012345678"):
        found = _find(asked, first, second, _person())
        assert found.state["key"] == _KEY
        assert found.by_field is None


def test_by_an_alias_that_never_had_a_record() -> None:
    links = [
        {"system": "dan_cu", "resource": "t", "row": row, "target": target}
        for row, target in (("1", _KEY), ("2", None))
    ]
    alias = state("old_id:012345678", status="deleted", version=0, value=None, links=links)
    assert _find("012345678", alias, _person()).state["key"] == _KEY
    alias["links"].append({**alias["links"][0], "row": "3", "target": "a#1"})
    assert _find("012345678", alias, _person()).state["key"] == "old_id:012345678"


def test_a_key_that_lives_again_is_not_left() -> None:
    back = state("ho_tich#5", claim("ho_tich", {"note": "x"}), moved_to=_KEY)
    assert _find("ho_tich#5", back, _person()).state["key"] == "ho_tich#5"


def test_a_circle_ends() -> None:
    there = state("a#1", status="moved", value=None, moved_to="b#1")
    back = state("b#1", status="moved", value=None, moved_to="a#1")
    assert _find("a#1", there, back).state["key"] in ("a#1", "b#1")


@pytest.mark.parametrize("asked", ["012345678", "old_id:012345678"])
def test_by_a_number_that_is_no_key_but_a_value(asked: str) -> None:
    found = _find(
        asked, _person("x#1", old_id="087654321"), _person(old_id="012345678"), _person("y#1", note="012345678")
    )
    assert (found.state["key"], found.by_field, found.asked) == (_KEY, "old_id", "012345678")


def test_a_value_that_was_there_before_finds_nothing() -> None:
    with pytest.raises(ConsoleError, match="nothing is known"):
        _find("012345678", _person(old_id="012345678"), _person(old_id="087654321"))


def test_of_several_none_is_guessed() -> None:
    with pytest.raises(ConsoleError, match="2 records have this value: citizen_id:001••••••345, x#1") as caught:
        _find("012345678", _person(old_id="012345678"), _person("x#1", old_id="012345678"))
    assert "012345678" not in str(caught.value)


@pytest.mark.parametrize(
    ("language", "told"), [(Language.vi, "chưa có gì được biết"), (Language.en, "nothing is known")]
)
@pytest.mark.parametrize("asked", ["001099099999", "ho_tich#9", "Nguyễn", "old_id:x", "12"])
def test_where_nothing_is_known_it_says_what_to_write(language: Language, told: str, asked: str) -> None:
    for states in ([], [_person()]):
        with pytest.raises(ConsoleError, match=told) as caught:
            _find(asked, *states, language=language)
        assert "001099099999" not in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "entity", "keys"),
    [
        ("012345678", "person", ["old_id:012345678"]),
        ("001099012345", "person", ["citizen_id:001099012345"]),
        ("001099012345", "business", ["citizen_id:001099012345", "tax_code:001099012345"]),
        ("0100109106-001", "business", ["tax_code:0100109106-001"]),
        ("ho_tich#1", "person", ["ho_tich#1"]),
        ("12", "person", []),
    ],
)
def test_possible_keys(asked: str, entity: str, keys: list[str]) -> None:
    assert possible_keys(asked, entity) == keys
