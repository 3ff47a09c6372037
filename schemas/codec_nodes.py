"""An Avro schema as a graph of nodes: names resolved, defaults as Python values. The codec's generators walk it.

A named type is one node wherever it is mentioned, so a recursive schema is a cyclic graph.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from fastavro.schema import SchemaParseException, UnknownType, parse_schema

from schemas.errors import SchemasError

JsonSchema: TypeAlias = dict[str, Any] | list[Any] | str

#: A field that has no default.
REQUIRED: Final = object()

PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "string", "bytes"})


class SchemaError(SchemasError):
    """A schema is not valid Avro: says which and why."""


@dataclass(eq=False, slots=True)
class Primitive:
    """`kind` is what stands in the bytes; `reads_as` what the reader asked for (float, string, bytes), or the same."""

    kind: str
    reads_as: str = ""


@dataclass(eq=False, slots=True)
class Enum:
    """A symbol that the reader does not know is None: data that holds it cannot be read."""

    name: str
    symbols: tuple[str | None, ...]
    default: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(eq=False, slots=True)
class Fixed:
    name: str
    size: int
    aliases: tuple[str, ...] = ()


@dataclass(eq=False, slots=True)
class Array:
    items: "Node"


@dataclass(eq=False, slots=True)
class Map:
    values: "Node"


@dataclass(eq=False, slots=True)
class Union:
    branches: list["Node"]


@dataclass(eq=False, slots=True)
class Unreadable:
    """A branch of the writer's union that the reader has no type for."""

    reason: str


@dataclass(eq=False, slots=True)
class Field:
    """`default` is a Python value or REQUIRED; `kept` is False where the reader does not know the field."""

    name: str
    type: "Node"
    default: Any = REQUIRED
    aliases: tuple[str, ...] = ()
    kept: bool = True


@dataclass(eq=False, slots=True)
class Record:
    """`added` are fields that only the reader has, with their defaults."""

    name: str
    fields: list[Field] = field(default_factory=list)
    aliases: tuple[str, ...] = ()
    added: list[tuple[str, Any]] = field(default_factory=list)


Node: TypeAlias = Primitive | Enum | Fixed | Array | Map | Union | Record | Unreadable


@dataclass(frozen=True, slots=True)
class Parsed:
    """`schema` as fastavro wants it; `logical` tells that a logical type occurs."""

    node: Node
    schema: JsonSchema
    logical: bool
    title: str


def parse(schema: JsonSchema) -> Parsed:
    """Raises SchemaError, which names what is wrong with the schema."""
    try:
        checked = parse_schema(_unhinted(schema), {}, _write_hint=False)
    except (SchemaParseException, UnknownType, KeyError, TypeError, ValueError) as error:
        raise SchemaError(f"reading an Avro schema: {type(error).__name__}: {error}; correct the schema") from error
    builder = _Builder()
    node = builder.build(checked)
    for record_field, default, declared in builder.defaults:
        record_field.default = default_value(declared, default)
    return Parsed(node=node, schema=checked, logical=builder.logical, title=title(node))


def title(node: Node) -> str:
    """How messages call a node: its name, else its kind."""
    if isinstance(node, Record | Enum | Fixed):
        return node.name
    return node.kind if isinstance(node, Primitive) else type(node).__name__.lower()


def nullable(node: Node) -> tuple[int, Node] | None:
    """(index of null, the other branch) of a union of null and one other type; None for every other node."""
    if not isinstance(node, Union) or len(node.branches) != 2:
        return None
    nulls = [isinstance(branch, Primitive) and branch.kind == "null" for branch in node.branches]
    if sum(nulls) != 1:
        return None
    index = nulls.index(True)
    other = node.branches[1 - index]
    return None if isinstance(other, Unreadable) else (index, other)


def repeated(root: Node) -> frozenset[int]:
    """`id` of each record that stands in several places of the schema and holds nothing but scalars."""
    mentions: Counter[int] = Counter()
    waiting, flat = [root], set()
    while waiting:
        node = waiting.pop()
        mentions[id(node)] += 1
        if mentions[id(node)] > 1:
            continue
        waiting += _parts(node)
        if isinstance(node, Record) and not node.added and all(_is_scalar(field.type) for field in node.fields):
            flat.add(id(node))
    return frozenset(node for node in flat if mentions[node] > 1)


