"""Both languages have every word, and numbers and spans are written their way."""

from string import Formatter

import pytest

from console import demo_words, drift_words, pause_words, words
from console.mending import words as mending_words
from console.vocabulary import Vocabulary
from console.words import Language


def test_both_languages_have_the_same_words() -> None:
    assert words._VIETNAMESE.keys() == words._ENGLISH.keys()


@pytest.mark.parametrize("said", [mending_words.say, pause_words.say, demo_words.say, drift_words.drift_word])
def test_both_languages_of_a_command_say_the_same_with_the_same_places(said: Vocabulary) -> None:
    vietnamese, english = said.by_language[Language.vi], said.by_language[Language.en]
    assert vietnamese.keys() == english.keys()
    assert {name: _places(text) for name, text in vietnamese.items()} == {
        name: _places(text) for name, text in english.items()
    }


@pytest.mark.parametrize("said", [mending_words.say, pause_words.say, demo_words.say, drift_words.drift_word])
@pytest.mark.parametrize("language", Language)
def test_every_sentence_takes_its_places_by_name(said: Vocabulary, language: Language) -> None:
    for name, sentence in said.by_language[language].items():
        places = {place: 1 for place in _places(sentence) if place}
        assert said(language, name, **places)


def _places(sentence: str) -> set[str | None]:
    return {place for _, place, _, _ in Formatter().parse(sentence)} - {None}


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
