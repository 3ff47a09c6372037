"""A grave that everybody has heard of is forgotten; what tells of anything else than its age is kept."""

from typing import Any

import pytest

from schemas import topics
from streams import walk_markers
from streams.close_graves import is_closable
from streams.place import CLOSED_KEY
from tests.unit.streams.city import ENTITY
from tests.unit.streams.memory import decoded
from tests.unit.streams.test_worker import KEY, ROW, Bench

IDENTIFY, TO = topics.identify(ENTITY), topics.to("all", ENTITY)
LATER = 2**62


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _delete(bench: Bench, row: str = "1") -> None:
    bench.source.begin()
    bench.source.delete(row)
    bench.send(bench.source.log[-1][1])


def _close(bench: Bench, before: int = LATER) -> None:
    bench.send(bench.worker._wire.write_forward(walk_markers.close(before)), key=None, topic=IDENTIFY)


def _state(bench: Bench) -> Any:
    return bench.worker._wire.read_state(bench.kafka.states[0].entries[KEY])


def test_the_state_goes_and_every_subscriber_gets_a_tombstone(bench: Bench) -> None:
    bench.insert()
    _delete(bench)
    last = bench.read(TO)[-1]
    assert last["operation"] == "delete"
    _close(bench)
    assert set(bench.kafka.states[0].entries) == {CLOSED_KEY.encode(), b"revision@"}
    record = bench.kafka.logs[TO, 0][-1]
    assert (record.key, record.value) == (KEY, None)
    assert bench.read(topics.DEAD_LETTERS) == []

    bench.insert(ten="Người khác")
    again = decoded(bench.kafka.logs[TO, 0][-1].value, bench.registry)
    assert again["fields"]["full_name"] == "Người khác"
    assert again["version"] > last["version"], "a target may refuse what is older than what it has seen"


def test_what_is_there_or_younger_is_kept(bench: Bench) -> None:
    bench.insert()
    _close(bench)
    assert _state(bench)["status"] == "live"
    _delete(bench)
    _close(bench, before=_state(bench)["changed_time"])
    assert _state(bench)["status"] == "deleted"


@pytest.mark.parametrize(
    "more",
    [
        {"moved_to": "citizen_id:001099000002", "status": "moved"},
        {"aliases": ["a#1"]},
        {"links": [{"system": "a"}]},
        {"routes": [{"system": "all", "version": 1, "digest": b"\0", "unconfirmed": [], "texts": []}]},
        {"routes": [{"system": "taken out", "version": 1, "digest": b"", "unconfirmed": [], "texts": []}]},
        {"claims": [{"values": {"full_name": "An"}}]},
        {"claims": [{"left_to": "a#1"}]},
        {"claims": [{"under": "a#1"}]},
        {"claims": [{"aliases": ["old_id:1"]}]},
        {"claims": [{"formerly": ["a#1"]}]},
        {"claims": [{"source_time": LATER}]},
    ],
)
def test_what_tells_of_anything_else_is_kept(bench: Bench, more: dict[str, Any]) -> None:
    bench.insert()
    _delete(bench)
    state: Any = _state(bench)
    rules = bench.worker._pipeline.rules
    assert is_closable(state, LATER, rules)
    if "claims" in more:
        more = {"claims": [{**state["claims"][0], **more["claims"][0]}]}
    changed: Any = {**state, **more}
    assert not is_closable(changed, LATER, rules)


def test_a_walk_goes_in_steps_and_goes_on_where_it_was(bench: Bench) -> None:
    for number in range(5):
        key = f"00109900000{number}"
        bench.source.begin()
        bench.source.insert(key, ROW)
        bench.send(bench.source.log[-1][1], key=f"citizen_id:{key}".encode())
        bench.source.begin()
        bench.source.delete(str(number + 1))
        bench.send(bench.source.log[-1][1], key=f"citizen_id:{key}".encode())
    _close(bench)
    steps = 1
    while len(bench.kafka.logs[IDENTIFY, 0]) > steps:
        bench.worker.process(bench.kafka.batch(IDENTIFY, 0, steps, 1))
        steps += 1
    assert steps == 3
    assert set(bench.kafka.states[0].entries) == {CLOSED_KEY.encode(), b"revision@"}
