"""Follows the catalogue in a process of its own: whoever forks must have no threads, and Kafka's client has some."""

import json
import os
from collections.abc import Mapping
from typing import NamedTuple

from schemas.catalogue import Catalogue
from schemas.catalogue_follower import Follower
from schemas.probes import serve
from schemas.settings import Settings


class Wanted(NamedTuple):
    """`connectors`: by the catalogue of this revision, `source/SYSTEM` and `sink/SYSTEM`, each with its number."""

    revision: int
    connectors: Mapping[str, int]


class Roll:
    """The connectors that there are or were, each with a number that no other has. `numbers`: what is known so far."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = dict(numbers)
        self._wanted = Wanted(-1, {})

    def call(self, catalogue: Catalogue) -> Wanted:
        """A source for who publishes, a sink for who receives."""
        manifests = sorted(catalogue.manifests.items())
        sources = [f"source/{system}" for system, manifest in manifests if manifest.publishes]
        sinks = [f"sink/{system}" for system, manifest in manifests if manifest.subscribes]
        wanted = {name: self._numbers.setdefault(name, len(self._numbers) + 1) for name in (*sources, *sinks)}
        self._wanted = Wanted(catalogue.revision, wanted)
        return self._wanted

    def targets(self, settings: Settings) -> bytes:
        """Where the connectors that are wanted now serve their metrics, as Prometheus asks (`http_sd_configs`)."""
        found = [
            {
                "targets": [f"{settings.metrics_host}:{metrics_port(settings, number)}"],
                "labels": {"process": _label(name)},
            }
            for name, number in self._wanted.connectors.items()
        ]
        return json.dumps(found).encode()


def metrics_port(settings: Settings, number: int) -> int:
    """Of the connector with this number; 0 where nothing is served."""
    return settings.metrics_port and settings.metrics_port + number


def scout(settings: Settings, out: int, numbers: Mapping[str, int]) -> None:
    """Writes a line into the pipe for each catalogue, for as long as somebody reads it, and serves `/targets` beside
    metrics of its own.
    """
    roll = Roll(numbers)
    serve(settings, troubles=dict, pages={"/targets": lambda: roll.targets(settings)})
    for found in Follower(settings).each(lambda: False):
        os.write(out, line_of(roll.call(found)))


def line_of(wanted: Wanted) -> bytes:
    """As it goes through the pipe."""
    return json.dumps(wanted).encode() + b"\n"


def read_lines(received: bytes) -> tuple[list[Wanted], bytes]:
    """What has come through the pipe, and what of a line has not come yet."""
    *lines, rest = received.split(b"\n")
    return [Wanted(*json.loads(line)) for line in lines], rest


def _label(name: str) -> str:
    return name.replace("/", "-")
