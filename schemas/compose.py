"""Complete schemas from the files in `schemas/avro`, their placeholders (`lienthong.Entity`, …) filled in."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

Schema = dict[str, Any]

_PLACEHOLDER_CLAIM = "lienthong.Claim"
_PLACEHOLDER_ENTITY = "lienthong.Entity"
_PLACEHOLDER_ROW = "lienthong.Row"


@cache
def _text(name: str) -> str:
    return files("schemas").joinpath("avro", f"{name}.avsc").read_text(encoding="utf-8")


def load(name: str) -> Schema:
    """The file `schemas/avro/<name>.avsc`, parsed, placeholders untouched."""
    schema: Schema = json.loads(_text(name))
    return schema


def _filled(name: str, definitions: dict[str, Schema]) -> Schema:
    schema: Schema = _Filling(definitions).visit(load(name))
    return schema


class _Filling:
    """Replaces a placeholder by its definition the first time, and by the defined name afterwards."""

    def __init__(self, definitions: dict[str, Schema]) -> None:
        self._definitions = definitions
        self._met: set[str] = set()

    def visit(self, node: Any) -> Any:
        if isinstance(node, str) and node in self._definitions:
            definition = self._definitions[node]
            full_name = f"{definition['namespace']}.{definition['name']}"
            if node in self._met:
                return full_name
            self._met.add(node)
            return self.visit(definition)
        if isinstance(node, list):
            return [self.visit(item) for item in node]
        if isinstance(node, dict):
            return {key: value if key in ("doc", "name") else self.visit(value) for key, value in node.items()}
        return node


def for_entity(name: str, entity: str) -> Schema:
    """`entity_state`, `forward`, `claim` or `delivery` of one entity, complete."""
    definitions = {_PLACEHOLDER_ENTITY: load(entity), _PLACEHOLDER_CLAIM: load("claim")}
    return _filled(name, definitions)


def for_row(row: Schema) -> Schema:
    """`change_event` for one source structure. `row` is a record schema with name and namespace."""
    return _filled("change_event", {_PLACEHOLDER_ROW: row})


def entity_fields(entity: str) -> dict[str, str]:
    """Field name -> canonical format (`citizen_id`, `date`, `text`, …) of an entity, in schema order."""
    return {field["name"]: field["format"] for field in load(entity)["fields"]}


@cache
def entities() -> frozenset[str]:
    """Every entity that has a schema."""
    paths = (path.name for path in files("schemas").joinpath("avro").iterdir())
    names = (name.removesuffix(".avsc") for name in paths if name.endswith(".avsc"))
    return frozenset(name for name in names if load(name).get("namespace") == "lienthong.entity")
