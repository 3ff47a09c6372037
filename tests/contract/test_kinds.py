"""A kind without a fixture would not be tested: it fails the suite instead."""

import pytest

from connectors.kinds import Role, kinds
from tests.contract.kind_fixtures import fixture_path

_ROLES: tuple[Role, ...] = ("sources", "sinks")


@pytest.mark.parametrize(("role", "kind"), [(role, kind) for role in _ROLES for kind in kinds(role)])
def test_every_kind_has_a_fixture(role: Role, kind: str) -> None:
    path = fixture_path(role, kind)
    assert path.exists(), f"write {path}: a context manager as connectors/kit describes it, see the ones beside it"


def test_the_kinds_are_found() -> None:
    assert {"memory", "postgres"} <= set(kinds("sinks"))
    assert "postgres_target" not in kinds("sinks")
