"""Compares a target with what it should hold while deliveries flow. What is on its way is never taken for drift.

A look: read Kafka to its end, let the sink come that far, compare, read Kafka to its end again. Whatever the target may
have got in between has been heard of by then: a key of which nothing was heard should have been as expected. What
differs in two looks, without a word on it from the first to the last, is drift. What the target computes while Kafka is
read, from rows as they were then, only tells where to compare.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from connectors.contract import Readable
from connectors.values import Cell, DifferenceKind, Expected, Stream
from console.errors import Unanswered
from console.reconciling.expectation import Expectation, Known

#: refused: the last delivery became a dead letter, so that the target shows something older, or nothing.
DriftKind: TypeAlias = DifferenceKind | Literal["refused"]
#: In the order in which they are shown: those of which there is most to say first.
KINDS: Final[tuple[DriftKind, ...]] = ("different", "refused", "extra", "missing")

_LOOK_SECONDS: Final = 0.2
#: A sink that does not come any further for so long is not waited for.
_PATIENCE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Drift:
    """A row that is not as it should be. `owner`: the entity key that speaks for it; `key`: the target's own key."""

    owner: str
    key: str
    kind: DriftKind
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """`checked`: keys that were compared; `on_the_way`: of those that differed, how many were about to change."""

    checked: int
    on_the_way: int
    drifts: list[Drift]


@dataclass(frozen=True, slots=True)
class Looker:
    """One target and what it should hold. `corrects`: rows are only corrected there. `tell` hears of waits.

    `owner_of`: from the target's key to the entity key of a row of which nothing was ever told; None where such rows
    may be there.
    """

    expectation: Expectation
    target: Readable
    stream: Stream
    corrects: bool
    tell: Callable[[str], None] = lambda _: None
    owner_of: Callable[[str], str] | None = None

    def look(self, *, pause: float) -> Found:
        """Two looks, so many seconds apart where there is anything to look at again. Raises Unanswered, and what the
        target and Kafka's readers raise.
        """
        expectation = self.expectation
        self.target.prepare(self.stream.entity)
        self._begin()
        expectation.touched.clear()
        checked = expectation.rows()
        first = {each.key for each in self.target.differences(self.stream.entity, checked)}
        if self.owner_of is not None:
            first.update(self.target.strangers(self.stream.entity, expectation.told()))
        expectation.follow()
        if settled := self._settled(first):
            self._wait(pause)
        again = self.differing(settled)
        drifts = [each for each in again if each.key in self._settled({each.key})]
        differing = first | {each.key for each in drifts}
        return Found(len(checked), len(differing) - len(drifts), drifts)

    def differing(self, keys: Collection[str]) -> list[Drift]:
        """Those of the keys that are not as they should be, and of all keys those that cannot be."""
        self._begin()
        refused = self.expectation.refused()
        known = self.expectation.find({*keys, *refused}) | self._strangers(keys)
        expected = [each.expected for each in known.values()]
        found = self.target.differences(self.stream.entity, expected) if expected else []
        self.expectation.follow()
        drifts = [
            Drift(known[each.key].owner, each.key, "refused" if each.key in refused else each.kind, each.cells)
            for each in found
            if not (self.corrects and each.kind == "missing")
        ]
        return [*drifts, *(Drift(owner, key, "refused") for key, owner in refused.items() if key not in known)]

    def _strangers(self, keys: Collection[str]) -> dict[str, Known]:
        """Of these keys, those of which nothing was ever told; each should be gone."""
        if self.owner_of is None:
            return {}
        untold = set(keys)
        untold.difference_update(key for key in self.expectation.told() if key in keys)
        return {key: Known(self.owner_of(key), Expected(key, None)) for key in untold}

    def _begin(self) -> None:
        self.expectation.follow()
        self._wait_for_sink()

    def _settled(self, keys: Collection[str]) -> set[str]:
        touched, is_open = self.expectation.touched, self.expectation.is_open
        return {key for key in keys if key not in touched and not is_open(key)}

    def _wait_for_sink(self) -> None:
        position, since, end = -1, time.monotonic(), self.expectation.end
        while (now := max(0, self.target.position(self.stream))) < end:
            if now > position:
                position, since = now, time.monotonic()
            elif time.monotonic() - since > _PATIENCE_SECONDS:
                raise Unanswered(
                    f"waiting for the sink that writes {self.stream.topic}: it stands at offset {now} of {end} and "
                    "does not come further; see `lienthong status`, and start it where it does not run"
                )
            self.tell(f"{now:,} / {end:,}")
            time.sleep(_LOOK_SECONDS)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.tell(f"{left:.0f} s")
            time.sleep(min(left, 1.0))
