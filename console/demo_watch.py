"""Watches one committed change on its way: raw topic, delivery topics, every system, each with its time."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event
from typing import NamedTuple

from console.demo_acts import Act, Expectation
from console.demo_cast import Audience, Cast
from console.demo_eyes import Eye
from console.errors import ConsoleError
from console.reading import END, Reader
from schemas.topics import raw, to

_POLL_SECONDS = 0.001
#: Between two looks into a system.
_LOOK_SECONDS = 0.005


class Sight(NamedTuple):
    """One stage reached: seconds since the commit, and where. `of`: what it is about; when captured, the topic."""

    stage: str
    seconds: float
    place: str
    of: Audience | str


class Watch:
    """Stands at the end of the topics before a change is made, so that nothing older is mistaken for it."""

    def __init__(self, reader: Reader, cast: Cast) -> None:
        self._reader = reader
        sides = [side for side in (cast.register, cast.entries, cast.authority) if side]
        topics = {raw(side.system, side.entity) for side in sides}
        topics |= {to(audience.system, audience.entity) for audience in cast.audiences}
        sizes = reader.topics()
        missing = sorted(topics - sizes.keys())
        if missing:
            raise ConsoleError(f"watching {missing[0]}: the topic is not there; run `lienthong apply`")
        places = [(topic, number) for topic in sorted(topics) for number in range(sizes[topic])]
        for _ in reader.to_the_end(dict.fromkeys(places, END)):
            pass

    def sights(self, act: Act, eyes: Mapping[Audience, Eye], *, committed: float, timeout: float) -> Iterator[Sight]:
        """Each as it is seen, until all are or `timeout` seconds have passed. `committed`: of time.perf_counter."""
        seen: SimpleQueue[Sight] = SimpleQueue()
        stop = Event()
        ahead: set[tuple[str, object]] = {("captured", topic) for topic, _ in act.captured}
        ahead |= {(stage, e.audience) for e in act.expected for stage in ("routed", "arrived")}
        with ThreadPoolExecutor(max_workers=max(1, len(act.expected))) as looking:
            looks = [looking.submit(_look, expected, eyes, seen, stop, committed) for expected in act.expected]
            try:
                while ahead and time.perf_counter() - committed < timeout:
                    for sight in [*self._passing(act, committed), *_drained(seen)]:
                        if (sight.stage, sight.of) in ahead:
                            ahead.discard((sight.stage, sight.of))
                            yield sight
                    _raise_troubles(looks)
            finally:
                stop.set()

    def _passing(self, act: Act, committed: float) -> Iterator[Sight]:
        """What a record that has just been read means for this act."""
        record = self._reader.next(_POLL_SECONDS)
        if record is None or record.key is None:
            return
        key, seconds = record.key.decode(), time.perf_counter() - committed
        place = f"{record.topic}[{record.partition}]@{record.offset}"
        if (record.topic, key) in act.captured:
            yield Sight("captured", seconds, place, record.topic)
        for expected in act.expected:
            if record.topic == to(expected.audience.system, expected.audience.entity) and key in expected.keys:
                yield Sight("routed", seconds, place, expected.audience)


def _look(
    expected: Expectation, eyes: Mapping[Audience, Eye], seen: "SimpleQueue[Sight]", stop: Event, committed: float
) -> None:
    audience = expected.audience
    eye, names = eyes[audience], list(expected.shows or expected.where)
    wanted = expected.shows or {name: str(value) for name, value in expected.where.items()}
    while not stop.wait(_LOOK_SECONDS):
        if eye.row(expected.where, names) != wanted:
            continue
        if expected.gone is not None and eye.row(expected.gone, list(expected.gone)) is not None:
            continue
        place = f"{audience.manifest.title('vi')} · {audience.system} {audience.place}: {expected.told}"
        seen.put(Sight("arrived", time.perf_counter() - committed, place, audience))
        return


def _drained(seen: "SimpleQueue[Sight]") -> Iterator[Sight]:
    while True:
        try:
            yield seen.get_nowait()
        except Empty:
            return


def _raise_troubles(looks: list[Future[None]]) -> None:
    for look in looks:
        if look.done():
            look.result()
