"""The compiled codec, where it was built (schemas/native): the same functions as the generated ones, in a fifth of the
time. A schema becomes a table of nodes for it; what it does not reach is left to the generators.
"""

from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

from schemas.codec_decode import Decode, NotGenerated, least_width
from schemas.codec_encode import CANDIDATES, Encode, branch_for, default_of
from schemas.codec_nodes import REQUIRED, Array, Enum, Field, Node, Primitive, Record, Union, nullable

try:
    from schemas.codec_native import Codec as _Native
except ImportError:  # no compiler when it was installed
    _Native = None  # type: ignore[assignment, misc]

#: Whether it was.
IS_BUILT: Final = _Native is not None

_SCALARS: Final = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
_ENUM, _ARRAY, _OPTIONAL, _UNION, _RECORD = range(len(_SCALARS), len(_SCALARS) + 5)
#: What a field is besides its type.
_WRITTEN, _ALWAYS_NULL, _DROPPED = range(3)
_MOST_BRANCHES: Final = 64


class Spec(NamedTuple):
    """One node as `native/program.h` has it."""

    kind: int
    child: int = 0
    width: int = 1
    null_index: int = 0
    symbols: tuple[str | None, ...] = ()
    indexes: dict[Any, int] = {}  # noqa: RUF012 - never changed
    branches: tuple[int, ...] = ()
    fields: tuple[tuple[str, int, int, tuple[Any, ...]], ...] = ()
    empty: dict[str, Any] = {}  # noqa: RUF012
    #: Fields that only the reader has: an empty list or dict, to be made anew for each record.
    added: dict[str, Any] | None = None


def native_encoder(
    root: Node, failed: Callable[[Any, Exception], bytes], *, only: Collection[str] | None = None
) -> Encode:
    """See `generate_encoder`. Raises NotGenerated, also where nothing was built."""
    encode = _compiled(root, only).encode

    def encode_or_tell(value: Any) -> bytes:
        try:
            return encode(value)
        except Exception as error:
            return failed(value, error)

    return encode_or_tell


def native_decoder(root: Node, failed: Callable[[bytes, int, Exception], Exception]) -> Decode:
    """See `generate_decoder`. Raises NotGenerated, also where nothing was built."""
    decode = _compiled(root, None).decode

    def decode_or_tell(data: bytes, offset: int = 0) -> Any:
        try:
            return decode(data, offset)
        except Exception as error:
            raise failed(data, offset, error) from None

    return decode_or_tell


def _compiled(root: Node, only: Collection[str] | None) -> "_Native":
    if _Native is None:
        raise NotGenerated
    return _Native(tuple(tuple(spec) for spec in _Program(root, only).specs))


class _Program:
    def __init__(self, root: Node, only: Collection[str] | None) -> None:
        self.specs: list[Spec] = []
        self._places: dict[int, int] = {}
        self._only = {id(root): only}
        self._place(root)

    def _place(self, node: Node) -> int:
        place = self._places.get(id(node))
        if place is None:
            place = self._places[id(node)] = len(self.specs)
            # Kept free: what the node consists of may mention it.
            self.specs.append(Spec(0))
            self.specs[place] = self._spec(node)
        return place

    def _spec(self, node: Node) -> Spec:
        match node:
            case Primitive() if not node.reads_as:
                return Spec(_SCALARS.index(node.kind))
            case Enum() if len(node.symbols) <= _MOST_BRANCHES:
                indexes = {symbol: index for index, symbol in enumerate(node.symbols) if symbol is not None}
                return Spec(_ENUM, symbols=node.symbols, indexes=indexes)
            case Array() if least_width(node.items):
                return Spec(_ARRAY, child=self._place(node.items), width=least_width(node.items))
            case Union() if (optional := nullable(node)) is not None:
                return Spec(_OPTIONAL, child=self._place(optional[1]), null_index=optional[0])
            case Union() if len(node.branches) <= _MOST_BRANCHES:
                decided = {kind: branch_for(node, kind) for kind in CANDIDATES}
                by_type = {kind: index for kind, index in decided.items() if index is not None}
                return Spec(_UNION, indexes=by_type, branches=tuple(map(self._place, node.branches)))
            case Record():
                return self._record(node)
        raise NotGenerated

    def _record(self, node: Record) -> Spec:
        only = self._only.get(id(node))
        fields = tuple((f.name, self._place(f.type), _rule(f, only), _missing(f)) for f in node.fields)
        empty = dict.fromkeys(field.name for field in node.fields if field.kept)
        added = {name: value for name, value in node.added if isinstance(value, list | dict)}
        if any(added.values()):
            raise NotGenerated
        return Spec(_RECORD, fields=fields, empty=empty | dict(node.added), added=added or None)


def _rule(field: Field, only: Collection[str] | None) -> int:
    if only is not None and field.name not in only:
        if nullable(field.type) is None:
            raise NotGenerated
        return _ALWAYS_NULL
    return _WRITTEN if field.kept else _DROPPED


def _missing(field: Field) -> tuple[Any, ...]:
    """What is written where a record lacks the field; empty where nothing can be."""
    default = default_of(field)
    return () if default is REQUIRED else (default,)
