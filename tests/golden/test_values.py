"""Every example of a value is read, or written, as its file says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from schemas.manifest import Publication, Subscription
from schemas.mapping import MappingError, compile_in, compile_out

FOLDER = Path(__file__).parent / "values"


def examples(side: str) -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for group in YAML(typ="safe").load(path):
            for given, expected in group.get(side, ()):
                yield pytest.param(dict(group["column"]), given, expected, id=f"{path.stem}: {given!r}")


def taken(column: dict[str, Any], given: Any) -> Any:
    """What the mapping makes of one value of a column that is described as in a manifest."""
    entity, field = column.pop("field").split(".")
    publication = Publication.model_validate(
        {"from": "t", "key": {"else": "id"}, "fields": {field: {"from": "x", **column}}}
    )
    try:
        mapped = compile_in(publication, entity)({"x": given})
    except MappingError as error:
        return {"refused": error.reason}
    if mapped.held:
        assert mapped.values[field] is None
        assert mapped.stated_null == []
        return {"held": mapped.held[0]["reason"], "may_be": mapped.held[0]["proposals"]}
    assert mapped.stated_null == ([field] if mapped.values[field] is None else [])
    return mapped.values[field]


def written(column: dict[str, Any], canonical: str) -> Any:
    """What a subscriber's column gets."""
    entity, field = column.pop("field").split(".")
    subscription = Subscription.model_validate(
        {"into": "t", "key": {"k": "key"}, "fields": {"x": {"from": field, **column}}, "purpose": "golden"}
    )
    try:
        return compile_out(subscription, entity)({field: canonical})["x"]
    except MappingError as error:
        return {"refused": error.reason}


@pytest.mark.parametrize(("column", "given", "expected"), list(examples("examples")))
def test_taken(column: dict[str, Any], given: Any, expected: Any) -> None:
    assert taken(column, given) == expected


@pytest.mark.parametrize(("column", "given", "expected"), list(examples("written")))
def test_written(column: dict[str, Any], given: Any, expected: Any) -> None:
    assert written(column, given) == expected


def test_there_are_examples() -> None:
    assert len(list(examples("examples"))) >= 60
