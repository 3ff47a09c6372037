"""A body is imported only if it was made of this very source."""

import importlib
import json
import sys
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from schemas import compiled

_LIBRARY = "__mypyc"


@pytest.fixture(autouse=True)
def finders() -> Iterator[None]:
    before = list(sys.meta_path)
    compiled.use_sources()
    yield
    sys.meta_path[:] = before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As `deploy.compile_steps` leaves it."""
    path = "streams/claims.py"
    sources = {path: compiled.digest(compiled.ROOT / path)}
    (tmp_path / compiled.MANIFEST).write_text(json.dumps(sources), encoding="utf-8")
    return tmp_path


def test_bodies_of_these_sources_are_used_until_told_otherwise(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIENTHONG_COMPILED", raising=False)
    compiled.use_bodies(folder)
    assert compiled.is_used()
    compiled.use_sources()
    assert not compiled.is_used()


def test_not_where_the_environment_says_no(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_COMPILED", "0")
    compiled.use_bodies(folder)
    assert not compiled.is_used()


@pytest.mark.parametrize("manifest", ["", "{", '{"streams/claims.py": "0"}', '{"streams/gone.py": "0"}'])
def test_not_where_a_source_is_another_now(manifest: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIENTHONG_COMPILED", raising=False)
    (folder / compiled.MANIFEST).write_text(manifest, encoding="utf-8")
    compiled.use_bodies(folder)
    assert not compiled.is_used()


def test_not_where_there_are_none(tmp_path: Path) -> None:
    assert compiled.made_of(tmp_path) is None


def test_what_has_no_body_is_found_elsewhere(folder: Path) -> None:
    compiled.use_bodies(folder)
    (finder,) = [each for each in sys.meta_path if type(each).__module__ == compiled.__name__]
    assert finder.find_spec("streams.merge", None) is None
    spec = finder.find_spec("streams.claims", None)
    assert spec is not None and spec.origin == str(folder / "streams" / f"claims{EXTENSION_SUFFIXES[0]}")


def test_a_body_that_is_gone_is_no_reason_to_take_the_source(folder: Path) -> None:
    """Its neighbours would be bodies still."""
    compiled.use_bodies(folder)
    with pytest.raises(ImportError):
        importlib.import_module(f"gone{_LIBRARY}")
