"""Who rests because somebody asked for it does what it should."""

from connectors.metrics import PAUSED, UP
from connectors.readiness import readiness


def test_ready_is_who_reaches_its_system_or_rests() -> None:
    def waits(system: str) -> bool:
        return bool(readiness("sink", system, stopping=False)[f"sink/{system}"])

    assert waits("never_said")
    UP.labels("sink", "readiness_a").set(0)
    PAUSED.labels("sink", "readiness_a").set(0)
    assert waits("readiness_a")
    PAUSED.labels("sink", "readiness_a").set(1)
    assert not waits("readiness_a")
    UP.labels("sink", "readiness_b").set(1)
    assert not waits("readiness_b")
    assert readiness("sink", "readiness_b", stopping=True)["sink/readiness_b"] == "it is stopping"
