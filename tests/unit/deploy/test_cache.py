"""The cache: damaged files are fetched anew, an archive is unpacked whole, a full disk is told before it is full."""

import hashlib
import io
import shutil
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.embedded import cache, repository
from deploy.embedded.artifacts import Artifact
from deploy.embedded.disk import ensure_room
from deploy.embedded.errors import DiskSpaceError
from tests.unit.deploy.file_server import Served, serving


def archive() -> bytes:
    """A tar.gz with one file in it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("lib/one.jar")
        entry.size = 3
        tar.addfile(entry, io.BytesIO(b"jar"))
    return packed.getvalue()


def pin(content: bytes) -> Artifact:
    """An artifact with this content."""
    return Artifact(
        part="registry",
        group="g",
        name="app",
        version="1",
        classifier="all",
        packaging="tar.gz",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


@pytest.fixture
def lines() -> list[str]:
    return []


def offer(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    """Let the cache know one artifact, at the served address."""
    artifact = pin(served.content)
    monkeypatch.setattr(cache, "read_lock", lambda _, **__: [artifact])
    monkeypatch.setattr(repository, "addresses", lambda _: [served.address])


def test_an_intact_file_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    with serving(Served(b"jar" * 100)) as served:
        offer(monkeypatch, served)
        (first,) = cache.jars("registry", cache=tmp_path, report=lines.append)
        (second,) = cache.jars("registry", cache=tmp_path, report=lines.append)
    assert first == second
    assert first.read_bytes() == b"jar" * 100
    assert len(served.ranges) == 1


def test_a_damaged_file_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    with serving(Served(b"jar" * 100)) as served:
        offer(monkeypatch, served)
        (path,) = cache.jars("registry", cache=tmp_path, report=lines.append)
        path.write_bytes(b"rat" * 100)
        cache.jars("registry", cache=tmp_path, report=lines.append)
    assert path.read_bytes() == b"jar" * 100


def test_an_archive_is_unpacked_once_and_a_half_unpacked_one_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    with serving(Served(archive())) as served:
        offer(monkeypatch, served)
        directory = cache.unpacked("registry", cache=tmp_path, report=lines.append)
        assert (directory / "lib" / "one.jar").read_bytes() == b"jar"
        shutil.move(directory, directory.with_name(directory.name + ".part"))
        assert cache.unpacked("registry", cache=tmp_path, report=lines.append) == directory
        assert (directory / "lib" / "one.jar").exists()
        cache.unpacked("registry", cache=tmp_path, report=lines.append)
    assert len(served.ranges) == 2


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=150_000_000))
    ensure_room(tmp_path, needed=40_000_000, what="fetching kafka")
    with pytest.raises(DiskSpaceError, match=r"160 MB are needed in .* and 150 MB are free; make room"):
        ensure_room(tmp_path, needed=60_000_000, what="fetching kafka")


def test_the_cache_goes_where_it_is_told_and_else_to_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIENTHONG_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.cache_directory() == tmp_path / "xdg" / "lienthong"
    monkeypatch.setenv("LIENTHONG_CACHE", str(tmp_path / "own"))
    assert cache.cache_directory() == tmp_path / "own"


def test_a_user_without_a_home_gets_the_projects_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIENTHONG_CACHE", raising=False)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache.cache_directory().name == ".cache"
