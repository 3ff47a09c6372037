"""Pauses: somebody has stopped what a system publishes, or what it receives, until it is resumed."""

from typing import Final

from connectors.wishes import Wishes, wish
from schemas import compose
from schemas.records import Direction, Pause
from schemas.registry import Decoder, Registry, RegistryUnavailable, Writer
from schemas.topics import PAUSES

#: So often a connector that rests looks whether it may go on.
LOOK_SECONDS: Final = 0.5


def pause(bootstrap: str, registry: Registry, told: Pause) -> None:
    """Returns once Kafka has acknowledged it. Raises NotAsked, and what the registry raises."""
    value = Writer(registry, f"{PAUSES}-value", compose.load("pause")).encode(told)
    key = f"{told['system']}/{told['direction']}"
    wish(bootstrap, PAUSES, key, value, doing=f"pausing {key}")


def resume(bootstrap: str, *, system: str, direction: Direction) -> None:
    """Where nothing was paused, nothing changes. Raises NotAsked."""
    wish(bootstrap, PAUSES, f"{system}/{direction}", None, doing=f"resuming {system}/{direction}")


class Pauses:
    """Whether one direction of one system rests; it never waits but at the first look. One thread uses it."""

    def __init__(self, bootstrap: str, registry: Registry, system: str, direction: Direction) -> None:
        decode = Decoder(registry, compose.load("pause")).decode
        self._wishes: Wishes[Pause] = Wishes(bootstrap, PAUSES, f"{system}/{direction}", decode)

    def why(self) -> str:
        """For people: who has paused it and why; empty where nobody has."""
        try:
            found = list(self._wishes.latest().values())
        except RegistryUnavailable:
            return "somebody, in words for which the registry does not answer now"
        return f"{found[0]['by']}: {found[0]['why']}" if found else ""

    def close(self) -> None:
        """Listen no more."""
        self._wishes.close()
