"""What pydantic finds wrong with a manifest, in words that tell its author what to write."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from schemas.manifest import FieldIn, FieldOut, Manifest, Name, Publication, Subscription

Path = tuple[str | int, ...]


class Objection(NamedTuple):
    """One thing wrong with one manifest: where in it, what, and what to do."""

    path: Path
    message: str
    remedy: str


_EXPECTED: Final = {
    "string_type": "a word or text",
    "dict_type": "a mapping, `name: value`",
    "model_type": "a mapping, `name: value`",
    "model_attributes_type": "a mapping, `name: value`",
    "list_type": "a list, [a, b]",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
    "bool_parsing": "true or false",
}
#: What stands where in a manifest; None is a name that its author gives.
_MODELS: Final[dict[tuple[str | None, ...], type[BaseModel]]] = {
    (): Manifest,
    ("name",): Name,
    ("publishes", None, None): Publication,
    ("publishes", None, None, "fields", None): FieldIn,
    ("subscribes", None): Subscription,
    ("subscribes", None, "fields", None): FieldOut,
}
_PATTERNS: Final = {
    "system": "use small letters, digits and _, a letter first, e.g. ho_tich",
    "cadence": "write a number and s, m, h or d, e.g. 10s",
}


def nearest(word: str, known: Iterable[str]) -> str:
    """The remedy for a word that is not known."""
    names = sorted(known)
    swapped = [name for name in names if sorted(name) == sorted(word)]  # `form` is nearer to `from` than to `format`
    close = swapped or get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else f"use one of: {', '.join(names) or 'nothing at all'}"


def objections(errors: Sequence[Any]) -> list[Objection]:
    """From `ValidationError.errors()` of a Manifest, each with its place in the file."""
    return [_objection(error) for error in errors]


def _objection(error: dict[str, Any]) -> Objection:
    path: Path = tuple(error["loc"])
    name, kind = (str(path[-1]) if path else "the manifest"), str(error["type"])
    if kind == "extra_forbidden":
        return Objection(path, f"unknown field `{name}`", nearest(name, _names(path[:-1])))
    if kind == "missing" or (error["input"] is None and kind in _EXPECTED) or kind == "string_too_short":
        return _missing(path, name)
    if kind == "too_short":
        return Objection(path, f"`{name}` is empty", "list at least one")
    if kind == "string_pattern_mismatch":
        return Objection(path, f"`{name}` cannot be {error['input']!r}", _PATTERNS.get(name, "correct it"))
    if kind == "value_error":
        problem, _, remedy = str(error["ctx"]["error"]).partition(": ")
        return Objection(path, f"`{name}`: {problem}", remedy)
    return Objection(path, f"`{name}` has the wrong form", f"write {_EXPECTED.get(kind, error['msg'])}")


def _missing(path: Path, name: str) -> Objection:
    if name == "purpose" and path[0] == "subscribes":
        message = f"subscriber of `{path[1]}` with no purpose"
        return Objection(path, message, "add `purpose:` and say what the data is needed for, and `legal_basis:`")
    return Objection(path, f"`{name}` is missing", f"add `{name}:`")


def _names(path: Path) -> list[str]:
    for pattern, model in _MODELS.items():
        if len(pattern) == len(path) and all(want in (None, step) for want, step in zip(pattern, path, strict=True)):
            return [field.alias or name for name, field in model.model_fields.items()]
    return []
