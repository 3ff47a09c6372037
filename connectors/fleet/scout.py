"""Follows the catalogue in a process of its own: whoever forks must have no threads, and Kafka's client has some."""

import json
import os
from collections.abc import Sequence
from typing import NamedTuple

from schemas.catalogue import Catalogue
from schemas.catalogue_follower import Follower
from schemas.settings import Settings


class Wanted(NamedTuple):
    """`connectors`: by the catalogue of this revision, `source/SYSTEM` and `sink/SYSTEM`."""

    revision: int
    connectors: tuple[str, ...]


def wanted_by(catalogue: Catalogue) -> Wanted:
    """A source for who publishes, a sink for who receives."""
    manifests = sorted(catalogue.manifests.items())
    sources = [f"source/{system}" for system, manifest in manifests if manifest.publishes]
    sinks = [f"sink/{system}" for system, manifest in manifests if manifest.subscribes]
    return Wanted(catalogue.revision, (*sources, *sinks))


def scout(settings: Settings, out: int) -> None:
    """Writes a line into the pipe for each catalogue, for as long as somebody reads it."""
    for found in Follower(settings).each(lambda: False):
        os.write(out, line_of(wanted_by(found)))


def line_of(wanted: Wanted) -> bytes:
    """As it goes through the pipe."""
    return json.dumps(wanted).encode() + b"\n"


def read_lines(received: bytes) -> tuple[list[Wanted], bytes]:
    """What has come through the pipe, and what of a line has not come yet."""
    *lines, rest = received.split(b"\n")
    read: list[tuple[int, Sequence[str]]] = [json.loads(line) for line in lines]
    return [Wanted(revision, tuple(connectors)) for revision, connectors in read], rest
