from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.postgres_capture import lsn, names


@given(st.integers(0, 2**64 - 1))
def test_positions_are_spelled_and_read(position: int) -> None:
    assert lsn.parse(lsn.spell(position)) == position


def test_a_position_as_postgresql_spells_it() -> None:
    assert lsn.spell(0x16_B374D848) == "16/B374D848"


def test_names_fit_and_differ() -> None:
    assert names.of_system("ho_tich") == "lienthong_ho_tich"
    long = [names.of_system("x" * 60 + end) for end in ("a", "b")]
    assert len({*long}) == 2
    assert all(len(name) <= 63 for name in long)
