"""Keeps one system's tables as its subscriptions say: `python -m connectors.run_sink SYSTEM`, until SIGTERM.

Exit codes: 0 stopped when asked, or its manifest was taken out; 2 it cannot start, the message says why; 3 another
process has taken over.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from threading import Event

import structlog
from confluent_kafka import KafkaException

from connectors.delivery.control import Control
from connectors.delivery.kind import CannotStart
from connectors.delivery.shift import Shift
from connectors.delivery.trouble import Backoff, KafkaTrouble
from connectors.readiness import readiness
from schemas import catalogue_topic, garbage, logs
from schemas.catalogue import Catalogue, CatalogueError
from schemas.compatibility import IncompatibleSchema
from schemas.probes import serve
from schemas.registry import RegistryRefused, RegistryUnavailable
from schemas.sealing import SealError
from schemas.settings import Settings

STOPPED, MISUSED, FENCED = 0, 2, 3
_NEEDS_A_PERSON = (CannotStart, SealError, RegistryRefused, IncompatibleSchema)
_PASSES = (KafkaTrouble, KafkaException, RegistryUnavailable)

_log = structlog.get_logger(__name__)


class NothingToDo(CannotStart):
    """By the catalogue the system receives nothing."""


class SinkProcess:
    """One system's deliveries, from one shift to the next."""

    def __init__(self, system: str, settings: Settings) -> None:
        self._system = system
        self._settings = settings
        self._asked = Event()
        self._control = Control()
        self._backoff = Backoff()
        #: Whether it has delivered, or was ready to.
        self._worked = False

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._asked.is_set()

    def stop(self, *_: object) -> None:
        """From a signal handler, or any thread."""
        self._asked.set()
        self._control.stop_all()

    def run(self) -> int:
        """The exit code."""
        while not self._asked.is_set():
            try:
                ended = self._work_a_shift()
            except NothingToDo as error:
                # At the start it is a mistake; later the manifest was taken out.
                _log.warning("nothing to deliver", told=str(error))
                return STOPPED if self._worked else MISUSED
            except _NEEDS_A_PERSON as error:
                _log.error("cannot start", problem=str(error))
                return MISUSED
            except (*_PASSES, CatalogueError) as error:
                _log.warning("waiting to start", trouble=str(error))
                self._asked.wait(self._backoff.next_delay())
                continue
            if self._control.fenced:
                _log.error("stopping: another process delivers to this system", told=self._control.fenced)
            if not ended:
                _log.warning("stopping without waiting longer for the target; it rolls back what was not committed")
                os._exit(FENCED if self._control.fenced else STOPPED)
            if self._control.fenced:
                return FENCED
            if self._control.gone:
                _log.warning("stopping: its manifest was taken out", system=self._system)
                return STOPPED
        return STOPPED

    def _work_a_shift(self) -> bool:
        catalogue = self._catalogue()
        known = max(self._control.heard, catalogue.revision)
        control = self._control = Control(revision=known, heard=known)
        if self._asked.is_set():
            return True
        shift = Shift(self._settings, self._system, catalogue, control)
        self._worked = True
        self._backoff.reset()
        _log.info("starting", system=self._system, revision=catalogue.revision)
        return shift.run()

    def _catalogue(self) -> Catalogue:
        """The newest. Raises CatalogueError where it cannot be had yet, NothingToDo."""
        catalogue = catalogue_topic.read(self._settings)
        if self._system not in catalogue.manifests:
            raise NothingToDo(
                f"looking for {self._system!r} in catalogue revision {catalogue.revision}: it is not there; add its "
                "manifest and run `lienthong apply`"
            )
        if not catalogue.manifests[self._system].subscribes:
            raise NothingToDo(
                f"{self._system} subscribes to nothing: it needs no sink; see `subscribes` in its manifest"
            )
        return catalogue


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m connectors.run_sink", description="Delivers to one system.")
    parser.add_argument("system", help="the system's id, as its manifest spells it")
    system: str = parser.parse_args(arguments).system
    settings = Settings()
    logs.configure(f"sink/{system}", level=settings.log_level)
    process = SinkProcess(system, settings)
    serve(settings, troubles=lambda: readiness("sink", system, stopping=process.stopping))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, process.stop)
    garbage.look_rarely()
    return process.run()


if __name__ == "__main__":
    sys.exit(main())
