"""`python -m connectors.run_source SYSTEM`: captures one system until SIGTERM.

Exit codes: 0 after SIGTERM, or its manifest was taken out; 1 trouble that a new start may mend, or its manifest is now
another one, by which a new start works; 2 a mistake in the set-up; 3 another process has taken this system over.
"""

import argparse
import importlib
import os
import signal
import sys
import time
from threading import Event, Thread
from typing import Final

import structlog
from confluent_kafka import Producer

from connectors.contract import Source
from connectors.errors import ConnectorsError, Fenced
from connectors.manifest_watch import ManifestWatch, Verdict
from connectors.memory_topic import TopicMemory
from connectors.pauses import Pauses
from connectors.quarantine import Quarantine
from connectors.readiness import readiness
from connectors.record_limit import largest_record
from connectors.source_loop import SourceLoop
from connectors.source_records import SourceRecords
from schemas import catalogue_topic, garbage, logs, secret_references, topics
from schemas.catalogue import Catalogue
from schemas.errors import SchemasError
from schemas.fingerprints import of_publications
from schemas.kafka import producer_settings
from schemas.manifest import Manifest
from schemas.probes import serve
from schemas.registry import Registry
from schemas.sealing import Seal
from schemas.settings import Settings

_log = structlog.get_logger(__name__)

_GRACE_SECONDS: Final = 4.0
#: Changes that come within it share a request to Kafka.
_LINGER_MS: Final = 10


def make_source(manifest: Manifest, settings: Settings) -> Source:
    """The source of a manifest whose secrets are references. Raises ConnectorsError, SecretMissing."""
    try:
        module = importlib.import_module(f"connectors.sources.{manifest.kind}")
    except ModuleNotFoundError as error:
        raise ConnectorsError(
            f"making the source of {manifest.system}: kind {manifest.kind!r} is not here ({error}); correct "
            "`connect: kind`, or install what the kind needs"
        ) from None
    connect = secret_references.resolve(manifest.connect, folder=settings.secrets)
    found: Source = module.source(manifest.model_copy(update={"connect": connect}), settings)
    return found


def make_loop(system: str, settings: Settings, catalogue: Catalogue, *, stopping: Event) -> SourceLoop:
    """The loop of one system, everything connected but the source itself."""
    manifest = catalogue.manifest(system)
    registry = Registry(settings.registry)
    seal = Seal.from_file(settings.secrets / settings.dead_letter_key)
    raw = [topics.raw(manifest.system, entity) for entity in manifest.publishes]
    limit = largest_record(settings.kafka, [*raw, topics.DEAD_LETTERS, topics.OUTCOMES])
    # Without end: a record that waits for Kafka is no failure.
    more = {"linger.ms": _LINGER_MS, "delivery.timeout.ms": 0, "message.max.bytes": limit, "batch.size": limit}
    producer = Producer(producer_settings(settings.kafka, **more))
    quarantine = Quarantine(registry, seal, system=system, revision=catalogue.revision)
    return SourceLoop(
        source=make_source(manifest, settings),
        memory=TopicMemory(settings.kafka, registry, system, fingerprint=of_publications(catalogue, system)),
        records=SourceRecords(producer, registry, manifest, quarantine, revision=catalogue.revision),
        producer=producer,
        manifest=manifest,
        stopping=stopping,
        watch=ManifestWatch(settings, catalogue, system, "publishes"),
        pauses=Pauses(settings.kafka, registry, system, "publishing"),
    )


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m connectors.run_source", description="Captures one system.")
    parser.add_argument("system", help="id of a system in the catalogue")
    system = parser.parse_args(arguments).system
    settings = Settings()
    logs.configure(f"source/{system}", level=settings.log_level)
    stopping = _stop_on_signals()
    try:
        verdict = _run(system, settings, stopping)
    except Fenced as error:
        _log.error("stopping", problem=str(error))
        return 3
    except (ConnectorsError, SchemasError) as error:
        _log.error("stopping", problem=str(error))
        return 1
    return 1 if verdict is Verdict.CHANGED else 0


def _run(system: str, settings: Settings, stopping: Event) -> Verdict:
    serve(settings, troubles=lambda: readiness("source", system, stopping=stopping.is_set()))
    catalogue = catalogue_topic.read(settings)
    _log.info("starting", system=system, revision=catalogue.revision)
    loop = make_loop(system, settings, catalogue, stopping=stopping)
    garbage.look_rarely()
    loop.run()
    _log.info("stopped", system=system)
    return loop.verdict


def _stop_on_signals() -> Event:
    """Set by SIGTERM and SIGINT. What does not end in time then is ended: it is not confirmed, so nothing is lost.

    A thread waits for them: a handler would have to wait for whatever the main thread asks of Kafka.
    """
    stopping = Event()
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def wait() -> None:
        signal.sigwait(signals)
        stopping.set()
        time.sleep(_GRACE_SECONDS)
        _log.warning("stopping without waiting any longer")
        os._exit(0)

    Thread(target=wait, name="signals", daemon=True).start()
    return stopping


if __name__ == "__main__":
    sys.exit(main())
