"""Manifests change while changes flow: at the end every target holds what the tables say by the last catalogue.

Workers are as stale as Kafka allows, connectors notice late, systems go and come back before anything is cleaned up.
"""

import random
from typing import Any

import pytest

from schemas.catalogue import Catalogue
from schemas.manifest import Manifest
from streams import pipeline, project, settle, worker
from streams.emit import Effects
from streams.walk import Walker
from streams.worker import Worker
from tests.unit.streams.live_city import LiveCity
from tests.unit.streams.simulation import manifest, subscription

WARDS = ("00001", "00002")


def publication(fields: dict[str, Any], owns: list[str]) -> dict[str, Any]:
    return {"person": {"from": "rows", "key": {"citizen_id": "so", "else": "id"}, "fields": fields, "owns": owns}}


A = manifest("a", publishes=publication({"full_name": "ten", "ward": "xa"}, ["full_name", "ward", "existence"]))
#: Everything that a manifest may become, by system; None: it is taken out.
VARIANTS: dict[str, list[Manifest | None]] = {
    "a": [
        A,
        manifest("a", publishes=publication({"full_name": "ten", "ward": "xa", "note": "sinh"}, ["ward", "existence"])),
        manifest("a", publishes=publication({"full_name": "ten", "ward": "xa"}, ["full_name", "ward"])),
    ],
    "b": [
        manifest("b", publishes=publication({"phone": "dt"}, ["phone"])),
        manifest("b", publishes=publication({"phone": "dt", "residence": "ten"}, ["phone", "residence"])),
        manifest("b", publishes=publication({"phone": "dt", "residence": "sinh"}, ["phone"])),
        None,
    ],
    "s": [
        manifest("s", subscribes=subscription({"k": "key"}, {"n": "full_name", "r": "residence"})),
        manifest("s", subscribes=subscription({"k": "key"}, {"n": "full_name", "p": "phone"})),
        manifest("s", subscribes=subscription({"k": "key"}, {"m": "full_name", "r": "residence"})),
        None,
    ],
    "t": [
        manifest("t", subscribes=subscription({"so": "citizen_id"}, {"n": "full_name"}, "ward == '00001'")),
        manifest("t", subscribes=subscription({"so": "citizen_id"}, {"n": "full_name"}, "ward == '00002'")),
        manifest("t", subscribes=subscription({"so": "citizen_id"}, {"n": "full_name"})),
        None,
    ],
}


class Life:
    """What may happen in such a city, at random."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.chosen = dict.fromkeys(VARIANTS, 0)
        self._last = "s", 0
        self.city = LiveCity(self._manifests(), ("a", "b"), self.chance)

    def _manifests(self) -> list[Manifest]:
        found = [VARIANTS[system][number] for system, number in self.chosen.items()]
        return [each for each in found if each is not None]

    def reconfigure(self) -> None:
        system, number = self._last
        if self.chance.random() < 0.6:
            system = self.chance.choice([*VARIANTS, "b", "s", "t"])
            number = self.chance.randrange(len(VARIANTS[system]))
        # Else what was changed last is taken back.
        self._last = system, self.chosen[system]
        self.chosen[system] = number
        self.city.apply(self._manifests())
        if self.chance.random() < 0.5:
            # Connectors may be quicker than workers.
            self.city.notice()
            self.city.capture()

    def change(self) -> None:
        """One transaction; each key has at most one row in each source."""
        source = self.city.source(self.chance.choice("ab"))
        source.begin()
        free = [so for so in self._numbers() if so not in {row.so for row in source.rows.values()}]
        if free and (len(source.rows) < 4 or self.chance.random() < 0.3):
            source.insert(self.chance.choice(free), self._values())
            return
        name = self.chance.choice(sorted(source.rows))
        if self.chance.random() < 0.2:
            source.delete(name)
        else:
            rekeyed = free and self.chance.random() < 0.2
            so = self.chance.choice(free) if rekeyed else source.rows[name].so
            source.update(name, so=so, values=self._values())

    def _numbers(self) -> list[str]:
        return [f"00109900{number:04d}" for number in range(12)]

    def _values(self) -> dict[str, str | None]:
        chance = self.chance
        return {
            "ten": chance.choice("ABCD"),
            "sinh": chance.choice(("x", "y", None)),
            "xa": chance.choice(WARDS),
            "dt": chance.choice(("+84912345678", "+84912345679", None)),
        }

    def run(self, length: int) -> None:
        acts = [self.change] * 6 + [self.city.capture] * 4 + [self.city.work] * 24
        acts += [self.city.deliver] * 2 + [self.city.clean, self.city.notice] + [self.reconfigure] * 2
        for _ in range(length):
            self.chance.choice(acts)()


def _wrong(seeds: range, length: int = 150) -> list[int]:
    """The seeds whose targets do not end as the tables say."""
    wrong = []
    for seed in seeds:
        life = Life(seed)
        try:
            life.run(length)
            life.city.settle()
        except AssertionError:
            wrong.append(seed)
            continue
        if life.city.held() != life.city.truth():
            wrong.append(seed)
    return wrong


@pytest.mark.parametrize("block", range(2))
def test_targets_end_as_the_tables_say(block: int) -> None:
    assert _wrong(range(block * 80, block * 80 + 80)) == []


def _first_step_only(self: Walker, marker: Any, place: Any, look: Any, effects: Effects) -> None:
    _STEP(self, marker, place, look, effects)
    effects.outputs = [output for output in effects.outputs if output.key is not None]


def _undated(catalogue: Catalogue, system: str, entity: str) -> str:
    """Without the revision since which it is so."""
    return str(catalogue.manifest(system).subscribes[entity].model_dump(exclude={"where"}))


_STEP = Walker.step
#: Each is right most of the time.
WRONG: dict[str, tuple[Any, str, Any]] = {
    "stale workers go on": (Worker, "needs", lambda *_: 0),
    "stale workers take forwards": (Worker, "_revision_of_forward", lambda *_: 0),
    "stale workers read by an older mapping": (worker, "_revision_of_marker", lambda _: 0),
    "a walk ends after its first step": (Walker, "step", _first_step_only),
    "who publishes no more still speaks": (pipeline, "speaking", lambda claims, _: claims),
    "what who left may hold is forgotten": (
        pipeline,
        "remembered",
        lambda routes, receivers: [entry for entry in routes if entry["system"] in receivers],
    ),
    "another form under the same version": (settle, "is_reshaped", lambda *_: False),
    "a form that is taken again counts as the same": (project, "of_subscription", _undated),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_implementation_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*WRONG[name])
    assert any(_wrong(range(start, start + 20)) for start in range(0, 800, 20))
