"""What the version before formats had numbers has left behind is read; what a newer version leaves is refused.

The files `*.before-formats.*` were written by that version itself.
"""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.errors import ConnectorsError
from connectors.sinks.csv_target.ledger import Ledger
from connectors.sources.sql_polling.store import Store
from connectors.values import Stream
from schemas.catalogue import Catalogue, CatalogueError
from schemas.manifest import Manifest
from streams.engine.checkpoint import Checkpoint
from streams.engine.errors import StateError

_HERE = Path(__file__).parent / "formats"
_NEWER = "which a newer version has written"


def test_the_catalogue_of_before_says_what_it_said() -> None:
    found = Catalogue.from_json((_HERE / "catalogue.before-formats.json").read_bytes())
    assert (found.revision, found.mapping_revision("ho_tich")) == (7, 1)
    assert list(found.manifests) == ["dan_cu", "dkkd", "ho_tich", "suc_khoe"]
    assert list(found.tenure.leaving) == ["bao_cao"]
    written = json.loads(found.to_json())
    assert (written.pop("format"), written.pop("versions_from")) == (1, 0)
    assert written == json.loads((_HERE / "catalogue.before-formats.json").read_bytes())


def test_a_newer_catalogue_is_refused_with_what_to_do() -> None:
    body = json.loads((_HERE / "catalogue.before-formats.json").read_bytes()) | {"format": 2, "manifests": "other"}
    with pytest.raises(CatalogueError, match=_NEWER):
        Catalogue.from_json(json.dumps(body).encode())


def test_a_newer_manifest_is_refused_and_the_present_one_may_say_its_format() -> None:
    body = {"system": "a", "connect": {"kind": "csv"}, "format": 1}
    assert "format" not in Manifest.model_validate(body).dumped()  # older versions read it in the catalogue
    with pytest.raises(ValidationError, match=_NEWER):
        Manifest.model_validate(body | {"format": 2})


def test_a_local_state_of_before_is_gone_on_with_and_a_newer_one_built_anew() -> None:
    stored = (_HERE / "checkpoint.before-formats.json").read_bytes()
    assert Checkpoint.decode(stored) == Checkpoint("aTopicId", 42, 1_790_000_000.5)
    with pytest.raises(StateError, match="built anew"):
        Checkpoint.decode(json.dumps([*json.loads(stored), 2]).encode())


def _made(tmp_path: Path, name: str) -> Path:
    path = tmp_path / f"{name}.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript((_HERE / f"{name}.before-formats.sql").read_text(encoding="utf-8"))
    connection.close()
    return path


def test_a_polled_source_goes_on_with_what_was_known_of_its_rows(tmp_path: Path) -> None:
    store = Store(_made(tmp_path, "polled"))
    assert (store.id, store.generation, store.last) == ("a-store", 3, 3 << 32 | 1)
    assert store.known("public.t", ["1"])["1"].brief == {"id": 1}


def test_files_go_on_with_their_positions_and_their_numbers(tmp_path: Path) -> None:
    ledger = Ledger(_made(tmp_path, "ledger"))
    with ledger.transaction():
        assert ledger.take(Stream("person", "to.x.person", 0, "anId"), None) == (9, 3)


@pytest.mark.parametrize(("name", "open_it"), [("polled", Store), ("ledger", Ledger)])
def test_a_newer_file_is_refused_and_left_as_it_is(
    tmp_path: Path, name: str, open_it: Callable[[Path], Store | Ledger]
) -> None:
    path = _made(tmp_path, name)
    open_it(path).close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        connection.execute("PRAGMA user_version = 2")
        connection.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes()
    with pytest.raises(ConnectorsError, match=_NEWER):
        open_it(path)
    assert path.read_bytes() == before
