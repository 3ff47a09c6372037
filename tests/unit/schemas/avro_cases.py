"""Random Avro schemas, values of them, and the comparison that fastavro is the judge in."""

import io
import math
from typing import Any

import fastavro
from hypothesis import strategies as st

INTS = st.one_of(
    st.integers(-(2**31), 2**31 - 1), st.sampled_from([-(2**31), 2**31 - 1, -1, 0, 63, 64, -64, -65, 8191, 8192])
)
LONGS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 62).flatmap(lambda bits: st.integers(-(2**bits) - 1, 2**bits + 1)),
    st.sampled_from([-(2**63), 2**63 - 1]),
)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "Nguyễn Thị Minh Khai", "Đặng Văn Ngữ", "số 12, ngõ 34 phố Huế " * 4, "a" * 63, "a" * 64, "ờ" * 3000]
    ),
)
FLOATS = st.one_of(st.floats(width=32), st.just(math.nan))

VALUES_OF: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": INTS,
    "long": LONGS,
    "float": FLOATS,
    "double": st.floats(),
    "string": TEXTS,
    "bytes": st.binary(max_size=80),
}


class _Draw:
    """Draws one schema; remembers its named types so that later parts can mention them.

    `least` 1 asks for a type whose values take a byte or more: the generator leaves arrays of others to fastavro.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._names: list[str] = []
        #: Records whose values may take no byte at all.
        self._narrow: set[str] = set()
        self._open: list[str] = []
        self._count = 0

    def schema(self, depth: int, *, in_union: bool = False, least: int = 0) -> Any:
        kinds = ["primitive"] * 3 + ["enum", "fixed"]
        if depth:
            kinds += ["record", "array", "map"] + ([] if in_union else ["optional", "optional", "union"])
        if self._mentionable(least) and not in_union:
            kinds.append("reference")
        kind = self._draw(st.sampled_from(kinds))
        return getattr(self, f"_{kind}")(depth, least)

    def _primitive(self, depth: int, least: int) -> Any:
        kinds = sorted(VALUES_OF) if not least else sorted(VALUES_OF.keys() - {"null"})
        kind = self._draw(st.sampled_from(kinds))
        return self._draw(st.sampled_from([kind, {"type": kind}]))

    def _name(self) -> str:
        self._count += 1
        return f"t.N{self._count}"

    def _enum(self, depth: int, least: int) -> Any:
        size = self._draw(st.integers(1, 64))
        name = self._name()
        self._names.append(name)
        return {"type": "enum", "name": name, "symbols": [f"S{index}" for index in range(size)]}

    def _fixed(self, depth: int, least: int) -> Any:
        name = self._name()
        self._names.append(name)
        return {"type": "fixed", "name": name, "size": self._draw(st.integers(1, 20))}

    def _array(self, depth: int, least: int) -> Any:
        return {"type": "array", "items": self.schema(depth - 1, least=1)}

    def _map(self, depth: int, least: int) -> Any:
        return {"type": "map", "values": self.schema(depth - 1)}

    def _optional(self, depth: int, least: int) -> Any:
        other = self.schema(depth - 1, in_union=True, least=1)
        return ["null", other] if self._draw(st.booleans()) else [other, "null"]

    def _union(self, depth: int, least: int) -> Any:
        branches: dict[str, Any] = {}
        for _ in range(self._draw(st.integers(1, 5))):
            known = list(self._names)
            branch = self.schema(depth - 1, in_union=True)
            kind = branch["type"] if isinstance(branch, dict) else branch
            # Avro allows several named types in a union, one of every other.
            if kind in ("record", "enum", "fixed"):
                kind = branch["name"]
            if kind in branches:
                self._names = known
            branches.setdefault(kind, branch)
        return list(branches.values())

    def _reference(self, depth: int, least: int) -> Any:
        return self._draw(st.sampled_from(self._mentionable(least)))

    def _mentionable(self, least: int) -> list[str]:
        return [name for name in self._names if not least or name not in self._narrow]

    def _record(self, depth: int, least: int) -> Any:
        name = self._name()
        size = self._draw(st.integers(least, 6))
        self._open.append(name)
        fields = []
        for index in range(size):
            must = index == 0 and least
            fields.append({"name": f"f{index}", "type": self.schema(depth - 1, least=int(must))})
        if self._draw(st.integers(0, 3)) == 0:
            outer = self._draw(st.sampled_from(self._open))
            recursive = self._draw(st.sampled_from([["null", outer], {"type": "array", "items": outer}]))
            fields.append({"name": "again", "type": recursive})
        elif not least:
            self._narrow.add(name)
        self._open.pop()
        self._names.append(name)
        return {"type": "record", "name": name, "fields": fields}


@st.composite
def schemas(draw: st.DrawFn, depth: int = 3) -> Any:
    """Any schema, not only records; references and recursion included."""
    return _Draw(draw).schema(draw(st.integers(0, depth)))


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Values of a schema, as its writer would hold them."""
    named: dict[str, Any] = {}
    _collect(schema, named)
    return _values(schema, named, 0)


def _collect(schema: Any, named: dict[str, Any]) -> None:
    if isinstance(schema, list):
        for branch in schema:
            _collect(branch, named)
    elif isinstance(schema, dict):
        if "name" in schema:
            named[schema["name"]] = schema
        for part in ("items", "values"):
            _collect(schema.get(part), named)
        for field in schema.get("fields", ()):
            _collect(field["type"], named)


def _values(  # noqa: PLR0911 - one a type
    schema: Any, named: dict[str, Any], depth: int
) -> st.SearchStrategy[Any]:
    if isinstance(schema, list):
        branches = [branch for branch in schema if branch == "null" or depth < 6] or schema
        return st.one_of([_values(branch, named, depth + 1) for branch in branches])
    if isinstance(schema, str):
        return VALUES_OF[schema] if schema in VALUES_OF else _values(named[schema], named, depth + 1)
    match schema["type"]:
        case "enum":
            return st.sampled_from(schema["symbols"])
        case "fixed":
            return st.binary(min_size=schema["size"], max_size=schema["size"])
        case "array":
            return st.lists(
                st.deferred(lambda: _values(schema["items"], named, depth + 1)), max_size=0 if depth > 5 else 4
            )
        case "map":
            items = st.deferred(lambda: _values(schema["values"], named, depth + 1))
            return st.dictionaries(TEXTS, items, max_size=0 if depth > 5 else 3)
        case "record":
            return st.fixed_dictionaries(
                {field["name"]: st.deferred(_later(field["type"], named, depth)) for field in schema["fields"]}
            )
    return VALUES_OF[schema["type"]]


def _later(schema: Any, named: dict[str, Any], depth: int) -> Any:
    return lambda: _values(schema, named, depth + 1)


@st.composite
def schemas_with_value(draw: st.DrawFn) -> tuple[Any, Any]:
    """A schema and a value of it."""
    schema = draw(schemas())
    return schema, draw(values(schema))


def written_by_fastavro(schema: Any, value: Any) -> bytes:
    """The bytes that fastavro makes of a value."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return out.getvalue()


def read_by_fastavro(data: bytes, writer: Any, reader: Any = None) -> Any:
    """What fastavro makes of bytes; `reader` resolves."""
    parsed = fastavro.parse_schema(reader) if reader is not None else None
    return fastavro.schemaless_reader(io.BytesIO(data), fastavro.parse_schema(writer), parsed)


def same(left: Any, right: Any) -> bool:
    """Equal, types included, NaN equal to itself and 0.0 unlike -0.0."""
    return repr(left) == repr(right)
