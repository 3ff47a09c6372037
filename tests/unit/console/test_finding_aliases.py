"""Every number by which the streams know somebody leads to one record; one that two claim leads to neither."""

from typing import Any

import pytest

from console.deciding import disputed
from console.finding import States, find
from console.show_view import record_view, showing
from console.words import Language
from schemas import topics
from schemas.catalogue import compile_catalogue
from schemas.manifest import Manifest
from schemas.records import EntityState
from tests.unit.console.screens import printed
from tests.unit.console.test_finding import FakeReader
from tests.unit.streams.city import ENTITY, worker
from tests.unit.streams.claims import event
from tests.unit.streams.memory import MemoryKafka, MemoryRegistry, RawWriter, decoded

_DAN_CU = Manifest.model_validate(
    {
        "system": "dan_cu",
        "connect": {"kind": "memory"},
        "publishes": {
            "person": {
                "from": "t",
                "key": {"citizen_id": "so", "old_id": "cmnd", "else": "id"},
                "also": {"so_cu": "citizen_id"},
                "fields": {"citizen_id": "so", "old_id": "cmnd", "full_name": "ten"},
                "owns": ["citizen_id", "old_id", "full_name", "existence"],
            }
        },
    }
)
_COLUMNS = ("id", "so", "cmnd", "so_cu", "ten")


def _states(*rows: tuple[str, ...]) -> list[EntityState]:
    """What one partition's worker makes of these rows, with all its forwards."""
    registry, kafka = MemoryRegistry(), MemoryKafka()
    one, write = worker([_DAN_CU], registry), RawWriter(registry, "dan_cu", _COLUMNS)
    raw, forwards = topics.raw("dan_cu", ENTITY), topics.identify(ENTITY)
    for number, row in enumerate(rows, 1):
        after = dict(zip(_COLUMNS, row, strict=True))
        said = event("create", system="dan_cu", row=row[0], commit=number, after=after)
        kafka.append(raw, f"citizen_id:{after['so']}".encode(), write(said))
    one.process(kafka.batch(raw, 0, 0, 100))
    done = 0
    while done < len(kafka.logs[forwards, 0]):
        one.process(kafka.batch(forwards, 0, done, 1))
        done += 1
    return [decoded(value, registry) for value in kafka.states[0].entries.values()]


def _find(asked: str, states: list[EntityState]) -> Any:
    known = {each["key"]: each for each in states}
    reader: Any = FakeReader(*states)
    # The fake reader's bytes are no Avro: only their key is looked at.
    lookup = States(
        reader, "person", lambda value: next(known[key] for key in known if f'"{key}"'.encode() in value[:80])
    )
    return find(asked, lookup, entity="person", language=Language.en)


@pytest.mark.parametrize(
    "asked", ["001099000001", "001099000009", "citizen_id:001099000009", "012345678", "old_id:012345678"]
)
def test_any_number_leads_to_the_record(asked: str) -> None:
    states = _states(("1", "001099000001", "012345678", "001099000009", "An"))
    found = _find(asked, states)
    assert found.state["key"] == "citizen_id:001099000001"
    assert found.state["value"]["full_name"] == "An"
    how = showing(compile_catalogue([_DAN_CU], 1), "person", Language.en, show_values=True)
    screen = printed(record_view(found, how), width=160)
    assert "old_id:012345678" in screen
    assert "citizen_id:001099000009" in screen
    assert ("Asked for" in screen) == (asked != "001099000001")


def test_a_number_that_two_claim_says_so() -> None:
    states = _states(
        ("1", "001099000001", "012345678", "", "An"),
        ("2", "001099000002", "012345678", "", "Bình"),
    )
    found = _find("012345678", states)
    assert found.state["key"] == "old_id:012345678"
    assert sorted(key for _, key in disputed(found.state)) == ["citizen_id:001099000001", "citizen_id:001099000002"]
    how = showing(compile_catalogue([_DAN_CU], 1), "person", Language.en, show_values=False)
    screen = printed(record_view(found, how), width=160)
    assert (
        "Rows disagree on whose key this is: dan_cu 1 → citizen_id:001••••••001; dan_cu 2 → citizen_id:001••••••002"
        in screen
    )
