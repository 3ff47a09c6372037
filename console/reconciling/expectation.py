"""What a system's table should hold, as far as Kafka has been read: asked for whole, or key by key."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple, Protocol

import orjson

from connectors.values import Expected
from console.reading import Reader
from schemas.catalogue import Catalogue
from schemas.manifest import Subscription
from schemas.settings import Settings


class Matter(NamedTuple):
    """What is reconciled: one subscription. `reader` serves whoever needs it."""

    settings: Settings
    reader: Reader
    catalogue: Catalogue
    system: str
    entity: str

    @property
    def subscription(self) -> Subscription:
        """As the catalogue has it."""
        return self.catalogue.manifest(self.system).subscribes[self.entity]


class Known(NamedTuple):
    """`owner`: the entity key that speaks for the row; whoever owns it can send the row again."""

    owner: str
    expected: Expected


class Expectation(Protocol):
    """Used from one thread. `touched`: target keys of which `follow` has heard anything since it was last emptied."""

    touched: set[str]

    @property
    def end(self) -> int:
        """The target holds what is expected once its sink stands here in the delivery topic."""

    def follow(self) -> None:
        """Read to what is now the end of Kafka's topics."""

    def rows(self) -> Collection[Expected]:
        """All that is expected, of every key that is known."""

    def find(self, keys: Collection[str]) -> dict[str, Known]:
        """Of these target keys, those that are known."""

    def is_open(self, key: str) -> bool:
        """Whether a rename has brought a row to this target key, and what its own owner says is still to come."""

    def refused(self) -> dict[str, str]:
        """Target key -> owner, of all whose last delivery became a dead letter: the target cannot hold the truth."""


class Rows(Collection[Expected]):
    """Rows kept packed, unpacked each time that one looks through them: as objects, a million fill a small machine.

    `count`: about how many there are.
    """

    def __init__(self, said: Collection[bytes], unpacked: Callable[[bytes], Sequence[Expected]], count: int) -> None:
        self._said = said
        self._unpacked = unpacked
        self._count = count

    def __iter__(self) -> Iterator[Expected]:
        for said in self._said:
            yield from self._unpacked(said)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: object) -> bool:
        return any(each == key for each in self)


def packed(row: object) -> bytes:
    """JSON, in no more memory than it needs: what orjson returns keeps the kilobytes in which it was made."""
    return bytes(memoryview(orjson.dumps(row)))
