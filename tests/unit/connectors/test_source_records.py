"""What was captured by several reads is told once, when their batch is closed."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from connectors.captured import Tally
from connectors.source_records import SourceRecords
from connectors.values import Change, Changes
from schemas.records import ChangeEvent, Outcome


class _Quarantine:
    def __init__(self) -> None:
        self.told: list[Outcome] = []

    def tell(self, _: object, outcome: Outcome) -> None:
        self.told.append(outcome)


def _event(commit: int, source_time: int) -> ChangeEvent:
    return cast(
        ChangeEvent,
        {"system": "s", "resource": "t", "commit": commit, "ordinal": 1, "source_time": source_time, "epoch": 1},
    )


def test_a_batch_tells_once_what_several_reads_have_captured() -> None:
    quarantine = _Quarantine()
    producer, registry, manifest = cast(Any, None), cast(Any, None), cast(Any, SimpleNamespace(system="s"))
    records = SourceRecords(producer, registry, manifest, cast(Any, quarantine))
    batch = records.open_batch()
    for commit, source_time in ((7, 500), (8, 900), (9, 600)):
        event = _event(commit, source_time)
        batch.tallies.setdefault("person", Tally(event)).add(event)
    records.close(batch)
    [told] = quarantine.told
    assert (told["result"], told["count"], told["first"], told["last"]) == ("captured", 3, 7, 9)
    assert batch.newest == 900


def test_what_was_sent_half_way_is_worth_no_token() -> None:
    records = SourceRecords(cast(Any, None), cast(Any, None), cast(Any, SimpleNamespace(system="s")), cast(Any, None))
    batch = records.open_batch()
    records.send(Changes([], 1), batch)
    unknown = Change("person", _event(8, 900), cast(Any, {}))
    with pytest.raises(AttributeError):  # the registry is not there
        records.send(Changes([unknown], 2), batch)
    assert batch.token == 1
