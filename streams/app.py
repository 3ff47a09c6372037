"""The only place that wires Faust: `faust -A streams.app worker --without-web`, settings from the environment.

For each entity of the catalogue one engine, which reads and writes Kafka, and one agent, which works off its batches.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

from confluent_kafka import KafkaException
from prometheus_client import start_http_server

from schemas import catalogue_topic, logs, topics
from schemas.catalogue import Catalogue
from schemas.errors import SchemasError
from schemas.kafka import MAX_RECORD_BYTES
from schemas.registry import Registry, RegistryRefused, RegistryUnavailable
from schemas.sealing import Seal
from schemas.settings import Settings
from streams import metrics
from streams.bury import Undertaker
from streams.engine import Batch, Engine, EngineApp, EngineError, EngineSettings
from streams.pipeline import Pipeline
from streams.rules import compile_rules
from streams.wire import Wire
from streams.worker import Worker

#: Trouble that passes: it never costs a record.
_PASSING = (ConnectionError, TimeoutError, KafkaException, RegistryUnavailable, RegistryRefused)


def create_app(settings: Settings) -> EngineApp:
    """The app of one worker. Reads the catalogue from Kafka and the registry's ids; raises what these raise."""
    logs.configure(f"streams.{settings.worker}", level=settings.log_level)
    app = EngineApp(f"lienthong.{settings.worker}")
    catalogue = catalogue_topic.read(settings)
    registry, seal = Registry(settings.registry), Seal.from_file(settings.secrets / settings.dead_letter_key)
    for entity in catalogue.entities():
        worker = create_worker(entity, catalogue, registry, seal, name=settings.worker)
        engine = Engine(app, engine_settings(settings, entity, catalogue), on_poison=worker.poison)
        add_agent(app, entity, engine, worker)
    if settings.metrics_port:
        app.task(_serving_metrics(settings.metrics_port))
    return app


def create_worker(entity: str, catalogue: Catalogue, registry: Registry, seal: Seal, *, name: str) -> Worker:
    """What the agent of one entity does with its batches."""
    wire = Wire(entity, registry, catalogue.subscribers(entity))
    pipeline = Pipeline(compile_rules(catalogue, entity, wire), wire)
    undertaker = Undertaker(entity, wire, seal, catalogue.revision)
    return Worker(pipeline, wire, undertaker, name=name, passing=(*_PASSING, EngineError))


def engine_settings(settings: Settings, entity: str, catalogue: Catalogue) -> EngineSettings:
    """Of one entity's engine; who gets partition n of `identify.<entity>` owns partition n of everything."""
    return EngineSettings(
        bootstrap=settings.kafka,
        group=f"lienthong.{entity}",
        worker=settings.worker,
        data_dir=settings.data / "state" / settings.worker / entity,
        anchor=topics.identify(entity),
        changelog=topics.state(entity),
        topics=lambda: [topics.raw(system, entity) for system in catalogue.publishers(entity)],
        max_record_bytes=MAX_RECORD_BYTES,
        infrastructure_errors=_PASSING,
    )


def add_agent(app: EngineApp, entity: str, engine: Engine, worker: Worker) -> None:
    """The loop of one entity: a batch in, everything it causes out, in one transaction."""

    async def agent(batches: AsyncIterator[Batch]) -> None:
        async for batch in batches:
            tally = None
            async with batch:
                tally = worker.process(batch)
            if tally is not None and batch.is_committed:
                metrics.count(tally)

    app.agent(engine.channel, name=f"streams.{entity}")(agent)


def _serving_metrics(port: int) -> Callable[[], Awaitable[None]]:
    async def serve_metrics() -> None:
        start_http_server(port, addr="127.0.0.1")

    return serve_metrics


try:
    app = create_app(Settings())
except SchemasError as error:
    # What to do stands in the message; a traceback would hide it.
    raise SystemExit(f"starting a worker: {error}") from None
