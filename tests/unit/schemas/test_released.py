"""Nobody edits what was released: data of every released version stay readable, and fields are only appended.

`schemas/avro/released/<name>.v<N>.avsc` is the file as it was released: to release, copy it there; never change it.
"""

import json
from copy import deepcopy
from importlib.resources import files
from typing import Any

import pytest

from schemas.compatibility import appended_only, unreadable

_AVRO = files("schemas").joinpath("avro")
_RELEASED = sorted(path.name for path in _AVRO.joinpath("released").iterdir() if path.name.endswith(".avsc"))
_TODAY = sorted(path.name for path in _AVRO.iterdir() if path.name.endswith(".avsc"))
#: What other files stand for here: they are compared on their own.
_PLACEHOLDERS = {"lienthong.Row", "lienthong.Entity", "lienthong.Claim"}


def complete(schema: Any) -> Any:
    """The schema with an empty record for each placeholder where it is met first."""
    met: set[str] = set()

    def visit(node: Any) -> Any:
        if isinstance(node, str) and node in _PLACEHOLDERS and node not in met:
            met.add(node)
            return {"type": "record", "name": node, "fields": []}
        if isinstance(node, list):
            return [visit(part) for part in node]
        if isinstance(node, dict):
            return {key: value if key in ("name", "namespace", "doc") else visit(value) for key, value in node.items()}
        return node

    return visit(schema)


def read(*path: str) -> Any:
    return complete(json.loads(_AVRO.joinpath(*path).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", _RELEASED)
def test_today_reads_what_was_released(name: str) -> None:
    released, today = read("released", name), read(f"{name.partition('.')[0]}.avsc")
    assert unreadable(written=released, reader=today) == []
    assert appended_only(released=released, today=today) == []


@pytest.mark.parametrize("name", _TODAY)
@pytest.mark.parametrize("edit", ["drop", "insert", "retype", "rename", "require"])
def test_an_incompatible_edit_is_refused(name: str, edit: str) -> None:
    today = read(name)
    edited = deepcopy(today)
    fields = edited["fields"]
    match edit:
        case "drop":
            del fields[0]
        case "insert":
            fields.insert(1, {"name": "new", "type": ["null", "long"], "default": None})
        case "retype":
            fields[-1] = {"name": fields[-1]["name"], "type": "boolean"}
        case "rename":
            fields[0]["name"] += "_new"
        case "require":
            fields.append({"name": "new", "type": "long"})
    refusals = unreadable(written=today, reader=edited) + appended_only(released=today, today=edited)
    assert refusals, "the edit went unnoticed"


@pytest.mark.parametrize("name", _TODAY)
def test_an_appended_field_with_a_default_is_allowed(name: str) -> None:
    today = read(name)
    edited = deepcopy(today)
    edited["fields"].append({"name": "new", "type": ["null", "string"], "default": None})
    assert unreadable(written=today, reader=edited) == []
    assert appended_only(released=today, today=edited) == []