def _parts(node: Node) -> list[Node]:
    match node:
        case Record():
            return [field.type for field in node.fields]
        case Union():
            return list(node.branches)
        case Array():
            return [node.items]
        case Map():
            return [node.values]
        case _:
            return []


def _is_scalar(node: Node) -> bool:
    optional = nullable(node)
    return isinstance(optional[1] if optional else node, Primitive | Enum | Fixed)


def default_value(node: Node, default: Any) -> Any:  # noqa: PLR0911 - one a type of node
    """A default as JSON states it, as the value that the codec reads and writes: bytes as bytes, "NaN" as a float."""
    match node:
        case Primitive(kind="bytes") | Fixed() if isinstance(default, str):
            return default.encode("latin-1")
        case Primitive(kind="float" | "double") if default is not None:
            return float(default)
        case Array():
            return [default_value(node.items, item) for item in default]
        case Map():
            return {key: default_value(node.values, value) for key, value in default.items()}
        case Record():
            stated = {f.name: default_value(f.type, default[f.name]) for f in node.fields if f.name in default}
            return {f.name: f.default for f in node.fields if f.default is not REQUIRED} | stated
        case Union():
            return default_value(_branch_of_default(node, default), default)
        case _:
            return default


_JSON_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "int": (int,),
    "long": (int,),
    "float": (float, int),
    "double": (float, int),
    "string": (str,),
    "bytes": (str,),
}


def _branch_of_default(union: Union, default: Any) -> Node:
    for branch in union.branches:
        match branch:
            case Primitive():
                fits = isinstance(default, _JSON_TYPES[branch.kind]) and (
                    branch.kind == "boolean" or not isinstance(default, bool)
                )
            case Enum():
                fits = default in branch.symbols
            case Fixed():
                fits = isinstance(default, str) and len(default) == branch.size
            case Array():
                fits = isinstance(default, list)
            case _:
                fits = isinstance(default, dict)
        if fits:
            return branch
    raise SchemaError(f"reading an Avro schema: a default of {default!r} fits no branch of its union")


def _unhinted(schema: JsonSchema) -> JsonSchema:
    """fastavro does not check again what carries its own hint, and the hint holds a copy of every named type."""
    if isinstance(schema, dict) and "__fastavro_parsed" in schema:
        return {key: value for key, value in schema.items() if not key.startswith("__")}
    return schema


class _Builder:
    def __init__(self) -> None:
        self._named: dict[str, Node] = {}
        self.logical = False
        #: Applied when every name is known: a default may be of a type that is defined further on.
        self.defaults: list[tuple[Field, Any, Node]] = []

    def build(self, schema: JsonSchema) -> Node:
        if isinstance(schema, str):
            return Primitive(schema) if schema in PRIMITIVES else self._named[schema]
        if isinstance(schema, list):
            return Union([self.build(branch) for branch in schema])
        self.logical = self.logical or "logicalType" in schema
        match schema["type"]:
            case "array":
                return Array(self.build(schema["items"]))
            case "map":
                return Map(self.build(schema["values"]))
            case "enum" | "fixed" | "record" | "error" as kind:
                return self._build_named(schema, kind)
            case kind:
                return Primitive(kind)

    def _build_named(self, schema: dict[str, Any], kind: str) -> Node:
        name = schema["name"]
        aliases = tuple(schema.get("aliases", ()))
        if kind == "enum":
            self._named[name] = Enum(name, tuple(schema["symbols"]), schema.get("default"), aliases)
        elif kind == "fixed":
            self._named[name] = Fixed(name, schema["size"], aliases)
        else:
            # Known before its fields are built: they may mention it.
            record = self._named[name] = Record(name, aliases=aliases)
            record.fields = [self._build_field(declared) for declared in schema["fields"]]
        return self._named[name]

    def _build_field(self, declared: dict[str, Any]) -> Field:
        built = Field(declared["name"], self.build(declared["type"]), aliases=tuple(declared.get("aliases", ())))
        if "default" in declared:
            self.defaults.append((built, declared["default"], built.type))
        return built
