"""Waves end in the same rows as the deliveries written one after the other."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.sink_feed import delete, expected, rename, upsert
from connectors.kit.sink_target import KEY
from connectors.sinks.postgres_target.waves import Wave, waves
from connectors.values import Write
from schemas.records import Row

_keys = st.sampled_from(["a", "b", "c", "d"])
_writes = st.one_of(
    st.builds(lambda key, name: upsert(key, ho_ten=name), _keys, st.sampled_from(["x", "y"])),
    st.builds(delete, _keys),
    st.builds(rename, _keys, _keys),
)


def _written(rows: dict[str, Row], wave: Wave) -> dict[str, Row]:
    """`rows` after the three statements of a wave, whose rows each see the state before the statement."""
    rows = {key: row for key, row in rows.items() if (key,) not in wave.deletes}
    before = dict(rows)
    for write in wave.renames:
        new = write.moved_to or {}
        if write.key[KEY] in before:
            row = rows.pop(write.key[KEY])
            if new[KEY] not in before:
                rows[new[KEY]] = {**row, **new}
    return rows | {row[KEY]: row for row in wave.upserts.values()}


@given(st.lists(_writes, max_size=25), st.lists(_writes, max_size=5))
def test_waves_end_as_single_writes_do(items: list[Write], before: list[Write]) -> None:
    rows = begun = expected({}, before)
    for wave in waves(items):
        rows = _written(rows, wave)
    assert rows == expected(begun, items)


def test_the_last_state_of_a_key_is_kept_once() -> None:
    [wave] = waves([upsert("a", ho_ten="1"), upsert("b", ho_ten="2"), upsert("a", ho_ten="3"), delete("b")])
    assert [row["ho_ten"] for row in wave.upserts.values()] == ["3"]
    assert list(wave.deletes) == [("b",)]


def test_a_life_begun_anew_begins_a_wave() -> None:
    assert len(waves([delete("a"), upsert("a")])) == 2
    assert len(waves([upsert("a"), delete("a"), upsert("a")])) == 2


def test_many_renames_and_their_states_are_one_wave() -> None:
    items = [item for n in range(100) for item in (rename(f"old{n}", f"new{n}"), upsert(f"new{n}"))]
    assert len(waves(items)) == 1


def test_renames_in_a_chain_keep_their_order() -> None:
    assert len(waves([rename("a", "b"), rename("b", "c")])) == 2
    assert len(waves([upsert("b"), rename("a", "b")])) == 2


def test_upserts_of_other_columns_are_not_mixed() -> None:
    short = upsert("b")._replace(values={"ho_ten": "x"})
    assert [list(wave.upserts) for wave in waves([upsert("a"), short])] == [[("a",)], [("b",)]]
