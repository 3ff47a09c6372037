"""What a reader's schema makes of bytes written with another: Avro's resolution rules, once per pair of schemas.

The result is a graph to decode by, and every reason why there is none.
"""

from dataclasses import dataclass
from typing import Any, Final

from schemas.codec_nodes import (
    REQUIRED,
    Array,
    Enum,
    Field,
    Fixed,
    Map,
    Node,
    Primitive,
    Record,
    Union,
    Unreadable,
    title,
)
from schemas.errors import SchemasError


class IncompatibleSchema(SchemasError):  # noqa: N818 - says what is the matter, as its siblings do
    """Data of one schema cannot be read with another, or would not always be."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`path` is the reader's field, e.g. `after.birth_date`; `what` says what does not go together."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}" if self.path else self.what


_PROMOTIONS: Final = {
    ("int", "long"): "",
    ("int", "float"): "float",
    ("int", "double"): "double",
    ("long", "float"): "float",
    ("long", "double"): "double",
    ("float", "double"): "",
    ("string", "bytes"): "bytes",
    ("bytes", "string"): "string",
}


def resolve(written: Node, wanted: Node) -> Node:
    """The graph by which to decode. Raises IncompatibleSchema for what no data at all can be read by.

    A branch of a union or a symbol of an enum that the reader does not know is refused only when data hold it.
    """
    resolver = _Resolver()
    node = resolver.resolve(written, wanted, "")
    if resolver.fatal:
        reasons = "; ".join(str(problem) for problem in resolver.fatal)
        raise IncompatibleSchema(
            f"reading {title(written)} as another version of it: {reasons}; give the reader's fields defaults, or read "
            "with the writer's schema"
        )
    return node


def problems(written: Node, wanted: Node) -> list[Problem]:
    """Everything for which some data of `written` could not be read as `wanted`; empty where all can."""
    resolver = _Resolver()
    resolver.resolve(written, wanted, "")
    return [*resolver.fatal, *resolver.possible]


class _Resolver:
    def __init__(self) -> None:
        self.fatal: list[Problem] = []
        self.possible: list[Problem] = []
        self._met: dict[tuple[int, int], Record] = {}

    def resolve(self, written: Node, wanted: Node, path: str) -> Node:  # noqa: PLR0911 - one a type of node
        if isinstance(written, Union):
            return Union([self._branch(branch, wanted, path) for branch in written.branches])
        if isinstance(wanted, Union):
            found = next((branch for branch in wanted.branches if matches(written, branch)), None)
            if found is None:
                return self._impossible(path, written, wanted)
            return self.resolve(written, found, path)
        if not matches(written, wanted):
            return self._impossible(path, written, wanted)
        match written, wanted:
            case Record(), Record():
                return self._record(written, wanted, path)
            case Enum(), Enum():
                return self._enum(written, wanted, path)
            case Array(), Array():
                return Array(self.resolve(written.items, wanted.items, f"{path}[]"))
            case Map(), Map():
                return Map(self.resolve(written.values, wanted.values, f"{path}{{}}"))
            case Primitive(), Primitive():
                return Primitive(written.kind, _PROMOTIONS.get((written.kind, wanted.kind), ""))
        return written

    def _impossible(self, path: str, written: Node, wanted: Node) -> Node:
        what = f"{_called(written)} was written, {_called(wanted)} is wanted"
        self.fatal.append(Problem(path, what))
        return Unreadable(what)

    def _branch(self, branch: Node, wanted: Node, path: str) -> Node:
        """One branch of the writer's union: what is wrong in it shows only when data hold it."""
        inner = _Resolver()
        inner._met = dict(self._met)
        node = inner.resolve(branch, wanted, path)
        self.possible += [*inner.fatal, *inner.possible]
        if inner.fatal:
            return Unreadable("; ".join(p.what if p.path == path else str(p) for p in inner.fatal))
        self._met = inner._met
        return node

    def _enum(self, written: Enum, wanted: Enum, path: str) -> Node:
        symbols = tuple(s if s in wanted.symbols else wanted.default for s in written.symbols)
        if None in symbols:
            lost = [str(s) for s in written.symbols if s not in wanted.symbols]
            self.possible.append(
                Problem(path, f"symbols {', '.join(lost)} of {written.name} are gone, with no default")
            )
        return Enum(written.name, symbols)

    def _record(self, written: Record, wanted: Record, path: str) -> Node:
        met = self._met.get((id(written), id(wanted)))
        if met is not None:
            return met
        record = self._met[id(written), id(wanted)] = Record(wanted.name)
        by_name = {field.name: field for field in wanted.fields}
        by_alias = {alias: field for field in wanted.fields for alias in field.aliases}
        for field in written.fields:
            target = by_name.get(field.name) or by_alias.get(field.name)
            if target is None or target.name not in by_name:
                record.fields.append(Field(field.name, field.type, kept=False))
                continue
            del by_name[target.name]
            where = f"{path}.{target.name}" if path else target.name
            record.fields.append(Field(target.name, self.resolve(field.type, target.type, where)))
        for missing in by_name.values():
            self._add(record, missing, path)
        return record

    def _add(self, record: Record, missing: Field, path: str) -> None:
        if missing.default is REQUIRED:
            where = f"{path}.{missing.name}" if path else missing.name
            self.fatal.append(Problem(where, "a new field without a default"))
        else:
            record.added.append((missing.name, missing.default))


def matches(written: Node, wanted: Node) -> bool:  # noqa: PLR0911 - one a type of node
    """Whether the two are of one type, before their parts are compared: Avro's rule for choosing a union's branch."""
    if isinstance(written, Union) or isinstance(wanted, Union):
        return True
    match written, wanted:
        case Primitive(), Primitive():
            return written.kind == wanted.kind or (written.kind, wanted.kind) in _PROMOTIONS
        case (Array(), Array()):
            return matches(written.items, wanted.items)
        case (Map(), Map()):
            return matches(written.values, wanted.values)
        case (Record(), Record()) | (Enum(), Enum()):
            return _same_name(written, wanted)
        case Fixed(), Fixed():
            return written.size == wanted.size and _same_name(written, wanted)
    return False


def _same_name(written: Any, wanted: Any) -> bool:
    bare = _bare(written.name)
    return bare == _bare(wanted.name) or written.name in wanted.aliases or bare in wanted.aliases


def _bare(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _called(node: Node) -> str:
    return " or ".join(title(branch) for branch in node.branches) if isinstance(node, Union) else title(node)
