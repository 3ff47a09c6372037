"""Generates the decoder of one schema: a function a record, array, map and union; scalars in line.

The generated code checks as little as it can without ever going wrong silently. Slices past the end of the input come
out short, but move the position past the end: the next read raises IndexError, or `decode` sees that it did not stop at
the end. Whatever is raised, the caller then reads again with `codec_check`, slowly, to say what is wrong and where.
"""

from collections.abc import Callable
from copy import deepcopy
from itertools import repeat
from struct import Struct
from typing import Any, Final

from schemas import codec_varints
from schemas.codec_nodes import (
    Array,
    Enum,
    Fixed,
    Map,
    Node,
    Primitive,
    Record,
    Union,
    Unreadable,
    nullable,
    repeated,
)

Decode = Callable[..., Any]

_MAX_BRANCHES: Final = 64  # their index is one byte

_RUNTIME: Final[dict[str, Any]] = {
    "LONG": codec_varints.LONG_OF,
    "STEP": codec_varints.STEP_OF,
    "TRUTH": (False, True),
    "long_at": codec_varints.read_long,
    "int_at": codec_varints.read_int,
    "end_at": codec_varints.read_end,
    "block_at": codec_varints.read_block,
    "refuse": codec_varints.refuse,
    "float_at": Struct("<f").unpack_from,
    "double_at": Struct("<d").unpack_from,
    "repeat": repeat,
    "deepcopy": deepcopy,
}

Lines = list[str]


class NotGenerated(Exception):  # noqa: N818 - tells, without fault of anybody, that fastavro must do it
    """The generator does not reach this schema."""


def generate_decoder(root: Node, failed: Callable[[bytes, int, Exception], Exception]) -> Decode:
    """`decode(data, offset=0)`; `failed` gets the input, the offset and what went wrong, and returns what to raise.

    Raises NotGenerated.
    """
    generator = _DecoderGenerator(repeated(root))
    lines = [
        "def decode(b, offset=0):",
        " p = offset",
        " try:",
        *_indented(_indented(generator.read(root, "v"))),
        "  if p == len(b): return v",
        "  refuse()",
        " except Exception as error:",
        "  raise failed(b, offset, error) from None",
    ]
    source = "\n".join([*generator.functions(), *lines])
    namespace = {**_RUNTIME, **generator.constants, "failed": failed}
    exec(source, namespace)
    decode: Decode = namespace["decode"]
    return decode


def _indented(lines: Lines) -> Lines:
    return [" " + line for line in lines]


