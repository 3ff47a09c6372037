"""Tells a connector that what it works by, manifest or secret, is another one now, or that it has nothing to do."""

import time
from enum import Enum
from typing import Final, Literal

import structlog

from schemas.catalogue import Catalogue, CatalogueError
from schemas.catalogue_follower import Follower
from schemas.fingerprints import of_connector
from schemas.secret_references import Secrets
from schemas.settings import Settings

_log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 1.0


class Verdict(Enum):
    """What has become of a manifest."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"


class ManifestWatch:
    """One connector's. Costs nothing between catalogues; one thread uses it."""

    def __init__(
        self, settings: Settings, catalogue: Catalogue, system: str, role: Literal["publishes", "subscribes"]
    ) -> None:
        """`catalogue`: the one by which the connector works."""
        self._follower = Follower(settings)
        self._system = system
        self._role: Literal["publishes", "subscribes"] = role
        self._known = of_connector(catalogue, system, role)
        self._secrets = Secrets(settings, catalogue.manifest(system))
        self._next_look = 0.0
        #: Of the newest catalogue that was heard of.
        self.revision = catalogue.revision
        self._verdict = Verdict.SAME

    def look(self, *, at_once: bool = False) -> Verdict:
        """As of the newest catalogue; never waits, and asks about once a second, or now."""
        now = time.monotonic()
        if at_once or now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            self._hear()
            if self._verdict is Verdict.SAME and self._secrets.have_changed():
                _log.warning("a secret is another one now", system=self._system)
                self._verdict = Verdict.CHANGED
        return self._verdict

    def close(self) -> None:
        """Listen no more."""
        self._follower.close()

    def _hear(self) -> None:
        try:
            found = self._follower.poll(0)
        except CatalogueError as error:
            _log.error("a catalogue cannot be read: going on with the last one", problem=str(error))
            return
        if found is None or found.revision < self.revision:
            return
        self.revision = found.revision
        now = of_connector(found, self._system, self._role)
        self._verdict = Verdict.GONE if now is None else Verdict.SAME if now == self._known else Verdict.CHANGED
