"""A Faust app whose Kafka is somebody else's: agents, timers and supervision are Faust's, records come from engines."""

from collections.abc import Callable
from typing import Any

import faust
from faust.app.base import BootStrategy


class _WithoutKafka(BootStrategy):
    enable_kafka = False
    # Faust's command line turns it on again, on every address of the machine and on one port for all workers.
    enable_web = False


class EngineApp(faust.App):
    """Use it like ``faust.App``; ``app.topic`` and ``app.Table`` do not work, for nothing of Faust speaks to Kafka."""

    BootStrategy = _WithoutKafka

    def __init__(self, name: str, **options: Any) -> None:
        """``name`` as Faust's ``id``; ``options`` as for ``faust.App``; there is no web server."""
        self._concurrency: dict[int, int] = {}
        # The address is never used: Faust asks for one.
        settings: dict[str, Any] = {"broker": "kafka://127.0.0.1:1"}
        super().__init__(name, **(settings | options))

    async def on_start(self) -> None:
        """See faust.App."""
        await super().on_start()
        # Faust opens the flow when its consumer has partitions; without, agents would never receive anything.
        self.flow_control.resume()

    def engine_channel(self, *, concurrency: int) -> Any:
        """A channel whose agent works on so many events at once."""
        channel = self.channel()
        self._concurrency[id(channel)] = concurrency
        return channel

    def agent(self, channel: Any = None, *, concurrency: int | None = None, **options: Any) -> Callable[[Any], Any]:
        """As ``faust.App.agent``; on an engine's channel the concurrency is what the engine needs.

        Leaving a batch waits for its commit, so with a concurrency of 1 only one partition would be worked on at a time
        and every round would hold one batch.
        """
        if concurrency is None:
            concurrency = self._concurrency.get(id(channel), 1)
        return super().agent(channel, concurrency=concurrency, **options)

    def _create_directories(self) -> None:
        """Faust keeps no files here: the engines have folders of their own."""
