"""Beyond the conformance suite: what the source `memory` offers the tests of others."""

from uuid import uuid4

from connectors.kit import KeptMemory, source_manifest
from connectors.kit.source_system import TABLE
from connectors.sources import memory
from schemas.records import ChangeEvent
from schemas.settings import Settings


def _read(source: memory.MemorySource) -> list[ChangeEvent]:
    changes = source.read(0)
    if changes is None:
        return []
    source.confirm(changes.token)
    return [change.event for change in changes.items]


def test_a_changed_primary_key_and_a_truncation() -> None:
    name = str(uuid4())
    system = memory.system(name)
    system.create(TABLE, {"id": "long", "ho_ten": "string"}, key="id")
    source = memory.source(source_manifest({"kind": "memory", "target": name}), Settings())
    source.open(KeptMemory())
    _read(source)
    system.put(TABLE, {"id": 1, "ho_ten": "An"})
    system.put(TABLE, {"id": 2}, instead_of="1")
    system.truncate(TABLE)
    events = _read(source)
    assert [(e["operation"], e["row"], e["previous_row"]) for e in events] == [
        ("create", "1", None),
        ("update", "2", "1"),
        ("truncate", "", None),
    ]
    assert events[1]["after"] == {"id": 2, "ho_ten": "An"}
    assert _read(source) == []


def test_a_table_that_is_missing_is_found_out() -> None:
    source = memory.source(source_manifest({"kind": "memory", "target": str(uuid4())}), Settings())
    assert [finding.problem for finding in source.probe()] == ["there is no such table"]
