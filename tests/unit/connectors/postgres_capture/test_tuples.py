import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.postgres_capture.texts import text
from connectors.sources.postgres_capture.tuples import copy_cells, row_of_cells, tuple_reader, tuple_texts

_CELLS = st.lists(st.none() | st.binary(max_size=300), min_size=1, max_size=20)


def _tuple(cells: list[bytes | None]) -> bytes:
    written = (b"n" if cell is None else b"t" + len(cell).to_bytes(4) + cell for cell in cells)
    return len(cells).to_bytes(2) + b"".join(written)


@given(_CELLS, st.binary(max_size=30), st.binary(max_size=30))
def test_a_tuple_is_read_where_it_stands(cells: list[bytes | None], before: bytes, after: bytes) -> None:
    message = before + _tuple(cells) + after
    read = tuple_reader([(str(number), bytes) for number in range(len(cells))])
    row, place, missing = read(message, len(before))
    assert list(row.values()) == cells
    assert place == len(message) - len(after)
    assert not missing


def test_values_that_were_not_sent_are_named() -> None:
    message = (3).to_bytes(2) + b"t" + (1).to_bytes(4) + b"7" + b"u" + b"n"
    row, place, missing = tuple_reader([("a", int), ("b", text), ("c", text)])(message, 0)
    assert (row, place, tuple(missing)) == ({"a": 7, "c": None}, len(message), ("b",))


def test_another_number_of_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="as many columns"):
        tuple_reader([("a", int)])(_tuple([b"1", b"2"]), 0)


def test_texts_of_some_columns() -> None:
    assert tuple_texts(b"xx" + _tuple([b"a", None, b"c"]), 2, [2, 0, 1]) == ["c", "a", None]


_ESCAPES = {b"\\": b"\\\\", b"\b": b"\\b", b"\f": b"\\f", b"\n": b"\\n", b"\r": b"\\r", b"\t": b"\\t", b"\v": b"\\v"}


def _copied(cell: bytes | None) -> bytes:
    if cell is None:
        return b"\\N"
    return b"".join(_ESCAPES.get(bytes([byte]), bytes([byte])) for byte in cell)


@given(_CELLS)
def test_a_line_of_copy_is_read_back(cells: list[bytes | None]) -> None:
    assert copy_cells(b"\t".join(map(_copied, cells))) == cells


def test_a_row_of_cells() -> None:
    assert row_of_cells([("a", int), ("b", text)], [b"1", None]) == {"a": 1, "b": None}
