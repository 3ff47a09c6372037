"""Outcomes are summed once each, whoever repeats them."""

from console.ledger import Ledger
from console.store.figures import Figures
from tests.unit.console.city import outcome


def test_a_repeat_by_another_process_counts_once() -> None:
    ledger = Ledger()
    ledger.take(outcome("delivered", "dan_cu", "to.dan_cu.person", first=0, last=9, count=10, process="a"))
    ledger.take(outcome("delivered", "dan_cu", "to.dan_cu.person", first=0, last=9, count=10, process="b", time=5))
    assert ledger.count("delivered", "dan_cu", "person") == 10


def test_the_same_range_of_another_partition_or_epoch_counts_too() -> None:
    ledger = Ledger()
    ledger.take(outcome("captured", "ho_tich", "", first=5, last=9, count=2, epoch=1))
    ledger.take(outcome("captured", "ho_tich", "", first=5, last=9, count=2, epoch=2))
    ledger.take(outcome("routed", "dan_cu", "raw.ho_tich.person", partition=1))
    ledger.take(outcome("routed", "dan_cu", "raw.ho_tich.person", partition=2))
    assert ledger.count("captured", "ho_tich", "person") == 4
    assert ledger.count("routed", "dan_cu", "person") == 2


def test_the_end_of_a_delivery_topic_is_after_its_last_record_also_a_quarantined_one() -> None:
    ledger = Ledger()
    ledger.take(outcome("quarantined", "dan_cu", "to.dan_cu.person", first=12, last=12, reason="too_long"))
    ledger.take(outcome("delivered", "dan_cu", "to.dan_cu.person", first=0, last=9, count=10))
    assert ledger.ended == {("to.dan_cu.person", 0): 13}


def test_a_system_that_publishes_and_subscribes_has_its_dead_letters_apart() -> None:
    ledger = Ledger()
    ledger.take(outcome("quarantined", "thue", "raw.thue.person", event_id="a"))
    ledger.take(outcome("quarantined", "thue", "to.thue.person", event_id="b"))
    ledger.take(outcome("quarantined", "thue", "to.thue.person", event_id="c", first=1, last=1))
    assert ledger.quarantined("thue", "person", role="source") == 1
    assert ledger.quarantined("thue", "person", role="sink") == 2


def test_the_parts_of_a_snapshot_share_a_position_and_count_each() -> None:
    ledger = Ledger()
    for second in range(3):
        ledger.take(outcome("captured", "ho_tich", "", first=7, last=7, epoch=1, count=1000, event_id=f"e{second}"))
    assert ledger.count("captured", "ho_tich", "person") == 3000


def test_a_single_change_that_was_captured_again_after_a_crash_counts_once() -> None:
    ledger = Ledger()
    for second in range(2):
        ledger.take(outcome("captured", "ho_tich", "", first=8, last=8, epoch=1, event_id="e", time=second))
    assert ledger.count("captured", "ho_tich", "person") == 1


def test_a_held_field_is_no_end_of_its_record() -> None:
    ledger = Ledger()
    for field in ("ward", "citizen_id", "ward"):
        ledger.take(outcome("held", "dan_cu", "raw.dan_cu.person", field=field, reason="lost_zero", event_id="e"))
    ledger.take(outcome("held", "dan_cu", "raw.dan_cu.person", reason="waits", event_id="e"))
    assert ledger.held_fields("dan_cu", "person") == 2
    assert ledger.count("held", "dan_cu", "person") == 1
    assert ledger.ended == {("raw.dan_cu.person", 0): 1}


def test_it_goes_on_where_the_store_stands() -> None:
    known = {
        ("delivered", "dan_cu", "person", "to"): 10,
        ("quarantined", "dan_cu", "person", "to"): 1,
        ("quarantined", "dan_cu", "person", "raw"): 2,
        ("held", "dan_cu", "person", "field"): 4,
    }
    ledger = Ledger(Figures(known, [], horizon=0, position=77, ended={("to.dan_cu.person", 0): 11}))
    assert ledger.position == 77
    ledger.take(outcome("delivered", "dan_cu", "to.dan_cu.person", first=11, last=12, count=2))
    assert ledger.count("delivered", "dan_cu", "person") == 12
    assert (ledger.quarantined("dan_cu", "person", role="sink"), ledger.held_fields("dan_cu", "person")) == (1, 4)
    assert ledger.quarantined("dan_cu", "person", role="source") == 2
    assert ledger.ended == {("to.dan_cu.person", 0): 13}
