"""Sentences by name, in each language that officers read."""

from collections.abc import Mapping

from console.words import Language


class Vocabulary:
    """Called with a language and a name: the sentence of this name, its places filled in."""

    def __init__(self, *, vietnamese: Mapping[str, str], english: Mapping[str, str]) -> None:
        self.by_language: Mapping[Language, Mapping[str, str]] = {Language.vi: vietnamese, Language.en: english}

    def __call__(self, language: Language, name: str, /, **values: object) -> str:
        """Raises KeyError for a name that is not there."""
        return self.by_language[language][name].format(**values)
