"""The only place that wires Faust: `faust -A streams.app worker --without-web`, settings from the environment.

For each entity of the catalogue one engine, which reads and writes Kafka, and one agent, which works off its batches.
The catalogue is followed while the worker runs: rules, topics and entities change with it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import structlog
from confluent_kafka import KafkaException

from schemas import compiled, garbage, logs, topics
from schemas.catalogue import Catalogue
from schemas.errors import SchemasError
from schemas.kafka import MAX_RECORD_BYTES, client_settings
from schemas.probes import serve
from schemas.registry import Registry, RegistryRefused, RegistryUnavailable
from schemas.sealing import Seal
from schemas.settings import Settings
from streams import metrics
from streams.bury import Undertaker
from streams.catalogues import Behind, Catalogues
from streams.engine.app import EngineApp
from streams.engine.batch import Batch
from streams.engine.engine import Engine
from streams.engine.errors import EngineError
from streams.engine.settings import EngineSettings
from streams.live import LiveWorker
from streams.pipeline import Pipeline
from streams.rules import compile_rules
from streams.wire import Wire
from streams.worker import Worker

#: Trouble that passes: it never costs a record.
_PASSING = (ConnectionError, TimeoutError, KafkaException, RegistryUnavailable, RegistryRefused, Behind)
#: Source topics are looked up again also without news: one may have been missing.
_LOOK_UP_SECONDS: Final = 30.0
_AGAIN_SECONDS: Final = 1.0
#: How long the loop may keep Python's lock while a thread waits for it: each transaction asks for it some ten times.
_SWITCH_SECONDS: Final = 0.001

_log = structlog.get_logger(__name__)


def create_app(settings: Settings) -> EngineApp:
    """The app of one worker. Reads the catalogue from Kafka and the registry's ids; raises what these raise."""
    logs.configure(f"streams.{settings.worker}", level=settings.log_level)
    app = EngineApp(f"lienthong.{settings.worker}")
    parts = Parts(app, settings)
    app.task(parts.catalogues.follow)
    app.task(parts.keep_up)
    app.task(_serving_probes(settings, parts))
    _log.info("the worker begins", steps="compiled" if compiled.is_used() else "as Python")
    garbage.look_rarely()
    sys.setswitchinterval(_SWITCH_SECONDS)
    return app


class Parts:
    """What a worker consists of: an engine, an agent and its rules for each entity."""

    def __init__(self, app: EngineApp, settings: Settings) -> None:
        """Everything that the newest catalogue asks for, to be started with the app."""
        self._app = app
        self._settings = settings
        self._registry = Registry(settings.registry)
        self._seal = Seal.from_file(settings.secrets / settings.dead_letter_key)
        self.catalogues = Catalogues(settings)
        self._running: dict[str, tuple[Engine, LiveWorker]] = {}
        for entity in self.catalogues.newest.entities():
            self._add(entity, self._live(entity))

    def troubles(self) -> dict[str, str]:
        """Why each engine does not work yet; empty where it does. From any thread."""
        return {entity: engine.trouble for entity, (engine, _) in list(self._running.items())}

    async def keep_up(self) -> None:
        """With the catalogue, until cancelled: new rules, other source topics, new entities."""
        seen = self.catalogues.newest
        while True:
            newest = await self.catalogues.news(seen, seconds=_LOOK_UP_SECONDS)
            try:
                for engine, live in list(self._running.values()):
                    await live.renew()
                    await engine.refresh_topics()
                for entity in newest.entities():
                    if entity not in self._running:
                        await self._start(entity)
                seen = newest
            except (*_PASSING, SchemasError) as error:
                _log.warning("not yet by the new catalogue: trying again", problem=str(error))
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _start(self, entity: str) -> None:
        live = await asyncio.to_thread(self._live, entity)
        _log.info("a new entity", entity=entity)
        engine = self._add(entity, live)
        await self._app.agents[_agent_name(entity)].maybe_start()
        await self._app.add_runtime_dependency(engine)

    def _add(self, entity: str, live: LiveWorker) -> Engine:
        engine = Engine(self._app, self._engine_settings(entity), on_poison=live.poison)
        add_agent(self._app, entity, engine, live)
        self._running[entity] = engine, live
        return engine

    def _live(self, entity: str) -> LiveWorker:
        def make(catalogue: Catalogue) -> Worker:
            return create_worker(entity, catalogue, self._registry, self._seal, name=self._settings.worker)

        return LiveWorker(self.catalogues, make)

    def _engine_settings(self, entity: str) -> EngineSettings:
        return engine_settings(self._settings, entity, lambda: self.catalogues.newest)


def create_worker(entity: str, catalogue: Catalogue, registry: Registry, seal: Seal, *, name: str) -> Worker:
    """What the agent of one entity does with its batches."""
    wire = Wire(entity, registry, catalogue.subscribers(entity))
    pipeline = Pipeline(compile_rules(catalogue, entity), wire)
    undertaker = Undertaker(entity, wire, seal, catalogue.revision)
    return Worker(pipeline, wire, undertaker, name=name, passing=(*_PASSING, EngineError))


def engine_settings(settings: Settings, entity: str, newest: Callable[[], Catalogue]) -> EngineSettings:
    """Of one entity's engine; who gets partition n of `identify.<entity>` owns partition n of everything."""
    return EngineSettings(
        bootstrap=settings.kafka,
        kafka=client_settings(settings.kafka),
        group=f"lienthong.{entity}",
        worker=settings.worker,
        data_dir=settings.data / "state" / settings.worker / entity,
        anchor=topics.identify(entity),
        changelog=topics.state(entity),
        topics=lambda: source_topics(newest(), entity),
        max_record_bytes=MAX_RECORD_BYTES,
        infrastructure_errors=_PASSING,
    )


def source_topics(catalogue: Catalogue, entity: str) -> list[str]:
    """What is read of an entity. Also of a system that was taken out, until its topic is empty: then it is deleted, and
    no worker may have a record of it in hand."""
    leaving = [system for system, left in catalogue.tenure.leaving.items() if entity in left.publishes]
    return [topics.raw(system, entity) for system in dict.fromkeys([*catalogue.publishers(entity), *leaving])]


def add_agent(app: EngineApp, entity: str, engine: Engine, live: LiveWorker) -> None:
    """The loop of one entity: a batch in, everything it causes out, in one transaction."""

    async def agent(batches: AsyncIterator[Batch]) -> None:
        async for batch in batches:
            tally = None
            async with batch:
                tally = await live.process(batch)
            if tally is not None and batch.is_committed:
                metrics.count(tally)

    app.agent(engine.channel, name=_agent_name(entity))(agent)


def _agent_name(entity: str) -> str:
    return f"streams.{entity}"


def _serving_probes(settings: Settings, parts: Parts) -> Callable[[], Awaitable[None]]:
    async def serve_probes() -> None:
        serve(settings, troubles=parts.troubles)

    return serve_probes


try:
    app = create_app(Settings())
except SchemasError as error:
    # What to do stands in the message; a traceback would hide it.
    raise SystemExit(f"starting a worker: {error}") from None
