"""Lines of CSV files, as spreadsheets and parsers take them."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sinks.csv_target.cells import line, moment_text

_DANGEROUS = "=+-@\t\r\n＝＋－＠"
_TEXTS = st.text(st.one_of(st.sampled_from("=+-@'\" ,\t\r\nA"), st.characters(exclude_categories=["Cs"])))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("Nguyễn Thị Ngọc Ánh", '"Nguyễn Thị Ngọc Ánh"'),
        ('nói "có", rồi đi\r\nvề', '"nói ""có"", rồi đi\r\nvề"'),
        ("", '""'),
        (None, ""),
        (7, '"7"'),
        (-7, '"-7"'),
        (True, '"true"'),
        ("=HYPERLINK(1)", '"\'=HYPERLINK(1)"'),
        ("+84 912", '"\'+84 912"'),
        ("-1", '"\'-1"'),
        ("@SUM(1)", '"\'@SUM(1)"'),
        ("\tx", '"\'\tx"'),
        ("\rx", '"\'\rx"'),
        ("  =1+1", '"\'  =1+1"'),
        ("＝1", '"\'＝1"'),
        ("'=1", "\"''=1\""),
        ("'Ayun", '"\'Ayun"'),
        ("a=1", '"a=1"'),
    ],
)
def test_a_cell(value: object, cell: str) -> None:
    assert line([value]) == cell + "\r\n"


@given(st.lists(_TEXTS, min_size=1, max_size=4))
def test_any_texts_can_be_read_back_and_none_is_a_formula(texts: list[str]) -> None:
    [cells] = csv.reader(io.StringIO(line(texts), newline=""), strict=True)
    assert not [cell for cell in cells if cell.lstrip(" ")[:1] and cell.lstrip(" ")[0] in _DANGEROUS]
    taken = [
        cell[1:] if re.match(rf"''*(?:[\t\r\n]|\s*[{re.escape(_DANGEROUS[:4])}＝＋－＠])", cell) else cell
        for cell in cells
    ]
    assert taken == texts


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [(0, None), (1_788_134_400_000_001, "2026-08-31T00:00:00.000001+00:00"), (-1, "1969-12-31T23:59:59.999999+00:00")],
)
def test_a_time(microseconds: int, text: str | None) -> None:
    assert moment_text(microseconds) == text
