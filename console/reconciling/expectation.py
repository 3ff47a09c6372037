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
    """Used from one thread. `touched`: target keys of which `follow` has heard anything since it was last emptied, but
    for its first call, which hears of all.
    """

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

    def told(self) -> Iterator[str]:
        """Every target key of which anything was heard, also where it is not known what is expected of it."""

    def is_open(self, key: str) -> bool:
        """Whether a rename has brought a row to this target key, and what its own owner says is still to come."""

    def refused(self) -> dict[str, str]:
        """Target key -> owner, of all whose last delivery became a dead letter: the target cannot hold the truth."""


class Said(dict[bytes, bytes]):
    """By the entity key that speaks for them, rows kept packed: as objects, a million fill a small machine.

    `unpacked`: the rows that are expected by what is packed under a key.
    """

    def __init__(self, unpacked: Callable[[bytes], Sequence[Expected]]) -> None:
        super().__init__()
        self.unpacked = unpacked

    def rows(self) -> Collection[Expected]:
        """See Expectation. They are unpacked each time that one looks through them."""
        return _Rows(self)

    def find(self, keys: Collection[str]) -> dict[str, Known]:
        """See Expectation."""
        return {
            expected.key: Known(owner.decode(), expected)
            for owner, said in self.items()
            for expected in self.unpacked(said)
            if expected.key in keys
        }


class _Rows(Collection[Expected]):
    """Its length is about how many there are."""

    def __init__(self, said: Said) -> None:
        self._said = said

    def __iter__(self) -> Iterator[Expected]:
        for said in self._said.values():
            yield from self._said.unpacked(said)

    def __len__(self) -> int:
        return len(self._said)

    def __contains__(self, key: object) -> bool:
        return any(each == key for each in self)


def packed(row: object) -> bytes:
    """JSON, in no more memory than it needs: what orjson returns keeps the kilobytes in which it was made."""
    return bytes(memoryview(orjson.dumps(row)))
