"""Every example payload fits its schema, survives the journey through bytes, and says what its TypedDict says."""

import io
import json
from pathlib import Path
from typing import Any, get_type_hints

import fastavro
import pytest
from fastavro.validation import validate

from schemas import compose, records

FOLDER = Path(compose.__file__).parent / "avro"
EXAMPLES = sorted((FOLDER / "examples").glob("*.json"))
RECORDS = {
    "change_event": records.ChangeEvent,
    "claim": records.Claim,
    "entity_state": records.EntityState,
    "forward": records.Forward,
    "delivery": records.Delivery,
    "dead_letter": records.DeadLetter,
    "outcome": records.Outcome,
    "connector_state": records.ConnectorState,
    "resync_request": records.ResyncRequest,
    "pause": records.Pause,
    "decision": records.Decision,
}


def composed(example: dict[str, Any]) -> dict[str, Any]:
    name: str = example["schema"]
    if name == "change_event":
        return compose.for_row(example["row"])
    if name in ("entity_state", "forward", "claim", "delivery"):
        return compose.for_entity(name, "person")
    return compose.load(name)


def with_bytes(value: Any) -> Any:
    """JSON has no bytes: examples write them as `hex:00ff`."""
    if isinstance(value, dict):
        return {name: with_bytes(part) for name, part in value.items()}
    if isinstance(value, list):
        return [with_bytes(part) for part in value]
    return bytes.fromhex(value[4:]) if isinstance(value, str) and value.startswith("hex:") else value


def complete(schema: Any, value: Any) -> Any:
    """The value with the fields that a record leaves to its defaults."""
    written = io.BytesIO()
    fastavro.schemaless_writer(written, schema, value)
    written.seek(0)
    return fastavro.schemaless_reader(written, schema, None)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_survives_the_journey_through_bytes(path: Path) -> None:
    example = json.loads(path.read_text(encoding="utf-8"))
    assert example["about"].endswith(".")
    schema = fastavro.parse_schema(composed(example))
    value = with_bytes(example["value"])
    assert validate(value, schema)
    read = complete(schema, value)
    assert complete(schema, read) == read
    assert_within(value, read)


def assert_within(written: Any, read: Any) -> None:
    """All that was written came back; what came back beyond it are defaults."""
    if isinstance(written, dict):
        assert written.keys() <= read.keys()
        for name, part in written.items():
            assert_within(part, read[name])
    elif isinstance(written, list):
        assert len(written) == len(read)
        for part, back in zip(written, read, strict=True):
            assert_within(part, back)
    else:
        assert written == read


def test_every_schema_has_an_example() -> None:
    shown = {json.loads(path.read_text(encoding="utf-8"))["schema"] for path in EXAMPLES}
    assert shown == {path.stem for path in FOLDER.glob("*.avsc")}


@pytest.mark.parametrize("name", RECORDS)
def test_a_typed_view_has_the_schemas_fields_in_their_order(name: str) -> None:
    assert list(get_type_hints(RECORDS[name])) == [field["name"] for field in compose.load(name)["fields"]]


def test_examples_hold_every_field_of_their_record() -> None:
    for path in EXAMPLES:
        example = json.loads(path.read_text(encoding="utf-8"))
        assert list(example["value"]) == [field["name"] for field in compose.load(example["schema"])["fields"]], (
            path.name
        )
