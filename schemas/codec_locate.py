"""Reads Avro bytes slowly and carefully, to say what is wrong with them and at which byte."""

from typing import Final

from schemas.codec_errors import CodecError
from schemas.codec_nodes import Array, Enum, Fixed, Map, Node, Primitive, Record, Union, Unreadable, title
from schemas.codec_varints import INT_MAX, INT_MIN

#: Items that take no byte (null, a record without fields): no count of them is bounded by the input.
_MAX_EMPTY_ITEMS: Final = 1_000_000


def check(node: Node, data: bytes, offset: int) -> None:
    """Raises CodecError unless `data` from `offset` to its end is one value of `node`."""
    if not isinstance(data, bytes):
        raise CodecError(f"decoding {title(node)}: got {type(data).__name__}, not bytes", offset=offset)
    reader = _Reader(title(node), data, offset)
    try:
        reader.read(node, "")
    except RecursionError:
        raise reader.error("nested too deeply to be read", "") from None
    left = len(data) - reader.at
    if left:
        raise reader.error(f"{left} bytes are left over; were they written with another schema?", "")


class _Reader:
    def __init__(self, name: str, data: bytes, at: int) -> None:
        self.at = at
        self._name = name
        self._data = data
        self._empty_items = 0

    def error(self, what: str, path: str, *, at: int | None = None) -> CodecError:
        offset = self.at if at is None else at
        field = f", field {path}" if path else ""
        return CodecError(f"decoding {self._name}: at byte {offset}{field}: {what}", offset=offset, path=path)

    def read(self, node: Node, path: str) -> None:
        match node:
            case Primitive():
                self._primitive(node, path)
            case Enum():
                self._enum(node, path)
            case Fixed():
                self._take(node.size, path, f"{node.size} bytes of {node.name}")
            case Array() | Map():
                self._blocks(node, path)
            case Record():
                for field in node.fields:
                    self.read(field.type, f"{path}.{field.name}" if path else field.name)
            case Union():
                self.read(node.branches[self._index(len(node.branches), path, "branch of the union")], path)
            case Unreadable():
                raise self.error(node.reason, path)

    def _primitive(self, node: Primitive, path: str) -> None:
        start = self.at
        match node.kind:
            case "boolean":
                byte = self._take(1, path, "a boolean")
                if byte[0] > 1:
                    raise self.error(f"a boolean of {byte[0]}, neither 0 nor 1", path, at=start)
            case "int":
                if not INT_MIN <= self._long(path) <= INT_MAX:
                    raise self.error("an int of more than 32 bits", path, at=start)
            case "long":
                self._long(path)
            case "float" | "double" as kind:
                self._take(4 if kind == "float" else 8, path, f"a {kind}")
            case "string" | "bytes" as kind:
                self._text(kind, path, must_be_text="string" in (kind, node.reads_as))

    def _text(self, kind: str, path: str, *, must_be_text: bool) -> None:
        start = self.at
        size = self._long(path)
        if size < 0:
            raise self.error(f"a {kind} of {size} bytes", path, at=start)
        began = self.at
        taken = self._take(size, path, f"a {kind} of {size} bytes")
        if must_be_text:
            try:
                taken.decode()
            except UnicodeDecodeError as error:
                raise self.error(f"not UTF-8: {error.reason}", path, at=began + error.start) from None

    def _enum(self, node: Enum, path: str) -> None:
        start = self.at
        if node.symbols[self._index(len(node.symbols), path, f"symbol of {node.name}")] is None:
            raise self.error(f"a symbol of {node.name} that the reader does not know", path, at=start)

    def _index(self, size: int, path: str, what: str) -> int:
        start = self.at
        index = self._long(path)
        if not 0 <= index < size:
            raise self.error(f"index {index} for a {what}, which has {size}", path, at=start)
        return index

    def _blocks(self, node: Array | Map, path: str) -> None:
        number = 0
        while True:
            start = self.at
            count = self._long(path)
            if count == 0:
                return
            end = None
            if count < 0:
                size = self._long(path)
                count, end = -count, self.at + size
            for _ in range(count):
                before = self.at
                where = f"{path}[{number}]" if isinstance(node, Array) else f"{path}{{{number}}}"
                self._entry(node, where)
                number += 1
                self._count_empty(before, where, start)
            if end is not None and self.at != end:
                raise self.error(f"a block that ends here instead of at byte {end}, as it says", path)

    def _entry(self, node: Array | Map, where: str) -> None:
        if isinstance(node, Map):
            self._text("string", where, must_be_text=True)
            self.read(node.values, where)
        else:
            self.read(node.items, where)

    def _count_empty(self, before: int, where: str, start: int) -> None:
        if self.at == before:
            self._empty_items += 1
            if self._empty_items > _MAX_EMPTY_ITEMS:
                raise self.error(f"more than {_MAX_EMPTY_ITEMS} items that take no bytes", where, at=start)

    def _take(self, size: int, path: str, what: str) -> bytes:
        left = len(self._data) - self.at
        if size > left:
            raise self.error(f"{what} where {max(left, 0)} bytes are left; the input is cut off or damaged", path)
        start, self.at = self.at, self.at + size
        return self._data[start : self.at]

    def _long(self, path: str) -> int:
        start = self.at
        number = shift = 0
        while True:
            byte = self._take(1, path, "an integer")[0]
            number |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
            if shift > 63:
                raise self.error("an integer of more than 10 bytes", path, at=start)
        if number >> 64:
            raise self.error("an integer of more than 64 bits", path, at=start)
        if shift and not byte:
            raise self.error("an integer that is not in the shortest form", path, at=start)
        return (number >> 1) ^ -(number & 1)
