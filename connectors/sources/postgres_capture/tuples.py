"""Rows from their text form: pgoutput's tuples and the lines of COPY."""

import re
from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, Final

from connectors.sources.postgres_capture.texts import Convert
from schemas.records import Row

Readers = Sequence[tuple[str, Convert]]
#: Reads the tuple at a place of a message: the row, the place after it, the fields whose TOAST value was not sent.
ReadTuple = Callable[[bytes, int], tuple[Row, int, Sequence[str]]]

_NULL, _TEXT, _UNCHANGED = b"ntu"
_length = Struct(">I").unpack_from
_NOTHING: Final[tuple[str, ...]] = ()


def tuple_reader(readers: Readers) -> ReadTuple:
    """The reader of tuples with these columns. It raises ValueError for a tuple with another number of columns."""
    width = len(readers).to_bytes(2, "big")

    def read(data: bytes, place: int) -> tuple[Row, int, Sequence[str]]:
        if data[place : place + 2] != width:
            raise ValueError("a tuple has not as many columns as its relation")
        place += 2
        row: Row = {}
        missing: Sequence[str] = _NOTHING
        for name, convert in readers:
            kind = data[place]
            if kind == _TEXT:
                start = place + 5
                place = start + _length(data, place + 1)[0]
                row[name] = convert(data[start:place])
            elif kind == _NULL:
                row[name] = None
                place += 1
            else:
                missing = (*missing, name)
                place += 1
        return row, place, missing

    return read


def tuple_texts(data: bytes, place: int, columns: Sequence[int]) -> list[str | None]:
    """The text of some columns, by index, of the tuple at a place of a message."""
    count = int.from_bytes(data[place : place + 2])
    place += 2
    texts: list[str | None] = []
    for _ in range(count):
        start = place + 5
        if data[place] == _TEXT:
            end = start + _length(data, place + 1)[0]
            texts.append(data[start:end].decode("utf-8", "surrogateescape"))
            place = end
        else:
            texts.append(None)
            place += 1
    return [texts[column] for column in columns]


_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPES: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def copy_cells(line: bytes) -> list[bytes | None]:
    """The cells of one line of COPY in text format, without its line end; None for NULL."""
    cells: list[bytes | None] = list(line.split(b"\t"))
    if b"\\" in line:
        return [_unescaped(cell) if cell and b"\\" in cell else cell for cell in cells]
    return cells


def _unescaped(cell: bytes) -> bytes | None:
    if cell == b"\\N":
        return None
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), cell)


def row_of_cells(readers: Readers, cells: Sequence[bytes | None]) -> Row:
    """The row of one COPY line or one result row."""
    row: dict[str, Any] = {}
    for (name, convert), cell in zip(readers, cells, strict=True):
        row[name] = None if cell is None else convert(cell)
    return row
