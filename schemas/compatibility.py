"""Whether a schema may replace another: everything old can be read with the new one, and fields are only appended."""

from typing import Any

from schemas.codec_nodes import JsonSchema, parse
from schemas.codec_resolve import IncompatibleSchema, Problem, problems

__all__ = ["IncompatibleSchema", "Problem", "appended_only", "unreadable"]


def unreadable(*, written: JsonSchema, reader: JsonSchema) -> list[Problem]:
    """Each reason why some data of `written` cannot be read with `reader`, by Avro's resolution rules; empty: none."""
    return problems(parse(written).node, parse(reader).node)


def appended_only(*, released: JsonSchema, today: JsonSchema) -> list[Problem]:
    """Each field, symbol or branch of `released` that is gone or has moved in `today`, and each default that changed.

    Stricter than Avro: it keeps positions, so that a reader that knows an older version finds what it knows in front.
    """
    old, new = _members(released), _members(today)
    found = []
    for name, members in old.items():
        present = new.get(name)
        if present is None:
            found.append(Problem(name, "is gone"))
        elif present[: len(members)] != members:
            changed = next(m for i, m in enumerate(members) if i >= len(present) or present[i] != m)
            found.append(Problem(name, f"{changed[0]} was changed, moved or removed"))
    return found


def _members(schema: JsonSchema) -> dict[str, list[tuple[str, Any]]]:
    """Named type -> its fields with type and default, or its symbols, in order."""
    members: dict[str, list[tuple[str, Any]]] = {}
    _collect(parse(schema).schema, members)
    return members


def _collect(schema: Any, members: dict[str, list[tuple[str, Any]]]) -> None:
    if isinstance(schema, list):
        for branch in schema:
            _collect(branch, members)
    if not isinstance(schema, dict):
        return
    for part in ("items", "values", "type"):
        _collect(schema.get(part), members)
    if "symbols" in schema:
        members[schema["name"]] = [(symbol, None) for symbol in schema["symbols"]]
    if "fields" in schema:
        members[schema["name"]] = [
            (field["name"], (_outline(field["type"]), field.get("default", "required"))) for field in schema["fields"]
        ]
        for field in schema["fields"]:
            _collect(field["type"], members)


def _outline(schema: Any) -> Any:
    """A type without what is compared under its own name."""
    if isinstance(schema, list):
        return [_outline(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    if "name" in schema and schema["type"] != "fixed":
        return schema["name"]
    return {key: _outline(value) for key, value in schema.items() if key in ("type", "items", "values", "size")}
