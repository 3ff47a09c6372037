"""Codes and their meanings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rules import RuleError
from schemas.rules.codes import WORDS, code_reader, code_writer, word_reader

TABLE = {"1": "male", "2": "female", "true": "other", "M": "male"}


@pytest.mark.parametrize(("code", "meaning"), [("1", "male"), (1, "male"), (" 2 ", "female"), (True, "other")])
def test_reading(code: object, meaning: str) -> None:
    assert code_reader(TABLE)(code) == meaning


@pytest.mark.parametrize("code", ["3", 1.0, "", [], "Nguyễn"])
def test_an_unknown_code_lists_the_known(code: object) -> None:
    with pytest.raises(RuleError, match="known are 1, 2, M, true: add it to `codes`") as caught:
        code_reader(TABLE)(code)
    assert caught.value.code == "unknown_code"
    assert "Nguyễn" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("nữ", "female"),
        ("NỮ", "female"),
        ("Nu\u031b\u0303", "female"),
        ("Hoà", "a"),
        (" HÒA ", "a"),
        ("m", "c"),
        ("M", "d"),
    ],
)
def test_a_word_is_known_again_in_other_letters(code: str, meaning: str) -> None:
    table = {"Nam": "male", "Nữ": "female", "Hòa": "a", "m": "c", "M": "d"}
    assert code_reader(table)(code) == meaning


@pytest.mark.parametrize("code", ["NU", "Nử", "a\x00"])
def test_another_word_is_another_code(code: str) -> None:
    with pytest.raises(RuleError):
        code_reader({"Nữ": "female", "Na": "x", "NA": "y"})(code)


def test_of_two_codes_that_differ_in_capitals_alone_neither_is_guessed() -> None:
    with pytest.raises(RuleError):
        code_reader({"na": "x", "NA": "y"})("Na")


def test_the_first_of_several_codes_is_written() -> None:
    write = code_writer(TABLE)
    assert [write(value) for value in ("male", "female", "other")] == ["1", "2", "true"]
    with pytest.raises(RuleError, match="those of female, male, other are known") as caught:
        write("unknown")
    assert caught.value.code == "unknown_code"


@given(st.dictionaries(st.text("ab12", min_size=1), st.text(min_size=1), max_size=5))
def test_what_is_written_is_read_again(table: dict[str, str]) -> None:
    read, write = code_reader(table), code_writer(table)
    assert all(read(write(meaning)) == meaning for meaning in table.values())


@pytest.mark.parametrize("canonical", WORDS)
def test_canonical_words_are_read_as_they_are(canonical: str) -> None:
    read = word_reader(canonical)
    assert {read(word) for word in WORDS[canonical]} == WORDS[canonical]
    with pytest.raises(RuleError, match="name the system's codes in `codes`"):
        read("Nam")
