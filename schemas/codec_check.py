"""Slow and careful: which branch of a union a value fits, why a value does not fit, where bytes go wrong.

Nothing here runs for a record that is plainly right.
"""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Final

from schemas.codec_nodes import REQUIRED, Array, Enum, Fixed, Map, Node, Primitive, Record, Union, title
from schemas.codec_varints import INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, refuse

_MISSING: Final = object()


def choose(union: Union, value: Any) -> tuple[int, Any]:
    """(index of the branch, the value) as fastavro chooses. Raises Malformed where no branch fits.

    The first branch that fits, but of several records the one with most of the value's fields, and double before float.
    A tuple (name, value) names the branch.
    """
    if isinstance(value, tuple):
        return _named_branch(union, value)
    best, most_fields = -1, -1
    for index, branch in enumerate(union.branches):
        if misfit(branch, value) is not None:
            continue
        if isinstance(branch, Record):
            fields = sum(field.name in value for field in branch.fields)
            if fields > most_fields:
                best, most_fields = index, fields
        elif isinstance(branch, Primitive) and branch.kind == "float":
            kinds = [b.kind if isinstance(b, Primitive) else "" for b in union.branches]
            return (kinds.index("double", index) if "double" in kinds[index:] else index), value
        else:
            return index, value
    return (best, value) if best >= 0 else refuse()


def _named_branch(union: Union, value: tuple[Any, ...]) -> tuple[int, Any]:
    if len(value) != 2:
        refuse()
    for index, branch in enumerate(union.branches):
        if title(branch) == value[0]:
            return index, value[1]
    return refuse()


def misfit(node: Node, value: Any, path: str = "") -> str | None:  # noqa: PLR0911 - one a type of node
    """Why a value does not fit, e.g. "field after.birth: int where string is expected"; None where it fits.

    The text holds no value, for values may be personal.
    """
    match node:
        case Primitive():
            return _primitive_misfit(node.kind, value, path)
        case Enum():
            if isinstance(value, str) and value in node.symbols:
                return None
            return _said(path, f"{_type(value)} that is none of the {len(node.symbols)} symbols of {node.name}")
        case Fixed():
            if isinstance(value, bytes) and len(value) == node.size:
                return None
            size = f" of {len(value)}" if isinstance(value, bytes) else ""
            return _said(path, f"{_type(value)}{size} where {node.size} bytes are expected")
        case Array():
            if isinstance(value, str) or not isinstance(value, Sequence):
                return _said(path, f"{_type(value)} where an array is expected")
            return _first(misfit(node.items, item, f"{path}[{index}]") for index, item in enumerate(value))
        case Map():
            return _map_misfit(node, value, path)
        case Record():
            return _record_misfit(node, value, path)
        case Union():
            return _union_misfit(node, value, path)
        case _:
            return _said(path, "of a type that cannot be read")


_RANGES: Final = {"int": (INT_MIN, INT_MAX, 32), "long": (LONG_MIN, LONG_MAX, 64)}
_TYPES: Final[dict[str, Any]] = {
    "null": type(None),
    "boolean": bool,
    "int": Integral,
    "long": Integral,
    "float": Real,
    "double": Real,
    "string": str,
    "bytes": (bytes, bytearray),
}


def _primitive_misfit(kind: str, value: Any, path: str) -> str | None:
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return _said(path, f"{_type(value)} where {kind} is expected")
    if kind in _RANGES:
        low, high, bits = _RANGES[kind]
        if not low <= value <= high:
            return _said(path, f"an integer of {int(value).bit_length()} bits and a sign, for a {kind} of {bits} bits")
    if kind == "string":
        try:
            value.encode()
        except UnicodeEncodeError as error:
            return _said(path, f"a string that holds half of a surrogate pair, at character {error.start}")
    return None


def _map_misfit(node: Map, value: Any, path: str) -> str | None:
    if not isinstance(value, Mapping):
        return _said(path, f"{_type(value)} where a map is expected")
    for index, (key, item) in enumerate(value.items()):
        # Keys may be personal too: an entry is named by its place.
        where = f"{path}{{{index}}}"
        why = _primitive_misfit("string", key, where) or misfit(node.values, item, where)
        if why:
            return why
    return None


def _record_misfit(node: Record, value: Any, path: str) -> str | None:
    if not isinstance(value, Mapping):
        return _said(path, f"{_type(value)} where record {node.name} is expected")
    if value.get("-type", node.name) != node.name:
        return _said(path, f"a record marked as another type where {node.name} is expected")
    for field in node.fields:
        where = f"{path}.{field.name}" if path else field.name
        item = value.get(field.name, _MISSING)
        if item is not _MISSING:
            why = misfit(field.type, item, where)
        elif field.default is not REQUIRED:
            continue
        else:
            why = misfit(field.type, None) and _said(where, "missing, and the schema has no default for it")
        if why:
            return why
    return None


def _union_misfit(node: Union, value: Any, path: str) -> str | None:
    if isinstance(value, tuple):
        for branch in node.branches:
            if len(value) == 2 and title(branch) == value[0]:
                return misfit(branch, value[1], path)
        return _said(path, "a tuple that names no branch of the union")
    reasons = [misfit(branch, value, path) for branch in node.branches]
    if None in reasons:
        return None
    others = [(branch, why) for branch, why in zip(node.branches, reasons, strict=True) if title(branch) != "null"]
    if len(others) == 1:
        return others[0][1]
    expected = " or ".join(title(branch) for branch in node.branches)
    return _said(path, f"{_type(value)} where {expected} is expected, or a part of it does not fit")


def _first(reasons: Any) -> str | None:
    return next((why for why in reasons if why is not None), None)


def _said(path: str, what: str) -> str:
    return f"field {path}: {what}" if path else what


def _type(value: Any) -> str:
    return "null" if value is None else type(value).__name__