class _DecoderGenerator:
    def __init__(self, repeated: frozenset[int]) -> None:
        self.constants: dict[str, Any] = {}
        self._repeated = repeated
        self._names: dict[int, str] = {}
        self._waiting: list[tuple[str, Node]] = []

    def functions(self) -> Lines:
        """Source of every function that what was read so far needs."""
        lines: Lines = []
        while self._waiting:
            name, node = self._waiting.pop()
            body = getattr(self, f"_{type(node).__name__.lower()}")(node)
            lines += [f"def {name}(b, p):", *_indented(body)]
        return lines

    def read(self, node: Node, to: str) -> Lines:  # noqa: PLR0911 - one a type of node
        """Statements that read `node` from `b` at `p` into the variable `to` and move `p` on."""
        match node:
            case Primitive():
                return _primitive(node, to)
            case Enum() if len(node.symbols) <= _MAX_BRANCHES:
                return self._enum(node, to)
            case Enum():
                raise NotGenerated
            case Fixed():
                return [f"q = p + {node.size}", f"{to} = b[p:q]", "p = q"]
            case Unreadable():
                return ["refuse()"]
            case Array() | Map():
                empty = "[]" if isinstance(node, Array) else "{}"
                return [f"if b[p] == 0: {to} = {empty}; p += 1", f"else: {to}, p = {self._function(node)}(b, p)"]
            case Union() if (optional := nullable(node)) is not None:
                return self._optional(to, *optional)
            case _:
                return [f"{to}, p = {self._function(node)}(b, p)"]

    def _function(self, node: Node) -> str:
        name = self._names.get(id(node))
        if name is None:
            name = self._names[id(node)] = f"d{len(self._names)}"
            self._waiting.append((name, node))
        return name

    def _constant(self, value: Any) -> str:
        name = f"K{len(self.constants)}"
        self.constants[name] = value
        return name

    def _enum(self, node: Enum, to: str) -> Lines:
        # Odd bytes are negative indexes.
        by_byte = [symbol for known in node.symbols for symbol in (known, None)]
        return [f"{to} = {self._constant(by_byte)}[b[p]]; p += 1", f"if {to} is None: refuse()"]

    def _optional(self, to: str, null_index: int, other: Node) -> Lines:
        null_byte, other_byte = 2 * null_index, 2 * (1 - null_index)
        return [
            f"if b[p] == {other_byte}:",
            " p += 1",
            *_indented(self.read(other, to)),
            f"elif b[p] == {null_byte}: {to} = None; p += 1",
            "else: refuse()",
        ]

    def _union(self, node: Union) -> Lines:
        if len(node.branches) > _MAX_BRANCHES:
            raise NotGenerated
        lines = ["c = b[p]; p += 1"]
        for index, branch in enumerate(node.branches):
            lines += [f"if c == {2 * index}:", *_indented([*self.read(branch, "v"), "return v, p"])]
        return [*lines, "refuse()"]

    def _record(self, node: Record) -> Lines:
        lines: Lines = []
        items: Lines = []
        for index, field in enumerate(node.fields):
            lines += self.read(field.type, f"v{index}")
            if field.kept:
                items.append(f"{field.name!r}: v{index}")
        items += [f"{name!r}: {self._default(value)}" for name, value in node.added]
        if id(node) not in self._repeated:
            return [*lines, f"return {{{', '.join(items)}}}, p"]
        # No record's bytes are the beginning of another's: the same bytes as last time are the same record. One tuple,
        # for threads share the decoder; copies, for whoever gets a record may change it.
        last = self._constant([(b"", None)])
        return [
            f"s, v = {last}[0]",
            "if s and b.startswith(s, p): return v.copy(), p + len(s)",
            "o = p",
            *lines,
            f"v = {{{', '.join(items)}}}",
            f"{last}[0] = (b[o:p], v.copy())",
            "return v, p",
        ]

    def _default(self, value: Any) -> str:
        """A new object each time: whoever gets a record may change it."""
        if value in ([], {}):
            return repr(value)
        name = self._constant(value)
        return f"deepcopy({name})" if isinstance(value, list | dict) else name

    def _array(self, node: Array) -> Lines:
        width = least_width(node.items)
        if not width:
            raise NotGenerated
        return self._blocks(width, "out = []; add = out.append", [*self.read(node.items, "v"), "add(v)"])

    def _map(self, node: Map) -> Lines:
        entry = [*_primitive(Primitive("string"), "k"), *self.read(node.values, "v"), "out[k] = v"]
        return self._blocks(1 + least_width(node.values), "out = {}", entry)

    def _blocks(self, width: int, start: str, entry: Lines) -> Lines:
        """Blocks of entries of at least `width` bytes: a count that the input cannot hold is refused at once."""
        return [
            start,
            "while True:",
            *_indented(_primitive(Primitive("long"), "n")),
            " if n == 0: return out, p",
            " end = -1",
            " if n < 0: n, p, end = block_at(b, p, n)",
            f" if n * {width} > len(b) - p: refuse()",
            " for _ in repeat(None, n):",
            *_indented(_indented(entry)),
            " if end >= 0 and p != end: refuse()",
        ]


def _primitive(node: Primitive, to: str) -> Lines:
    match node.kind:
        case "null":
            return [f"{to} = None"]
        case "boolean":
            return [f"{to} = TRUTH[b[p]]; p += 1"]
        case "int" | "long":
            lines = ["n = b[p]", f"if n < 128: {to} = LONG[n]; p += 1", f"else: {to}, p = {node.kind}_at(b, p)"]
            return [*lines, f"{to} = float({to})"] if node.reads_as in ("float", "double") else lines
        case "float":
            return [f"{to} = float_at(b, p)[0]; p += 4"]
        case "double":
            return [f"{to} = double_at(b, p)[0]; p += 8"]
    decode = ".decode()" if (node.reads_as or node.kind) == "string" else ""
    check = f"; {to}.decode()" if node.kind == "string" and not decode else ""
    return [
        "q = p + STEP[b[p]]",
        "if q <= p:",
        " c = b[p + 1]",
        " if q < p and 0 < c < 128: q = p + p - q + (c << 6); p += 1",
        " else: p, q = end_at(b, p)",
        f"{to} = b[p + 1:q]{decode}{check}; p = q",
    ]


def least_width(node: Node) -> int:
    """Bytes that the shortest value of this type takes."""
    return _least_width(node, ())


def _least_width(node: Node, above: tuple[Node, ...]) -> int:
    match node:
        case Primitive():
            return {"null": 0, "float": 4, "double": 8}.get(node.kind, 1)
        case Fixed():
            return node.size
        case Record():
            if node in above:  # a record within itself: only an endless one gets here without an array or a union
                return 0
            return sum(_least_width(field.type, (*above, node)) for field in node.fields)
        case _:
            return 1
