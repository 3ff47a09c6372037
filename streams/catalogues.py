"""The newest catalogue, for every part of a worker; what waits for a newer one is told when it comes."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Final

import structlog

from schemas import catalogue_topic
from schemas.catalogue import Catalogue
from schemas.catalogue_follower import Follower
from schemas.settings import Settings
from streams.errors import StreamsError

_log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 1.0
_TELL_SECONDS: Final = 10.0


class Behind(StreamsError):  # noqa: N818 - reads as what happened
    """This worker's catalogue is older than what is asked of it, and nobody waits for a newer one any more."""


class Catalogues:
    """Lives on the event loop; the topic is read on a thread."""

    def __init__(self, settings: Settings) -> None:
        """Reads the newest. Raises NoCatalogue, or CatalogueError where Kafka cannot be read."""
        self.newest: Catalogue = catalogue_topic.read(settings)
        self._settings = settings
        self._news = asyncio.Event()

    async def follow(self) -> None:
        """Hear of each new catalogue until cancelled."""
        loop, stopping = asyncio.get_running_loop(), threading.Event()
        Thread(target=self._listen, args=(loop, stopping), name="catalogue", daemon=True).start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            stopping.set()

    async def news(self, seen: Catalogue, *, seconds: float) -> Catalogue:
        """The newest, as soon as it is another than `seen`, or after so many seconds."""
        if self.newest is seen:
            await self._woken(seconds)
        return self.newest

    async def at_least(self, revision: int, goes_on: Callable[[], bool]) -> Catalogue:
        """The newest, once it is not older than `revision`. Raises Behind when `goes_on`, asked now and then, is false.

        It is there or about to be: whoever names a revision has it from Kafka.
        """
        waited = 0.0
        while self.newest.revision < revision:
            if not goes_on():
                raise Behind(f"waiting for catalogue revision {revision}: the partition was taken away")
            await self._woken(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
            if waited % _TELL_SECONDS < _LOOK_SECONDS:
                remedy = "where the topic was lost, run `lienthong apply` until its revision is reached"
                _log.warning("waiting for a catalogue", wanted=revision, known=self.newest.revision, remedy=remedy)
        return self.newest

    def _listen(self, loop: asyncio.AbstractEventLoop, stopping: threading.Event) -> None:
        follower = Follower(self._settings)
        for found in follower.each(stopping.is_set):
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._take, found)
        follower.close()

    def _take(self, found: Catalogue) -> None:
        if found.revision < self.newest.revision or found.to_json() == self.newest.to_json():
            return
        _log.info("a new catalogue", revision=found.revision)
        self.newest = found
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _woken(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
