"""One run of all streams of one system by one revision of the catalogue."""

import time
from collections.abc import Iterable
from threading import Thread

import structlog
from confluent_kafka.admin import AdminClient

from connectors.delivery.batch import Translator
from connectors.delivery.control import Control, Status
from connectors.delivery.kind import make_sink
from connectors.delivery.last_word import LastWord
from connectors.delivery.loop import DeliveryLoop
from connectors.delivery.outcomes import Reporter
from connectors.delivery.reader import Reader, find_streams
from connectors.delivery.reports import Reports
from connectors.delivery.trouble import KafkaTrouble
from connectors.delivery.unreported import read_reported
from connectors.manifest_watch import ManifestWatch, Verdict
from connectors.metrics import CADENCE, FRESH, PAUSED, UP
from connectors.pauses import Pauses
from schemas.catalogue import Catalogue
from schemas.kafka import client_settings
from schemas.registry import Registry
from schemas.sealing import Seal
from schemas.settings import Settings

_BEAT_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_SOON_SECONDS = 0.02
#: What a target still holds up after it is rolled back there when this process ends.
_GRACE_SECONDS = 4.0

_log = structlog.get_logger(__name__)


class DeliveryEnded(RuntimeError):  # noqa: N818 - reads as what happened
    """The thread of a stream is gone: a process that went on without it would look well and deliver nothing."""


class Shift:
    """Made once everything that it needs has answered; `run` ends when `control` says so."""

    def __init__(self, settings: Settings, system: str, catalogue: Catalogue, control: Control) -> None:
        """Raises CannotStart, SealError, KafkaTrouble, and what the registry raises."""
        seal = Seal.from_file(settings.secrets / settings.dead_letter_key)
        registry = Registry(settings.registry)
        reporter = Reporter(system, f"sink/{system}", catalogue.revision)
        self._reports = Reports(settings.kafka, registry, seal, reporter)
        self._reported = read_reported(settings.kafka, registry, system)
        self._last_word = LastWord(self._reports, self._reported.generation + 1)
        self._control = control
        self._watch = ManifestWatch(settings, catalogue, system, "subscribes")
        self._pauses = Pauses(settings.kafka, registry, system, "receiving")
        control.paused = self._pauses.why()
        self._system = system
        self._loops = self._made_loops(settings, catalogue, registry)
        CADENCE.labels("sink", system).set(catalogue.manifest(system).cadence_seconds)

    def run(self) -> bool:
        """Until told to stop; whether every stream has come to its end in time. Raises DeliveryEnded, KafkaTrouble."""
        # Who was never heard of is taken for one that delivered nothing: what a process delivers that dies before its
        # first word would have no end in the account.
        self._last_word.say(self._statuses(), safely=True)
        threads = [Thread(target=loop.run, name=loop.name, daemon=True) for loop in self._loops]
        for thread in threads:
            thread.start()
        next_word = 0.0
        while not self._control.stop.is_set():
            if self._control.changed.is_set() or time.monotonic() >= next_word:
                self._control.changed.clear()
                next_word = time.monotonic() + _BEAT_SECONDS
                self._say()
            self._look_at_manifest()
            self._look_at(threads)
            self._control.paused = self._pauses.why()
            PAUSED.labels("sink", self._system).set(bool(self._control.paused))
            self._control.changed.wait(_SOON_SECONDS if self._is_asked else _LOOK_SECONDS)
        self._watch.close()
        self._pauses.close()
        until = time.monotonic() + _GRACE_SECONDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        for loop in self._loops:
            loop.status.phase = "stopped"
        self._say()
        self._reports.flush(max(0.5, until - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _look_at(self, threads: Iterable[Thread]) -> None:
        ended = [thread.name for thread in threads if not thread.is_alive()]
        if ended and not self._control.stop.is_set():
            raise DeliveryEnded(f"delivering {', '.join(ended)}: it has ended, which it never should; report it")

    @property
    def _is_asked(self) -> bool:
        """Whether a stream waits to know what a newer catalogue says."""
        return self._control.heard > self._control.revision

    def _look_at_manifest(self) -> None:
        verdict = self._watch.look(at_once=self._is_asked)
        if verdict is Verdict.GONE:
            self._control.gone = True
            self._control.stop_all()
        elif verdict is Verdict.CHANGED:
            self._control.heard = max(self._control.heard, self._watch.revision)
            self._control.stop_all()
        else:
            self._control.revision = max(self._control.revision, self._watch.revision)

    def _say(self) -> None:
        statuses = self._statuses()
        UP.labels("sink", self._system).set(all(status.phase == "streaming" for status in statuses.values()))
        FRESH.labels("sink", self._system).set(min((status.fresh for status in statuses.values()), default=0))
        try:
            self._last_word.say(statuses)
        except KafkaTrouble as error:
            _log.warning("cannot say how it goes", trouble=str(error))

    def _statuses(self) -> dict[str, Status]:
        return {loop.name: loop.status for loop in self._loops}

    def _made_loops(self, settings: Settings, catalogue: Catalogue, registry: Registry) -> list[DeliveryLoop]:
        admin = AdminClient(client_settings(settings.kafka))
        manifest = catalogue.manifest(self._system)
        return [
            DeliveryLoop(
                stream,
                sink=make_sink(manifest, settings),
                reader=Reader(settings.kafka, self._system),
                translator=Translator(subscription, entity, registry),
                reports=self._reports,
                reported=self._reported,
                admin=admin,
                control=self._control,
            )
            for entity, subscription in manifest.subscribes.items()
            for stream in find_streams(admin, self._system, entity)
        ]
