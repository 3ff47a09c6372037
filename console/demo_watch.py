"""Watches one committed change on its way: raw topic, delivery topic, target row, each with its time."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import psycopg

from console.demo_route import Route
from console.demo_table import text_row
from console.errors import ConsoleError
from console.reading import END, Reader
from schemas.records import Row
from schemas.topics import raw, to

#: The stages of a change after its commit, in order.
STAGES = ("captured", "routed", "arrived")
_POLL_SECONDS = 0.001


class Step(NamedTuple):
    """One stage reached: seconds since the commit, and where it was seen."""

    stage: str
    seconds: float
    place: str


class Watch:
    """Stands at the end of the topics before a change is made, so that nothing older is mistaken for it."""

    def __init__(self, reader: Reader, route: Route, target: psycopg.Connection[Row]) -> None:
        self._reader = reader
        self._route = route
        self._target = target
        self._stage_of = {raw(route.source, route.entity): "captured", to(route.target, route.entity): "routed"}
        sizes = reader.topics()
        missing = [topic for topic in self._stage_of if topic not in sizes]
        if missing:
            raise ConsoleError(f"watching {missing[0]}: the topic is not there; run `lienthong apply`")
        places = [(topic, number) for topic in self._stage_of for number in range(sizes[topic])]
        for _ in reader.to_the_end(dict.fromkeys(places, END)):
            pass

    def steps(self, key: str, expected: Row | None, *, committed: float, timeout: float) -> Iterator[Step]:
        """Each stage in order as it is reached. Ends early after `timeout` seconds. `committed`: of time.perf_counter.

        `expected`: the columns, as text, that the target's row must show; None where it must be gone.
        """
        seen: dict[str, Step] = {}
        told = 0
        arrived = self._arrival(key, expected)
        while told < len(STAGES) and time.perf_counter() - committed < timeout:
            place = self._passing(key)
            if place is not None:
                stage = self._stage_of[place.partition("[")[0]]
                seen.setdefault(stage, Step(stage, time.perf_counter() - committed, place))
            if "arrived" not in seen and arrived():
                where = f"{self._route.target} {self._route.subscription.into}"
                seen["arrived"] = Step("arrived", time.perf_counter() - committed, where)
            while told < len(STAGES) and STAGES[told] in seen:
                yield seen[STAGES[told]]
                told += 1

    def _passing(self, key: str) -> str | None:
        """Where a record of this key has just been read, as `topic[partition]@offset`."""
        record = self._reader.next(_POLL_SECONDS)
        if record is None or record.key != key.encode():
            return None
        return f"{record.topic}[{record.partition}]@{record.offset}"

    def _arrival(self, key: str, expected: Row | None) -> Callable[[], bool]:
        """The question whether the target shows what it should."""
        where = self._route.target_key()(key)
        if where is None:
            raise ConsoleError(
                f"watching {self._route.target}: its key column cannot hold this person's key; it is not in scope"
            )
        names = list(expected or where)
        into = self._route.subscription.into

        def arrived() -> bool:
            row = text_row(self._target, into, where=where, names=names)
            return row is None if expected is None else row == expected

        return arrived


def expected_in_target(route: Route, fields: tuple[str, ...], row: Row | None) -> Row | None:
    """Of the target's row, the columns of these fields. Raises ConsoleError where the target receives none of them."""
    if row is None:
        return None
    found = {column: row[column] for column, out in route.subscription.fields.items() if out.field in fields}
    if not found:
        raise ConsoleError(
            f"{route.target} does not receive {', '.join(fields)}: there is nothing to watch; name another --target"
        )
    return found
