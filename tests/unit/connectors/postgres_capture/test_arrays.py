from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.postgres_capture import texts
from connectors.sources.postgres_capture.arrays import array_of


def _written(elements: list[str | None]) -> bytes:
    """As array_out writes it, every element quoted that may be."""
    quoted = ("NULL" if e is None else '"' + e.replace("\\", "\\\\").replace('"', '\\"') + '"' for e in elements)
    return ("{" + ",".join(quoted) + "}").encode()


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_what_is_quoted_is_read_back(elements: list[str | None]) -> None:
    assert array_of(texts.text)(_written(elements)) == elements


def test_bare_elements() -> None:
    assert array_of(int)(b"{1,NULL,-3}") == [1, None, -3]
    assert array_of(texts.text)(b"{a,NULL,null}") == ["a", None, "null"]


def test_quoted_and_bare_elements_mixed() -> None:
    assert array_of(texts.text)(b'{a,"NULL","",NULL,"b,c"}') == ["a", "NULL", "", None, "b,c"]


def test_another_delimiter() -> None:
    assert array_of(texts.text, ";")(b"{(1,1),(0,0);(2,2),(0,0)}") == ["(1,1),(0,0)", "(2,2),(0,0)"]


def test_odd_bounds_and_several_dimensions_stay_text() -> None:
    assert array_of(int)(b"[0:1]={1,2}") == "[0:1]={1,2}"
    assert array_of(int)(b"{{1,2},{3,4}}") == "{{1,2},{3,4}}"
