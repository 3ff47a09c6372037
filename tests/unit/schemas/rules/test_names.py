"""Names of persons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rules import RuleError
from schemas.rules.names import NameParts, full_name, full_name_of, name_parts, search_key

WORDS = st.sampled_from(["Nguyễn", "Trần", "Thị", "Văn", "Đức", "Hoà", "An", "ĐỖ", "Y"])


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Nguyễn Thị Minh Khai", NameParts("Nguyễn", "Thị Minh", "Khai")),
        ("Trần An", NameParts("Trần", "", "An")),
        ("An", NameParts("", "", "An")),
    ],
)
def test_parts_by_position(name: str, parts: NameParts) -> None:
    assert name_parts(name) == parts


@given(st.lists(WORDS, min_size=1, max_size=6), st.integers(1, 3))
def test_a_name_is_its_parts(words: list[str], spaces: int) -> None:
    name = full_name((" " * spaces).join(words))
    assert name == " ".join(words)
    assert full_name_of(name_parts(name)) == name


@pytest.mark.parametrize("empty", ["", " ", "\u200b"])
def test_an_empty_name_is_refused(empty: str) -> None:
    with pytest.raises(RuleError, match="empty") as caught:
        full_name(empty)
    assert caught.value.code == "bad_name"


@pytest.mark.parametrize(
    ("name", "key"),
    [("Đỗ Thị Hoà", "do thi hoa"), ("NGUYỄN VĂN QUÝ", "nguyen van quy"), ("Ưng Ơn Ước", "ung on uoc")],
)
def test_search_keys(name: str, key: str) -> None:
    assert search_key(name) == key
