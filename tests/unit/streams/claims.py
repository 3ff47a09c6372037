"""Short ways to write claims and events in tests."""

from typing import Any

from schemas.records import ChangeEvent, Claim, Entity
from streams.merge import Cause

CAUSE = Cause("a/t/1/1/1", "a", 5, 6, 7)


def claim(values: Entity | None = None, **more: Any) -> Claim:
    """Of row 1 in table t of system a, at (1, 1, 1, 1, 0)."""
    made: Any = {
        "system": "a",
        "resource": "t",
        "row": "1",
        "epoch": 1,
        "commit": 1,
        "ordinal": 1,
        "mapping": 1,
        "edit": 0,
        "source_time": 0,
        "values": values,
        "stated_null": [],
        "echoed": [],
        "under": "",
        "left_to": None,
        "aliases": [],
        "formerly": [],
        "held": [],
        "ours": None,
        "unheard": False,
        "named": None,
    }
    found: Claim = made | more
    return found


def event(operation: str = "update", **more: Any) -> ChangeEvent:
    """Of the same row, at (1, 1, 1)."""
    made: Any = {
        "operation": operation,
        "system": "a",
        "resource": "t",
        "row": "1",
        "previous_row": None,
        "new_key": None,
        "epoch": 1,
        "commit": 1,
        "ordinal": 1,
        "edit": 0,
        "transaction": None,
        "source_time": 5,
        "captured_time": 0,
        "before": None,
        "after": {},
    }
    found: ChangeEvent = made | more
    return found
