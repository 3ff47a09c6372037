"""Generates the encoder of one schema: a function a record, array, map and union, returning bytes; scalars in line.

The generated code takes what is plainly right and raises on the rest; the caller then looks with `codec_check` whether
the value fits after all (a tuple that names a union's branch, an `array.array`, …) and has fastavro write it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from struct import Struct
from typing import Any, Final

from schemas import codec_varints
from schemas.codec_check import choose
from schemas.codec_decode import Lines, NotGenerated, least_width
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
    nullable,
    repeated,
)

Encode = Callable[[Any], bytes]

#: Below this a length with the union index before it is looked up as one.
_TABLE: Final = 2048


def _as_bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytearray) else codec_varints.refuse()


def _as_array(value: Any) -> Sequence[Any]:
    return value if isinstance(value, tuple) else codec_varints.refuse()


_RUNTIME: Final[dict[str, Any]] = {
    "SMALL": codec_varints.SMALL,
    "write_long": codec_varints.write_long,
    "write_int": codec_varints.write_int,
    "refuse": codec_varints.refuse,
    "as_bytes": _as_bytes,
    "as_array": _as_array,
    "float_of": Struct("<f").pack,
    "double_of": Struct("<d").pack,
    "join": b"".join,
    "NOTHING": (None, b""),
}


def generate_encoder(
    root: Node, failed: Callable[[Any, Exception], bytes], *, only: Collection[str] | None = None
) -> Encode:
    """`encode(value)`; `failed` gets the value that was not plainly right, and returns its bytes or raises.

    `only`: fields of the root record that are written, all others as null, whatever they hold. Raises NotGenerated.
    """
    generator = _EncoderGenerator(repeated(root), {} if only is None else {id(root): frozenset(only)})
    lines = [
        "def encode(v):",
        *[f" {name}[0] = NOTHING" for name in generator.lasts],
        " try:",
        *_indented(_indented([*generator.write(root, "v", "x", b""), f"return {_joined(generator.parts(root, 'x'))}"])),
        " except Exception as error:",
        "  return failed(v, error)",
    ]
    source = "\n".join([*generator.functions(), *lines])
    namespace = {**_RUNTIME, **generator.constants, "failed": failed}
    exec(source, namespace)
    encode: Encode = namespace["encode"]
    return encode


def _indented(lines: Lines) -> Lines:
    return [" " + line for line in lines]


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"join(({', '.join(parts)}))" if parts else "b''"


class _EncoderGenerator:
    def __init__(self, repeated: frozenset[int], only: Mapping[int, frozenset[str]]) -> None:
        self.constants: dict[str, Any] = {}
        #: By record that stands in several places, where the last one that was written is kept.
        self._last = {node: self._constant([(None, b"")]) for node in sorted(repeated)}
        self._only = only
        self._names: dict[int, str] = {}
        self._tables: dict[bytes, str] = {}
        self._waiting: list[tuple[str, Node]] = []

    @property
    def lasts(self) -> list[str]:
        """What is to be forgotten before each value: a record may have been changed since the last one."""
        return list(self._last.values())

    def functions(self) -> Lines:
        """Source of every function that what was written so far needs."""
        lines: Lines = []
        while self._waiting:
            name, node = self._waiting.pop()
            body = getattr(self, f"_{type(node).__name__.lower()}")(node)
            lines += [f"def {name}(v):", *_indented(body)]
        return lines

    def parts(self, node: Node, to: str) -> list[str]:
        """The variables that `write` to `to` fills, in order; the bytes are their concatenation."""
        optional = nullable(node)
        plain = optional[1] if optional else node
        if isinstance(plain, Primitive) and plain.kind in ("string", "bytes"):
            return [f"{to}h", f"{to}s"]
        if isinstance(node, Primitive) and node.kind == "null":
            return []
        return [f"{to}h", f"{to}s"] if optional and not _is_scalar(plain) else [f"{to}h"]

    def write(self, node: Node, value: str, to: str, before: bytes) -> Lines:
        """Statements that turn the variable `value` into the parts of `to`, with the bytes `before` ahead of them."""
        head, tail = f"{to}h", f"{to}s"
        match node:
            case Primitive():
                return self._primitive(node, value, to, before)
            case Enum():
                table = {symbol: before + codec_varints.SMALL[index] for index, symbol in enumerate(node.symbols)}
                return [f"{head} = {self._constant(table)}[{value}]"]
            case Fixed():
                check = f"if type({value}) is not bytes: {value} = as_bytes({value})"
                prefix = f"{self._constant(before)} + " if before else ""
                return [check, f"if len({value}) != {node.size}: refuse()", f"{head} = {prefix}{value}"]
            case Union() if (optional := nullable(node)) is not None:
                return self._optional(value, to, *optional)
        call = f"{self._function(node)}({value})"
        return [f"{head} = {self._constant(before)}; {tail} = {call}"] if before else [f"{head} = {call}"]

    def _optional(self, value: str, to: str, null_index: int, other: Node) -> Lines:
        null = self._constant(codec_varints.SMALL[null_index])
        two_parts = len(self.parts(Union([Primitive("null"), other]), to)) == 2
        # A tuple names the branch that is meant.
        tuples = [f"elif type({value}) is tuple: refuse()"] if isinstance(other, Array) else []
        return [
            f"if {value} is None: {to}h = {null}" + (f"; {to}s = b''" if two_parts else ""),
            *tuples,
            "else:",
            *_indented(self.write(other, value, to, codec_varints.SMALL[1 - null_index])),
        ]

    def _primitive(self, node: Primitive, value: str, to: str, before: bytes) -> Lines:
        head, tail = f"{to}h", f"{to}s"
        prefix = f"{self._constant(before)} + " if before else ""
        match node.kind:
            case "null":
                return [f"if {value} is not None: refuse()"]
            case "boolean":
                true, false = self._constant(before + b"\1"), self._constant(before + b"\0")
                return [f"{head} = {true} if {value} is True else {false} if {value} is False else refuse()"]
            case "int" | "long" as kind:
                table, size = self._table(before)
                return [f"{head} = {table}[{value}] if 0 <= {value} < {size} else {prefix}write_{kind}({value})"]
            case "float" | "double" as kind:
                return [f"{head} = {prefix}{kind}_of({value})"]
            case "string":
                lines = [f"{tail} = {value}.encode()"]
            case _:
                lines = [f"if type({value}) is not bytes: {value} = as_bytes({value})", f"{tail} = {value}"]
        table, size = self._table(before)
        return [*lines, f"n = len({tail})", f"{head} = {table}[n] if n < {size} else {prefix}write_long(n)"]

    def _function(self, node: Node) -> str:
        name = self._names.get(id(node))
        if name is None:
            name = self._names[id(node)] = f"e{len(self._names)}"
            self._waiting.append((name, node))
        return name

    def _constant(self, value: Any) -> str:
        name = f"K{len(self.constants)}"
        self.constants[name] = value
        return name

    def _table(self, before: bytes) -> tuple[str, int]:
        """(name, size) of the table of small longs with `before` ahead of them."""
        if not before:
            return "SMALL", len(codec_varints.SMALL)
        if before not in self._tables:
            self._tables[before] = self._constant([before + small for small in codec_varints.SMALL[:_TABLE]])
        return self._tables[before], _TABLE

    def _record(self, node: Record) -> Lines:
        only = self._only.get(id(node))
        lines = self._fields(node) if only is None else [f"v{i} = v[{f.name!r}]" for i, f in _kept(node, only)]
        parts: list[str] = []
        for index, field in enumerate(node.fields):
            if only is not None and field.name not in only:
                parts.append(self._null(field))
                continue
            lines += self.write(field.type, f"v{index}", f"x{index}", b"")
            parts += self.parts(field.type, f"x{index}")
        last = self._last.get(id(node))
        if last is None:
            return [*lines, f"return {_joined(parts)}"]
        # The same object within one value is the same record, and nobody changes it meanwhile.
        return [
            f"o, s = {last}[0]",
            "if o is v: return s",
            "o = v",
            *lines,
            f"s = {_joined(parts)}",
            f"{last}[0] = (o, s)",
            "return s",
        ]

    def _null(self, field: Field) -> str:
        optional = nullable(field.type)
        if optional is None:
            raise NotGenerated
        return self._constant(codec_varints.SMALL[optional[0]])

    def _fields(self, node: Record) -> Lines:
        """Fetch every field; what the record lacks comes from the defaults, or is null where it may be."""
        defaults = {field.name: default_of(field) for field in node.fields if default_of(field) is not REQUIRED}
        fetch = [f"v{index} = v[{field.name!r}]" for index, field in enumerate(node.fields)]
        if not defaults:
            return fetch or ["v.items"]
        # A record that lacks fields mostly lacks those that may be null: cheaper asked for than caught.
        sparse = [
            f"v{index} = get({field.name!r})" if default_of(field) is None else line
            for index, (field, line) in enumerate(zip(node.fields, fetch, strict=True))
        ]
        return [
            "try:",
            f" if len(v) < {len(fetch)}:",
            "  get = v.get",
            *_indented(_indented(sparse)),
            " else:",
            *_indented(_indented(fetch)),
            "except KeyError:",
            f" v = {{**{self._constant(defaults)}, **v}}",
            *_indented(fetch),
        ]

    def _array(self, node: Array) -> Lines:
        if not least_width(node.items):
            raise NotGenerated
        return [
            "if type(v) is not list: v = as_array(v)",
            "n = len(v)",
            "if not n: return b'\\0'",
            "out = [SMALL[n] if n < 8192 else write_long(n)]; add = out.append",
            "for v in v:",
            *_indented(self.write(node.items, "v", "x", b"")),
            *[f" add({part})" for part in self.parts(node.items, "x")],
            "add(b'\\0')",
            "return join(out)",
        ]

    def _map(self, node: Map) -> Lines:
        return [
            "n = len(v)",
            "if not n: v.items; return b'\\0'",
            "out = [SMALL[n] if n < 8192 else write_long(n)]; add = out.append",
            "for k, v in v.items():",
            *_indented(self._primitive(Primitive("string"), "k", "k", b"")),
            " add(kh); add(ks)",
            *_indented(self.write(node.values, "v", "x", b"")),
            *[f" add({part})" for part in self.parts(node.values, "x")],
            "add(b'\\0')",
            "return join(out)",
        ]

    def _union(self, node: Union) -> Lines:
        """The type alone tells the branch where it can; else `choose` tries the value on every branch."""
        chooser = self._constant(lambda value: choose(node, value))
        lines = ["t = type(v)"]
        for python_type in CANDIDATES:
            index = branch_for(node, python_type)
            if index is not None:
                name = self._constant(python_type)
                lines.append(f"{'elif' if len(lines) > 1 else 'if'} t is {name}: i = {index}")
        lines += ["else: i, v = " if len(lines) > 1 else "i, v = "]
        lines[-1] += f"{chooser}(v)"
        for index, branch in enumerate(node.branches):
            before = codec_varints.UNSIGNED[2 * index]
            written = self.write(branch, "v", "x", before)
            parts = self.parts(branch, "x") or [self._constant(before)]
            if not isinstance(branch, Primitive | Enum | Fixed):
                parts = ["xh", "xs"]
            lines += [f"if i == {index}:", *_indented([*written, f"return {_joined(parts)}"])]
        return lines


def _kept(node: Record, only: Collection[str]) -> list[tuple[int, Field]]:
    return [(index, field) for index, field in enumerate(node.fields) if field.name in only]


def _is_scalar(node: Node) -> bool:
    return isinstance(node, Primitive | Enum | Fixed)


def default_of(field: Field) -> Any:
    """What stands for a field that a record lacks, or REQUIRED."""
    if field.default is REQUIRED and nullable(field.type):
        return None
    return field.default


#: Python type -> the kinds of branches that could take a value of it, as fastavro tries them.
CANDIDATES: Final[dict[type, frozenset[str]]] = {
    type(None): frozenset({"null"}),
    bool: frozenset({"boolean"}),
    int: frozenset({"int", "long", "float", "double"}),
    float: frozenset({"float", "double"}),
    str: frozenset({"string", "enum"}),
    bytes: frozenset({"bytes", "fixed", "array"}),
    list: frozenset({"array"}),
    dict: frozenset({"map", "record"}),
}


_TAKING_ALL: Final[dict[type, tuple[str, ...]]] = {
    int: ("long", "double"),
    float: ("double",),
    str: ("string",),
    bytes: ("bytes",),
}


def branch_for(node: Union, python_type: type) -> int | None:
    """The branch that takes every value of this Python type that the union takes, or None: look at the value."""
    kinds = [b.kind if isinstance(b, Primitive) else type(b).__name__.lower() for b in node.branches]
    able = [index for index, kind in enumerate(kinds) if kind in CANDIDATES[python_type]]
    if not able:
        return None
    first = kinds[able[0]]
    if first == "float":
        return next((index for index in able if kinds[index] == "double"), able[0])
    return able[0] if len(able) == 1 or first in _TAKING_ALL.get(python_type, ()) else None
