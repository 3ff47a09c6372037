from dataclasses import replace
from typing import Any

import pytest

from connectors.sources.postgres_capture.requirements import obstacles, unmapped
from connectors.sources.postgres_capture.shapes import Column
from connectors.sources.postgres_capture.structure import Leaf, Table, split_resource
from schemas.manifest import Publication

_LEAF = Leaf("public.t", "f", frozenset())
_TABLE = Table(
    resource="public.t",
    oid=1,
    spelled="public.t",
    kind="r",
    logged=True,
    readable=True,
    filtered=False,
    columns=(Column("id", 23), Column("ma", 25), Column("ten", 25)),
    generated=frozenset({"dai"}),
    primary_key=("id",),
    key_numbers=(1,),
    leaves=(_LEAF,),
)


def _publication(**fields: str) -> Publication:
    key = {"citizen_id": "ma", "else": "id"}
    return Publication.model_validate({"from": "public.t", "key": key, "fields": fields or {"full_name": "ten"}})


def _problems(table: Table) -> list[tuple[str, str]]:
    return [(found.problem, found.remedy) for found in obstacles(table, [_publication()], "nguoi_doc")]


def test_a_table_as_it_must_be() -> None:
    assert _problems(_TABLE) == []


@pytest.mark.parametrize(
    ("changed", "problem", "remedy"),
    [
        ({"kind": "v"}, "a view", "table behind it"),
        ({"logged": False}, "not logged", "ALTER TABLE public.t SET LOGGED;"),
        ({"readable": False}, "nguoi_doc may not read it", "GRANT SELECT ON public.t TO nguoi_doc;"),
        ({"filtered": True}, "row-level security", "ALTER ROLE nguoi_doc BYPASSRLS;"),
        ({"primary_key": ()}, "no primary key", "ADD PRIMARY KEY"),
    ],
)
def test_obstacles_come_with_what_mends_them(changed: dict[str, Any], problem: str, remedy: str) -> None:
    [(found, mended)] = _problems(replace(_TABLE, **changed))
    assert problem in found and remedy in mended


@pytest.mark.parametrize(
    ("identity", "columns", "lacking"),
    [("d", {"id"}, "ma"), ("i", {"ma"}, "id"), ("n", set(), "id, ma"), ("i", {"id", "ma"}, ""), ("f", set(), "")],
)
def test_the_identity_covers_primary_key_and_entity_key(identity: str, columns: set[str], lacking: str) -> None:
    table = replace(_TABLE, leaves=(Leaf('public."Bảng"', identity, frozenset(columns)),))
    found = _problems(table)
    assert bool(found) == bool(lacking)
    for problem, remedy in found:
        assert f"does not cover {lacking}:" in problem
        assert remedy == 'ALTER TABLE public."Bảng" REPLICA IDENTITY FULL;'


def test_each_partition_is_looked_at() -> None:
    leaves = (_LEAF, Leaf("public.t_2", "d", frozenset({"id"})), Leaf("public.t_3", "d", frozenset({"id"})))
    assert [remedy.split()[2] for _, remedy in _problems(replace(_TABLE, kind="p", leaves=leaves))] == [
        "public.t_2",
        "public.t_3",
    ]


def test_columns_that_are_not_sent() -> None:
    found = list(unmapped(_TABLE, [_publication(full_name="ten", sex="gioi", note="dai")]))
    assert [finding.problem.split(",")[0] for finding in found] == [
        "there is no column gioi",
        "column dai is generated",
    ]


def test_resources_are_spelled_with_or_without_schema() -> None:
    assert split_resource("ho_tich.Bảng.x") == ("ho_tich", "Bảng.x")
    assert split_resource("t") == ("public", "t")
