"""A system that shows what it should not, or has lost what it should hold, is sent its present state once more."""

from schemas.records import EntityState
from streams.ear import Heard
from streams.unconfirmed import digest


def answered(state: EntityState, heard: Heard) -> list[str]:
    """Who is owed an answer; `state` as it is now. Only who holds the record can show it wrongly."""
    value = state["value"]
    if value is None or not (heard.doubts or heard.lost):
        return []
    holding = {entry["system"] for entry in state["routes"] if entry["digest"]}
    wrong = {
        system
        for system, shown in heard.doubts.items()
        if any(now != digest(value[name]) for name, now in shown.items())
    }
    return sorted((wrong | heard.lost) & holding)
