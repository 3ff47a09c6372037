"""Manifests, and workers over Kafka in memory, for the tests of the streams."""

from collections.abc import Iterable
from typing import Any

from schemas.catalogue import compile_catalogue
from schemas.manifest import Manifest
from schemas.sealing import Seal
from streams.bury import Undertaker
from streams.pipeline import Pipeline
from streams.rules import compile_rules
from streams.wire import Wire
from streams.worker import Worker

ENTITY = "person"
SEAL = Seal(bytes(range(32)))


class RegistryDown(Exception):  # noqa: N818
    """Stands for every trouble that passes."""


def worker(manifests: Iterable[Manifest], registry: Any, *, revision: int = 1, versions_from: int = 0) -> Worker:
    """A worker of the catalogue that these manifests make."""
    catalogue = compile_catalogue(manifests, revision, versions_from=versions_from)
    wire = Wire(ENTITY, registry, catalogue.subscribers(ENTITY))
    pipeline = Pipeline(compile_rules(catalogue, ENTITY), wire)
    undertaker = Undertaker(ENTITY, wire, SEAL, revision)
    return Worker(pipeline, wire, undertaker, name="w1", passing=(RegistryDown,))
