"""The one error of the rules, and words for a value that do not give it away."""

from schemas.errors import SchemasError


class RuleError(SchemasError):
    """A value that a rule refuses. `code` is stable, in snake_case; the message tells its shape, never the value."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class HeldValue(RuleError):  # noqa: N818 - reads as what happened
    """A value that may be right, and that only a person can settle: it is held, and the rest of its record flows on.

    `proposals`: canonical values that it may stand for; empty where none is known.
    """

    def __init__(self, code: str, message: str, proposals: tuple[str, ...] = ()) -> None:
        super().__init__(code, message)
        self.proposals = proposals


def shape(value: object) -> str:
    """ "11 digits", "empty", "14 characters (digits, letters, others)": enough to find the fault, not the person."""
    text = str(value).strip()
    if not text:
        return "empty"
    if text.isascii() and text.isdigit():
        return f"{len(text)} digit{'s' if len(text) > 1 else ''}"
    kinds = {_kind(character) for character in text}
    return f"{len(text)} characters ({', '.join(sorted(kinds))})"


def _kind(character: str) -> str:
    if character.isascii() and character.isdigit():
        return "digits"
    if character.isspace():
        return "spaces"
    return "letters" if character.isalpha() else "others"
