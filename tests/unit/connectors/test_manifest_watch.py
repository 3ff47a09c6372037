"""Which changes of the catalogue concern a connector, and which end it."""

from pathlib import Path
from typing import Any, Literal

import pytest

from connectors import manifest_watch
from connectors.manifest_watch import ManifestWatch, Verdict
from schemas.catalogue import Catalogue, CatalogueError, compile_catalogue
from schemas.manifest import Manifest
from schemas.settings import Settings
from tests.unit.schemas.test_catalogue import manifest

FIRST = compile_catalogue([manifest("a", fields="phone", receives="full_name")], 1)


class Said:
    """In the place of the topic: what is published, in order."""

    def __init__(self) -> None:
        self.catalogues: list[Catalogue | Exception] = []

    def __call__(self, _: Settings) -> "Said":
        return self

    def poll(self, seconds: float) -> Catalogue | None:
        assert not seconds, "a connector never waits for it"
        found = self.catalogues.pop(0) if self.catalogues else None
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    made = Said()
    monkeypatch.setattr(manifest_watch, "Follower", made)
    monkeypatch.setattr(manifest_watch, "_LOOK_SECONDS", 0.0)
    return made


def _verdict(said: Said, role: Literal["publishes", "subscribes"], *manifests: Manifest) -> Verdict:
    watch = ManifestWatch(Settings(), FIRST, "a", role)
    assert watch.look() is Verdict.SAME
    said.catalogues.append(compile_catalogue(manifests, 2, previous=FIRST))
    return watch.look()


def test_each_role_minds_its_own_part(said: Said) -> None:
    other_source = manifest("a", fields="note", receives="full_name")
    assert _verdict(said, "publishes", other_source) is Verdict.CHANGED
    assert _verdict(said, "subscribes", other_source) is Verdict.SAME
    other_sink = manifest("a", fields="phone", receives="note")
    assert _verdict(said, "publishes", other_sink) is Verdict.SAME
    assert _verdict(said, "subscribes", other_sink) is Verdict.CHANGED


def test_authority_purpose_and_other_systems_concern_no_connector(said: Said) -> None:
    same = manifest("a", fields="phone", owns="phone", receives="full_name")
    assert _verdict(said, "publishes", same, manifest("b", fields="note")) is Verdict.SAME


def test_another_way_to_reach_the_system_concerns_both(said: Said) -> None:
    body: dict[str, Any] = FIRST.manifest("a").dumped() | {"connect": {"kind": "postgres", "dsn": "${file:moved}"}}
    moved = Manifest.model_validate(body)
    assert _verdict(said, "publishes", moved) is Verdict.CHANGED
    assert _verdict(said, "subscribes", moved) is Verdict.CHANGED


def test_a_part_that_was_taken_out_ends_its_connector(said: Said) -> None:
    assert _verdict(said, "publishes", manifest("a", receives="full_name")) is Verdict.GONE
    assert _verdict(said, "subscribes", manifest("a", receives="full_name")) is Verdict.SAME
    assert _verdict(said, "subscribes", manifest("b", fields="note")) is Verdict.GONE


def test_a_part_that_went_and_came_back_is_another_one(said: Said) -> None:
    away = compile_catalogue([], 2, previous=FIRST)
    watch = ManifestWatch(Settings(), FIRST, "a", "publishes")
    said.catalogues.append(compile_catalogue(FIRST.manifests.values(), 3, previous=away))
    assert watch.look() is Verdict.CHANGED
    assert watch.revision == 3


def test_an_older_catalogue_that_is_heard_first_is_not_believed(said: Said) -> None:
    second = compile_catalogue([manifest("a", fields="note")], 2, previous=FIRST)
    watch = ManifestWatch(Settings(), second, "a", "publishes")
    said.catalogues.append(FIRST)
    assert watch.look() is Verdict.SAME


def test_a_catalogue_that_cannot_be_read_changes_nothing(said: Said) -> None:
    watch = ManifestWatch(Settings(), FIRST, "a", "publishes")
    said.catalogues.append(CatalogueError("of another version"))
    assert watch.look() is Verdict.SAME


def test_a_secret_that_is_another_one_ends_both_and_one_that_is_away_ends_nobody(said: Said, tmp_path: Path) -> None:
    (tmp_path / "a_dsn").write_text("postgresql://a:old@db/a\n")
    body: dict[str, Any] = FIRST.manifest("a").dumped() | {"connect": {"kind": "postgres", "dsn": "${file:a_dsn}"}}
    catalogue = compile_catalogue([Manifest.model_validate(body)], 1)
    source, sink = (
        ManifestWatch(Settings(secrets=tmp_path), catalogue, "a", role) for role in ("publishes", "subscribes")
    )
    (tmp_path / "a_dsn").unlink()
    assert source.look() is Verdict.SAME
    (tmp_path / "a_dsn").write_text("postgresql://a:old@db/a")
    assert source.look() is Verdict.SAME
    (tmp_path / "a_dsn").write_text("postgresql://a:new@db/a\n")
    assert source.look() is sink.look() is Verdict.CHANGED
