import pytest

from connectors.sources.postgres_capture.relations import (
    Described,
    Published,
    Untrustworthy,
    candidate_keys,
    join_names,
    parse,
)
from connectors.sources.postgres_capture.shapes import Column, Shapes
from connectors.sources.postgres_capture.structure import Table
from connectors.sources.postgres_capture.types import TypeRow, Types

_TYPES = Types(
    lambda: [TypeRow(23, "int4", 0, 0, ","), TypeRow(25, "text", 0, 0, ","), TypeRow(1082, "date", 0, 0, ",")]
)


_TABLE = Table(
    resource="public.t",
    oid=7,
    spelled="public.t",
    kind="r",
    logged=True,
    readable=True,
    filtered=False,
    columns=(),
    generated=frozenset(),
    primary_key=("id",),
    key_numbers=(1,),
    leaves=(),
)


def _published(*key_columns: str) -> Published:
    shapes = Shapes(system="nguon", resource="public.t", types=_TYPES)
    return Published(table=_TABLE, entities=("person",), key_columns=frozenset(key_columns), shapes=shapes)


def _described(*columns: tuple[str, int], identity: str = "f", identified: tuple[str, ...] = ()) -> Described:
    return Described(7, identity, tuple(Column(*column) for column in columns), frozenset(identified))


def test_a_relation_message_is_parsed() -> None:
    columns = b"\x01id\0" + (23).to_bytes(4) + b"\xff" * 4 + "\x00tên\0".encode() + (25).to_bytes(4) + b"\xff" * 4
    message = b"xxR" + (7).to_bytes(4) + b"public\0t\0d" + (2).to_bytes(2) + columns
    assert parse(message, 3) == _described(("id", 23), ("tên", 25), identity="d", identified=("id",))


def test_an_identity_that_covers_the_keys_will_do() -> None:
    message = _described(("id", 23), ("ma", 25), ("ten", 25), identity="i", identified=("id", "ma"))
    assert _published("id", "ma").described(message, [("id",)]).primary_key == ("id",)


@pytest.mark.parametrize("identified", [(), ("id",), ("ma",)])
def test_an_identity_that_does_not_is_refused(identified: tuple[str, ...]) -> None:
    message = _described(("id", 23), ("ma", 25), identity="d", identified=identified)
    with pytest.raises(Untrustworthy, match="no longer covers"):
        _published("ma").described(message, [("id",)])


def test_a_key_column_that_is_gone_asks_for_nothing() -> None:
    message = _described(("id", 23), identity="d", identified=("id",))
    assert _published("ma").described(message, [("id",)])


def test_without_a_known_primary_key_rows_cannot_be_named() -> None:
    with pytest.raises(Untrustworthy, match="primary key"):
        _published().described(_described(("so", 23)), [("id",), ()])


def test_a_renamed_primary_key_is_found_by_its_place() -> None:
    known = _published().described(_described(("id", 23), ("ten", 25)), [("id",)])
    message = _described(("ma", 23), ("ten", 25))
    assert candidate_keys(known, message, {"now": ("gone",)}) == [("id",), ("gone",), ("ma",)]


def test_rows_are_named_by_the_text_of_their_key() -> None:
    relation = _published().described(_described(("id", 23), ("ten", 25)), [("id",)])
    assert relation.name_row({"id": 5, "ten": "x"}, b"", 0) == "5"
    both = _published().described(_described(("id", 23), ("ten", 25)), [("ten", "id")])
    assert both.name_row({"id": 5, "ten": "x"}, b"", 0) == "x,5"


def test_keys_of_odd_types_are_named_by_what_the_server_wrote() -> None:
    relation = _published().described(_described(("ngay", 1082)), [("ngay",)])
    message = b"??" + (1).to_bytes(2) + b"t" + (10).to_bytes(4) + b"2024-02-29"
    assert relation.name_row({"ngay": 19782}, message, 2) == "2024-02-29"


def test_no_two_keys_share_a_name() -> None:
    keys = [["a,b", "c"], ["a", "b,c"], ["a\\", "b,c"], ["a\\,b", "c"]]
    assert len({join_names(list(key)) for key in keys}) == len(keys)
