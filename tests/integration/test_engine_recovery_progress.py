"""A recovery that takes long tells how far it is, goes on where it was interrupted, and is left alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from streams.engine.recovery import Recovery
from streams.engine.watchdog import Watchdog
from tests.integration.engine_scene import Scene

_KEYS = 20_000


@pytest.fixture
def scene(kafka: str, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(kafka, tmp_path / "state")
    made.fill(1)
    yield made
    made.close()


def fill_changelog(scene: Scene) -> None:
    producer = Producer({"bootstrap.servers": scene.kafka, "linger.ms": 5})
    for number in range(_KEYS):
        producer.produce(scene.settings.changelog, b"%d" % number, b"key-%d" % number, 1)
        producer.poll(0)
    assert producer.flush(30) == 0


def metric(scene: Scene, name: str) -> float:
    return REGISTRY.get_sample_value(f"lienthong_engine_{name}", {"group": scene.settings.group}) or 0.0


class Witness(Watchdog):
    """Sees, at each report, how many records are yet to be read; takes the partition away after so many were."""

    def __init__(self, scene: Scene, *, most: int = _KEYS + 1) -> None:
        super().__init__(60)
        self._scene, self._most = scene, most
        self.recovery: Recovery | None = None
        self.remaining: list[float] = []

    def report(self, part: str, *, within: float | None = None) -> None:
        """See Watchdog."""
        super().report(part, within=within)
        self.remaining.append(metric(self._scene, "restore_remaining_records"))
        if self.recovery is not None and self.recovery.restored >= self._most:
            self.recovery.assignment.end()


def test_an_interrupted_recovery_goes_on_where_it_was(scene: Scene, tmp_path: Path) -> None:
    fill_changelog(scene)
    witness = Witness(scene, most=5_000)
    witness.recovery, ready = scene.recover(tmp_path / "successor", watchdog=witness)
    witness.recovery.join()
    before = witness.recovery.restored
    assert ready == []
    assert 5_000 <= before < _KEYS
    again, ready = scene.recover(tmp_path / "successor")
    again.join()
    assert again.restored == _KEYS - before
    (recovered,) = ready
    assert sum(1 for _ in recovered.state.items()) == _KEYS
    recovered.state.close()


def test_progress_is_told_in_log_and_metrics(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.engine.recovery._TELL_SECONDS", 0.0)
    fill_changelog(scene)
    witness = Witness(scene)
    with capture_logs() as told:
        witness.recovery, ready = scene.recover(tmp_path / "successor", watchdog=witness)
        witness.recovery.join()
    ready[0].state.close()
    steps = [line for line in told if line["event"] == "recovery goes on"]
    assert len(steps) > 1
    assert all(line["restored"] + line["remaining"] == _KEYS for line in steps)
    assert {line["remaining"] for line in steps[:-1]} <= set(witness.remaining)
    assert metric(scene, "restored_records_total") == _KEYS
    assert metric(scene, "restore_remaining_records") == 0


def test_one_that_waits_for_longer_than_silence_may_last_is_left_alone(scene: Scene, tmp_path: Path) -> None:
    """As one that reads millions of keys: it reports while it is at work."""
    reasons: list[str] = []

    def end(reason: str, **_: Any) -> None:
        reasons.append(reason)

    predecessor = Producer({"bootstrap.servers": scene.kafka, "transactional.id": scene.settings.group + "-old"})
    predecessor.init_transactions(20)
    predecessor.begin_transaction()
    predecessor.produce(scene.settings.changelog, b"1", b"a", 1)
    predecessor.flush(10)
    watchdog = Watchdog(1.0, end=end)
    watchdog.start()
    recovery, ready = scene.recover(tmp_path / "successor", watchdog=watchdog)
    assert not watchdog._stopped.wait(3)  # three times as long as silence may last
    assert not ready
    predecessor.commit_transaction(10)
    recovery.join()
    watchdog.stop()
    assert reasons == []
    assert ready[0].state.get(b"a") == b"1"
    ready[0].state.close()
