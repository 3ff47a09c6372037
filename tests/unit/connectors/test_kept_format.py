"""What a source keeps in Kafka: a newer version's is refused before anything is said, asked or changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import SourceUnavailable
from connectors.kept_format import FORMAT, refuse_newer
from connectors.kit import KeptMemory, sink_manifest
from connectors.sources.postgres_capture import memories as of_postgres
from connectors.sources.postgres_capture.capture import Capture as PostgresCapture
from connectors.sources.sql_polling import memories as of_polling
from connectors.sources.sql_polling.capture import Capture as PollingCapture
from connectors.sources.sql_polling.capture import Times

_NEWER = json.dumps({"format": FORMAT + 1, "another": "shape"})
_NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@pytest.mark.parametrize("detail", ["", "complete", "[]", "{}", '{"format": "x"}', json.dumps({"format": FORMAT})])
def test_what_says_nothing_or_the_present_format_is_no_trouble(detail: str) -> None:
    refuse_newer(detail)


def _postgres(memory: KeptMemory) -> None:
    PostgresCapture(_NOWHERE, sink_manifest({"kind": "postgres"}), memory, slot_name="s").open(confirmed={})


def _polling(memory: KeptMemory) -> None:
    times = Times(1, 1, 1)
    PollingCapture(_NOWHERE, sink_manifest({"kind": "sql_poll"}), memory, cursors={}, times=times).open(Path("none"))


@pytest.mark.parametrize("open_it", [_postgres, _polling])
def test_a_source_that_finds_a_newer_one_leaves_it(open_it: Callable[[KeptMemory], None]) -> None:
    memory = KeptMemory()
    memory.keep(epoch=7, phase="streaming", detail=_NEWER)
    kept = memory.last
    with pytest.raises(SourceUnavailable, match="which a newer version has written"):
        open_it(memory)
    assert memory.last is kept


_BEFORE: list[tuple[Any, dict[str, Any]]] = [
    (of_polling.Kept, {"store": "a", "complete": True, "keys": {"t": ["id"]}, "confirmed": 3}),
    (of_postgres.Kept, {"system_identifier": "7", "timeline": 1, "database": "d", "complete": True, "tables": {}}),
]


@pytest.mark.parametrize(("kind", "body"), _BEFORE)
def test_what_the_version_before_has_kept_is_read_and_what_is_kept_now_only_adds_the_number(
    kind: Any, body: dict[str, Any]
) -> None:
    kept = kind.model_validate_json(json.dumps(body))
    assert json.loads(kept.model_dump_json()).items() >= {**body, "format": FORMAT}.items()
