"""When what is kept here and in Kafka does not suffice to go on."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.kit import KeptMemory
from connectors.sources.sql_polling.memories import Kept, keys_of, recall, why_anew
from connectors.sources.sql_polling.store import Store
from connectors.sources.sql_polling.tables import Table, tables
from schemas.manifest import Manifest
from schemas.records import ConnectorState

_KEPT = Kept(store="a", complete=True, keys={"dn": ("id",)}, confirmed=0)


@pytest.fixture
def found() -> list[Table]:
    manifest = Manifest.model_validate(
        {
            "system": "dkkd",
            "connect": {"kind": "sql_poll"},
            "publishes": {"person": {"from": "dn", "key": {"else": "id"}, "fields": {"full_name": "ten"}}},
        }
    )
    with sa.create_engine("sqlite://").connect() as connection:
        connection.exec_driver_sql("CREATE TABLE dn (id INTEGER PRIMARY KEY, ten TEXT, ban INTEGER)")
        return tables(connection, manifest, {"dn": "ban"})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "dkkd.sqlite")
    made.begin_anew("a", 5)
    return made


def _last(generation: int = 5) -> ConnectorState:
    memory = KeptMemory()
    memory.generation = generation
    memory.keep(epoch=1, phase="streaming", detail=_KEPT.model_dump_json())
    assert memory.last is not None
    return memory.last


def test_what_fits_goes_on(store: Store, found: list[Table]) -> None:
    assert why_anew(recall(_last()), _last(), store, found) == ""
    assert keys_of(found) == {"dn": ("id",)}


@pytest.mark.parametrize(
    ("changed", "generation", "why"),
    [
        ({"complete": False}, 5, "interrupted"),
        ({"store": "b"}, 5, "not on this machine"),
        ({}, 6, "older"),
        ({"confirmed": 1}, 5, "older"),
        ({"keys": {}}, 5, "not published before"),
        ({"keys": {"dn": ("ma",)}}, 5, "another primary key"),
    ],
)
def test_what_does_not_fit(
    store: Store, found: list[Table], changed: dict[str, Any], generation: int, why: str
) -> None:
    assert why in why_anew(_KEPT.model_copy(update=changed), _last(generation), store, found)


def test_nothing_or_nonsense_is_a_first_start(store: Store, found: list[Table]) -> None:
    assert why_anew(None, None, store, found) == "first start"
    assert recall(None) is None
    assert recall({**_last(), "detail": "complete"}) is None
