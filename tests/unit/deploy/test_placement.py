"""Where PostgreSQL runs, for root and for others."""

import os
from pathlib import Path

import pytest

from deploy.embedded import placement
from deploy.embedded.process import Account

STRANGER = Account(uid=64_321, gid=64_321)


def test_an_ordinary_user_keeps_all_in_the_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    found = placement.place(tmp_path / "postgres")
    assert found.account is None
    assert found.cluster == tmp_path / "postgres" / "cluster"
    assert (found.programs / "postgres").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="changes owners")
def test_root_puts_the_data_where_postgres_can_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = tmp_path / "outside"
    monkeypatch.setattr(placement, "_OUTSIDE", outside)
    monkeypatch.setattr(placement, "_can_reach", lambda _, path: not path.is_relative_to(tmp_path / "closed"))
    data = tmp_path / "closed" / "postgres"
    found = placement.place(data)
    assert found.account
    assert found.account.uid != 0
    assert found.cluster.is_relative_to(outside)
    assert (data / "cluster").readlink() == found.cluster
    assert placement.place(data) == found
    found.cluster.mkdir()
    placement.forget(data)
    assert not found.cluster.parent.exists()


def test_a_closed_directory_on_the_way_is_seen(tmp_path: Path) -> None:
    way = tmp_path / "closed" / "open"
    way.mkdir(parents=True)
    way.parent.chmod(0o700)
    assert not placement._can_reach(STRANGER, way)
    assert placement._may_enter(STRANGER, way) is bool(way.stat().st_mode & 0o001)
    assert placement._can_reach(STRANGER, Path("/usr"))
