from connectors.captured import Tally
from schemas.records import ChangeEvent


def _event(commit: int, source_time: int) -> ChangeEvent:
    return {  # type: ignore[typeddict-item]
        "system": "ho_tich",
        "resource": "t",
        "commit": commit,
        "ordinal": 1,
        "source_time": source_time,
        "epoch": 3,
    }


def test_the_range_and_the_times_of_what_was_captured() -> None:
    events = [_event(10, 500), _event(12, 400), _event(12, 400), _event(20, 450)]
    tally = Tally(events[0])
    for event in events:
        tally.add(event)
    outcome = tally.outcome("ho_tich", "person")
    assert (outcome["result"], outcome["count"], outcome["epoch"]) == ("captured", 4, 3)
    assert (outcome["first"], outcome["last"]) == (10, 20)
    assert outcome["event_id"] == "ho_tich/t/3/a/1"
    assert (outcome["oldest_source_time"], outcome["newest_source_time"]) == (400, 500)
