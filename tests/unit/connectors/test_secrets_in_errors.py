"""A secret that was mistyped is in no error, whatever the driver makes of it: errors go to logs, topics and screens."""

import importlib
import traceback
from pathlib import Path
from typing import Any

import pytest

from connectors.kit import KeptMemory
from connectors.values import Stream
from console.store.database import connect as connect_to_store
from schemas.manifest import Manifest
from schemas.settings import Settings

_CANARY = "Canary0123456789"
_DSNS = (
    f"postgresql://u:{_CANARY}@127.0.0.1:1/db",
    f"postgresql://u:{_CANARY}@127.0.0.1:port/db",
    f"postgresql://u:{_CANARY}@127.0.0.1:1/db?bogus=1",
    f"postgresql://u:a@{_CANARY}@127.0.0.1:1/db",
    f"postgresql://u:a/{_CANARY}@127.0.0.1:1/db",
    f"postgresql://u:{_CANARY} x@127.0.0.1:1/db",
    f"postgresql://u:127/{_CANARY}@127.0.0.1:1/db",
    f"host=127.0.0.1 port=1 password={_CANARY} bogus=1",
    f"host=127.0.0.1 port=1 password='{_CANARY}",
    f"host=127.0.0.1 port={_CANARY}",
    _CANARY,
)
_URLS = (
    *(dsn.replace("postgresql:", "postgresql+psycopg:") for dsn in _DSNS),
    f"postgresql+no_driver://u:{_CANARY}@127.0.0.1:1/db",
    f"no_dialect://u:{_CANARY}@127.0.0.1:1/db",
)
_KINDS = [*(("postgres", "dsn", dsn) for dsn in _DSNS), *(("sql_poll", "url", url) for url in _URLS)]
_PARTS: dict[str, dict[str, Any]] = {
    "sources": {"publishes": {"person": {"from": "public.t", "key": {"else": "id"}, "fields": {"full_name": "ten"}}}},
    "sinks": {
        "subscribes": {"person": {"into": "public.t", "key": {"ma": "key"}, "fields": {"t": "note"}, "purpose": "p"}}
    },
}


def _told(kind: str, role: str, connect: dict[str, Any], data: Path) -> str:
    """All that comes out when it is examined, and when it is opened."""
    manifest = Manifest.model_validate({"system": "a", "connect": {"kind": kind, **connect}, **_PARTS[role]})
    make = getattr(importlib.import_module(f"connectors.{role}.{kind}"), role.removesuffix("s"))
    told = ""
    for act in ("probe", "open"):
        try:
            made = make(manifest, Settings(data=data))
            if act == "probe":
                told += str(made.probe())
            else:
                made.open(KeptMemory(None) if role == "sources" else [Stream("person", "t", 0, "id")])
        except Exception as error:
            told += "".join(traceback.format_exception(error))
    return told


@pytest.mark.parametrize("role", ["sources", "sinks"])
@pytest.mark.parametrize(("kind", "name", "secret"), _KINDS, ids=range(len(_KINDS)))
def test_no_driver_gives_it_away(kind: str, name: str, secret: str, role: str, tmp_path: Path) -> None:
    cursors = {"cursors": {"public.t": "c"}} if (kind, role) == ("sql_poll", "sources") else {}
    told = _told(kind, role, {name: secret, **cursors}, tmp_path)
    assert "a" in told
    assert _CANARY not in told


@pytest.mark.parametrize("secret", _DSNS, ids=range(len(_DSNS)))
def test_nor_does_the_store(secret: str) -> None:
    with pytest.raises(Exception, match="store") as caught:
        connect_to_store(secret)
    assert _CANARY not in "".join(traceback.format_exception(caught.value))
