"""Both languages have every word, and numbers and spans are written their way."""

import pytest

from console import words
from console.words import Language


def test_both_languages_have_the_same_words() -> None:
    assert words._VIETNAMESE.keys() == words._ENGLISH.keys()


@pytest.mark.parametrize(
    ("seconds", "vietnamese", "english"),
    [
        (0.2, "0 giây", "0 s"),
        (59.4, "59 giây", "59 s"),
        (150, "2 phút", "2 min"),
        (7200, "2 giờ", "2 h"),
        (200_000, "2 ngày", "2 d"),
    ],
)
def test_spans(seconds: float, vietnamese: str, english: str) -> None:
    assert (Language.vi.span(seconds), Language.en.span(seconds)) == (vietnamese, english)


def test_numbers() -> None:
    assert (Language.vi.number(1234567), Language.en.number(1234567)) == ("1.234.567", "1,234,567")
