"""Live records stand beside their canonical form, and what cannot be read says why."""

from console.sample_view import sample_view
from tests.unit.console.city import catalogue
from tests.unit.console.screens import printed

_ROW = {
    "id": 1,
    "so_dinh_danh": "001099012345",
    "ho_ten": "Nguyễn  Văn An",
    "ngay_sinh": "31/12/1999",
    "gioi_tinh": "1",
    "dia_chi": None,
    "ngay_mat": None,
    "ghi_chu": None,
}


def _screen(*rows: dict[str, object], show_values: bool = False, width: int = 80) -> str:
    publications = catalogue().publications("ho_tich", "person")
    view = sample_view(rows, publications, entity="person", system="ho_tich", show_values=show_values)
    return printed(view, width=width)


def test_shows_each_value_as_written_and_as_read() -> None:
    screen = _screen(_ROW)
    assert "31/12/1999" in screen
    assert "→ 1999-12-31" in screen
    assert "→ male" in screen
    assert screen.count("Nguyễn") == 2  # two blanks became one


def test_hides_identifiers_unless_asked_for() -> None:
    assert "001099012345" not in _screen(_ROW)
    assert _screen(_ROW, show_values=True).count("001099012345") == 1


def test_a_value_that_cannot_be_read_says_so_beside_the_good_ones() -> None:
    screen = _screen(_ROW, _ROW | {"gioi_tinh": "7"}, width=100)
    assert "✖" in screen
    assert "male" in screen


def test_a_column_that_the_table_does_not_have_is_named() -> None:
    screen = _screen({name: value for name, value in _ROW.items() if name != "ho_ten"})
    assert "no column ho_ten" in screen


def test_a_value_that_a_person_must_settle_is_shown_with_its_proposals_in_part() -> None:
    damaged = _ROW | {"so_dinh_danh": "36099012345"}
    assert "? lost_zero: may be 036••••••345" in _screen(damaged, width=100)
    assert "? lost_zero: may be 036099012345" in _screen(damaged, width=100, show_values=True)


def test_text_that_looks_like_another_encoding_is_asked_about() -> None:
    assert "? looks like tcvn3: declare `encoding: tcvn3`" in _screen(_ROW | {"ho_ten": "NguyÔn V¨n An"}, width=120)
