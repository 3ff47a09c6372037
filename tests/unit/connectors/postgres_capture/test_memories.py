from typing import Any

import pytest

from connectors.sources.postgres_capture.memories import Found, Kept, KeptKey, added, first, recall, why_anew
from connectors.sources.postgres_capture.replication import Identity
from connectors.sources.postgres_capture.shapes import Column
from connectors.sources.postgres_capture.slot import Slot
from connectors.sources.postgres_capture.structure import Table

_HERE = Identity("711", 3, "ho_tich")
_TABLE = Table(
    resource="public.t",
    oid=1,
    spelled="public.t",
    kind="r",
    logged=True,
    readable=True,
    filtered=False,
    columns=(Column("id", 23),),
    generated=frozenset(),
    primary_key=("id",),
    key_numbers=(1,),
    leaves=(),
)
_SLOT = Slot("pgoutput", "ho_tich", None, 50, 100, lost=False)
_FOUND = Found(_HERE, _SLOT, [_TABLE], "", 1000)
_KEPT = first(_HERE, [_TABLE]).model_copy(update={"complete": True, "seen": "0/64"})


def test_it_goes_on_where_nothing_is_lost() -> None:
    assert why_anew(_KEPT, _FOUND) == ""


def test_the_first_start() -> None:
    assert why_anew(None, _FOUND) == "first start"


@pytest.mark.parametrize(
    ("kept", "found", "reason"),
    [
        ({"complete": False}, {}, "interrupted"),
        ({"spoiled": "đã hỏng"}, {}, "đã hỏng"),
        ({"system_identifier": "8"}, {}, "another database"),
        ({"database": "khac"}, {}, "another database"),
        ({"timeline": 2}, {}, "timeline"),
        ({"seen": "0/FFFF"}, {}, "restored"),
        ({"tables": {"public.t": KeptKey(names=("ma",), numbers=(2,))}}, {}, "another primary key"),
        ({}, {"slot": None}, "gone"),
        ({}, {"slot": _SLOT._replace(lost=True)}, "removed WAL"),
        ({}, {"slot": _SLOT._replace(plugin="wal2json")}, "wal2json"),
        ({}, {"slot": _SLOT._replace(database="khac")}, "khac"),
        ({}, {"lacking": "publication p does not exist"}, "does not exist"),
    ],
)
def test_what_begins_anew(kept: dict[str, Any], found: dict[str, Any], reason: str) -> None:
    assert reason in why_anew(_KEPT.model_copy(update=kept), _FOUND._replace(**found))


def test_a_renamed_key_column_is_no_other_key() -> None:
    renamed = {"public.t": KeptKey(names=("ma",), numbers=(1,))}
    assert why_anew(_KEPT.model_copy(update={"tables": renamed}), _FOUND) == ""


def test_a_table_that_was_not_published_before_is_no_reason_to_begin_anew() -> None:
    kept = _KEPT.model_copy(update={"tables": {}})
    assert why_anew(kept, _FOUND) == ""
    assert added(kept, [_TABLE]) == [_TABLE]
    assert added(_KEPT, [_TABLE]) == []


def test_what_was_kept_is_recalled() -> None:
    assert recall(_KEPT.model_dump_json()) == _KEPT


@pytest.mark.parametrize("detail", ["", "{}", "không phải JSON", '{"system_identifier": 1}'])
def test_what_is_not_understood_is_nothing(detail: str) -> None:
    assert recall(detail) is None


def test_a_snapshot_is_complete_only_once_that_was_kept() -> None:
    assert isinstance(_KEPT, Kept)
    assert not first(_HERE, [_TABLE]).complete
